import { chmodSync, closeSync, existsSync, openSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DecodedBody } from "../../contracts/codec/index.ts";
import type { ContractSet } from "../../contracts/compat/index.ts";
import type { Delivery, Envelope, TapEvent } from "../tap/envelope.ts";
import { CaptureReads } from "./capture-reads.ts";
import type { CaptureLimits, SearchableMessage, StoredEvent, StoredMessage } from "./capture-types.ts";
import { readStoredContracts, writeContract, writeContracts } from "./stored-contracts.ts";
import {
  captureFailed,
  captureIsForbidden,
  captureIsMissing,
  captureIsNewer,
  captureIsNotMade,
  captureIsUnreadable,
} from "./errors.ts";
import { isReadable, openFile } from "./open-file.ts";
import { createSchema, migrate, schemaProblem, tune } from "./schema.ts";
import { dropSome } from "./dropping.ts";
import { boundsOf, firstSeqWhere, type KafkaPlace, numberBefore } from "./places.ts";
import { deleteIndex, indexFileOf } from "./index-file.ts";
import { SearchIndex } from "./search-index.ts";
import { indexDecides, indexQuery, matcher, type SearchTerm } from "./search-words.ts";
import { happenedToRow } from "./rows.ts";
import { RowBatch, unpackRows } from "./packing.ts";
import { headersToText, originToText } from "./values.ts";
import { Writer } from "./writer.ts";
import { type Inserts, prepareInserts, type Row, type Value, writeRows } from "./writing.ts";

/** A search that the index cannot decide alone reads at most so many messages, the newest. */
const mostLookedAt = 20_000;
/** So much is handed to the writing thread, or written, at a time. */
const batchRows = 5_000;
const batchBytes = 8 * 1024 * 1024;
/** How long an ending capture waits for its thread to write what is under way. */
const endMs = 10_000;
/** While a thread writes, rows are collected this long: each time that it is asked, and that it answers, costs more than a row. */
const collectMs = 10;
/** What a body means is kept beside it up to so many characters: a few bytes can mean very much. */
const mostValue = 4 * 1024 * 1024;
/** At a limit by size so much goes at least, so that it is not met again at once, and so much of the limit is left at most. */
const leastDropped = 0.1;
const filledAgain = 0.95;
/** What is kept where there is no file, or it has failed, and messages stay in memory. */
const mostInMemory = 256 * 1024 * 1024;

/**
 * One capture: appended to by the pipeline, read by everybody. What was added is on disk after `flush`, or, when a
 * thread of its own writes, once `storedN` has come to it; it is shown only then. When the file fails, the capture goes
 * on in memory and `problem` says so.
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
  /** Everything up to this number is on disk, or as safe as it can be. */
  storedN: number;
  /** Told when `storedN` grew without `flush` having been waited for. */
  onStored: () => void = () => undefined;
  /** Words to messages, once `startIndex` was called; absent for a capture in memory, and for small ones. */
  index: SearchIndex | undefined;
  private database: DatabaseSync;
  /** The file, after it failed: what it had can still be read, with luck. */
  private failed: DatabaseSync | undefined;
  private readonly reads = new CaptureReads(() => this.databases());
  private inserts: Inserts;
  private writer: Writer | undefined;
  private waiting = new RowBatch();
  private handedN: number;
  private handedAt = 0;
  private handingOver: NodeJS.Timeout | undefined;
  private nextN: number;
  private nextSeq: number;
  private firstSeq: number;
  /** Everything up to this number of all events went, or is on its way out. */
  private droppedN = 0;

  private constructor(database: DatabaseSync, file: string | undefined, readOnly: boolean) {
    this.database = database;
    this.file = file;
    this.readOnly = readOnly;
    this.id = this.meta("id") ?? randomUUID();
    this.name = this.meta("name") ?? (file === undefined ? "in memory" : basename(file));
    this.wasLeftOpen = this.meta("state") === "open";
    this.inserts = prepareInserts(database);
    const { firstSeq, lastSeq, lastN } = boundsOf(database);
    this.nextSeq = lastSeq + 1;
    this.firstSeq = firstSeq;
    this.nextN = lastN + 1;
    this.storedN = lastN;
    this.handedN = lastN;
    this.dropped = Number(this.meta("dropped") ?? 0);
  }

  /**
   * A new capture in `file`, which must not exist; without a file, in memory. Its name is shown to the user. Throws a
   * CaptureError where the file cannot be made, and leaves nothing of it behind.
   */
  static create(file: string | undefined, name: string, now: number): Capture {
    let made: string | undefined;
    let database: DatabaseSync | undefined;
    try {
      if (file !== undefined) closeSync(openSync(file, "wx", 0o600));
      made = file;
      database = new DatabaseSync(file ?? ":memory:");
      tune(database);
      createSchema(database);
      const insert = database.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
      for (const [key, value] of Object.entries({ id: randomUUID(), name, created: String(now) })) {
        insert.run(key, value);
      }
      const capture = new Capture(database, file, false);
      // From now on it is open; that it was left so, nobody could say of a new one.
      capture.setMeta("state", "open");
      return capture;
    } catch (cause) {
      database?.close();
      // Of one's own making: nothing else is ever deleted.
      if (made !== undefined) for (const suffix of ["", "-wal", "-shm"]) rmSync(made + suffix, { force: true });
      throw captureIsNotMade(file ?? name, cause);
    }
  }

  /** Opens a capture; throws a CaptureError that says what is wrong with the file. */
  static open(file: string, options: { readonly readOnly: boolean }): Capture {
    const name = basename(file);
    if (!existsSync(file)) throw captureIsMissing(name);
    if (!isReadable(file)) throw captureIsForbidden(name);
    let database: DatabaseSync | undefined;
    let problem: "not a capture" | "newer" | undefined;
    try {
      database = openFile(file, options.readOnly);
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

  /** The number among all events of a message; of one that is gone, that of the next one. */
  numberOf(seq: number): number {
    return this.reads.numberOf(seq) ?? this.lastN;
  }

  /** The last message among all events up to number `n`; 0 when there is none. */
  lastSeqUpTo(n: number): number {
    return this.reads.lastSeqUpTo(n);
  }

  addMessage(envelope: Envelope, masked: number): number {
    // Not between a message and what it means, or the index would see the one without the other.
    this.makeRoom();
    const seq = this.nextSeq++;
    this.waitForMessage(seq, this.nextN++, envelope, masked);
    return seq;
  }

  /** Keeps a message in the place of what was kept of it before: a secret in it was found only now. */
  rewriteMessage(seq: number, n: number, envelope: Envelope, masked: number): void {
    if (this.readOnly || seq < this.firstSeq) return;
    this.waitForMessage(seq, n, envelope, masked);
  }

  private waitForMessage(seq: number, n: number, envelope: Envelope, masked: number): void {
    const { origin } = envelope;
    this.waiting.add("message", [
      seq,
      n,
      envelope.tap,
      envelope.receivedAt,
      envelope.timestamp ?? null,
      origin.broker === "kafka" ? origin.topic : origin.broker === "otlp" ? origin.service : origin.exchange,
      envelope.key,
      headersToText(envelope.headers),
      originToText(origin),
      envelope.body,
      envelope.bodySize,
      masked,
    ]);
  }

  /** Keeps a delivery; of message `seq` only what differs from it, of a message that was not seen everything. */
  addDelivery(delivery: Delivery, seq: number | undefined, written: Envelope | undefined): void {
    this.addHappened(happenedToRow({ kind: "delivery", delivery }, seq, written));
  }

  addEvent(event: Exclude<TapEvent, { kind: "message" | "delivery" }>): void {
    this.addHappened(happenedToRow(event, undefined, undefined));
  }

  /** Keeps what `body` means. */
  saveDecoded(seq: number, decoded: DecodedBody, body: Uint8Array | null = null): void {
    // JSON is its own decoded value, and is not kept twice.
    const isKept = decoded.value !== undefined && !isOwnText(decoded, body);
    const value = isKept ? JSON.stringify(decoded.value) : null;
    this.waiting.add("decoded", [
      seq,
      decoded.format,
      decoded.definition?.name ?? decoded.typeName ?? null,
      decoded.check,
      value !== null && value.length > mostValue ? null : value,
    ]);
  }

  /** From now on a thread of its own writes: adding costs little, and `storedN` follows. Safe to call twice. */
  startWriter(): void {
    if (this.writer !== undefined || this.file === undefined || this.readOnly || this.failed !== undefined) return;
    this.flush();
    try {
      this.writer = new Writer(this.file, {
        onStored: (n) => {
          this.storedN = n;
          this.onStored();
        },
        onDropped: (count) => {
          this.dropped += count;
        },
        onFailed: (rows) => this.goOnWithoutWriter(rows),
      });
    } catch {
      // Without a thread it is written here, which takes longer and loses nothing.
    }
  }

  /** Whether a thread of its own writes. */
  get hasWriter(): boolean {
    return this.writer !== undefined;
  }

  /** Whether so much waits for the disk that whoever can wait should. */
  get isFull(): boolean {
    return this.writer?.isFull ?? false;
  }

  /** Writes what waits, in one transaction; with a writing thread, has it handed over within a moment. */
  flush(): void {
    if (this.waiting.count === 0 || this.handingOver !== undefined) return;
    const rest = this.writer === undefined ? 0 : this.handedAt + collectMs - performance.now();
    if (rest <= 0) this.handOver();
    else this.handingOver = setTimeout(() => this.handOver(), rest);
  }

  /** Writes what waits, or hands it over, now. */
  private handOver(): void {
    clearTimeout(this.handingOver);
    this.handingOver = undefined;
    if (this.waiting.count === 0) return;
    const batch = this.waiting;
    this.handedN = this.lastN;
    if (this.writer === undefined) {
      const rows = [...unpackRows(batch.pack())];
      batch.clear();
      this.writeHere(rows);
    } else {
      this.waiting = this.writer.emptyBatch();
      this.handedAt = performance.now();
      this.writer.write(batch, this.handedN);
    }
  }

  /** Resolves when everything added so far is on disk. */
  async stored(): Promise<void> {
    this.handOver();
    const wanted = this.lastN;
    while (this.storedN < wanted) await new Promise((go) => setTimeout(go, 1));
  }

  message(seq: number): StoredMessage | undefined {
    this.flush();
    return this.reads.message(seq);
  }

  /** Up to `limit` messages with numbers above `afterSeq`, in order. */
  messages(afterSeq: number, limit: number): readonly StoredMessage[] {
    this.flush();
    return this.reads.messages(afterSeq, limit);
  }

  /** Up to `limit` of everything that taps saw behind number `afterN`, in order. */
  events(afterN: number, limit: number): readonly StoredEvent[] {
    this.flush();
    return this.reads.events(afterN, limit);
  }

  /** Up to `limit` messages above `afterSeq` as a search reads them, in order. */
  searchable(afterSeq: number, limit: number): readonly SearchableMessage[] {
    this.flush();
    return this.reads.searchable(afterSeq, limit);
  }

  /** From when to when something was received; `undefined` when there is nothing. */
  span(): { readonly from: number; readonly to: number } | undefined {
    this.flush();
    return this.reads.span();
  }

  /** The newest record of each Kafka partition that a tap saw, of the messages from one number to another. */
  lastOffsets(tap: string, fromSeq: number, toSeq: number): readonly KafkaPlace[] {
    return this.reads.lastOffsets(tap, fromSeq, toSeq);
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
      if (matches === undefined || this.reads.isMatch(seq, matches)) found.push(seq);
      if (found.length >= limit || (looked += 1) >= mostLookedAt) break;
    }
    return found;
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

  /** How much it holds. */
  bytes(): number {
    try {
      // Pages that were given up are written again before the file grows.
      const { size } = this.database
        .prepare(
          `SELECT (page_count - freelist_count) * page_size AS size
           FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`,
        )
        .get() as { size: number };
      return size;
    } catch {
      return 0;
    }
  }

  /** Drops the oldest messages beyond the limits; returns how many. Called every few seconds. */
  trim(now: number, limits: CaptureLimits): number {
    if (this.readOnly) return 0;
    this.handOver();
    try {
      let keepFrom = firstSeqWhere(this.database, "received_at", now - limits.ageMs);
      if (limits.messages !== undefined) keepFrom = Math.max(keepFrom, this.lastSeq - limits.messages + 1);
      let upToN = keepFrom > this.firstSeq ? numberBefore(this.database, keepFrom) : 0;
      const isInMemory = this.file === undefined || this.failed !== undefined;
      const most = isInMemory ? Math.min(limits.bytes, mostInMemory) : limits.bytes;
      const size = this.bytes();
      // What is on its way out still counts as being there.
      if (this.writer?.isDropping !== true && size > most) {
        const { firstN } = boundsOf(this.database);
        const share = Math.max(leastDropped, 1 - (filledAgain * most) / size);
        upToN = Math.max(upToN, firstN - 1 + Math.ceil((this.lastN - firstN + 1) * share));
      }
      return this.dropUpTo(upToN);
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

  /** Keeps one more text among the contracts. */
  saveContract(path: string, text: string): void {
    if (this.readOnly) return;
    try {
      writeContract(this.database, path, text);
    } catch {
      // The file is full or broken: messages are kept in memory then, and are read as before.
    }
  }

  /** Has what was rewritten leave the write-ahead log too, and the index, which is made again. */
  forgetRewritten(): void {
    this.flush();
    if (this.index !== undefined && this.file !== undefined && !this.readOnly) {
      this.index.close();
      this.index = undefined;
      deleteIndex(indexFileOf(this.file));
      this.startIndex();
    }
    try {
      if (!this.readOnly) this.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // It leaves the log with the next checkpoint.
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
      this.handOver();
      const unwritten = this.writer?.end(endMs) ?? [];
      this.writer = undefined;
      if (unwritten.length > 0) this.writeHere(unwritten);
      this.setMeta("state", "closed");
      if (!this.readOnly) this.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A file that cannot be written to is left as it is; everything shown is in it, or was said to be in memory.
    }
    for (const database of this.databases()) database.close();
  }

  private addHappened(values: readonly Value[]): void {
    // Before the number is given, for what is written before it does not have it.
    this.makeRoom();
    this.waiting.add("happened", [this.nextN++, ...values]);
  }

  /** Whoever shows something flushes; beyond these bounds what waits is written earlier. */
  private makeRoom(): void {
    if (this.waiting.count >= batchRows || this.waiting.size >= batchBytes) this.handOver();
  }

  private writeHere(rows: readonly Row[]): void {
    try {
      writeRows(this.database, this.inserts, rows);
    } catch (cause) {
      this.goOnInMemory(cause);
      writeRows(this.database, this.inserts, rows);
    }
    this.storedN = this.handedN;
  }

  /** The thread has ended, with or without the disk: what it had not written is written here, or kept in memory. */
  private goOnWithoutWriter(rows: readonly Row[]): void {
    this.writer = undefined;
    this.droppedN = 0;
    if (rows.length > 0) this.writeHere(rows);
    this.onStored();
  }

  private goOnInMemory(cause: unknown): void {
    if (this.failed !== undefined) throw cause;
    this.problem = captureFailed(cause);
    this.failed = this.database;
    this.database = new DatabaseSync(":memory:");
    createSchema(this.database);
    this.inserts = prepareInserts(this.database);
  }

  private databases(): [DatabaseSync, ...DatabaseSync[]] {
    return this.failed === undefined ? [this.database] : [this.failed, this.database];
  }

  private dropUpTo(n: number): number {
    if (n <= this.droppedN) return 0;
    this.droppedN = n;
    const before = this.firstSeq;
    this.firstSeq = Math.max(before, firstSeqWhere(this.database, "n", n + 1));
    if (this.writer !== undefined) this.writer.drop(n);
    else {
      for (let isLast = false; !isLast;) {
        const some = dropSome(this.database, n);
        this.dropped += some.count;
        isLast = some.isLast;
      }
    }
    return this.firstSeq - before;
  }
}

/** Whether the body is the decoded value, written down: neither compressed nor behind a frame. */
function isOwnText({ format }: DecodedBody, body: Uint8Array | null): boolean {
  const first = body?.[0];
  return format === "json" && (first === 0x7b || first === 0x5b);
}
