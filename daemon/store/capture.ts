import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { DecodedBody } from "../../contracts/codec/index.ts";
import type { ContractSet } from "../../contracts/compat/index.ts";
import type { Delivery, Envelope, TapEvent } from "../tap/envelope.ts";
import type { CaptureLimits, SearchableMessage, StoredEvent, StoredMessage } from "./capture-types.ts";
import { readStoredContracts, writeContracts } from "./stored-contracts.ts";
import { captureFailed, captureIsMissing, captureIsNewer, captureIsUnreadable } from "./errors.ts";
import { createSchema, migrate, schemaProblem, tune } from "./schema.ts";
import { boundsOf, firstSeqWhere } from "./places.ts";
import { SearchIndex } from "./search-index.ts";
import {
  indexDecides,
  indexQuery,
  matcher,
  searchableColumns,
  searchableText,
  type SearchableRow,
  type SearchTerm,
} from "./search-words.ts";
import { happenedFromRow, happenedToRow, type HappenedRow, messageFromRow, type MessageRow } from "./rows.ts";
import { headersToText, originToText } from "./values.ts";

/** A search that the index cannot decide alone reads at most so many messages, the newest. */
const mostLookedAt = 20_000;

interface Waiting {
  readonly insert: "message" | "happened" | "decoded";
  readonly values: readonly (string | number | null | Uint8Array)[];
}

/**
 * One capture: appended to by the pipeline, read by everybody. What was added is on disk after `flush`, which callers
 * do before they show it. When the file fails, the capture goes on in memory and `problem` says so.
 */
export class Capture {
  readonly id: string;
  readonly name: string;
  readonly file: string | undefined;
  readonly readOnly: boolean;
  /** How the capture began: `open` was left by a daemon that died, so it may be gone on with. */
  readonly wasLeftOpen: boolean;
  problem: string | undefined;
  /** How many of the oldest messages went because of limits. */
  dropped: number;
  /** Words to messages, once `startIndex` was called; absent for a capture in memory, and for small ones. */
  index: SearchIndex | undefined;
  private database: DatabaseSync;
  /** The file, after it failed: what it had can still be read, with luck. */
  private failed: DatabaseSync | undefined;
  private readonly prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
  private statements: Record<Waiting["insert"], StatementSync>;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private nextN: number;
  private nextSeq: number;
  private firstSeq: number;

  private constructor(database: DatabaseSync, file: string | undefined, readOnly: boolean) {
    this.database = database;
    this.file = file;
    this.readOnly = readOnly;
    this.id = this.meta("id") ?? randomUUID();
    this.name = this.meta("name") ?? (file === undefined ? "in memory" : basename(file));
    this.wasLeftOpen = this.meta("state") === "open";
    this.statements = prepare(database);
    const { firstSeq, lastSeq, lastN } = boundsOf(database);
    this.nextSeq = lastSeq + 1;
    this.firstSeq = firstSeq;
    this.nextN = lastN + 1;
    this.dropped = Number(this.meta("dropped") ?? 0);
  }

  /** A new capture in `file`, which must not exist; without a file, in memory. Its name is shown to the user. */
  static create(file: string | undefined, name: string, now: number): Capture {
    if (file !== undefined) closeSync(openSync(file, "wx", 0o600));
    const database = new DatabaseSync(file ?? ":memory:");
    tune(database);
    createSchema(database);
    const insert = database.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
    for (const [key, value] of Object.entries({ id: randomUUID(), name, created: String(now), state: "open" })) {
      insert.run(key, value);
    }
    return new Capture(database, file, false);
  }

  /** Opens a capture; throws a CaptureError that says what is wrong with the file. */
  static open(file: string, options: { readonly readOnly: boolean }): Capture {
    const name = basename(file);
    if (!existsSync(file)) throw captureIsMissing(name);
    let database: DatabaseSync | undefined;
    let problem: "not a capture" | "newer" | undefined;
    try {
      database = new DatabaseSync(file, { readOnly: options.readOnly });
      problem = schemaProblem(database);
      if (problem === undefined) {
        if (!options.readOnly) {
          chmodSync(file, 0o600);
          tune(database);
          migrate(database);
        }
        const capture = new Capture(database, file, options.readOnly);
        if (!options.readOnly) capture.setMeta("state", "open");
        return capture;
      }
    } catch (cause) {
      database?.close();
      throw captureIsUnreadable(name, cause);
    }
    database.close();
    throw problem === "newer" ? captureIsNewer(name) : captureIsUnreadable(name);
  }

  /** The number of the newest message; 0 when there is none. */
  get lastSeq(): number {
    return this.nextSeq - 1;
  }

  /** The oldest message that is still kept. */
  get oldestSeq(): number {
    return this.firstSeq;
  }

  /** The number of the newest event of any kind. */
  get lastN(): number {
    return this.nextN - 1;
  }

  addMessage(envelope: Envelope, masked: number): number {
    const seq = this.nextSeq++;
    const { origin } = envelope;
    this.wait(envelope.body?.length ?? 0, {
      insert: "message",
      values: [
        seq,
        this.nextN++,
        envelope.tap,
        envelope.receivedAt,
        envelope.timestamp ?? null,
        origin.broker === "kafka" ? origin.topic : origin.exchange,
        envelope.key,
        headersToText(envelope.headers),
        originToText(origin),
        envelope.body,
        envelope.bodySize,
        masked,
      ],
    });
    return seq;
  }

  /** Keeps a delivery; of message `seq` only what differs from it, of a message that was not seen everything. */
  addDelivery(delivery: Delivery, seq: number | undefined, written: Envelope | undefined): void {
    this.addHappened(happenedToRow({ kind: "delivery", delivery }, seq, written));
  }

  addEvent(event: Exclude<TapEvent, { kind: "message" | "delivery" }>): void {
    this.addHappened(happenedToRow(event, undefined, undefined));
  }

  saveDecoded(seq: number, decoded: DecodedBody): void {
    this.wait(0, {
      insert: "decoded",
      values: [
        seq,
        decoded.format,
        decoded.definition?.name ?? decoded.typeName ?? null,
        decoded.check,
        decoded.value === undefined ? null : JSON.stringify(decoded.value),
      ],
    });
  }

  /** Writes what waits, in one transaction. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const batch = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    try {
      this.write(batch);
    } catch (cause) {
      this.goOnInMemory(cause);
      this.write(batch);
    }
  }

  message(seq: number): StoredMessage | undefined {
    this.flush();
    for (const database of this.databases()) {
      const row = this.statement(database, "SELECT * FROM message WHERE seq = ?").get(seq) as MessageRow | undefined;
      if (row !== undefined) return messageFromRow(row);
    }
    return undefined;
  }

  /** Up to `limit` messages with numbers above `afterSeq`, in order. */
  messages(afterSeq: number, limit: number): readonly StoredMessage[] {
    this.flush();
    const rows = this.databases().flatMap(
      (database) =>
        this.statement(database, "SELECT * FROM message WHERE seq > ? ORDER BY seq LIMIT ?").all(
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
    this.flush();
    const events: StoredEvent[] = [];
    for (const database of this.databases()) {
      const messages = this.statement(database, "SELECT * FROM message WHERE seq >= ? ORDER BY seq LIMIT ?").all(
        firstSeqWhere(database, "n", afterN + 1),
        limit,
      ) as unknown as MessageRow[];
      const happened = database
        .prepare("SELECT * FROM happened WHERE n > ? ORDER BY n LIMIT ?")
        .all(afterN, limit) as unknown as HappenedRow[];
      for (const row of messages) {
        const { seq, envelope, masked } = messageFromRow(row);
        events.push({ n: row.n, seq, masked, event: { kind: "message", envelope } });
      }
      for (const row of happened) {
        const event = happenedFromRow(row, (seq) => this.message(seq)?.envelope);
        if (event !== undefined)
          events.push({ n: row.n, masked: 0, ...(row.seq === null ? {} : { seq: row.seq }), event });
      }
    }
    return events.sort((a, b) => a.n - b.n).slice(0, limit);
  }

  /** Has words indexed from now on, by a thread of its own. Safe to call twice. */
  startIndex(options: { readonly module?: string } = {}): void {
    if (this.index !== undefined || this.file === undefined) return;
    const { file: captureFile, id: captureId, lastSeq, oldestSeq, readOnly } = this;
    this.index = SearchIndex.start({ ...options, captureFile, captureId, lastSeq, oldestSeq, readOnly });
  }

  /** Messages up to this number are found through the index, later ones by reading them. */
  get indexedUpTo(): number {
    return Math.min(this.lastSeq, this.index?.indexedUpTo ?? 0);
  }

  /**
   * Numbers of indexed messages above `afterSeq` that have what is looked for, the newest at most `limit`, newest
   * first. What is not indexed yet is for `searchable`.
   */
  searchIndexed(term: SearchTerm, afterSeq: number, limit: number): readonly number[] {
    const query = indexQuery(term);
    const { index, indexedUpTo } = this;
    if (index === undefined || query === undefined || indexedUpTo <= afterSeq) return [];
    const matches = indexDecides(term) ? undefined : matcher(term);
    const found: number[] = [];
    let looked = 0;
    for (const seq of index.find(query, Math.max(afterSeq, this.firstSeq - 1), indexedUpTo)) {
      if (matches === undefined || this.isMatch(seq, matches)) found.push(seq);
      if (found.length >= limit || (looked += 1) >= mostLookedAt) break;
    }
    return found;
  }

  /** Up to `limit` messages above `afterSeq` as a search reads them, in order. */
  searchable(afterSeq: number, limit: number): readonly SearchableMessage[] {
    this.flush();
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
    this.flush();
    // Several taps hand on their events within moments of each other: the ends hold the earliest and the latest.
    const ends = (order: "" | "DESC") =>
      `SELECT received_at AS at FROM (SELECT received_at FROM message ORDER BY seq ${order} LIMIT 500)
       UNION ALL SELECT at FROM (SELECT at FROM happened WHERE kind IN ('delivery', 'commit', 'end') ORDER BY n ${order} LIMIT 500)`;
    const row = this.database
      .prepare(`SELECT (SELECT min(at) FROM (${ends("")})) AS low, (SELECT max(at) FROM (${ends("DESC")})) AS high`)
      .get() as { low: number | null; high: number | null };
    return row.low === null || row.high === null ? undefined : { from: row.low, to: row.high };
  }

  /** How many events there are, states of taps aside. */
  eventCount(): number {
    this.flush();
    const row = this.database.prepare("SELECT count(*) AS count FROM happened WHERE kind != 'state'").get() as {
      count: number;
    };
    // Messages are numbered without gaps; counting them would read the whole file.
    return this.lastSeq - this.firstSeq + 1 + row.count;
  }

  bytes(): number {
    try {
      const { size } = this.database
        .prepare("SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()")
        .get() as { size: number };
      return size;
    } catch {
      return 0;
    }
  }

  /** Drops the oldest messages beyond the limits; returns how many. Called every few seconds. */
  trim(now: number, limits: CaptureLimits): number {
    if (this.readOnly) return 0;
    this.flush();
    try {
      let upTo = firstSeqWhere(this.database, "received_at", now - limits.ageMs) - 1;
      if (limits.messages !== undefined) upTo = Math.max(upTo, this.lastSeq - limits.messages);
      if (this.bytes() > limits.bytes) {
        // A tenth at a time: the file settles below the limit within a few rounds, each of them short.
        upTo = Math.max(upTo, this.firstSeq + Math.ceil((this.lastSeq - this.firstSeq + 1) / 10));
      }
      return this.dropUpTo(Math.min(upTo, this.lastSeq));
    } catch (cause) {
      this.goOnInMemory(cause);
      return 0;
    }
  }

  meta(name: string): string | undefined {
    const row = this.database.prepare("SELECT value FROM meta WHERE name = ?").get(name) as
      { value: string } | undefined;
    return row?.value;
  }

  setMeta(name: string, value: string): void {
    if (!this.readOnly)
      this.database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").run(name, value);
  }

  /** Keeps the contracts that messages are read by, so that the file alone shows what they mean. */
  saveContracts(contracts: ContractSet): void {
    if (this.readOnly) return;
    try {
      writeContracts(this.database, contracts);
    } catch (cause) {
      this.goOnInMemory(cause);
    }
  }

  /** The contracts that its messages were read by, as far as the file has them. */
  contracts(): ContractSet | undefined {
    return readStoredContracts(this.database);
  }

  /** Ends the capture in order: everything is on disk, in the one file. */
  close(): void {
    if (!this.database.isOpen) return;
    this.index?.close();
    try {
      this.flush();
      this.setMeta("state", "closed");
      if (!this.readOnly) this.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A file that cannot be written to is left as it is; everything shown is in it, or was said to be in memory.
    }
    for (const database of this.databases()) database.close();
  }

  private addHappened(values: Waiting["values"]): void {
    this.wait(0, { insert: "happened", values: [this.nextN++, ...values] });
  }

  /** Whoever shows something flushes; beyond these bounds what waits is written earlier. */
  private wait(bytes: number, waiting: Waiting): void {
    // A message and what it means are written together, or the index would see the one without the other.
    const isFull = this.waiting.length >= 5_000 || this.waitingBytes >= 8 * 1024 * 1024;
    if (isFull && waiting.insert !== "decoded") this.flush();
    this.waiting.push(waiting);
    this.waitingBytes += bytes;
  }

  private isMatch(seq: number, matches: ReturnType<typeof matcher>): boolean {
    const database = this.databases()[0] as DatabaseSync;
    const row = this.statement(
      database,
      `SELECT ${searchableColumns} FROM message LEFT JOIN decoded ON decoded.seq = message.seq WHERE message.seq = ?`,
    ).get(seq) as unknown as SearchableRow | undefined;
    if (row === undefined) return false;
    const { text, decoded } = searchableMessage(row);
    return matches(text, decoded);
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

  private write(batch: readonly Waiting[]): void {
    this.database.exec("BEGIN");
    try {
      for (const { insert, values } of batch) this.statements[insert].run(...values);
      this.database.exec("COMMIT");
    } catch (cause) {
      try {
        this.database.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself.
      }
      throw cause;
    }
  }

  private goOnInMemory(cause: unknown): void {
    if (this.failed !== undefined) throw cause;
    this.problem = captureFailed(cause);
    this.failed = this.database;
    this.database = new DatabaseSync(":memory:");
    createSchema(this.database);
    this.statements = prepare(this.database);
  }

  private databases(): DatabaseSync[] {
    return this.failed === undefined ? [this.database] : [this.failed, this.database];
  }

  private dropUpTo(seq: number): number {
    if (seq < this.firstSeq) return 0;
    const row = this.database.prepare("SELECT n FROM message WHERE seq = ?").get(seq) as { n: number } | undefined;
    this.database.exec("BEGIN");
    const { changes } = this.database.prepare("DELETE FROM message WHERE seq <= ?").run(seq);
    this.database.prepare("DELETE FROM decoded WHERE seq <= ?").run(seq);
    if (row !== undefined) this.database.prepare("DELETE FROM happened WHERE n <= ?").run(row.n);
    this.dropped += Number(changes);
    this.setMeta("dropped", String(this.dropped));
    this.database.exec("COMMIT");
    this.database.exec("PRAGMA incremental_vacuum");
    this.firstSeq = seq + 1;
    return Number(changes);
  }
}

function searchableMessage(row: SearchableRow): SearchableMessage {
  return { seq: row.seq, text: searchableText(row), decoded: row.value, isRead: row.format !== null };
}

function prepare(database: DatabaseSync): Record<Waiting["insert"], StatementSync> {
  return {
    message: database.prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    happened: database.prepare("INSERT INTO happened VALUES (?, ?, ?, ?, ?, ?)"),
    decoded: database.prepare("INSERT OR REPLACE INTO decoded VALUES (?, ?, ?, ?, ?)"),
  };
}
