/**
 * The capture's side of its writing thread. Rows are handed over in batches; each stays here until the thread says that
 * it is on disk, so that nothing is lost when the disk fails or the thread dies.
 */
import type { Worker } from "node:worker_threads";
import { type PackedRows, RowBatch, unpackRows } from "./packing.ts";
import { startThread } from "./thread.ts";
import type { Row } from "./writing.ts";

export interface WriteWorkerData {
  readonly file: string;
  /** Two numbers of 32 bits: whether the thread has ended, and the last batch that is on disk. */
  readonly control: SharedArrayBuffer;
}

export type WriteRequest =
  | { readonly kind: "rows"; readonly batch: number; readonly rows: PackedRows }
  /** Everything up to this number of all events is to go, a little at a time. */
  | { readonly kind: "drop"; readonly upToN: number }
  | { readonly kind: "end" };

export type WriteAnswer =
  | { readonly kind: "stored"; readonly batch: number }
  /** So many messages went; whether that was all that is to go. */
  | { readonly kind: "dropped"; readonly count: number; readonly isLast: boolean }
  | { readonly kind: "failed" };

export interface WriterEvents {
  /** More is on disk: everything up to number `n`. */
  readonly onStored: (n: number) => void;
  readonly onDropped: (count: number) => void;
  /** The thread is over. `rows` are not on disk; nothing more is taken. Whoever writes them next learns why. */
  readonly onFailed: (rows: readonly Row[]) => void;
}

interface UnderWay {
  readonly number: number;
  readonly batch: RowBatch;
  readonly lastN: number;
}

/** So much may be on its way to the disk; beyond, whoever can wait waits. */
const mostRows = 30_000;
const mostBytes = 32 * 1024 * 1024;
/** Batches that are written are used again, so many, and none that had to grow beyond this. */
const mostSpare = 4;
const mostSpareBytes = 2 * 1024 * 1024;

export class Writer {
  private readonly worker: Worker;
  private readonly events: WriterEvents;
  private readonly state: Int32Array;
  private readonly underWay: UnderWay[] = [];
  private readonly spare: RowBatch[] = [];
  private rows = 0;
  private bytes = 0;
  private batches = 0;
  private over = false;
  /** Whether something is still to be dropped. */
  isDropping = false;

  /** Throws when there can be no thread. */
  constructor(file: string, events: WriterEvents) {
    this.events = events;
    const control = new SharedArrayBuffer(8);
    this.state = new Int32Array(control);
    const workerData: WriteWorkerData = { file, control };
    this.worker = startThread("write-worker", workerData);
    this.worker.on("message", (answer: WriteAnswer) => this.take(answer));
    this.worker.on("error", () => this.fail());
    this.worker.on("exit", () => this.fail());
  }

  /** Whether as much is under way as may be. */
  get isFull(): boolean {
    return this.rows >= mostRows || this.bytes >= mostBytes;
  }

  /** An empty batch, to be filled and handed back. */
  emptyBatch(): RowBatch {
    return this.spare.pop() ?? new RowBatch();
  }

  /** Has the batch written, and keeps it until it is. */
  write(batch: RowBatch, lastN: number): void {
    const number = ++this.batches;
    this.underWay.push({ number, batch, lastN });
    this.rows += batch.count;
    this.bytes += batch.size;
    const request: WriteRequest = { kind: "rows", batch: number, rows: batch.pack() };
    this.worker.postMessage(request);
  }

  /** Has everything dropped up to this number of all events. */
  drop(upToN: number): void {
    this.isDropping = true;
    const request: WriteRequest = { kind: "drop", upToN };
    this.worker.postMessage(request);
  }

  /** Writes what is under way and ends the thread; what could not be written in this time is returned. */
  end(withinMs: number): readonly Row[] {
    if (this.over) return [];
    this.over = true;
    const request: WriteRequest = { kind: "end" };
    this.worker.postMessage(request);
    Atomics.wait(this.state, 0, 0, withinMs);
    const stored = Atomics.load(this.state, 1);
    return rowsOf(this.underWay.filter(({ number }) => number > stored));
  }

  private take(answer: WriteAnswer): void {
    if (this.over) return;
    if (answer.kind === "dropped") {
      this.isDropping = !answer.isLast;
      this.events.onDropped(answer.count);
    } else if (answer.kind === "stored") this.stored(answer.batch);
    else this.fail();
  }

  private stored(upTo: number): void {
    let lastN: number | undefined;
    for (let first = this.underWay[0]; first && first.number <= upTo; first = this.underWay[0]) {
      this.underWay.shift();
      const { batch } = first;
      this.rows -= batch.count;
      this.bytes -= batch.size;
      lastN = first.lastN;
      if (this.spare.length >= mostSpare || batch.capacity > mostSpareBytes) continue;
      batch.clear();
      this.spare.push(batch);
    }
    if (lastN !== undefined) this.events.onStored(lastN);
  }

  private fail(): void {
    if (this.over) return;
    this.stored(Atomics.load(this.state, 1));
    this.over = true;
    this.events.onFailed(rowsOf(this.underWay));
  }
}

function rowsOf(batches: readonly UnderWay[]): readonly Row[] {
  return batches.flatMap(({ batch }) => [...unpackRows(batch.pack())]);
}
