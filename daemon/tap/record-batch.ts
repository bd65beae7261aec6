/**
 * The records in a Kafka fetch response: a row of batches, the last of which may be cut off.
 *
 *   batch v2: base offset i64, length i32, leader epoch i32, magic i8 = 2, crc u32, attributes i16, last offset delta i32,
 *             base timestamp i64, max timestamp i64, producer id i64, producer epoch i16, base sequence i32, count i32,
 *             then, perhaps compressed, the records
 *   record:   length, attributes i8, timestamp delta, offset delta, key, value, headers (name, value); lengths are
 *             zigzag varints, -1 is null
 *   messages of formats 0 and 1 (before Kafka 0.11): offset i64, size i32, crc u32, magic i8, attributes i8,
 *             [timestamp i64], key, value; a compressed one holds a set of messages in its value
 *
 * kafkajs' own decoder is not used: it drops control records, lets one bad batch fail the whole response, has no limit
 * on what a batch may decompress to, and makes several objects a record.
 */
import type { Header } from "./envelope.ts";
import { codecNames, decompress } from "./compression.ts";

export interface Limits {
  /** The most bytes of a key or body that are kept. */
  readonly keptBytes: number;
  /** The most bytes that a batch may decompress to. */
  readonly batchBytes: number;
}

export interface Batch {
  readonly producerId: bigint;
  readonly transactional: boolean;
  readonly timestampType: "create" | "append";
}

/** Receives what is in a record set, in the order of the log. */
export interface RecordVisitor {
  record(batch: Batch, record: KafkaRecord): void;
  /** A transaction marker. */
  marker(producerId: bigint, offset: bigint, outcome: "committed" | "aborted"): void;
  /** A batch that cannot be read; `count` is how many records it says it has, from `first` on. */
  unreadable(first: bigint, count: number, reason: string): void;
}

export interface KafkaRecord {
  readonly offset: bigint;
  /** Milliseconds since the epoch; -1 when the record has none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly valueSize: number;
  readonly headers: readonly Header[];
}

const noHeaders: readonly Header[] = [];

/** One batch (or, before Kafka 0.11, one message) as it lies in a record set, undecoded. */
export interface RawBatch {
  readonly bytes: Buffer;
  readonly base: bigint;
  readonly magic: number;
}

export interface RecordSet {
  readonly batches: readonly RawBatch[];
  /** The offset to fetch from next, or `from` when not even one batch was whole. */
  readonly next: bigint;
  /** Where something begins that makes no sense; nothing behind it can be found either. */
  readonly brokenAt?: bigint;
}

/**
 * Finds the whole batches of a record set by their headers alone, so that the next fetch can be asked for before these
 * are decoded. Never throws.
 */
export function splitRecordSet(bytes: Buffer, from: bigint): RecordSet {
  const batches: RawBatch[] = [];
  let at = 0;
  let next = from;
  while (at + 17 <= bytes.length) {
    const base = bytes.readBigInt64BE(at);
    const length = bytes.readInt32BE(at + 8);
    // The offset of what makes no sense is not to be believed either.
    if (length < 14) return { batches, next: next + 1n, brokenAt: next };
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const batch = { bytes: bytes.subarray(at, end), base, magic: bytes.readInt8(at + 16) };
    const after = offsetAfter(batch);
    // A broker sends whole batches, also those that only end behind the offset asked for.
    if (after > from) batches.push(batch);
    if (after > next) next = after;
    at = end;
  }
  return { batches, next };
}

/** Decodes one batch. Never throws. Records below `from` are left out. */
export function readBatch(batch: RawBatch, from: bigint, limits: Limits, visitor: RecordVisitor): void {
  if (batch.magic === 2) readRecords(batch.bytes, batch.base, from, limits, visitor);
  else readOld(batch.bytes, batch.base, from, limits, visitor);
}

/** Reads all whole batches at once, and returns the offset to fetch from next. */
export function readRecordSet(bytes: Buffer, from: bigint, limits: Limits, visitor: RecordVisitor): bigint {
  const { batches, next, brokenAt } = splitRecordSet(bytes, from);
  for (const batch of batches) readBatch(batch, from, limits, visitor);
  if (brokenAt !== undefined) tellBroken(brokenAt, visitor);
  return next;
}

export function tellBroken(brokenAt: bigint, visitor: RecordVisitor): void {
  visitor.unreadable(brokenAt, 1, "its length makes no sense");
}

/** The offset behind the last one of a batch, which compaction may have taken away. */
function offsetAfter({ bytes, base, magic }: RawBatch): bigint {
  return magic === 2 && bytes.length >= 61 ? base + BigInt(Math.max(0, bytes.readInt32BE(23))) + 1n : base + 1n;
}

function readRecords(bytes: Buffer, base: bigint, from: bigint, limits: Limits, visitor: RecordVisitor): void {
  if (bytes.length < 61) {
    visitor.unreadable(base, 1, "its header is cut short");
    return;
  }
  const attributes = bytes.readInt16BE(21);
  const count = bytes.readInt32BE(57);
  const append = (attributes & 8) !== 0;
  const baseTimestamp = Number(bytes.readBigInt64BE(27));
  const maxTimestamp = Number(bytes.readBigInt64BE(35));
  const batch: Batch = {
    producerId: bytes.readBigInt64BE(43),
    transactional: (attributes & 16) !== 0,
    timestampType: append ? "append" : "create",
  };
  const control = (attributes & 32) !== 0;
  let read = 0;
  try {
    const records = decompress(attributes & 7, bytes.subarray(61), limits.batchBytes);
    const cursor = new Cursor(records);
    for (; read < count; read++) {
      const length = cursor.varint();
      const stop = cursor.at + length;
      if (length < 0 || stop > records.length) throw new Error("a record is cut short");
      cursor.at++;
      const timestampDelta = cursor.varlong();
      const offset = base + BigInt(cursor.varint());
      if (control) {
        const key = cursor.bytes(8);
        if (key !== null && key.length >= 4) {
          const type = (((key[2] ?? 0) << 8) | (key[3] ?? 0)) & 0xffff;
          if (offset >= from && type <= 1)
            visitor.marker(batch.producerId, offset, type === 1 ? "committed" : "aborted");
        }
      } else if (offset >= from) {
        const key = cursor.bytes(limits.keptBytes);
        const value = cursor.bytes(limits.keptBytes);
        const valueSize = cursor.lastSize;
        const headers = readHeaders(cursor);
        visitor.record(batch, {
          offset,
          timestamp: append ? maxTimestamp : baseTimestamp < 0 ? -1 : baseTimestamp + timestampDelta,
          key,
          value,
          valueSize,
          headers,
        });
      }
      cursor.at = stop;
    }
  } catch (error) {
    visitor.unreadable(base + BigInt(read), Math.max(1, count - read), reasonOf(error, attributes & 7));
  }
}

function readHeaders(cursor: Cursor): readonly Header[] {
  const count = cursor.varint();
  if (count <= 0) return noHeaders;
  const headers: Header[] = [];
  for (let i = 0; i < count; i++) {
    const name = cursor.text();
    headers.push({ name, value: cursor.bytes(Number.MAX_SAFE_INTEGER) });
  }
  return headers;
}

/** Formats 0 and 1. `bytes` is one entry; when compressed, its value holds more of them. */
function readOld(bytes: Buffer, base: bigint, from: bigint, limits: Limits, visitor: RecordVisitor): void {
  try {
    const message = readOldMessage(bytes);
    if (message.codec === 0) {
      if (base >= from) visitOld(message, base, limits, visitor);
      return;
    }
    const inner = decompress(message.codec, message.value ?? Buffer.alloc(0), limits.batchBytes);
    const entries: { offset: bigint; message: OldMessage }[] = [];
    let at = 0;
    while (at + 12 <= inner.length) {
      const end = at + 12 + inner.readInt32BE(at + 8);
      if (end > inner.length || end <= at + 12) break;
      entries.push({ offset: inner.readBigInt64BE(at), message: readOldMessage(inner.subarray(at, end)) });
      at = end;
    }
    // In format 1 inner offsets count from zero and the outer offset is that of the last one.
    const last = entries.at(-1)?.offset ?? 0n;
    const shift = message.magic === 1 ? base - last : 0n;
    for (const entry of entries) {
      if (entry.offset + shift >= from) visitOld(entry.message, entry.offset + shift, limits, visitor);
    }
  } catch (error) {
    visitor.unreadable(base, 1, reasonOf(error, 0));
  }
}

interface OldMessage {
  readonly magic: number;
  readonly codec: number;
  readonly append: boolean;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

function readOldMessage(bytes: Buffer): OldMessage {
  const magic = bytes.readInt8(16);
  if (magic !== 0 && magic !== 1) throw new Error(`message format ${magic} is not known`);
  const attributes = bytes.readInt8(17);
  let at = 18;
  const timestamp = magic === 1 ? Number(bytes.readBigInt64BE(at)) : -1;
  if (magic === 1) at += 8;
  const next = (): Buffer | null => {
    const size = bytes.readInt32BE(at);
    at += 4;
    if (size < 0) return null;
    if (at + size > bytes.length) throw new Error("a message is cut short");
    at += size;
    return bytes.subarray(at - size, at);
  };
  return { magic, codec: attributes & 7, append: (attributes & 8) !== 0, timestamp, key: next(), value: next() };
}

function visitOld(message: OldMessage, offset: bigint, limits: Limits, visitor: RecordVisitor): void {
  visitor.record(
    { producerId: -1n, transactional: false, timestampType: message.append ? "append" : "create" },
    {
      offset,
      timestamp: message.timestamp,
      key: message.key && Buffer.from(message.key.subarray(0, limits.keptBytes)),
      value: message.value && Buffer.from(message.value.subarray(0, limits.keptBytes)),
      valueSize: message.value?.length ?? 0,
      headers: noHeaders,
    },
  );
}

function reasonOf(error: unknown, codec: number): string {
  const code = (error as { code?: unknown }).code;
  if (code === "ERR_BUFFER_TOO_LARGE") return `its ${codecNames[codec] ?? ""} data decompresses to more than the limit`;
  const message = error instanceof Error ? error.message : String(error);
  return codec > 0 && codecNames[codec] !== undefined ? `${codecNames[codec]}: ${message}` : message;
}

/** Reads varints and copies bytes out, so that no message keeps a whole fetch response in memory. */
class Cursor {
  readonly buffer: Buffer;
  at = 0;
  /** The whole size of what `bytes` read last, also of what it did not keep; 0 for null. */
  lastSize = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  varint(): number {
    let result = 0;
    let shift = 0;
    for (;;) {
      const byte = this.buffer[this.at++];
      if (byte === undefined || shift > 28) throw new Error("a record is cut short");
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1);
      shift += 7;
    }
  }

  /** A zigzag number of up to 64 bits; exact as far as a double is, which covers milliseconds. */
  varlong(): number {
    let result = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.buffer[this.at++];
      if (byte === undefined) throw new Error("a record is cut short");
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
      factor *= 128;
    }
    throw new Error("a number is too long");
  }

  /** Bytes with their length before them, at most `keep` of them copied; the rest is passed over. */
  bytes(keep: number): Buffer | null {
    const size = this.varint();
    this.lastSize = Math.max(0, size);
    if (size < 0) return null;
    const start = this.at;
    if (start + size > this.buffer.length) throw new Error("a record is cut short");
    this.at += size;
    const kept = Math.min(size, keep);
    const copy = Buffer.allocUnsafe(kept);
    this.buffer.copy(copy, 0, start, start + kept);
    return copy;
  }

  text(): string {
    const size = this.varint();
    const start = this.at;
    if (size < 0 || start + size > this.buffer.length) throw new Error("a header is cut short");
    this.at += size;
    return this.buffer.toString("utf8", start, this.at);
  }
}
