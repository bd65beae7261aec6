/**
 * What a search over a million captured messages costs, and what its index costs while they come: a capture is written
 * as the daemon writes it, its index beside it as the daemon does it.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecodedBody } from "../../contracts/codec/index.ts";
import { Capture, type SearchTerm } from "../../daemon/store/index.ts";
import { heading, line, spread } from "./figures.ts";
import { benchOpening } from "./search-opening.ts";

const messages = 1_000_000;
const bareMessages = 300_000;
const perOrder = 5;
const kinds = ["OrderPlaced", "PaymentTaken", "StockReserved", "ShipmentBooked", "OrderCompleted"];
const cities = ["Aachen", "Bergen", "Cadiz", "Dresden", "Espoo", "Ferrara", "Ghent", "Haarlem"];
const indexWithinMs = 180_000;

const searches: ReadonlyArray<readonly [what: string, term: SearchTerm]> = [
  ["one order of 200,000 by its id", { word: "ORD-00104217" }],
  ["a number that is on nothing", { word: "nowhere999" }],
  ["a beginning of an id (100 orders)", { word: "ORD-001042" }],
  ["a header's value on one message", { word: "trace7300021" }],
  ["a word that is on every message", { word: "customer" }],
  ["a word that is on every eighth", { word: "Ghent" }],
  ["field=value, one order", { field: "orderId", value: "ORD-00199999" }],
  ["field=value, every eighth message", { field: "city", value: "Ghent" }],
];

export async function benchSearch(): Promise<void> {
  heading(`Search over ${messages.toLocaleString("en-US")} captured messages`);
  const folder = mkdtempSync(join(tmpdir(), "contrail-bench-search-"));
  const file = join(folder, "million.contrail");
  try {
    await writeOnly(join(folder, "bare.contrail"));
    await write(file);
    open(file);
    await benchOpening(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What storing costs by itself, to compare with. */
async function writeOnly(file: string): Promise<void> {
  const capture = Capture.create(file, "bare", 0);
  line("stored, without an index", await fill(capture, bareMessages));
  capture.close();
}

/** Returns how fast it was, in words. */
async function fill(capture: Capture, count: number): Promise<string> {
  const began = performance.now();
  const flushes: number[] = [];
  for (let i = 0; i < count; i++) {
    add(capture, i);
    if (i % 1000 !== 999) continue;
    const flushing = performance.now();
    capture.flush();
    flushes.push(performance.now() - flushing);
    // The daemon breathes between its slices as well.
    if (i % 10_000 === 9_999) await new Promise((resolve) => setImmediate(resolve));
  }
  return `${rate(count, performance.now() - began)}, flush of 1,000: ${spread(flushes)}`;
}

async function write(file: string): Promise<void> {
  const capture = Capture.create(file, "million", 0);
  capture.startIndex();
  line("stored, the index beside it", await fill(capture, messages));
  const behind = messages - capture.indexedUpTo;
  line("behind when the last was stored", `${behind.toLocaleString("en-US")} messages`);
  const until = performance.now() + indexWithinMs;
  const alone = performance.now();
  while (capture.indexedUpTo < messages && performance.now() < until) await new Promise((go) => setTimeout(go, 20));
  const caughtUp = performance.now() - alone;
  line("caught up after", `${(caughtUp / 1000).toFixed(1)} s (${rate(behind, caughtUp)} with nothing else to do)`);
  for (const [what, term] of searches) {
    const samples: number[] = [];
    let found = 0;
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      found = capture.searchIndexed(term, 0, 1_000).length;
      samples.push(performance.now() - start);
    }
    line(`search: ${what}`, `${spread(samples)}, ${found} found`, "100 ms");
  }
  capture.close();
  const size = (path: string) => `${Math.round(statSync(path).size / 1024 ** 2)} MiB`;
  line("on disk", `capture ${size(file)}, index ${size(`${file}-index`)}`);
}

function open(file: string): void {
  const samples: number[] = [];
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    const capture = Capture.open(file, { readOnly: true });
    capture.startIndex();
    capture.span();
    capture.messages(capture.lastSeq - 500, 500);
    capture.searchIndexed({ word: "ORD-00104217" }, 0, 100);
    samples.push(performance.now() - start);
    capture.close();
  }
  line("open, newest 500 messages, first search", spread(samples), "300 ms");
}

function add(capture: Capture, i: number): void {
  const order = Math.floor(i / perOrder);
  const value = {
    orderId: `ORD-${String(order).padStart(8, "0")}`,
    kind: kinds[i % perOrder] ?? "",
    customer: `customer-${order % 9973}`,
    city: cities[i % cities.length] ?? "",
    total: (i * 37) % 100_000,
    note: "left at the door, as agreed with whoever opened",
  };
  const body = Buffer.from(JSON.stringify(value));
  const seq = capture.addMessage(
    {
      tap: "kafka:127.0.0.1:9092",
      receivedAt: 1_700_000_000_000 + i,
      timestamp: 1_700_000_000_000 + i,
      headers: [
        { name: "traceparent", value: Buffer.from(`trace${7_000_000 + i}`) },
        { name: "content-type", value: Buffer.from("application/json") },
      ],
      key: Buffer.from(value.orderId),
      body,
      bodySize: body.length,
      origin: {
        broker: "kafka",
        topic: "shop.orders",
        partition: i % 6,
        offset: BigInt(i),
        timestampType: "create",
        transactional: false,
      },
    },
    0,
  );
  const decoded: DecodedBody = { format: "json", value, check: "unchecked", violations: [], attempts: [] };
  capture.saveDecoded(seq, decoded);
}

function rate(count: number, ms: number): string {
  return `${Math.round((count / Math.max(1, ms)) * 1000).toLocaleString("en-US")} messages/s`;
}
