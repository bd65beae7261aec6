/**
 * CBOR (RFC 8949).
 *
 *     a value = head, then what the head says; head = major type (3 bits), argument (5 bits, or in 1, 2, 4, 8 bytes)
 *     0, 1 integers    2 bytes    3 text    4 array    5 map    6 tag and a value    7 floats, booleans, null
 *     argument 31: of indefinite length, up to a break (ff)
 *
 * Our own reader for the same reason as MessagePack's: hostile counts and lengths make nothing, depth is bounded.
 */
import type { JsonValue } from "./decoded.ts";
import { base64, utf8 } from "../proto/index.ts";
import { type Bytes, BytesFailure, type BytesReading, mapKey, readBytes } from "./bytes.ts";
import { floating, put } from "./json-values.ts";
import { timestampText } from "./protobuf-json.ts";

const stop = Symbol("break");
/** Larger numbers stay bytes: as digits they would take time with the square of their size. */
const longestNumber = 256;

/** Reads `bytes` as one value and nothing more. Never throws. */
export function readCbor(bytes: Uint8Array): BytesReading {
  return readBytes(bytes, "CBOR", whole);
}

function whole(source: Bytes, depth: number): JsonValue {
  const read = value(source, depth);
  if (read === stop) throw new BytesFailure("a break stands where a value should");
  return read;
}

function value(source: Bytes, depth: number): JsonValue | typeof stop {
  source.enter(depth);
  const head = source.byte();
  const major = head >> 5;
  const info = head & 31;
  if (major === 7) return simple(source, info);
  if (info === 31) return indefinite(source, major, depth);
  const argument = argumentOf(source, info);
  switch (major) {
    case 0:
      return typeof argument === "number" ? argument : source.integer(argument);
    case 1:
      return typeof argument === "number" ? -1 - argument : source.integer(-1n - argument);
    case 2:
      return base64(source.take(small(argument)));
    case 3:
      return text(source, small(argument));
    case 4: {
      const count = small(argument);
      source.expect(count);
      const items: JsonValue[] = [];
      for (let i = 0; i < count; i++) items.push(whole(source, depth + 1));
      return items;
    }
    case 5: {
      const count = small(argument);
      source.expect(2 * count);
      const result: Record<string, JsonValue> = {};
      for (let i = 0; i < count; i++) {
        const key = mapKey(whole(source, depth + 1));
        put(result, key, whole(source, depth + 1));
      }
      return result;
    }
    default:
      return tagged(source, Number(argument), depth);
  }
}

/** A number up to 2^53, else its 64 bits. */
function argumentOf(source: Bytes, info: number): number | bigint {
  if (info < 24) return info;
  if (info > 27) throw new BytesFailure("a value begins with a byte that stands for nothing");
  if (info < 27) return source.unsigned(1 << (info - 24));
  const wide = source.view(8).getBigUint64(0);
  return wide < 9007199254740991n ? Number(wide) : wide;
}

function small(argument: number | bigint): number {
  if (typeof argument !== "number") throw new BytesFailure("it says to hold more than there is");
  return argument;
}

function text(source: Bytes, length: number): string {
  const read = utf8(source.take(length));
  if (read === undefined) throw new BytesFailure("a text is not UTF-8");
  return read;
}

function indefinite(source: Bytes, major: number, depth: number): JsonValue | typeof stop {
  if (major === 4) {
    const items: JsonValue[] = [];
    for (let item = value(source, depth + 1); item !== stop; item = value(source, depth + 1)) items.push(item);
    return items;
  }
  if (major === 5) {
    const result: Record<string, JsonValue> = {};
    for (let key = value(source, depth + 1); key !== stop; key = value(source, depth + 1)) {
      put(result, mapKey(key), whole(source, depth + 1));
    }
    return result;
  }
  if (major !== 2 && major !== 3) throw new BytesFailure("a value begins with a byte that stands for nothing");
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let head = source.byte(); head !== 0xff; head = source.byte()) {
    if (head >> 5 !== major) throw new BytesFailure("the parts of a text are of different types");
    source.enter(depth);
    const part = source.take(small(argumentOf(source, head & 31)));
    parts.push(part);
    total += part.length;
  }
  const joined = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  if (major === 2) return base64(joined);
  const read = utf8(joined);
  if (read === undefined) throw new BytesFailure("a text is not UTF-8");
  return read;
}

function simple(source: Bytes, info: number): JsonValue | typeof stop {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
    case 23:
      return null;
    case 25:
      return floating(half(source.unsigned(2)));
    case 26:
      return floating(source.view(4).getFloat32(0));
    case 27:
      return floating(source.view(8).getFloat64(0));
    case 31:
      return stop;
    default:
      if (info > 27) throw new BytesFailure("a value begins with a byte that stands for nothing");
      return { simple: info === 24 ? source.byte() : info };
  }
}

/** A float of 16 bits: sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Tags say what a value means; where that is a form that people read, it is made. */
function tagged(source: Bytes, tag: number, depth: number): JsonValue {
  if (tag === 2 || tag === 3 || tag === 37) {
    const head = source.byte();
    if (head >> 5 === 2 && (head & 31) !== 31) {
      const bytes = source.take(small(argumentOf(source, head & 31)));
      if (tag === 37) return bytes.length === 16 ? uuid(bytes) : base64(bytes);
      if (bytes.length > longestNumber) return { tag, value: base64(bytes) };
      let number = 0n;
      for (const byte of bytes) number = (number << 8n) | BigInt(byte);
      return source.integer(tag === 2 ? number : -1n - number);
    }
    source.at--;
  }
  const inner = whole(source, depth + 1);
  if (tag === 1 && typeof inner === "number" && Number.isInteger(inner))
    return timestampText(String(inner), 0) ?? inner;
  // Texts of dates and addresses, hints for base64, and the mark of CBOR itself add nothing to read.
  if (tag === 0 || (tag >= 21 && tag <= 23) || (tag >= 32 && tag <= 36) || tag === 55_799) return inner;
  return { tag, value: inner };
}

function uuid(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
