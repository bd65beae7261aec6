import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SearchableMessage, StoredEvent, StoredMessage } from "./capture-types.ts";
import { firstSeqWhere, lastOffsets, type KafkaPlace } from "./places.ts";
import {
  envelopeFromRow,
  happenedFromRow,
  type HappenedRow,
  messageColumns,
  messageFromRow,
  type MessageRow,
} from "./rows.ts";
import { decodedText, type matcher, searchableColumns, searchableText, type SearchableRow } from "./search-words.ts";

/**
 * What is read of a capture. It lies in one database, or in two when the file failed and the capture went on in memory:
 * the older one first.
 */
export class CaptureReads {
  private readonly databases: () => readonly [DatabaseSync, ...DatabaseSync[]];
  private readonly prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
  /** Where the last read of events ended: its number, and that of the last message before it. */
  private readUpTo: { readonly n: number; readonly seq: number | undefined } = { n: 0, seq: undefined };

  constructor(databases: () => readonly [DatabaseSync, ...DatabaseSync[]]) {
    this.databases = databases;
  }

  /** The number among all events of a message; of one that is gone, that of the next one, if there is one. */
  numberOf(seq: number): number | undefined {
    for (const database of this.databases()) {
      const row = this.statement(database, "SELECT n FROM message WHERE seq >= ? ORDER BY seq LIMIT 1").get(seq) as
        { n: number } | undefined;
      if (row !== undefined) return row.n;
    }
    return undefined;
  }

  /** The last message among all events up to number `n`; 0 when there is none. */
  lastSeqUpTo(n: number): number {
    return firstSeqWhere(this.current(), "n", n + 1) - 1;
  }

  message(seq: number): StoredMessage | undefined {
    for (const database of this.databases()) {
      const row = this.statement(database, `SELECT ${messageColumns} FROM message WHERE seq = ?`).get(seq) as
        MessageRow | undefined;
      if (row !== undefined) return messageFromRow(row);
    }
    return undefined;
  }

  /** Up to `limit` messages with numbers above `afterSeq`, in order. */
  messages(afterSeq: number, limit: number): readonly StoredMessage[] {
    const rows = this.databases().flatMap(
      (database) =>
        this.statement(database, `SELECT ${messageColumns} FROM message WHERE seq > ? ORDER BY seq LIMIT ?`).all(
          afterSeq,
          limit,
        ) as unknown as MessageRow[],
    );
    return rows
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit)
      .map(messageFromRow);
  }

  /** Up to `limit` of everything that taps saw behind number `afterN`, in order. */
  events(afterN: number, limit: number): readonly StoredEvent[] {
    const events: StoredEvent[] = [];
    for (const database of this.databases()) {
      const messages = this.statement(
        database,
        `SELECT ${messageColumns} FROM message WHERE seq >= ? ORDER BY seq LIMIT ?`,
      ).all(this.firstSeqBehind(database, afterN), limit) as unknown as MessageRow[];
      // What is behind the last of these messages is for the next call.
      const upTo = messages.length < limit ? Number.MAX_SAFE_INTEGER : (messages.at(-1)?.n ?? 0);
      const happened = this.statement(database, "SELECT * FROM happened WHERE n > ? AND n <= ? ORDER BY n LIMIT ?").all(
        afterN,
        upTo,
        limit,
      ) as unknown as HappenedRow[];
      for (const row of messages) {
        const { n, seq, masked } = row;
        events.push({ n, seq, masked, event: { kind: "message", envelope: envelopeFromRow(row) } });
      }
      for (const row of happened) {
        const event = happenedFromRow(row, (seq) => this.message(seq)?.envelope);
        if (event !== undefined)
          events.push({ n: row.n, masked: 0, ...(row.seq === null ? {} : { seq: row.seq }), event });
      }
    }
    const found = events.sort((a, b) => a.n - b.n).slice(0, limit);
    const lastMessage = found.findLast(({ event }) => event.kind === "message");
    const lastN = found.at(-1)?.n;
    if (lastN !== undefined) {
      const before = this.readUpTo.n === afterN ? this.readUpTo.seq : undefined;
      this.readUpTo = { n: lastN, seq: lastMessage?.seq ?? before };
    }
    return found;
  }

  /** Whoever reads on from where the last read ended need not look for the place. */
  private firstSeqBehind(database: DatabaseSync, n: number): number {
    const { readUpTo } = this;
    return readUpTo.n === n && readUpTo.seq !== undefined ? readUpTo.seq + 1 : firstSeqWhere(database, "n", n + 1);
  }

  /** Up to `limit` messages above `afterSeq` as a search reads them, in order. */
  searchable(afterSeq: number, limit: number): readonly SearchableMessage[] {
    const rows = this.databases().flatMap(
      (database) =>
        this.statement(
          database,
          `SELECT ${searchableColumns} FROM message LEFT JOIN decoded ON decoded.seq = message.seq
           WHERE message.seq > ? ORDER BY message.seq LIMIT ?`,
        ).all(afterSeq, limit) as unknown as SearchableRow[],
    );
    return rows
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit)
      .map(searchableMessage);
  }

  /** From when to when something was received; `undefined` when there is nothing. */
  span(): { readonly from: number; readonly to: number } | undefined {
    // Several taps hand on their events within moments of each other: the ends hold the earliest and the latest.
    const ends = (order: "" | "DESC") =>
      `SELECT received_at AS at FROM (SELECT received_at FROM message ORDER BY seq ${order} LIMIT 500)
       UNION ALL SELECT at FROM (SELECT at FROM happened WHERE kind IN ('delivery', 'commit', 'end') ORDER BY n ${order} LIMIT 500)`;
    const row = this.current()
      .prepare(`SELECT (SELECT min(at) FROM (${ends("")})) AS low, (SELECT max(at) FROM (${ends("DESC")})) AS high`)
      .get() as { low: number | null; high: number | null };
    return row.low === null || row.high === null ? undefined : { from: row.low, to: row.high };
  }

  /** The newest record of each Kafka partition that a tap saw, of the messages from one number to another. */
  lastOffsets(tap: string, fromSeq: number, toSeq: number): readonly KafkaPlace[] {
    return lastOffsets(this.current(), tap, fromSeq, toSeq);
  }

  /** Whether a message has what is looked for. */
  isMatch(seq: number, matches: ReturnType<typeof matcher>): boolean {
    const [database] = this.databases();
    const row = this.statement(
      database,
      `SELECT ${searchableColumns} FROM message LEFT JOIN decoded ON decoded.seq = message.seq WHERE message.seq = ?`,
    ).get(seq) as unknown as SearchableRow | undefined;
    if (row === undefined) return false;
    return matches(searchableMessage(row));
  }

  /** Statements that are asked for again and again are prepared once. */
  private statement(database: DatabaseSync, sql: string): StatementSync {
    let known = this.prepared.get(database);
    if (known === undefined) {
      known = new Map();
      this.prepared.set(database, known);
    }
    let statement = known.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      known.set(sql, statement);
    }
    return statement;
  }

  /** The one that is written to. */
  private current(): DatabaseSync {
    const all = this.databases();
    return all.at(-1) ?? all[0];
  }
}

function searchableMessage(row: SearchableRow): SearchableMessage {
  return {
    seq: row.seq,
    text: searchableText(row),
    get decoded() {
      return decodedText(row);
    },
    isRead: row.format !== null,
  };
}
