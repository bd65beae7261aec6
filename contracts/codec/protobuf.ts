/**
 * Protocol Buffers on the wire, by our own linked schema; protobufjs moves the bytes.
 *
 * Bytes are hostile: whatever they are, the answer is a value or a reason. Depth is bounded (100 messages, 8 values of
 * type Any), and so is size.
 */
import type { MessageDescriptor, ProtoSchema } from "../proto/index.ts";
import type { JsonValue } from "./decoded.ts";
import { fitOf } from "./protobuf-fit.ts";
import { messageFromJson } from "./protobuf-from-json.ts";
import { messageToJson } from "./protobuf-json.ts";
import { hasFewValues, mostValues } from "./protobuf-size.ts";
import { codecType, decodeFields } from "./protobuf-types.ts";
import { readWire } from "../proto/index.ts";

/** A message, read, or why it could not be. */
export type ProtobufReading =
  | {
      readonly ok: true;
      /** Protobuf's JSON mapping: 64-bit integers are strings, bytes base64, enum values their names. */
      readonly value: JsonValue;
      /** How many fields in the bytes the schema does not know, at any depth. */
      readonly unknownFields: number;
      readonly message: MessageDescriptor;
    }
  | { readonly ok: false; readonly failure: string };

export type ProtobufWriting =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly failure: string };

/** Bodies beyond this are not read: their values would take many times their size. */
export const largestProtobuf = 16 * 1024 * 1024;

/** Reads `bytes` as the message `messageName` (its full name) of `schema`. */
export function decodeProtobuf(schema: ProtoSchema, messageName: string, bytes: Uint8Array): ProtobufReading {
  if (bytes.length > largestProtobuf) {
    return { ok: false, failure: `The body has ${bytes.length} bytes; at most ${largestProtobuf} are read.` };
  }
  try {
    const codec = codecType(schema, messageName);
    if (codec === undefined) return { ok: false, failure: `No contract defines the message "${messageName}".` };
    if (!hasFewValues(codec.message, bytes)) {
      return { ok: false, failure: `The body holds more than ${mostValues} values; so many are not read.` };
    }
    const decoded = decodeFields(codec, bytes);
    const { value, unknownFields } = messageToJson(schema, codec.message, codec.extensions, decoded);
    return { ok: true, value, unknownFields, message: codec.message };
  } catch (error) {
    return { ok: false, failure: `The bytes are not a "${messageName}": ${reason(error)}` };
  }
}

/** Writes a value in protobuf's JSON mapping as the message `messageName` of `schema`. */
export function encodeProtobuf(schema: ProtoSchema, messageName: string, value: JsonValue): ProtobufWriting {
  try {
    const codec = codecType(schema, messageName);
    if (codec === undefined) return { ok: false, failure: `No contract defines the message "${messageName}".` };
    const object = messageFromJson(schema, codec.extensions, codec.message, value);
    return { ok: true, bytes: codec.type.encode(object).finish() };
  } catch (error) {
    return { ok: false, failure: `The value is not a "${messageName}": ${reason(error)}` };
  }
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : "it could not be read";
  if (/out of range/i.test(text)) return "they end in the middle of a field.";
  if (/max depth/i.test(text)) return "messages nest deeper than 100 levels.";
  if (/wire type/i.test(text)) return "a field has a wire type that does not exist.";
  return text.endsWith(".") ? text : `${text}.`;
}

/** Whether the bytes are in the wire format at all, with any schema. Empty bytes are not: nothing speaks for them. */
export function looksLikeProtobuf(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes.length > largestProtobuf) return false;
  const first = bytes[0] ?? 0;
  // A tag of field 1 to 15 with a known wire type, or a longer tag: text and JSON mostly fail here or soon after.
  if (first < 8) return false;
  return readWire(bytes) !== undefined;
}

/**
 * How well `bytes` fit the message, from 0 (not at all) to 1 (every field known, of the right wire type, its texts
 * UTF-8). Without schema evidence a guess below 0.9 is not worth showing.
 */
export function protobufPlausibility(schema: ProtoSchema, messageName: string, bytes: Uint8Array): number {
  const message = schema.message(messageName);
  if (message === undefined || bytes.length === 0 || bytes.length > largestProtobuf) return 0;
  return fitOf(message, bytes);
}
