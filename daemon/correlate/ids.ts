/**
 * What an id looks like. Takes in a raw value from a header, property, key or body; hands out its one normal form,
 * so that the same id written as bytes, UUID or hex is equal, and how much its recurrence proves.
 */
import type { HeaderValue } from "../tap/envelope.ts";
import { bounds } from "./limits.ts";

/**
 * `strong`: a recurrence is never chance (UUID, long random text). `medium`: a number that a person gave
 * (`ORD-1042`). `weak`: a counter or a word, which proves nothing alone. `none`: not an id at all.
 */
export type IdStrength = "strong" | "medium" | "weak" | "none";

export interface Id {
  readonly value: string;
  readonly strength: IdStrength;
}

const NONE: Id = { value: "", strength: "none" };
const text = new TextDecoder("utf-8", { fatal: true });

/** The text of a header value or key; bytes that are no printable text become hex. `undefined` for tables and null. */
export function textOf(raw: HeaderValue | undefined): string | undefined {
  if (typeof raw === "string") return raw;
  if (raw instanceof Uint8Array) return textOfBytes(raw);
  if (typeof raw === "number" || typeof raw === "bigint" || typeof raw === "boolean") return String(raw);
  return undefined;
}

/** Bytes as UTF-8 where that is printable text, else as hex. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length > 4096) return undefined;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  let printable = end > 0;
  let ascii = true;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80) ascii = false;
    else if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) {
      printable = false;
      break;
    }
  }
  if (printable) {
    if (ascii) return end <= shortText ? sameAsBefore(bytes, end) : latin1(bytes, end);
    try {
      return text.decode(bytes.subarray(0, end));
    } catch {
      // Not UTF-8: shown as hex, like every other run of bytes.
    }
  }
  return hexOf(bytes);
}

/** Short texts come again and again: types, senders, the keys of one flow. */
const shortText = 40;
const lately: (string | undefined)[] = Array.from({ length: 2_048 }, () => undefined);

/** The same text object as when these bytes were last seen, where that is not long ago. */
function sameAsBefore(bytes: Uint8Array, end: number): string {
  let hash = end;
  for (let i = 0; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  const place = (hash ^ (hash >>> 15)) & 2_047;
  const known = lately[place];
  if (known !== undefined && isText(known, bytes, end)) return known;
  return (lately[place] = latin1(bytes, end));
}

function isText(text: string, bytes: Uint8Array, end: number): boolean {
  if (text.length !== end) return false;
  for (let i = 0; i < end; i++) if (text.charCodeAt(i) !== bytes[i]) return false;
  return true;
}

function latin1(bytes: Uint8Array, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString("latin1");
}

/** Bytes as lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  return hex;
}

/**
 * Normalises and classifies one value. `named` says that its field is named like an id (`orderId`), which makes plain
 * digits count; `near` is the time of the message, so that epoch numbers are not taken for ids.
 */
export function idOf(raw: HeaderValue | undefined, named: boolean, near: number): Id {
  if (typeof raw === "number" || typeof raw === "bigint") return idOfNumber(raw, named, near);
  // Bytes that are no text, such as Spring's 16, come as hex.
  const value = textOf(raw);
  return value === undefined ? NONE : idOfText(value, named, near);
}

function idOfNumber(raw: number | bigint, named: boolean, near: number): Id {
  if (typeof raw === "number" && (!Number.isSafeInteger(raw) || raw < 0)) return NONE;
  const value = String(raw);
  if (isEpoch(Number(raw), near)) return NONE;
  return { value, strength: named && value.length >= 5 ? "medium" : "weak" };
}

/** The same for text. */
export function idOfText(input: string, named: boolean, near: number): Id {
  let value = trim(input);
  const length = value.length;
  if (length === 0 || length > bounds.valueLength) return NONE;
  let digits = 0;
  let letters = 0;
  let hex = true;
  let separators = 0;
  let runs = 0;
  let previous = 0; // 1 digit, 2 letter, 3 separator
  let longestDigits = 0;
  let run = 0;
  let upper = false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      digits++;
      run = previous === 1 ? run + 1 : 1;
      if (run > longestDigits) longestDigits = run;
      if (previous !== 1) runs++;
      previous = 1;
    } else if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) {
      if (code < 97) upper = true;
      if ((code | 32) > 102) hex = false;
      letters++;
      if (previous !== 2) runs++;
      previous = 2;
    } else if (code === 45 || code === 95 || code === 46) {
      separators++;
      previous = 3;
      if (code !== 45) hex = false;
    } else if ((code === 61 && i > length - 3) || code === 43) {
      // The padding and the plus of base64 do not spoil an id.
      hex = false;
    } else {
      return NONE;
    }
  }
  if (hex && digits + letters >= 16) {
    const isUuid =
      length === 36 &&
      separators === 4 &&
      value[8] === "-" &&
      value[13] === "-" &&
      value[18] === "-" &&
      value[23] === "-";
    if (isUuid) return strong(upper ? value.toLowerCase() : value);
    if (separators === 0 && digits > 0 && letters > 0) {
      const lower = upper ? value.toLowerCase() : value;
      return strong(length === 32 ? dashed(lower) : lower);
    }
  }
  if (letters === 0) {
    if (separators > 0) return { value, strength: "weak" }; // dates, versions, decimals
    value = value.replace(/^0+(?=\d)/, "");
    if (isEpoch(Number(value), near)) return NONE;
    return { value, strength: named && length >= 5 ? "medium" : "weak" };
  }
  if (digits === 0) return { value, strength: "weak" };
  if (isIsoDate(value)) return NONE;
  if (digits + letters >= 18 && (runs >= 4 || digits >= 8)) return { value, strength: "strong" };
  if (longestDigits >= 3) return { value, strength: "medium" };
  if (digits + letters >= 8 && digits >= 2) return { value, strength: "medium" };
  return { value, strength: "weak" };
}

function strong(value: string): Id {
  return value.charCodeAt(0) === 48 && /^[0-]+$/.test(value) ? NONE : { value, strength: "strong" };
}

/** 32 hex digits in the form in which UUIDs are mostly written, so that those need no work. */
function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Frameworks wrap ids: `{uuid}`, `urn:uuid:uuid`, quotes, a trailing NUL. */
function trim(input: string): string {
  let value = input;
  const first = value.charCodeAt(0);
  if (first === 117 && value.startsWith("urn:uuid:")) value = value.slice(9);
  const last = value.charCodeAt(value.length - 1);
  if (first <= 34 || last <= 34 || first === 123) value = value.replace(/^[\s"{]+|[\s"}\0]+$/g, "");
  return value;
}

/** Whether a number is a time within two years of `near`, in seconds to nanoseconds. */
function isEpoch(value: number, near: number): boolean {
  if (value < 1e8) return false;
  const span = 2 * 366 * 86_400_000;
  for (let scale = 1000; scale >= 1e-6; scale /= 1000) {
    if (Math.abs(value * scale - near) < span) return true;
  }
  return false;
}

function isIsoDate(value: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(value) || /^\d{8}T\d{4,6}/.test(value);
}

/**
 * The low 64 bits of a trace id as 16 hex digits: the part that every tracer writes (Datadog writes only that, in
 * decimal; Jaeger drops leading zeros; B3 may have 64 or 128 bits).
 */
export function traceIdOf(raw: string, decimal = false): string | undefined {
  let hex = raw.trim().toLowerCase();
  if (decimal) {
    if (!/^\d{1,20}$/.test(hex)) return undefined;
    hex = BigInt(hex).toString(16);
  }
  if (!/^[0-9a-f]{1,32}$/.test(hex)) return undefined;
  const low = hex.padStart(16, "0").slice(-16);
  return /^0+$/.test(low) ? undefined : low;
}
