import type { JsonValue } from "../codec/decoded.ts";
import { isArray, isObject } from "./values.ts";

/** A value in a sentence, short enough to stay one. */
export function describe(value: JsonValue): string {
  if (isArray(value)) return "an array";
  if (isObject(value)) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The values that an `enum` allows, in a sentence. */
export function listed(values: readonly JsonValue[]): string {
  const shown = values.slice(0, 6).map(describe).join(", ");
  return values.length > 6 ? `${shown}, … (${values.length})` : shown;
}

/** Type names with their article. */
export function article(types: string): string {
  if (types === "null") return "null";
  return /^[aio]/.test(types) ? `an ${types}` : `a ${types}`;
}
