/** A value as it was written against the value as it was read, field by field. */
import {
  MessageValue,
  defaultOf,
  type FieldDescriptor,
  type FieldValue,
  type ScalarValue,
  type SingleValue,
} from "../proto/index.ts";
import type { Observation } from "./finding.ts";
import { fieldJson, shownJson, type Json } from "./proto-json-data.ts";

/** An observation, and what of a reader's tolerance can make it harmless. */
export interface Seen extends Observation {
  /** `always`: every reader suffers. The others: only one that rejects unknown fields, or missing ones. */
  readonly hurts: "always" | "unknown-fields" | "missing-fields";
}

/** What `read` lost or changed of `written`. Empty: it reads alike. */
export function compareMessages(
  written: MessageValue,
  read: MessageValue,
  surface: "wire" | "json",
  path = "",
): Seen[] {
  const seen: Seen[] = [];
  for (const field of written.message.fields) {
    const wrote = written.fields.get(field.number);
    if (wrote === undefined) continue;
    compareField(seen, field, wrote, read, surface, path === "" ? field.name : `${path}.${field.name}`);
  }
  return seen;
}

function compareField(
  seen: Seen[],
  field: FieldDescriptor,
  wrote: FieldValue,
  reader: MessageValue,
  surface: "wire" | "json",
  path: string,
): void {
  const known = reader.message.fieldByNumber(field.number);
  const read = reader.fields.get(field.number);
  const text = jsonText(field, wrote);
  if (known === undefined) {
    const outcome = surface === "wire" ? "moved-into-unknown" : "lost";
    seen.push({ path, outcome, wrote: text, hurts: "unknown-fields" });
    return;
  }
  // What comes from an import that was not found is not compared.
  if (known.type === "unknown") return;
  if (read === undefined) {
    // An empty value is what a reader sees of a field that is not there.
    if (isEmpty(wrote) && (!field.hasPresence || !known.hasPresence)) return;
    const movedAway = surface === "wire" && reader.unknown.includes(field.number);
    if (known.isRepeated)
      seen.push({ path, outcome: movedAway ? "moved-into-unknown" : "lost", wrote: text, hurts: "always" });
    else {
      const fallback = jsonText(known, defaultOf(known));
      seen.push({
        path,
        outcome: movedAway ? "moved-into-unknown" : "defaulted",
        wrote: text,
        read: fallback,
        hurts: "always",
      });
    }
    return;
  }
  compareValues(seen, field, wrote, known, read, surface, path);
}

function compareValues(
  seen: Seen[],
  field: FieldDescriptor,
  wrote: FieldValue,
  known: FieldDescriptor,
  read: FieldValue,
  surface: "wire" | "json",
  path: string,
): void {
  const written = listOf(field, wrote);
  const taken = listOf(known, read);
  if (written.length > taken.length) {
    seen.push({ path, outcome: "lost", wrote: jsonText(field, wrote), read: jsonText(known, read), hurts: "always" });
    return;
  }
  for (const [index, item] of written.entries()) {
    const other = taken[index];
    if (other === undefined) continue;
    const at = written.length > 1 || isList(wrote) ? `${path}[${index}]` : path;
    if (item instanceof MessageValue && other instanceof MessageValue) {
      seen.push(...compareMessages(item, other, surface, at));
    } else if (item instanceof MessageValue || other instanceof MessageValue || !sameScalar(item, other)) {
      seen.push({
        path: at,
        outcome: "garbled",
        wrote: singleText(field, item),
        read: singleText(known, other),
        hurts: "always",
      });
    }
  }
}

function isList(value: FieldValue): boolean {
  return typeof value === "object" && ("items" in value || "pairs" in value);
}

/** A map's entries are messages with a key and a value, as on the wire. */
function listOf(field: FieldDescriptor, value: FieldValue): readonly SingleValue[] {
  if (typeof value === "object" && "items" in value) return value.items;
  if (typeof value === "object" && "pairs" in value) {
    const entry = field.typeRef;
    if (entry?.kind !== "message") return [];
    return value.pairs.map(([key, item]) => new MessageValue(entry).with(1, key).with(2, item));
  }
  return [value];
}

function isEmpty(value: FieldValue): boolean {
  if (value instanceof MessageValue) return false;
  if (value instanceof Uint8Array) return value.length === 0;
  if (typeof value === "object") return "items" in value ? value.items.length === 0 : value.pairs.length === 0;
  return value === 0 || value === 0n || value === "" || value === false;
}

/** Whether a program that reads `b` gets what one that wrote `a` meant: numbers by value, texts and bytes by content. */
export function sameScalar(a: ScalarValue, b: ScalarValue): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    const first = bytesOf(a);
    const second = bytesOf(b);
    return (
      first !== undefined &&
      second !== undefined &&
      first.length === second.length &&
      first.every((byte, i) => byte === second[i])
    );
  }
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (Number.isNaN(a) && Number.isNaN(b)) return true;
  return numberOf(a) === numberOf(b);
}

function bytesOf(value: ScalarValue): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === "string" ? new TextEncoder().encode(value) : undefined;
}

function numberOf(value: number | bigint | boolean): number | bigint {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}

function jsonText(field: FieldDescriptor, value: FieldValue): string {
  return textOf(fieldJson(field, value));
}

function singleText(field: FieldDescriptor, value: SingleValue): string {
  return textOf(value instanceof MessageValue ? shownJson(value) : fieldJson(field, value));
}

function textOf(json: Json | undefined): string {
  return json === undefined ? "{…}" : JSON.stringify(json);
}
