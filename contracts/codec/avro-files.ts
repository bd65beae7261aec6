/**
 * Avro values that say what wrote them: a container file brings its schema, a single object the schema's fingerprint.
 *
 *     container     = "Obj" 1, map of metadata (avro.schema, avro.codec), 16 bytes of sync, blocks
 *     block         = long count, long size, values, sync
 *     single object = C3 01, the fingerprint in eight bytes with the lowest first, one value
 *
 * The fingerprint is CRC-64-AVRO of the schema's canonical form: what it reads by, names in full, nothing else.
 */
import { DocumentSet } from "../source/index.ts";
import type { JsonValue } from "./decoded.ts";
import { readAvro, Reader } from "./avro-read.ts";
import { type AvroSchema, AvroSchemas } from "./avro-schema.ts";
import { utf8 } from "../proto/index.ts";

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

/** Reads all values of a container file. Never throws. */
export function readAvroContainer(bytes: Uint8Array): ContainerReading {
  const reader = new Reader(bytes, 4, bytes.length);
  try {
    const metadata = new Map<string, Uint8Array>();
    for (let count = reader.long(); count !== 0; count = reader.long()) {
      if (typeof count !== "number" || Math.abs(count) > 1000) return failed("its metadata is too large");
      if (count < 0) reader.length();
      for (let i = 0; i < Math.abs(count); i++) metadata.set(reader.string(), reader.take(reader.length()));
    }
    const schemaBytes = metadata.get("avro.schema") ?? new Uint8Array();
    const text = schemaBytes.length > largestSchema ? undefined : utf8(schemaBytes);
    const codec = utf8(metadata.get("avro.codec") ?? new Uint8Array()) ?? "";
    if (text === undefined || text === "") return failed("it brings no schema");
    if (codec !== "" && codec !== "null") return failed(`its blocks are compressed with "${codec}"`);
    const documents = new DocumentSet(new Map([["container.avsc", text]]));
    const root = documents.document("container.avsc")?.root;
    if (root === undefined) return failed("its schema is not JSON");
    const schema = new AvroSchemas(documents, []).schema("container.avsc", root);
    const sync = reader.take(16);
    const value: JsonValue[] = [];
    while (reader.at < bytes.length) {
      const count = reader.long();
      const end = reader.length() + reader.at;
      if (typeof count !== "number" || count < 0 || value.length + count > mostItems) {
        return failed(`it holds more than ${mostItems} values`);
      }
      for (let i = 0; i < count; i++) {
        const reading = readAvro(schema, bytes, reader.at, end);
        if (!reading.ok) return reading;
        value.push(reading.value);
        reader.at = reading.end;
      }
      if (reader.at !== end) return failed("a block has another size than it says");
      const mark = reader.take(16);
      if (mark.some((byte, i) => byte !== sync[i])) return failed("a block is not followed by the file's mark");
    }
    return { ok: true, value, schema };
  } catch (error) {
    return failed(error instanceof Error ? error.message : "it could not be read");
  }
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
