/**
 * The thread that writes the search index of one capture, dist/node/index-worker.js. Takes in: the capture's file,
 * which it only reads. Hands out: the index file, and how far it goes, in memory that both threads see. It is behind
 * the writer by design and works at a lower priority where the system has one for threads.
 */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { createTable, openIndex, perTable, tableOf, tablesOf, upToOf } from "./index-file.ts";
import { searchableColumns, searchableText, type SearchableRow } from "./search-words.ts";
import { ControlView, type IndexWorkerData } from "./search-control.ts";

/** One transaction: whoever waits for the thread to end waits for one of these at most. */
const batchSize = 2_000;
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
    let upTo = upToOf(database, captureId) ?? 0;
    createTable(database, tableOf(upTo + 1), module);
    shared.indexedUpTo = upTo;
    const rows = source.prepare(
      `SELECT ${searchableColumns} FROM message LEFT JOIN decoded ON decoded.seq = message.seq
       WHERE message.seq > ? ORDER BY message.seq LIMIT ?`,
    );
    const saveUpTo = database.prepare("UPDATE meta SET value = ? WHERE name = 'upTo'");
    const pace = new Pace(numberOf(last));
    while (!shared.isAskedToEnd) {
      const begun = performance.now();
      const batch = rows.all(upTo, batchSize) as unknown as SearchableRow[];
      const newest = batch.at(-1)?.seq;
      if (newest === undefined) {
        shared.wait(idleMs);
        continue;
      }
      database.exec("BEGIN");
      for (const [table, messages] of byTable(batch)) {
        createTable(database, table, module);
        const insert = database.prepare(`INSERT INTO words_${table} (rowid, words) VALUES (?, ?)`);
        for (const row of messages) insert.run(row.seq, searchableText(row));
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

function byTable(batch: readonly SearchableRow[]): Map<number, SearchableRow[]> {
  const tables = new Map<number, SearchableRow[]>();
  for (const row of batch) {
    const table = tableOf(row.seq);
    const known = tables.get(table);
    if (known === undefined) tables.set(table, [row]);
    else known.push(row);
  }
  return tables;
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
