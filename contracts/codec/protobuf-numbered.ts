/**
 * Messages as protobufjs alone reads them, fields by number: what an independent judge needs to hold two versions of a
 * message against each other, whatever their fields are called.
 */
import protojson from "protobufjs/ext/protojson.js";
import type { ProtoSchema } from "../proto/index.ts";
import { codecName, codecType, decodeFields, type CodecType } from "./protobuf-types.ts";
import { utf8 } from "../proto/index.ts";

/** Scalars are texts, and alike where they mean the same: `150` as int32 or int64, a text and its UTF-8 bytes. */
export type NumberedReading =
  { readonly value: Readonly<Record<string, unknown>>; readonly unknownFields: number } | { readonly failure: string };

export function readAsWire(schema: ProtoSchema, messageName: string, bytes: Uint8Array): NumberedReading {
  return read(schema, messageName, (codec) => decodeFields(codec, bytes));
}

/** Reads protobuf's JSON by protobufjs' own implementation of it. */
export function readAsJson(schema: ProtoSchema, messageName: string, text: string): NumberedReading {
  return read(schema, messageName, (codec) => protojson.fromJson(codec.type, JSON.parse(text)));
}

/** What protobufjs shows of a field that is not there, as a text; undefined for what has no default. */
export function readDefault(schema: ProtoSchema, messageName: string, fieldName: string): string | undefined {
  const field = schema.message(messageName)?.fieldByName(fieldName);
  const type = codecType(schema, messageName)?.type;
  if (field === undefined || type === undefined) return undefined;
  const value = numbered(type.fields[codecName(field)]?.resolve().defaultValue, { unknownFields: 0 });
  return typeof value === "string" ? value : undefined;
}

function read(schema: ProtoSchema, messageName: string, decode: (codec: CodecType) => object): NumberedReading {
  try {
    const codec = codecType(schema, messageName);
    if (codec === undefined) return { failure: `"${messageName}" is not defined` };
    const message = decode(codec);
    const tally = { unknownFields: 0 };
    return { value: numbered(message, tally) as Record<string, unknown>, unknownFields: tally.unknownFields };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : "it cannot be read" };
  }
}

function numbered(value: unknown, tally: { unknownFields: number }): unknown {
  if (value instanceof Uint8Array) return utf8(value) ?? `bytes ${[...value].join(" ")}`;
  if (Array.isArray(value)) return value.map((item) => numbered(item, tally));
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if ("low" in value && "high" in value) return (value as { toString(radix: number): string }).toString(10);
  const unknowns = (value as { $unknowns?: unknown[] }).$unknowns;
  if (unknowns !== undefined) tally.unknownFields += unknowns.length;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    // A oneof's own property only repeats the name of the member that is set.
    if (key.startsWith("$") || /^o\d+$/.test(key)) continue;
    result[key.replace(/^f(?=\d+$)/, "")] = numbered((value as Record<string, unknown>)[key], tally);
  }
  return result;
}
