/** Writes Kafka batches byte by byte, for tests of what reads them. */
import { crc32 } from "node:zlib";

export interface RecordToWrite {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: readonly (readonly [string, Buffer | null])[];
  readonly timestampDelta?: number;
}

export interface BatchToWrite {
  readonly base?: bigint;
  readonly records: readonly RecordToWrite[];
  readonly codec?: number;
  readonly compress?: (bytes: Buffer) => Buffer;
  readonly baseTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly producerId?: bigint;
  readonly append?: boolean;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** Which offsets the records have, relative to the base; compaction leaves gaps. */
  readonly deltas?: readonly number[];
  readonly lastDelta?: number;
}

export function batch(options: BatchToWrite): Buffer {
  const plain = Buffer.concat(options.records.map((record, i) => writeRecord(record, options.deltas?.[i] ?? i)));
  const records = options.compress?.(plain) ?? plain;
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(options.base ?? 0n, 0);
  head.writeInt32BE(49 + records.length, 8);
  head.writeInt8(2, 16);
  const flags =
    (options.codec ?? 0) | (options.append ? 8 : 0) | (options.transactional ? 16 : 0) | (options.control ? 32 : 0);
  head.writeInt16BE(flags, 21);
  head.writeInt32BE(options.lastDelta ?? Math.max(0, options.records.length - 1), 23);
  head.writeBigInt64BE(BigInt(options.baseTimestamp ?? 1_795_000_000_000), 27);
  head.writeBigInt64BE(BigInt(options.maxTimestamp ?? options.baseTimestamp ?? 1_795_000_000_000), 35);
  head.writeBigInt64BE(options.producerId ?? -1n, 43);
  head.writeInt32BE(options.records.length, 57);
  return Buffer.concat([head, records]);
}

/** A control batch that ends a transaction. */
export function marker(base: bigint, producerId: bigint, outcome: "committed" | "aborted"): Buffer {
  const key = Buffer.from([0, 0, 0, outcome === "committed" ? 1 : 0]);
  return batch({ base, producerId, transactional: true, control: true, records: [{ key, value: Buffer.alloc(6) }] });
}

/** A message of format 0 or 1. */
export function oldMessage(options: {
  readonly magic: 0 | 1;
  readonly offset: bigint;
  readonly value: Buffer | null;
  readonly key?: Buffer | null;
  readonly codec?: number;
  readonly timestamp?: number;
}): Buffer {
  const rest: Buffer[] = [Buffer.from([options.magic, options.codec ?? 0])];
  if (options.magic === 1) rest.push(i64(BigInt(options.timestamp ?? 1_795_000_000_000)));
  for (const part of [options.key ?? null, options.value]) rest.push(i32(part?.length ?? -1), part ?? Buffer.alloc(0));
  const body = Buffer.concat(rest);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([i64(options.offset), i32(body.length + 4), sum, body]);
}

function writeRecord(record: RecordToWrite, delta: number): Buffer {
  const headers = record.headers ?? [];
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(record.timestampDelta ?? 0),
    varint(delta),
    bytes(record.key ?? null),
    bytes(record.value === undefined ? Buffer.from("value") : record.value),
    varint(headers.length),
    ...headers.flatMap(([name, value]) => [bytes(Buffer.from(name)), bytes(value)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function bytes(value: Buffer | null): Buffer {
  return value === null ? varint(-1) : Buffer.concat([varint(value.length), value]);
}

export function varint(value: number): Buffer {
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  while (left > 127n) {
    out.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  return Buffer.from([...out, Number(left)]);
}

function i32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
}

function i64(value: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigInt64BE(value);
  return out;
}
