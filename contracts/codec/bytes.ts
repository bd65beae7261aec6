/** Bytes that carry their own types (MessagePack, CBOR), read within bounds: what both readers need. */
import type { JsonValue } from "./decoded.ts";

export type BytesReading =
  /** `checked` differs from `value` where integers beyond 2^53 are texts in the value: checks want numbers. */
  | { readonly ok: true; readonly value: JsonValue; readonly checked: JsonValue }
  | { readonly ok: false; readonly failure: string };

/** Why bytes cannot be read, in words that follow "cannot be read as CBOR:". */
export class BytesFailure extends Error {}

const largest = 16 * 1024 * 1024;
const deepest = 200;
const mostValues = 1_000_000;

/** Reads the whole of `bytes` by `value`, which throws what it cannot read. */
export function readBytes(
  bytes: Uint8Array,
  name: string,
  value: (source: Bytes, depth: number) => JsonValue,
): BytesReading {
  if (bytes.length > largest) {
    return { ok: false, failure: `The body has ${bytes.length} bytes; at most ${largest} are read as ${name}.` };
  }
  try {
    const source = new Bytes(bytes, true);
    const read = value(source, 0);
    const left = bytes.length - source.at;
    if (left > 0) {
      return { ok: false, failure: `The body is not ${name}: ${left} of its ${bytes.length} bytes are left over.` };
    }
    return { ok: true, value: read, checked: source.hasBig ? value(new Bytes(bytes, false), 0) : read };
  } catch (error) {
    const why = error instanceof BytesFailure ? error.message : "it could not be read";
    return { ok: false, failure: `The body is not ${name}: ${why}.` };
  }
}

export class Bytes {
  at = 0;
  /** Integers were met that a double cannot hold. */
  hasBig = false;
  private readonly bytes: Uint8Array;
  private readonly exact: boolean;
  private values = 0;

  constructor(bytes: Uint8Array, exact: boolean) {
    this.bytes = bytes;
    this.exact = exact;
  }

  /** Is called for each value, before it is read. */
  enter(depth: number): void {
    if (depth > deepest) throw new BytesFailure(`values nest deeper than ${deepest} levels`);
    if (++this.values > mostValues) throw new BytesFailure(`it holds more than ${mostValues} values`);
  }

  /** So many values are said to follow; each takes a byte at least. */
  expect(count: number): void {
    if (count > this.bytes.length - this.at) throw new BytesFailure("it says to hold more than there is");
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new BytesFailure("it ends in the middle of a value");
    return this.bytes[this.at++] ?? 0;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new BytesFailure("it ends in the middle of a value");
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  view(size: number): DataView {
    const part = this.take(size);
    return new DataView(part.buffer, part.byteOffset, size);
  }

  /** An unsigned integer of 1, 2 or 4 bytes, the highest first. */
  unsigned(size: number): number {
    let result = 0;
    for (const byte of this.take(size)) result = result * 256 + byte;
    return result;
  }

  /** An integer of any size as a number, or as its digits where a double cannot hold it. */
  integer(value: bigint): JsonValue {
    if (value <= 9007199254740991n && value >= -9007199254740991n) return Number(value);
    this.hasBig = true;
    return this.exact ? value.toString() : Number(value);
  }
}

/** JSON's keys are texts; others become theirs. */
export function mapKey(key: JsonValue): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}
