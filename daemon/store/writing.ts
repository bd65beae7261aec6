/** Rows on their way into a capture: what one is, the statements that take it, and how a batch of them is written. */
import type { DatabaseSync, StatementSync } from "node:sqlite";

export type Table = "message" | "happened" | "decoded";

export type Value = string | number | null | Uint8Array;

/** One row of one table, its values in the order of the columns. */
export interface Row {
  readonly table: Table;
  readonly values: readonly Value[];
}

/** Which columns hold bytes; all others hold numbers and texts. */
export const byteColumns: Readonly<Record<Table, readonly number[]>> = { message: [6, 9], happened: [5], decoded: [] };

export const columnCounts: Readonly<Record<Table, number>> = { message: 12, happened: 6, decoded: 5 };

export type Inserts = Readonly<Record<Table, StatementSync>>;

export function prepareInserts(database: DatabaseSync): Inserts {
  const insert = (table: Table, or = "") =>
    database.prepare(`INSERT ${or} INTO ${table} VALUES (${Array(columnCounts[table]).fill("?").join(", ")})`);
  // What was kept is kept anew when a secret is found in it later.
  return {
    message: insert("message", "OR REPLACE"),
    happened: insert("happened"),
    decoded: insert("decoded", "OR REPLACE"),
  };
}

/** All of the batch, or nothing of it. Throws what SQLite says. */
export function writeRows(database: DatabaseSync, inserts: Inserts, rows: Iterable<Row>): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const { table, values } of rows) inserts[table].run(...values);
    database.exec("COMMIT");
  } catch (cause) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself.
    }
    throw cause;
  }
}

/** Rows that go at a time, so that what comes meanwhile does not wait for all of them. */
const dropAtOnce = 5_000;

/** Drops messages up to `seq` and what belongs to them; returns how many, those of before included in `dropped`. */
export function dropRows(database: DatabaseSync, fromSeq: number, seq: number, dropped: number): number {
  let all = 0;
  const numberOf = database.prepare("SELECT n FROM message WHERE seq = ?");
  const saveDropped = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('dropped', ?)");
  for (let upTo = Math.min(seq, fromSeq + dropAtOnce - 1); ; upTo = Math.min(seq, upTo + dropAtOnce)) {
    const row = numberOf.get(upTo) as { n: number } | undefined;
    database.exec("BEGIN IMMEDIATE");
    const { changes } = database.prepare("DELETE FROM message WHERE seq <= ?").run(upTo);
    database.prepare("DELETE FROM decoded WHERE seq <= ?").run(upTo);
    if (row !== undefined) database.prepare("DELETE FROM happened WHERE n <= ?").run(row.n);
    all += Number(changes);
    saveDropped.run(String(dropped + all));
    database.exec("COMMIT");
    if (upTo >= seq) break;
  }
  database.exec("PRAGMA incremental_vacuum");
  return all;
}
