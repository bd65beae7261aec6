/**
 * Avro values that say what wrote them: a container file brings its schema, a single object the schema's fingerprint.
 *
 *     container     = "Obj" 1, map of metadata (avro.schema, avro.codec), 16 bytes of sync, blocks
 *     block         = long count, long size, values, sync
 *     single object = C3 01, the fingerprint in eight bytes with the lowest first, one value
 *
 * The fingerprint is CRC-64-AVRO of the schema's canonical form: what it reads by, names in full, nothing else.
 */
// @ts-expect-error snappyjs comes without types; what is used of it is typed below.
import * as snappyModule from "snappyjs";
import { DocumentSet } from "../source/index.ts";
import type { JsonValue } from "./decoded.ts";
import { avroLeaves } from "./avro-leaves.ts";
import { inflate } from "./inflate.ts";
import type { VisitLeaf } from "./leaves.ts";
import { readAvro, Reader } from "./avro-read.ts";
import { type AvroSchema, AvroSchemas } from "./avro-schema.ts";
import { utf8 } from "../proto/index.ts";

const snappy = snappyModule as { uncompress(bytes: Uint8Array, maxLength: number): Uint8Array };

export type ContainerReading =
  | { readonly ok: true; readonly value: readonly JsonValue[]; readonly schema: AvroSchema }
  | { readonly ok: false; readonly failure: string };

export function isAvroContainer(bytes: Uint8Array): boolean {
  return bytes.length > 4 && bytes[0] === 0x4f && bytes[1] === 0x62 && bytes[2] === 0x6a && bytes[3] === 1;
}

/** The fingerprint before a single object, as 16 hexadecimal digits; `undefined` where it is none. */
export function singleObjectFingerprint(bytes: Uint8Array): string | undefined {
  if (bytes.length < 10 || bytes[0] !== 0xc3 || bytes[1] !== 1) return undefined;
  return [...bytes.subarray(2, 10)]
    .toReversed()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

const mostItems = 100_000;
const largestSchema = 1_000_000;

/** Blocks hold at most so many bytes once they are decompressed. */
const largestBlocks = 16 * 1024 * 1024;

/** A container file taken apart: its values lie in `blocks`, which are in clear whatever its codec was. */
interface Container {
  readonly schema: AvroSchema;
  readonly schemaBytes: Uint8Array;
  readonly isCompressed: boolean;
  readonly blocks: ReadonlyArray<{ readonly count: number; readonly start: number; readonly bytes: Uint8Array }>;
}

/** Reads all values of a container file, deflated or compressed with snappy as well. Never throws. */
export function readAvroContainer(bytes: Uint8Array): ContainerReading {
  try {
    const { schema, blocks } = containerOf(bytes);
    const value: JsonValue[] = [];
    for (const { count, bytes: block } of blocks) {
      let at = 0;
      for (let i = 0; i < count; i++) {
        const reading = readAvro(schema, block, at);
        if (!reading.ok) return reading;
        value.push(reading.value);
        at = reading.end;
      }
      if (at !== block.length) return failed("a block has another size than it says");
    }
    return { ok: true, value, schema };
  } catch (error) {
    return failed(error instanceof Error ? error.message : "it could not be read");
  }
}

/** Visits the single values of a container file that is not compressed. */
export function containerLeaves(bytes: Uint8Array, visit: VisitLeaf): void {
  try {
    const { schema, isCompressed, blocks } = containerOf(bytes);
    if (isCompressed) return;
    for (const { count, start, bytes: block } of blocks) {
      let at = start;
      for (let i = 0; i < count; i++) at = avroLeaves(schema, bytes, at, start + block.length, visit);
    }
  } catch {
    // A file that cannot be read has no values.
  }
}

/** The same file without compression, so that single values can be replaced; `undefined` where it has none. Never throws. */
export function plainContainer(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const { schemaBytes, isCompressed, blocks } = containerOf(bytes);
    if (!isCompressed) return undefined;
    const sync = new Uint8Array(16);
    const name = (text: string) => [text.length * 2, ...utf8Bytes(text)];
    const head = [2, ...name("avro.schema"), ...longBytes(schemaBytes.length)];
    const parts: Array<ArrayLike<number>> = [[0x4f, 0x62, 0x6a, 1], head, schemaBytes, [0], sync];
    for (const { count, bytes: block } of blocks) parts.push(longBytes(count), longBytes(block.length), block, sync);
    const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  } catch {
    return undefined;
  }
}

/** Throws what is wrong, in words that follow "cannot be read:". */
function containerOf(bytes: Uint8Array): Container {
  const reader = new Reader(bytes, 4, bytes.length);
  const metadata = new Map<string, Uint8Array>();
  for (let count = reader.long(); count !== 0; count = reader.long()) {
    if (typeof count !== "number" || Math.abs(count) > 1000) throw new Error("its metadata is too large");
    if (count < 0) reader.length();
    for (let i = 0; i < Math.abs(count); i++) metadata.set(reader.string(), reader.take(reader.length()));
  }
  const schemaBytes = metadata.get("avro.schema") ?? new Uint8Array();
  const text = schemaBytes.length > largestSchema ? undefined : utf8(schemaBytes);
  const codec = utf8(metadata.get("avro.codec") ?? new Uint8Array()) ?? "";
  if (text === undefined || text === "") throw new Error("it brings no schema");
  const decompress = codec === "" || codec === "null" ? undefined : decompressors.get(codec);
  if (codec !== "" && codec !== "null" && decompress === undefined) {
    throw new Error(`its blocks are compressed with "${codec}"`);
  }
  const documents = new DocumentSet(new Map([["container.avsc", text]]));
  const root = documents.document("container.avsc")?.root;
  if (root === undefined) throw new Error("its schema is not JSON");
  const schema = new AvroSchemas(documents, []).schema("container.avsc", root);
  const sync = reader.take(16);
  const blocks: Array<Container["blocks"][number]> = [];
  let values = 0;
  let left = largestBlocks;
  while (reader.at < bytes.length) {
    const count = reader.long();
    const size = reader.length();
    const start = reader.at;
    if (typeof count !== "number" || count < 0 || (values += count) > mostItems) {
      throw new Error(`it holds more than ${mostItems} values`);
    }
    const stored = reader.take(size);
    const block = decompress === undefined ? stored : decompress(stored, left);
    left -= block.length;
    blocks.push({ count, start, bytes: block });
    if (reader.take(16).some((byte, i) => byte !== sync[i])) {
      throw new Error("a block is not followed by the file's mark");
    }
  }
  return { schema, schemaBytes, isCompressed: decompress !== undefined, blocks };
}

/** Avro's snappy blocks end with a checksum of four bytes. */
const decompressors: ReadonlyMap<string, (bytes: Uint8Array, limit: number) => Uint8Array> = new Map([
  ["deflate", inflate],
  ["snappy", (bytes, limit) => snappy.uncompress(bytes.subarray(0, Math.max(0, bytes.length - 4)), limit)],
]);

/** A number that is not negative, as a zigzag varint. */
function longBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

function failed(why: string): { ok: false; failure: string } {
  return { ok: false, failure: `The Avro file cannot be read: ${why}.` };
}

/** The canonical form that fingerprints are made of; `undefined` for a schema that is broken or has no end. */
export function canonicalForm(schema: AvroSchema): string | undefined {
  const named = new Set<string>();
  let size = 0;
  const form = (part: AvroSchema, depth: number): string | undefined => {
    if (depth > 100 || ++size > 20_000) return undefined;
    const all = (parts: readonly AvroSchema[]) => {
      const forms = parts.map((one) => form(one, depth + 1));
      return forms.includes(undefined) ? undefined : forms.join(",");
    };
    const once = (fullName: string, make: (name: string) => string | undefined) => {
      const name = JSON.stringify(fullName);
      if (named.has(fullName)) return name;
      named.add(fullName);
      return make(name);
    };
    switch (part.kind) {
      case "broken":
        return undefined;
      case "record":
        return once(part.fullName, (name) => {
          const fields = part.fields.map((field) => {
            const type = form(field.schema, depth + 1);
            return type === undefined ? undefined : `{"name":${JSON.stringify(field.name)},"type":${type}}`;
          });
          return fields.includes(undefined)
            ? undefined
            : `{"name":${name},"type":"record","fields":[${fields.join(",")}]}`;
        });
      case "enum":
        return once(part.fullName, (name) => {
          const symbols = part.symbols.map((symbol) => JSON.stringify(symbol)).join(",");
          return `{"name":${name},"type":"enum","symbols":[${symbols}]}`;
        });
      case "fixed":
        return once(part.fullName, (name) => `{"name":${name},"type":"fixed","size":${part.size}}`);
      case "array": {
        const items = all([part.items]);
        return items === undefined ? undefined : `{"type":"array","items":${items}}`;
      }
      case "map": {
        const values = all([part.values]);
        return values === undefined ? undefined : `{"type":"map","values":${values}}`;
      }
      case "union": {
        const branches = all(part.branches);
        return branches === undefined ? undefined : `[${branches}]`;
      }
      default:
        return `"${part.kind}"`;
    }
  };
  return form(schema, 0);
}

const emptyFingerprint = 0xc15d213aa4d7a795n;
let table: readonly bigint[] | undefined;

/** CRC-64-AVRO of a text, as 16 hexadecimal digits. */
export function fingerprintOf(text: string): string {
  table ??= Array.from({ length: 256 }, (_, i) => {
    let entry = BigInt(i);
    for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (entry & 1n ? emptyFingerprint : 0n);
    return entry;
  });
  let value = emptyFingerprint;
  // Names and symbols are ASCII; whatever else stands there is hashed as UTF-8.
  for (const char of utf8Bytes(text)) value = (value >> 8n) ^ (table[Number((value ^ BigInt(char)) & 0xffn)] ?? 0n);
  return value.toString(16).padStart(16, "0");
}

function utf8Bytes(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}
