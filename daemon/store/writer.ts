/**
 * The capture's side of its writing thread. Rows are handed over in batches; each stays here until the thread says that
 * it is on disk, so that nothing is lost when the disk fails or the thread dies.
 */
import type { Worker } from "node:worker_threads";
import { packRows, type PackedRows } from "./packing.ts";
import { startThread } from "./thread.ts";
import type { Row } from "./writing.ts";

export interface WriteWorkerData {
  readonly file: string;
  /** Two numbers of 32 bits: whether the thread has ended, and the last batch that is on disk. */
  readonly control: SharedArrayBuffer;
}

export type WriteRequest =
  | { readonly kind: "rows"; readonly batch: number; readonly rows: PackedRows }
  | { readonly kind: "drop"; readonly fromSeq: number; readonly seq: number; readonly dropped: number }
  | { readonly kind: "end" };

export type WriteAnswer =
  | { readonly kind: "stored"; readonly batch: number }
  | { readonly kind: "dropped"; readonly count: number }
  | { readonly kind: "failed" };

export interface WriterEvents {
  /** More is on disk: everything up to number `n`. */
  readonly onStored: (n: number) => void;
  readonly onDropped: (count: number) => void;
  /** The thread is over. `rows` are not on disk; nothing more is taken. Whoever writes them next learns why. */
  readonly onFailed: (rows: readonly Row[]) => void;
}

interface Batch {
  readonly number: number;
  readonly rows: readonly Row[];
  readonly lastN: number;
  readonly bytes: number;
}

/** So much may be on its way to the disk; beyond, whoever can wait waits. */
const mostRows = 30_000;
const mostBytes = 32 * 1024 * 1024;

export class Writer {
  private readonly worker: Worker;
  private readonly events: WriterEvents;
  private readonly state: Int32Array;
  private readonly underWay: Batch[] = [];
  private rows = 0;
  private bytes = 0;
  private batches = 0;
  private over = false;

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

  write(rows: readonly Row[], lastN: number, bytes: number): void {
    const number = ++this.batches;
    this.underWay.push({ number, rows, lastN, bytes });
    this.rows += rows.length;
    this.bytes += bytes;
    const packed = packRows(rows);
    const request: WriteRequest = { kind: "rows", batch: number, rows: packed };
    this.worker.postMessage(request, [packed.kinds.buffer, packed.bytes.buffer]);
  }

  drop(fromSeq: number, seq: number, dropped: number): void {
    const request: WriteRequest = { kind: "drop", fromSeq, seq, dropped };
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
    return this.underWay.filter(({ number }) => number > stored).flatMap(({ rows }) => rows);
  }

  private take(answer: WriteAnswer): void {
    if (this.over) return;
    if (answer.kind === "dropped") this.events.onDropped(answer.count);
    else if (answer.kind === "stored") this.stored(answer.batch);
    else this.fail();
  }

  private stored(upTo: number): void {
    let lastN: number | undefined;
    for (let batch = this.underWay[0]; batch && batch.number <= upTo; batch = this.underWay[0]) {
      this.underWay.shift();
      this.rows -= batch.rows.length;
      this.bytes -= batch.bytes;
      lastN = batch.lastN;
    }
    if (lastN !== undefined) this.events.onStored(lastN);
  }

  private fail(): void {
    if (this.over) return;
    this.stored(Atomics.load(this.state, 1));
    this.over = true;
    this.events.onFailed(this.underWay.flatMap(({ rows }) => rows));
  }
}
