/**
 * Rows packed for another thread. Cloning each row's bytes by themselves costs more than writing them, and would copy
 * the whole network buffer that they are a piece of; so all bytes of a batch lie behind each other in one buffer, which
 * is handed over, and everything else in one flat list.
 */
import { byteColumns, columnCounts, type Row, type Table } from "./writing.ts";

export interface PackedRows {
  /** One number a row: its place in `tables`. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  /** The values of all rows behind each other; where bytes stand, their length. */
  readonly values: ReadonlyArray<string | number | null>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const tables: readonly Table[] = ["message", "happened", "decoded"];

export function packRows(rows: readonly Row[]): PackedRows {
  const kinds = new Uint8Array(rows.length);
  const values: Array<string | number | null> = [];
  let size = 0;
  for (const row of rows) {
    for (const column of byteColumns[row.table]) size += (row.values[column] as Uint8Array | null)?.length ?? 0;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  rows.forEach((row, i) => {
    kinds[i] = tables.indexOf(row.table);
    for (const value of row.values) {
      if (value instanceof Uint8Array) {
        bytes.set(value, at);
        at += value.length;
        values.push(value.length);
      } else values.push(value);
    }
  });
  return { kinds, values, bytes };
}

/** The rows again; their bytes are views on the packed buffer. */
export function* unpackRows({ kinds, values, bytes }: PackedRows): Generator<Row> {
  let next = 0;
  let at = 0;
  for (const kind of kinds) {
    const table = tables[kind] ?? "message";
    const row: Array<string | number | null | Uint8Array> = values.slice(next, next + columnCounts[table]);
    next += row.length;
    for (const column of byteColumns[table]) {
      const length = row[column];
      if (typeof length !== "number") continue;
      row[column] = bytes.subarray(at, at + length);
      at += length;
    }
    yield { table, values: row };
  }
}
