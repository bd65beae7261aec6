/** Rows on their way into a capture: what one is, the statements that take it, and how a batch of them is written. */
import type { DatabaseSync, StatementSync } from "node:sqlite";

export type Table = "message" | "happened" | "decoded";

export type Value = string | number | null | Uint8Array;

/** One row of one table, its values in the order of the columns. */
export interface Row {
  readonly table: Table;
  readonly values: readonly Value[];
}

/** What a column holds; a word is a text that comes again from row to row. */
export type Column = "number" | "word" | "text" | "bytes";

export const columns: Readonly<Record<Table, readonly Column[]>> = {
  // seq, n, tap, received_at, timestamp, channel, key, headers, origin, body, body_size, masked
  message: [
    ...(["number", "number", "word", "number", "number", "word"] as const),
    ...(["bytes", "text", "text", "bytes", "number", "number"] as const),
  ],
  // n, kind, at, seq, data, body
  happened: ["number", "word", "number", "number", "text", "bytes"],
  // seq, format, name, verdict, value
  decoded: ["number", "word", "word", "word", "text"],
};

export type Inserts = Readonly<Record<Table, StatementSync>>;

export function prepareInserts(database: DatabaseSync): Inserts {
  const insert = (table: Table, or = "") =>
    database.prepare(`INSERT ${or} INTO ${table} VALUES (${Array(columns[table].length).fill("?").join(", ")})`);
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
