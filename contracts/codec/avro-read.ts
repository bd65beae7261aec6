/**
 * Avro's binary encoding, by the schema that wrote it.
 *
 *     int, long      = zigzag varint                 float, double = 4, 8 bytes, the lowest first
 *     bytes, string  = long length, bytes            fixed         = its bytes
 *     enum, union    = int index (and the branch)    record        = its fields, nothing between
 *     array, map     = blocks: long count (negative: then a long size in bytes), items; a count of 0 ends them
 *
 * Nothing in the bytes says what they are, so any byte may be hostile or of another schema: lengths are held against
 * what is left, depth and the number of values are bounded, and bytes that are left over are a failure.
 */
import type { JsonValue } from "./decoded.ts";
import { base64, utf8 } from "../proto/index.ts";
import { floating, put } from "./json-values.ts";
import { logicalBytes, logicalInteger } from "./avro-logical.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { dottedPath } from "../json-schema/index.ts";

export type AvroReading =
  /** `texts` counts the characters of strings that people can read: evidence for a guess. */
  | { readonly ok: true; readonly value: JsonValue; readonly end: number; readonly texts: number }
  | { readonly ok: false; readonly failure: string };

/** Bodies beyond this are not read. */
export const largestAvro = 16 * 1024 * 1024;
const deepest = 200;
/** A count of items that take no bytes costs its writer nothing. */
const mostValues = 200_000;

class Failure extends Error {}

/** Reads one value from `start`; the caller decides whether it must end where the bytes end. Never throws. */
export function readAvro(schema: AvroSchema, bytes: Uint8Array, start = 0, end = bytes.length): AvroReading {
  if (end - start > largestAvro) {
    return { ok: false, failure: `The body has ${end - start} bytes; at most ${largestAvro} are read.` };
  }
  const reader = new Reader(bytes, start, end);
  try {
    const value = reader.value(schema, 0);
    return { ok: true, value, end: reader.at, texts: reader.texts };
  } catch (error) {
    const where = reader.path.length === 0 ? "" : ` at ${dottedPath(reader.path)}`;
    return { ok: false, failure: `The bytes do not fit${where}: ${reasonOf(error)}.` };
  }
}

/** Reads `bytes` as one value and nothing more. */
export function readAvroWhole(schema: AvroSchema, bytes: Uint8Array): AvroReading {
  const reading = readAvro(schema, bytes);
  if (!reading.ok || reading.end === bytes.length) return reading;
  const left = bytes.length - reading.end;
  return { ok: false, failure: `The bytes do not fit: ${left === 1 ? "1 byte is" : `${left} bytes are`} left over.` };
}

function reasonOf(error: unknown): string {
  return error instanceof Failure ? error.message : "they could not be read";
}

export class Reader {
  at: number;
  texts = 0;
  readonly path: Array<string | number> = [];
  private readonly bytes: Uint8Array;
  private readonly end: number;
  private values = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  value(schema: AvroSchema, depth: number): JsonValue {
    if (++this.values > mostValues) throw new Failure(`they hold more than ${mostValues} values`);
    switch (schema.kind) {
      case "null":
        return null;
      case "boolean": {
        const byte = this.byte();
        if (byte > 1) throw new Failure("a boolean is neither 0 nor 1");
        return byte === 1;
      }
      case "int":
      case "long": {
        const value = schema.kind === "int" ? this.int() : this.long();
        const readable = schema.logical === undefined ? undefined : logicalInteger(schema.logical, value);
        return readable ?? (typeof value === "number" ? value : value.toString());
      }
      case "float":
        return floating(this.view(4).getFloat32(0, true));
      case "double":
        return floating(this.view(8).getFloat64(0, true));
      case "bytes":
        return bytesValue(schema.logical, this.take(this.length()));
      case "fixed":
        return bytesValue(schema.logical, this.take(schema.size));
      case "string":
        return this.string();
      case "enum": {
        const index = this.int();
        const symbol = schema.symbols[index];
        if (symbol === undefined) throw new Failure(`"${schema.fullName}" has no symbol ${index}`);
        return symbol;
      }
      case "broken":
        throw new Failure(schema.failure);
      default:
        if (depth >= deepest) throw new Failure(`values nest deeper than ${deepest} levels`);
        return this.nested(schema, depth + 1);
    }
  }

  private nested(
    schema: Extract<AvroSchema, { readonly kind: "record" | "array" | "map" | "union" }>,
    depth: number,
  ): JsonValue {
    switch (schema.kind) {
      case "record": {
        const result: Record<string, JsonValue> = {};
        for (const { name, schema: type } of schema.fields) {
          this.path.push(name);
          put(result, name, this.value(type, depth));
          this.path.pop();
        }
        return result;
      }
      case "array": {
        const items: JsonValue[] = [];
        for (let left = this.block(); left > 0; left = this.block()) {
          for (; left > 0; left--) {
            this.path.push(items.length);
            items.push(this.value(schema.items, depth));
            this.path.pop();
          }
        }
        return items;
      }
      case "map": {
        const result: Record<string, JsonValue> = {};
        for (let left = this.block(); left > 0; left = this.block()) {
          for (; left > 0; left--) {
            const key = this.string();
            this.path.push(key);
            put(result, key, this.value(schema.values, depth));
            this.path.pop();
          }
        }
        return result;
      }
      default: {
        const index = this.int();
        const branch = schema.branches[index];
        if (branch === undefined) throw new Failure(`a union of ${schema.branches.length} has no branch ${index}`);
        const value = this.value(branch, depth);
        // Where several records are possible, only the name says which one it is: as Avro's own JSON has it.
        const records = schema.branches.filter((one) => one.kind === "record");
        return branch.kind === "record" && records.length > 1 ? put({}, branch.fullName, value) : value;
      }
    }
  }

  int(): number {
    const value = this.long();
    if (typeof value !== "number" || value > 0x7fffffff || value < -0x80000000) {
      throw new Failure("an int is larger than 32 bits");
    }
    return value;
  }

  /** A number where a double holds it exactly. */
  long(): number | bigint {
    const from = this.at;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    this.at = from;
    let bits = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      bits |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (bits >> 64n !== 0n) break;
      const signed = (bits >> 1n) ^ -(bits & 1n);
      return signed <= 9007199254740991n && signed >= -9007199254740991n ? Number(signed) : signed;
    }
    throw new Failure("a long is larger than 64 bits");
  }

  length(): number {
    const length = this.long();
    if (typeof length !== "number" || length < 0 || length > this.end - this.at) {
      throw new Failure("a length is larger than what is left");
    }
    return length;
  }

  take(length: number): Uint8Array {
    if (length > this.end - this.at) throw new Failure("they end in the middle of a value");
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  string(): string {
    const text = utf8(this.take(this.length()));
    if (text === undefined) throw new Failure("a string is not UTF-8");
    if (isPlain(text)) this.texts += text.length;
    return text;
  }

  /** How many items a block has; its size in bytes is not needed by who reads every item. */
  private block(): number {
    const count = this.long();
    if (typeof count !== "number") throw new Failure("a block has too many items");
    if (count >= 0) return count;
    this.length();
    return -count;
  }

  private byte(): number {
    if (this.at >= this.end) throw new Failure("they end in the middle of a value");
    return this.bytes[this.at++] ?? 0;
  }

  private view(size: number): DataView {
    const part = this.take(size);
    return new DataView(part.buffer, part.byteOffset, size);
  }
}

function bytesValue(logical: Parameters<typeof logicalBytes>[0] | undefined, bytes: Uint8Array): string {
  return (logical === undefined ? undefined : logicalBytes(logical, bytes)) ?? base64(bytes);
}

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length && i < 200; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 9 && code !== 10 && code !== 13) || code === 0x7f) return false;
  }
  return true;
}
