/** Where things are in a capture, found by looking at a few rows: numbers and times both grow with the messages. */
import type { DatabaseSync } from "node:sqlite";

export interface Bounds {
  /** 1 where there is no message yet. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The numbers of the first and the last event of any kind; 1 and 0 where there is none. */
  readonly firstN: number;
  readonly lastN: number;
}

export function boundsOf(database: DatabaseSync): Bounds {
  const row = database
    .prepare(
      `SELECT first, last, (SELECT n FROM message WHERE seq = first) AS firstN, (SELECT n FROM message WHERE seq = last) AS lastN,
         (SELECT min(n) FROM happened) AS firstOther, (SELECT max(n) FROM happened) AS lastOther
       FROM (SELECT (SELECT min(seq) FROM message) AS first, (SELECT max(seq) FROM message) AS last)`,
    )
    .get() as Record<"first" | "last" | "firstN" | "lastN" | "firstOther" | "lastOther", number | null>;
  return {
    firstSeq: row.first ?? 1,
    lastSeq: row.last ?? 0,
    firstN: Math.min(row.firstN ?? row.firstOther ?? 1, row.firstOther ?? row.firstN ?? 1),
    lastN: Math.max(row.lastN ?? 0, row.lastOther ?? 0),
  };
}

/** The number of all events that comes right before message `seq`; that of the last message where there is none such. */
export function numberBefore(database: DatabaseSync, seq: number): number {
  const row = database.prepare("SELECT n FROM message WHERE seq >= ? ORDER BY seq LIMIT 1").get(seq) as
    { n: number } | undefined;
  if (row !== undefined) return row.n - 1;
  const last = database.prepare("SELECT n FROM message ORDER BY seq DESC LIMIT 1").get() as { n: number } | undefined;
  return last?.n ?? 0;
}

/**
 * The number of the first message whose `column` is at least `value`; one behind the last when there is none. An index
 * on these columns would cost every insert; about twenty rows are looked at instead.
 */
export function firstSeqWhere(database: DatabaseSync, column: "n" | "received_at", value: number): number {
  const { firstSeq, lastSeq } = boundsOf(database);
  const at = database.prepare(`SELECT seq, ${column} AS value FROM message WHERE seq >= ? ORDER BY seq LIMIT 1`);
  let low = firstSeq;
  let high = lastSeq + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = at.get(middle) as { seq: number; value: number } | undefined;
    if (row === undefined || row.value >= value) high = middle;
    else low = row.seq + 1;
  }
  return low;
}

export interface KafkaPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** The newest record of each partition of Kafka that a tap saw, of the messages with these numbers. */
export function lastOffsets(database: DatabaseSync, tap: string, fromSeq: number, toSeq: number): KafkaPlace[] {
  // Beside max(seq), SQLite takes the other columns from the row that has it.
  const rows = database
    .prepare(
      `SELECT channel AS topic, origin ->> 'partition' AS partition, origin ->> 'offset' AS offset, max(seq)
       FROM message WHERE seq BETWEEN ? AND ? AND tap = ? AND json_valid(origin) GROUP BY 1, 2`,
    )
    .all(fromSeq, toSeq, tap);
  return rows.flatMap(({ topic, partition, offset }) =>
    typeof topic === "string" && typeof partition === "number" && /^\d{1,19}$/.test(String(offset))
      ? [{ topic, partition, offset: BigInt(String(offset)) }]
      : [],
  );
}
