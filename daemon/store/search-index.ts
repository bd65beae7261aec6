/** The capture's side of its search index: starts the thread that writes it, and asks what it has written. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { indexFailed, noFullText } from "./errors.ts";
import { deleteIndex, indexedUpTo, indexFileOf, tablesOf, tableOf } from "./index-file.ts";
import { ControlView, type IndexWorkerData } from "./search-control.ts";
import { startThread } from "./thread.ts";

export interface SearchIndexOptions {
  readonly captureFile: string;
  readonly captureId: string;
  readonly lastSeq: number;
  readonly oldestSeq: number;
  /** A file that is only looked at gets its index elsewhere, for as long as it is open. */
  readonly readOnly: boolean;
  /** SQLite's module for full-text search; another name than `fts5` shows what happens without it. */
  readonly module?: string;
}

/** A read-only capture with fewer messages than this is searched by reading it. */
const worthAnIndex = 5_000;
/** How long an ending capture waits for the batch that is being written. */
const endMs = 1_000;

export class SearchIndex {
  /** Why there is no index, in a sentence. */
  problem: string | undefined;
  private readonly file: string;
  private readonly temporary: string | undefined;
  private readonly control = new SharedArrayBuffer(ControlView.bytes);
  private readonly shared = new ControlView(this.control);
  private readonly hasWorker: boolean;
  private reader: DatabaseSync | undefined;
  private tables: number[] = [];
  private statements = new Map<number, StatementSync>();
  private over = false;

  /** `undefined` where reading the messages is as good. */
  static start(options: SearchIndexOptions): SearchIndex | undefined {
    const beside = indexFileOf(options.captureFile);
    if (!options.readOnly) return new SearchIndex(options, beside, undefined, true);
    const upTo = indexedUpTo(beside, options.captureId);
    if (upTo === options.lastSeq) {
      const index = new SearchIndex(options, beside, undefined, false);
      index.shared.indexedUpTo = upTo;
      return index;
    }
    if (options.lastSeq - options.oldestSeq < worthAnIndex) return undefined;
    const folder = mkdtempSync(join(tmpdir(), "contrail-index-"));
    return new SearchIndex(options, join(folder, "index"), folder, true);
  }

  private constructor(options: SearchIndexOptions, file: string, temporary: string | undefined, worker: boolean) {
    this.file = file;
    this.temporary = temporary;
    this.hasWorker = worker;
    if (!worker) return;
    try {
      this.startWorker(options);
    } catch (cause) {
      this.fail(cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** Messages up to this number are in the index; 0 when there is none. */
  get indexedUpTo(): number {
    return this.problem === undefined ? this.shared.indexedUpTo : 0;
  }

  /** Numbers of indexed messages above `after` that have what `query` asks for, newest first, at most `limit`. */
  *find(query: string, after: number, upTo: number): Generator<number> {
    try {
      for (const table of [...this.tablesUpTo(upTo)].reverse()) {
        if (table < tableOf(after + 1)) return;
        // Rows are taken one by one: a word that is on every message costs only as much as is looked at.
        for (const { rowid } of this.statement(table).iterate(query, after, upTo)) yield Number(rowid);
      }
    } catch (cause) {
      // The file was damaged or taken away: from now on messages are read one by one.
      this.fail(cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** Ends the thread after the batch it is at, and takes an index away that is temporary, or too small to be worth its file. */
  close(): void {
    if (this.over) return;
    this.over = true;
    if (this.hasWorker && this.problem === undefined) this.shared.end(endMs);
    this.reader?.close();
    if (this.hasWorker && this.shared.indexedUpTo < worthAnIndex) deleteIndex(this.file);
    if (this.temporary !== undefined) rmSync(this.temporary, { recursive: true, force: true });
  }

  private startWorker(options: SearchIndexOptions): void {
    const workerData: IndexWorkerData = {
      capture: options.captureFile,
      captureId: options.captureId,
      index: this.file,
      module: options.module ?? "fts5",
      control: this.control,
    };
    const worker = startThread("index-worker", workerData);
    worker.on("message", ({ problem }: { readonly problem: string }) => this.fail(problem));
    worker.on("error", (cause) => this.fail(cause instanceof Error ? cause.message : String(cause)));
  }

  private fail(why: string): void {
    if (!this.over) this.problem ??= why === "no module" ? noFullText() : indexFailed(why);
  }

  /** Tables come and go with messages; the file is there from the moment on when something is indexed. */
  private tablesUpTo(upTo: number): readonly number[] {
    this.reader ??= new DatabaseSync(this.file, { readOnly: true });
    if (this.tables.at(-1) !== tableOf(upTo) || this.tables.length > 1) {
      const now = tablesOf(this.reader);
      if (now.join() !== this.tables.join()) this.statements = new Map();
      this.tables = now;
    }
    return this.tables;
  }

  private statement(table: number): StatementSync {
    let statement = this.statements.get(table);
    if (statement === undefined) {
      statement = (this.reader as DatabaseSync).prepare(
        `SELECT rowid FROM words_${table} WHERE words_${table} MATCH ? AND rowid > ? AND rowid <= ? ORDER BY rowid DESC`,
      );
      this.statements.set(table, statement);
    }
    return statement;
  }
}
