/**
 * A process that records large messages as a trace does, and reads the capture as views and exports do; says what it
 * saw and how much memory it took at most. Takes in how many messages as its argument, and the capture's file.
 */
import { openForReading } from "../export/index.ts";
import { TextSearch } from "../serve/text-search.ts";
import { Capture } from "../store/index.ts";
import { kafka, rabbit } from "./scripted.ts";

/** What the process says at its end, as a line of JSON. */
export interface LargeMessagesRead {
  readonly indexed: number;
  /** Why there is no index, or no file. */
  readonly problem?: string;
  readonly correlated: number;
  readonly exported: number;
  readonly found: number;
  readonly mebibytesBefore: number;
  readonly mebibytesAtMost: number;
}

const bodyBytes = 1024 * 1024;

const [, , count = "0", file = ""] = process.argv;
const before = peak();
const all = Number(count);
const indexed = await record();
process.stdout.write(
  `${JSON.stringify({ ...indexed, ...(await read()), mebibytesBefore: before, mebibytesAtMost: peak() })}\n`,
);

/** Each message comes with a delivery that has the same body; every fourth means more than it has bytes. */
async function record(): Promise<Pick<LargeMessagesRead, "indexed" | "problem">> {
  const capture = Capture.create(file, "large", 0);
  capture.startWriter();
  capture.startIndex();
  for (let i = 0; i < all; i++) {
    const at = 1_700_000_000_000 + i;
    const body = Buffer.from(JSON.stringify({ orderId: `ORD-${i}`, note: "ü".repeat(bodyBytes / 2 - 50) }));
    const envelope = kafka("large", body, { at });
    const seq = capture.addMessage(envelope, 0);
    const decoded = { check: "unchecked", violations: [], attempts: [] } as const;
    const numbers = i % 4 === 0 ? Array.from({ length: 300_000 }, (_, n) => n) : undefined;
    if (numbers === undefined) capture.saveDecoded(seq, { ...decoded, format: "json", value: {} }, body);
    else capture.saveDecoded(seq, { ...decoded, format: "messagepack", value: { orderId: `ORD-${i}`, numbers } }, body);
    const message = rabbit("large", body, { at });
    capture.addDelivery(
      { tap: message.tap, receivedAt: at, vhost: "/", queue: "large", redelivered: false, message },
      seq,
      envelope,
    );
    capture.flush();
    do await new Promise((resolve) => setTimeout(resolve, 1));
    while (capture.isFull);
  }
  await capture.stored();
  const end = Date.now() + 60_000;
  while (capture.indexedUpTo < all && capture.index?.problem === undefined && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const problem = capture.problem ?? capture.index?.problem;
  const { indexedUpTo } = capture;
  capture.close();
  return { indexed: indexedUpTo, ...(problem === undefined ? {} : { problem }) };
}

async function read(): Promise<Pick<LargeMessagesRead, "correlated" | "exported" | "found">> {
  const reading = await openForReading(file);
  let exported = 0;
  for (const _message of reading.messages()) exported++;
  const search = new TextSearch("ORD-0", reading.pipeline);
  while (search.behind > 0) search.look();
  let found = 0;
  for (const { id } of reading.pipeline.correlator.conversations()) if (search.has(id)) found++;
  const correlated = reading.pipeline.seen;
  reading.close();
  return { correlated, exported, found };
}

function peak(): number {
  return process.resourceUsage().maxRSS / 1024;
}
