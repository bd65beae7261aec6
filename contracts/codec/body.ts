import { type DocumentNode, readDocument } from "../source/index.ts";
import type { JsonValue } from "./decoded.ts";

/** Bodies beyond this are not parsed: a value takes many times the size of its text. */
const largestJson = 16 * 1024 * 1024;
/** Values nested deeper are refused: whoever shows or checks them walks down. */
const deepestJson = 200;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

export type JsonReading =
  /** `checked` differs from `value` where numbers beyond 2^53 are texts in the value: checks want numbers. */
  | { readonly ok: true; readonly value: JsonValue; readonly checked: JsonValue }
  | { readonly ok: false; readonly failure: string };

/** Whether bytes start as a JSON object, array or string does; the only JSON that messages are made of in practice. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length && i < 64; i++) {
    const byte = bytes[i];
    if (
      byte === 0x20 ||
      byte === 0x0a ||
      byte === 0x0d ||
      byte === 0x09 ||
      byte === 0xef ||
      byte === 0xbb ||
      byte === 0xbf
    )
      continue;
    return byte === 0x7b || byte === 0x5b || byte === 0x22;
  }
  return false;
}

/** Reads JSON in UTF-8. Never throws. */
export function readJsonBody(bytes: Uint8Array): JsonReading {
  if (bytes.length > largestJson) {
    return { ok: false, failure: `The body has ${bytes.length} bytes; at most ${largestJson} are read as JSON.` };
  }
  if (isDeeperThan(bytes, deepestJson)) {
    return { ok: false, failure: `The body is nested deeper than ${deepestJson} levels.` };
  }
  const text = readText(bytes);
  if (text === undefined) return { ok: false, failure: "The body is not text in UTF-8." };
  try {
    const value = JSON.parse(text) as JsonValue;
    if (!hasLongNumber(bytes)) return { ok: true, value, checked: value };
    const { root } = readDocument("body.json", text);
    return { ok: true, value: root === undefined ? value : exactValue(root), checked: value };
  } catch (error) {
    return { ok: false, failure: `The body is not JSON: ${error instanceof Error ? error.message : "it is cut off"}.` };
  }
}

/** The text of bytes in UTF-8, `undefined` where they are none. */
export function readText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether a text is meant to be read: no control characters but line ends and tabs. */
export function isReadable(text: string): boolean {
  for (let i = 0; i < text.length && i < 2000; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 9 && code !== 10 && code !== 13) || code === 0x7f) return false;
  }
  return true;
}

/** Whether no control character stands at the beginning of the bytes, by the same rule. */
export function beginsReadable(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length && i < 500; i++) {
    const byte = bytes[i] ?? 0;
    if ((byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 0x7f) return false;
  }
  return true;
}

/** A body without the few bytes that a schema registry's serialiser puts before it. */
export interface Framing {
  readonly name: "confluent" | "apicurio";
  readonly schemaId: number;
  readonly payload: Uint8Array;
  /** Protobuf only: the way to the message in its file, by index. */
  readonly messageIndexes: readonly number[];
}

/**
 * Confluent: a zero, the schema's id in four bytes, for protobuf the message indexes (a count and as many zigzag
 * varints; a single zero stands for [0]), then the payload.
 */
export function confluentFraming(bytes: Uint8Array, withIndexes: boolean): Framing | undefined {
  if (bytes.length < 5 || bytes[0] !== 0) return undefined;
  const schemaId = (((bytes[1] ?? 0) << 24) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0)) >>> 0;
  if (!withIndexes) return { name: "confluent", schemaId, payload: bytes.subarray(5), messageIndexes: [] };
  const position = { offset: 5 };
  const count = zigzag(bytes, position);
  if (count === undefined || count < 0 || count > 32) return undefined;
  const messageIndexes: number[] = count === 0 ? [0] : [];
  for (let i = 0; i < count; i++) {
    const index = zigzag(bytes, position);
    if (index === undefined || index < 0) return undefined;
    messageIndexes.push(index);
  }
  return { name: "confluent", schemaId, payload: bytes.subarray(position.offset), messageIndexes };
}

/** Apicurio's older format: a zero and the global id in eight bytes. */
export function apicurioFraming(bytes: Uint8Array): Framing | undefined {
  if (bytes.length < 9 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return undefined;
  const schemaId = (((bytes[5] ?? 0) << 24) | ((bytes[6] ?? 0) << 16) | ((bytes[7] ?? 0) << 8) | (bytes[8] ?? 0)) >>> 0;
  return { name: "apicurio", schemaId, payload: bytes.subarray(9), messageIndexes: [] };
}

function zigzag(bytes: Uint8Array, position: { offset: number }): number | undefined {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[position.offset++];
    if (byte === undefined) return undefined;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
  return undefined;
}

/** Counts brackets outside of strings, on the bytes: a hostile body is refused before anything recurses over it. */
function isDeeperThan(bytes: Uint8Array, limit: number): boolean {
  // Each level takes two bytes in JSON.
  if (bytes.length <= 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

const longNumber = 16;

/** Whether so many digits stand in a row that a double may not hold them; looks at one byte of as many. */
function hasLongNumber(bytes: Uint8Array): boolean {
  for (let i = longNumber - 1; i < bytes.length; i += longNumber) {
    if (!isDigit(bytes[i])) continue;
    let start = i;
    let end = i + 1;
    while (isDigit(bytes[start - 1])) start--;
    while (isDigit(bytes[end])) end++;
    if (end - start >= longNumber) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The value with numbers that a double cannot hold as their text. */
function exactValue(node: DocumentNode): JsonValue {
  if (node.kind === "scalar") return node.exactText ?? node.value;
  if (node.kind === "sequence") return node.items.map(exactValue);
  const result: { [key: string]: JsonValue } = {};
  for (const entry of node.entries) {
    const value = exactValue(entry.value);
    Object.defineProperty(result, entry.key, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}
