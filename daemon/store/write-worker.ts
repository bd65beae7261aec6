/**
 * The thread that writes one capture, dist/node/write-worker.js. Takes in: packed rows, and messages to be dropped.
 * Hands out: how far everything is on disk. What cannot be written ends the thread: the capture then goes on by itself.
 */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { tune } from "./schema.ts";
import { unpackRows } from "./packing.ts";
import type { WriteRequest, WriteAnswer, WriteWorkerData } from "./writer.ts";
import { dropSome, prepareInserts, writeRows } from "./writing.ts";

const { file, control } = workerData as WriteWorkerData;
const state = new Int32Array(control);
const port = parentPort;
if (port === null) throw new Error("write-worker.js is started by the daemon only");

const database = new DatabaseSync(file);
tune(database);
const inserts = prepareInserts(database);

port.on("message", (request: WriteRequest) => {
  if (request.kind === "end") return end();
  attempt(() => {
    if (request.kind === "drop") return drop(request);
    writeRows(database, inserts, unpackRows(request.rows));
    answer({ kind: "stored", batch: request.batch });
  });
});

/** What fails ends the thread: whoever started it writes by itself, and learns why. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    answer({ kind: "failed" });
    end();
  }
}

/** Some at a time: what is to be written comes in between. */
function drop({ fromSeq, seq, dropped }: Extract<WriteRequest, { kind: "drop" }>): void {
  if (!database.isOpen) return;
  const { upTo, count } = dropSome(database, fromSeq, seq, dropped);
  answer({ kind: "dropped", count });
  if (upTo >= seq) return;
  setImmediate(() => {
    attempt(() => drop({ kind: "drop", fromSeq: upTo + 1, seq, dropped: dropped + count }));
  });
}

function answer(message: WriteAnswer): void {
  if (message.kind === "stored") Atomics.store(state, 1, message.batch);
  port?.postMessage(message);
}

function end(): void {
  port?.close();
  database.close();
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
}
