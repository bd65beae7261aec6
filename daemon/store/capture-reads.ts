import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SearchableMessage, StoredEvent, StoredMessage } from "./capture-types.ts";
import { inOrder, type OrderedRows } from "./ordered.ts";
import { firstSeqWhere, lastOffsets, type KafkaPlace } from "./places.ts";
import {
  envelopeFromRow,
  happenedFromRow,
  type HappenedRow,
  messageColumns,
  messageFromRow,
  type MessageRow,
} from "./rows.ts";
import {
  decodedText,
  lengthOf,
  type matcher,
  searchableColumns,
  searchableText,
  type SearchableRow,
  sizeOfSearchable,
} from "./search-words.ts";

/** One call hands out about so much, and always one: whoever wants more asks again behind the last. */
const mostBytes = 4 * 1024 * 1024;

/**
 * What is read of a capture. It lies in one database, or in two when the file failed and the capture went on in memory:
 * the older one first. What is asked for by number comes in pieces that are bounded in bytes as well: fewer than were
 * asked for does not mean that there are no more, none does.
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
    const row = this.messageRow(seq);
    return row && messageFromRow(row);
  }

  private messageRow(seq: number): MessageRow | undefined {
    for (const database of this.databases()) {
      const row = this.statement(database, `SELECT ${messageColumns} FROM message WHERE seq = ?`).get(seq) as
        MessageRow | undefined;
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** Up to `limit` messages with numbers above `afterSeq`, in order; fewer where they are large. */
  messages(afterSeq: number, limit: number): readonly StoredMessage[] {
    const sql = `SELECT ${messageColumns} FROM message WHERE seq > ? ORDER BY seq`;
    const rows = inOrder(this.databases().map((database) => this.bySeq<MessageRow>(database, sql, afterSeq)));
    return some(rows, limit, sizeOfMessage).map(messageFromRow);
  }

  /** Up to `limit` of everything that taps saw behind number `afterN`, in order; fewer where they are large. */
  events(afterN: number, limit: number): readonly StoredEvent[] {
    const found: StoredEvent[] = [];
    let bytes = 0;
    let lastSeq = this.readUpTo.n === afterN ? this.readUpTo.seq : undefined;
    for (const row of inOrder(this.databases().flatMap((database) => this.bothTables(database, afterN)))) {
      if ("kind" in row) {
        const { n, seq } = row;
        bytes += lengthOf(row.data) + lengthOf(row.body);
        const event = happenedFromRow(row, (written) => {
          const message = this.messageRow(written);
          if (message === undefined) return undefined;
          bytes += sizeOfMessage(message);
          return envelopeFromRow(message);
        });
        if (event !== undefined) found.push({ n, masked: 0, ...(seq === null ? {} : { seq }), event });
      } else {
        const { n, seq, masked } = row;
        bytes += sizeOfMessage(row);
        lastSeq = seq;
        found.push({ n, seq, masked, event: { kind: "message", envelope: envelopeFromRow(row) } });
      }
      if (found.length >= limit || (bytes >= mostBytes && found.length > 0)) break;
    }
    const lastN = found.at(-1)?.n;
    if (lastN !== undefined) this.readUpTo = { n: lastN, seq: lastSeq };
    return found;
  }

  private bothTables(database: DatabaseSync, afterN: number): OrderedRows<MessageRow | HappenedRow>[] {
    const orderOf = ({ n }: MessageRow | HappenedRow) => n;
    const messages = `SELECT ${messageColumns} FROM message WHERE seq >= ? ORDER BY seq`;
    const happened = "SELECT * FROM happened WHERE n > ? ORDER BY n";
    return [
      { rows: this.rows<MessageRow>(database, messages, this.firstSeqBehind(database, afterN)), orderOf },
      { rows: this.rows<HappenedRow>(database, happened, afterN), orderOf },
    ];
  }

  /** Whoever reads on from where the last read ended need not look for the place. */
  private firstSeqBehind(database: DatabaseSync, n: number): number {
    const { readUpTo } = this;
    return readUpTo.n === n && readUpTo.seq !== undefined ? readUpTo.seq + 1 : firstSeqWhere(database, "n", n + 1);
  }

  /** Up to `limit` messages above `afterSeq` as a search reads them, in order; fewer where they are large. */
  searchable(afterSeq: number, limit: number): readonly SearchableMessage[] {
    const sql = `SELECT ${searchableColumns} FROM message LEFT JOIN decoded ON decoded.seq = message.seq
      WHERE message.seq > ? ORDER BY message.seq`;
    const rows = inOrder(this.databases().map((database) => this.bySeq<SearchableRow>(database, sql, afterSeq)));
    return some(rows, limit, sizeOfSearchable).map(searchableMessage);
  }

  private bySeq<T extends { readonly seq: number }>(
    database: DatabaseSync,
    sql: string,
    afterSeq: number,
  ): OrderedRows<T> {
    return { rows: this.rows<T>(database, sql, afterSeq), orderOf: ({ seq }) => seq };
  }

  private rows<T>(database: DatabaseSync, sql: string, after: number): Iterator<T> {
    return this.statement(database, sql).iterate(after) as Iterator<unknown> as Iterator<T>;
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

/** The first `limit` of these, or fewer: the one that goes beyond the bound in bytes is the last. */
function some<T>(rows: Iterable<T>, limit: number, sizeOf: (row: T) => number): T[] {
  const taken: T[] = [];
  if (limit <= 0) return taken;
  let bytes = 0;
  for (const row of rows) {
    taken.push(row);
    if (taken.length >= limit || (bytes += sizeOf(row)) >= mostBytes) break;
  }
  return taken;
}

function sizeOfMessage({ key, headers, body }: MessageRow): number {
  return lengthOf(key) + lengthOf(headers) + lengthOf(body);
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
