/** Searches: through the index, through what it has not reached, and without one; and what limits take away. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Envelope } from "../tap/envelope.ts";
import { Capture, defaultLimits, matcher, type SearchTerm } from "./index.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

let folder: string;
let open: Capture[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-search-"));
});
afterEach(() => {
  for (const capture of open) capture.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, "run.contrail");

function made(): Capture {
  const capture = Capture.create(file(), "run", 0);
  open.push(capture);
  return capture;
}

function add(capture: Capture, body: string, more: Partial<Envelope> = {}, decoded?: unknown): number {
  const seq = capture.addMessage(
    {
      tap: "kafka:127.0.0.1:9092",
      receivedAt: 1000,
      headers: [],
      key: null,
      body: bytes(body),
      bodySize: body.length,
      origin: {
        broker: "kafka",
        topic: "orders",
        partition: 0,
        offset: 1n,
        timestampType: "create",
        transactional: false,
      },
      ...more,
    },
    0,
  );
  if (decoded !== undefined) {
    const value = decoded as never;
    capture.saveDecoded(seq, { format: "json", value, check: "unchecked", violations: [], attempts: [] });
  }
  return seq;
}

async function indexed(capture: Capture): Promise<void> {
  capture.flush();
  const end = Date.now() + 10_000;
  while (capture.indexedUpTo < capture.lastSeq) {
    if (Date.now() > end) throw new Error(`indexed up to ${capture.indexedUpTo}: ${capture.index?.problem ?? "late"}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Through the index and by reading: both must find the same. */
function found(capture: Capture, term: SearchTerm): readonly number[] {
  const byIndex = [...capture.searchIndexed(term, 0, 100)].reverse();
  const matches = matcher(term);
  const byReading = capture
    .searchable(0, 1000)
    .filter((message) => matches(message))
    .map(({ seq }) => seq);
  expect(byIndex).toEqual(byReading);
  return byIndex;
}

describe("a search", () => {
  it("finds words of channel, key, headers, properties and bodies by their beginnings", async () => {
    const capture = made();
    add(capture, '{"orderId":"ORD-1042","note":"first\\nsecond"}', {}, { orderId: "ORD-1042", note: "first\nsecond" });
    add(capture, "plain text of nobody", { key: bytes("customer-7") });
    add(capture, "\u0000", { headers: [{ name: "x-flow", value: bytes("Ärger") }] });
    add(capture, "{}", {
      origin: {
        broker: "rabbitmq",
        vhost: "/",
        exchange: "shop",
        routingKeys: ["order.placed"],
        properties: { correlationId: "7d4e-12" },
      },
    });
    add(capture, "ord 1042, but apart");
    capture.startIndex();
    await indexed(capture);
    expect(found(capture, { word: "ORD-1042" })).toEqual([1]);
    expect(found(capture, { word: "ord" })).toEqual([1, 2, 3, 4, 5]);
    expect(found(capture, { word: "secon" })).toEqual([1]);
    expect(found(capture, { word: "econd" })).toEqual([]);
    expect(found(capture, { word: "customer-" })).toEqual([2]);
    expect(found(capture, { word: "ärg" })).toEqual([3]);
    expect(found(capture, { word: "x-flow" })).toEqual([3]);
    expect(found(capture, { word: "order.pla" })).toEqual([4]);
    expect(found(capture, { word: "7d4e-12" })).toEqual([4]);
    expect(found(capture, { word: '"quoted" OR NEAR(*' })).toEqual([]);
  });

  it("finds a member with a value, and no other member with it", async () => {
    const capture = made();
    add(capture, "", {}, { orderId: "o-1", total: 12 });
    add(capture, "", {}, { refers: "o-1", total: 123 });
    add(capture, "", {}, { inner: { orderId: "o-1" } });
    capture.startIndex();
    await indexed(capture);
    expect(found(capture, { field: "orderId", value: "o-1" })).toEqual([1, 3]);
    expect(found(capture, { field: "inner.orderId", value: "o-1" })).toEqual([1, 3]);
    expect(found(capture, { field: "total", value: "12" })).toEqual([1]);
  });

  it("covers what the index has not reached, and gives the newest where there are too many", async () => {
    const capture = made();
    for (let i = 0; i < 50; i++) add(capture, `word${i} all`);
    capture.startIndex();
    await indexed(capture);
    expect(capture.searchIndexed({ word: "all" }, 0, 3)).toEqual([50, 49, 48]);
    expect(capture.searchIndexed({ word: "all" }, 48, 10)).toEqual([50, 49]);
    const late = add(capture, "word50 all");
    capture.flush();
    expect(capture.searchable(50, 10).map(({ seq }) => seq)).toEqual([late]);
  });

  it("goes on with its index after a crash, and makes a damaged or foreign one anew", async () => {
    const first = made();
    add(first, "before");
    first.startIndex();
    await indexed(first);
    // Nothing is closed in order: another connection opens what is there.
    const second = Capture.open(file(), { readOnly: false });
    open.push(second);
    add(second, "after");
    second.flush();
    second.startIndex();
    await indexed(second);
    expect(found(second, { word: "before" })).toEqual([1]);
    expect(found(second, { word: "after" })).toEqual([2]);
    expect(statSync(`${file()}-index`).mode & 0o077).toBe(0);
    const database = new DatabaseSync(`${file()}-index`);
    database.exec("UPDATE meta SET value = 'another' WHERE name = 'capture'");
    database.close();
    first.close();
    const third = Capture.open(file(), { readOnly: false });
    open.push(third);
    third.startIndex();
    await indexed(third);
    expect(found(third, { word: "before" })).toEqual([1]);
    third.close();
    expect(existsSync(`${file()}-index`)).toBe(false);
  });

  it("of a file that is only looked at writes nothing beside it", async () => {
    const capture = made();
    for (let i = 0; i < 5_100; i++) add(capture, `only${i}`);
    capture.close();
    const looked = Capture.open(file(), { readOnly: true });
    open.push(looked);
    looked.startIndex();
    await indexed(looked);
    expect(looked.searchIndexed({ word: "only5099" }, 0, 10)).toEqual([5_100]);
    expect(existsSync(`${file()}-index`)).toBe(false);
  });

  it("says so where there is no full-text search, and then reads", async () => {
    const capture = made();
    add(capture, "here");
    capture.flush();
    capture.startIndex({ module: "no_such_module" });
    const end = Date.now() + 5_000;
    while (capture.index?.problem === undefined && Date.now() < end) await new Promise((go) => setTimeout(go, 10));
    expect(capture.index?.problem).toMatch(/no full-text search/);
    expect(capture.indexedUpTo).toBe(0);
    expect(capture.searchIndexed({ word: "here" }, 0, 10)).toEqual([]);
    expect(capture.searchable(0, 10)).toHaveLength(1);
  });
});

describe("limits", () => {
  it("keep the newest by count, and count what went", async () => {
    const capture = made();
    for (let i = 0; i < 100; i++) add(capture, `number${i}`, { receivedAt: i });
    capture.startIndex();
    await indexed(capture);
    expect(capture.trim(100, { ...defaultLimits, messages: 40 })).toBe(60);
    expect(capture.oldestSeq).toBe(61);
    expect(capture.dropped).toBe(60);
    expect(capture.searchIndexed({ word: "number10" }, 0, 10)).toEqual([]);
    expect(capture.searchIndexed({ word: "number99" }, 0, 10)).toEqual([100]);
    expect(capture.events(0, 3).map(({ seq }) => seq)).toEqual([61, 62, 63]);
    capture.close();
    const again = Capture.open(file(), { readOnly: true });
    open.push(again);
    expect([again.dropped, again.oldestSeq, again.lastSeq]).toEqual([60, 61, 100]);
  });
});
