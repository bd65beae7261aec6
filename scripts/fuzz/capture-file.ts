/** A capture file as a failing disk, or somebody who means harm, hands it on: read whole, or refused in a sentence. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Capture, CaptureError, readingFailed } from "../../daemon/store/index.ts";
import type { Envelope } from "../../daemon/tap/envelope.ts";
import type { Target } from "./targets.ts";

/** More pieces than this no file of this size has. */
const mostPieces = 1_000;

export function captureFileTarget(): Target {
  const folder = mkdtempSync(join(tmpdir(), "contrail-fuzz-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "run.contrail");
  return {
    name: "capture files",
    share: 0.1,
    seeds: [smallCapture(join(folder, "seed.contrail"))],
    read: (bytes) => {
      for (const beside of ["-wal", "-shm"]) rmSync(file + beside, { force: true });
      writeFileSync(file, bytes);
      try {
        readWhole(file);
      } catch (cause) {
        // As whoever opens a capture turns it into a sentence.
        if (!(readingFailed("run.contrail", cause) instanceof CaptureError)) throw cause;
      }
    },
  };
}

function readWhole(file: string): void {
  const capture = Capture.open(file, { readOnly: true });
  try {
    capture.contracts();
    capture.span();
    capture.eventCount();
    const pieces = (read: (after: number) => number | undefined) => {
      let after = 0;
      for (let piece = 0; piece < mostPieces; piece++) {
        const last = read(after);
        if (last === undefined) return;
        after = last;
      }
      throw new Error("reading does not come to an end");
    };
    pieces((after) => capture.events(after, 50).at(-1)?.n);
    pieces((after) => capture.messages(after, 50).at(-1)?.seq);
    pieces((after) => capture.searchable(after, 50).at(-1)?.seq);
    capture.lastOffsets("kafka:127.0.0.1:9092", 1, capture.lastSeq);
  } finally {
    capture.close();
  }
}

/** Small pages, so that a change meets something: tables, indexes and free places are near each other. */
function smallCapture(file: string): Uint8Array {
  const capture = Capture.create(file, "run", 1_000);
  const common = { receivedAt: 1_000, key: Buffer.from("k"), body: Buffer.from('{"orderId":"o-1"}'), bodySize: 17 };
  const headers = [{ name: "type", value: Buffer.from("OrderPlaced") }];
  for (let i = 0; i < 12; i++) {
    const kafka: Envelope = {
      ...{ ...common, headers, tap: "kafka:127.0.0.1:9092", timestamp: 999 },
      origin: {
        broker: "kafka",
        topic: "orders",
        partition: 0,
        offset: BigInt(i),
        timestampType: "create",
        transactional: false,
      },
    };
    capture.addMessage(kafka, 0);
    const origin = {
      broker: "rabbitmq",
      vhost: "/",
      exchange: "",
      routingKeys: ["q"],
      properties: { replyTo: "r" },
    } as const;
    const message = { ...common, headers, key: null, tap: "rabbitmq:127.0.0.1:5672", origin };
    const seq = capture.addMessage(message, 0);
    const delivery = { tap: message.tap, receivedAt: 1_001, vhost: "/", queue: "q", redelivered: false, message };
    capture.addDelivery(delivery, seq, message);
  }
  capture.close();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM");
  database.close();
  return readFileSync(file);
}
