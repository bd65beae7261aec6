/**
 * The thread that writes one capture, dist/node/write-worker.js. Takes in: packed rows, and messages to be dropped.
 * Hands out: how far everything is on disk. What cannot be written ends the thread: the capture then goes on by itself.
 */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { tune } from "./schema.ts";
import { unpackRows } from "./packing.ts";
import type { WriteRequest, WriteAnswer, WriteWorkerData } from "./writer.ts";
import { dropSome } from "./dropping.ts";
import { prepareInserts, writeRows } from "./writing.ts";

/** While messages are dropped, that takes no more than this share of the time. */
const dropShare = 0.25;

const { file, control } = workerData as WriteWorkerData;
const state = new Int32Array(control);
const port = parentPort;
if (port === null) throw new Error("write-worker.js is started by the daemon only");

const database = new DatabaseSync(file);
tune(database);
const inserts = prepareInserts(database);
/** Up to this number of all events, everything is to go. */
let dropTo = 0;
let isDropping = false;

port.on("message", (request: WriteRequest) => {
  if (request.kind === "end") return end();
  attempt(() => {
    if (request.kind === "drop") {
      dropTo = Math.max(dropTo, request.upToN);
      if (!isDropping) drop();
      return;
    }
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
function drop(): void {
  if (!database.isOpen) return;
  const begun = performance.now();
  const { count, isLast } = dropSome(database, dropTo);
  isDropping = !isLast;
  answer({ kind: "dropped", count, isLast });
  const rest = (performance.now() - begun) * (1 / dropShare - 1);
  if (!isLast) setTimeout(() => attempt(drop), rest);
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
