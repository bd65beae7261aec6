/**
 * The thread that writes the search index of one capture, dist/node/index-worker.js. Takes in: the capture's file,
 * which it only reads. Hands out: the index file, and how far it goes, in memory that both threads see. It is behind
 * the writer by design and works at a lower priority where the system has one for threads.
 */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { createTable, openIndex, perTable, tableOf, tablesOf, upToOf } from "./index-file.ts";
import { indexedColumns, searchableText, type SearchableRow, sizeOfSearchable } from "./search-words.ts";
import { ControlView, type IndexWorkerData } from "./search-control.ts";

/** One transaction: whoever waits for the thread to end waits for one of these at most. */
const batchRows = 2_000;
const batchBytes = 4 * 1024 * 1024;
/** What is in memory at a time; nothing is read of the capture while it is indexed, or its log could not begin again. */
const pieceRows = 200;
const pieceBytes = 512 * 1024;
const idleMs = 200;
/**
 * While more messages a second come than this, storing them goes first, and the index takes a tenth of the time, however
 * far behind it is: at such rates the oldest messages are dropped before long, and never need be looked for.
 */
const busyRate = 3_000;
const busyShare = 0.1;

/** How fast messages come, by what is in the capture; looked at about once a second. */
class Pace {
  private at = performance.now();
  private count: number;
  private perSecond = 0;

  constructor(count: number) {
    this.count = count;
  }

  rate(count: number): number {
    const now = performance.now();
    if (now - this.at >= 1_000) {
      this.perSecond = ((count - this.count) * 1_000) / (now - this.at);
      this.at = now;
      this.count = count;
    }
    return this.perSecond;
  }
}

/** The table that words of a message go to. */
class WordTables {
  private readonly database: DatabaseSync;
  private table = -1;
  private insert: StatementSync | undefined;

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  add(seq: number, words: string): void {
    const table = tableOf(seq);
    if (this.insert === undefined || table !== this.table) {
      createTable(this.database, table, module);
      this.insert = this.database.prepare(`INSERT INTO words_${table} (rowid, words) VALUES (?, ?)`);
      this.table = table;
    }
    this.insert.run(seq, words);
  }
}

const { capture, captureId, index, module, control } = workerData as IndexWorkerData;
const shared = new ControlView(control);

lowerPriority();
try {
  run();
} catch (cause) {
  const why = cause instanceof Error ? cause.message : String(cause);
  parentPort?.postMessage({ problem: /no such module/.test(why) ? "no module" : why });
}
shared.ended();

function run(): void {
  const source = new DatabaseSync(capture, { readOnly: true });
  let target: DatabaseSync | undefined;
  try {
    const last = source.prepare("SELECT max(seq) AS seq FROM message");
    const first = source.prepare("SELECT min(seq) AS seq FROM message");
    const numberOf = (statement: typeof last) => (statement.get() as { seq: number | null }).seq ?? 0;
    const database = openIndex(index, captureId, numberOf(last));
    target = database;
    const words = new WordTables(database);
    let upTo = upToOf(database, captureId) ?? 0;
    createTable(database, tableOf(upTo + 1), module);
    shared.indexedUpTo = upTo;
    const rows = source.prepare(
      `SELECT ${indexedColumns} FROM message LEFT JOIN decoded ON decoded.seq = message.seq
       WHERE message.seq > ? ORDER BY message.seq`,
    );
    const saveUpTo = database.prepare("UPDATE meta SET value = ? WHERE name = 'upTo'");
    const pace = new Pace(numberOf(last));
    while (!shared.isAskedToEnd) {
      const begun = performance.now();
      const newest = indexBatch(database, words, rows, upTo);
      if (newest === undefined) {
        shared.wait(idleMs);
        continue;
      }
      saveUpTo.run(String(newest));
      const oldest = numberOf(first);
      for (const table of tablesOf(database)) {
        if ((table + 1) * perTable < oldest) database.exec(`DROP TABLE words_${table}`);
      }
      database.exec("COMMIT");
      upTo = newest;
      shared.indexedUpTo = upTo;
      const written = numberOf(last);
      if (pace.rate(written) > busyRate) {
        shared.wait((performance.now() - begun) * (1 / busyShare - 1));
      }
    }
  } finally {
    source.close();
    target?.close();
  }
}

/** Indexes what comes behind `upTo` in a transaction that it leaves open; returns the last one, if there was any. */
function indexBatch(database: DatabaseSync, words: WordTables, rows: StatementSync, upTo: number): number | undefined {
  let newest: number | undefined;
  let [count, bytes] = [0, 0];
  while (count < batchRows && bytes < batchBytes) {
    const piece = readPiece(rows, newest ?? upTo);
    if (piece.length === 0) break;
    if (newest === undefined) database.exec("BEGIN");
    for (const row of piece) {
      const text = searchableText(row);
      words.add(row.seq, text);
      newest = row.seq;
      bytes += text.length;
    }
    count += piece.length;
  }
  return newest;
}

function readPiece(rows: StatementSync, after: number): SearchableRow[] {
  const piece: SearchableRow[] = [];
  let bytes = 0;
  for (const row of rows.iterate(after) as Iterable<unknown> as Iterable<SearchableRow>) {
    piece.push(row);
    bytes += sizeOfSearchable(row);
    if (piece.length >= pieceRows || bytes >= pieceBytes) break;
  }
  return piece;
}

/** Linux gives every thread a priority of its own: what taps and views need goes first. */
function lowerPriority(): void {
  try {
    const thread = Number(/(\d+)$/.exec(readlinkSync("/proc/thread-self"))?.[1]);
    if (thread > 0) setPriority(thread, 10);
  } catch {
    // Other systems share their time out as they see fit.
  }
}
