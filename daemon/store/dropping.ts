/**
 * How the oldest goes when a capture is at a limit: a little at a time, in transactions of their own, so that what
 * comes meanwhile hardly waits, and the log stays as small as it is without. What goes is overwritten (`secure_delete`).
 */
import type { DatabaseSync } from "node:sqlite";
import { inOrder, type OrderedRows } from "./ordered.ts";

/** What goes at a time: a few milliseconds of work. */
const atOnceRows = 500;
const atOnceBytes = 1024 * 1024;
/**
 * Pages that were given up are written again. Beyond this share of the file, which is more than a limit by size gives
 * up at a time, they are given back to the disk, so many with each piece.
 */
const mostFree = 1 / 8;
const givenBackAtOnce = 300;

interface Droppable {
  readonly n: number;
  /** Of messages. */
  readonly seq: number | null;
  readonly size: number;
}

const sizes = {
  message: "ifnull(octet_length(key), 0) + octet_length(headers) + ifnull(octet_length(body), 0)",
  decoded: "ifnull(octet_length(value), 0)",
  happened: "octet_length(data) + ifnull(octet_length(body), 0)",
};

/**
 * Drops some of the oldest, nothing of it beyond number `upToN` of all events. Says how many messages went and whether
 * that was the last of it.
 */
export function dropSome(database: DatabaseSync, upToN: number): { readonly count: number; readonly isLast: boolean } {
  const { n, seq, isLast } = nextToDrop(database, upToN);
  if (n === 0) return { count: 0, isLast: true };
  database.exec("BEGIN IMMEDIATE");
  let count = 0;
  try {
    if (seq > 0) {
      count = Number(database.prepare("DELETE FROM message WHERE seq <= ?").run(seq).changes);
      database.prepare("DELETE FROM decoded WHERE seq <= ?").run(seq);
      database
        .prepare(
          `INSERT INTO meta (name, value) VALUES ('dropped', ?1)
           ON CONFLICT (name) DO UPDATE SET value = CAST(value + ?1 AS INTEGER)`,
        )
        .run(count);
    }
    database.prepare("DELETE FROM happened WHERE n <= ?").run(n);
    database.exec("COMMIT");
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw cause;
  }
  giveBack(database);
  return { count, isLast };
}

interface Piece {
  /** How far it goes in numbers of all events; 0 where there is nothing to drop. */
  readonly n: number;
  /** How far in numbers of messages; 0 where there are none among them. */
  readonly seq: number;
  readonly isLast: boolean;
}

function nextToDrop(database: DatabaseSync, upToN: number): Piece {
  return usualPiece(database, upToN) ?? countedPiece(database, upToN);
}

/** So many messages and what happened between them, looked at as a whole; `undefined` where that is too much, or the end. */
function usualPiece(database: DatabaseSync, upToN: number): Piece | undefined {
  const first = database
    .prepare(
      `SELECT count(*) AS count, max(seq) AS seq, max(n) AS n, total(size) AS size
       FROM (SELECT seq, n, ${sizes.message} AS size FROM message ORDER BY seq LIMIT ${atOnceRows})`,
    )
    .get() as { count: number; seq: number | null; n: number | null; size: number };
  const { seq, n } = first;
  if (seq === null || n === null || n > upToN || first.count < atOnceRows) return undefined;
  const between = database
    .prepare(
      `SELECT count(*) AS count, total(size) AS size
       FROM (SELECT ${sizes.happened} AS size FROM happened WHERE n <= ? LIMIT ${atOnceRows})`,
    )
    .get(n) as { count: number; size: number };
  const values = database.prepare(`SELECT total(${sizes.decoded}) AS size FROM decoded WHERE seq <= ?`).get(seq) as {
    size: number;
  };
  if (between.count >= atOnceRows || first.size + between.size + values.size > atOnceBytes) return undefined;
  return { n, seq, isLast: n === upToN };
}

/** As much as may go, row by row; always one. */
function countedPiece(database: DatabaseSync, upToN: number): Piece {
  const source = (sql: string): OrderedRows<Droppable> => ({
    rows: database.prepare(sql).iterate() as Iterator<unknown> as Iterator<Droppable>,
    orderOf: ({ n }) => n,
  });
  const rows = inOrder([
    source(
      `SELECT n, message.seq AS seq, ${sizes.message} + ${sizes.decoded} AS size
       FROM message LEFT JOIN decoded ON decoded.seq = message.seq ORDER BY message.seq`,
    ),
    source(`SELECT n, NULL AS seq, ${sizes.happened} AS size FROM happened ORDER BY n`),
  ]);
  let [n, seq, count, bytes] = [0, 0, 0, 0];
  for (const row of rows) {
    if (row.n > upToN) return { n, seq, isLast: true };
    if (count >= atOnceRows || bytes >= atOnceBytes) return { n, seq, isLast: false };
    n = row.n;
    seq = row.seq ?? seq;
    count += 1;
    bytes += row.size;
  }
  return { n, seq, isLast: true };
}

function giveBack(database: DatabaseSync): void {
  const { free, pages } = database
    .prepare("SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count(), pragma_page_count()")
    .get() as { free: number; pages: number };
  if (free > pages * mostFree) database.exec(`PRAGMA incremental_vacuum(${givenBackAtOnce})`);
}
