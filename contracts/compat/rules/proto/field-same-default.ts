import { optionNode, type FieldDescriptor } from "../../../proto/index.ts";
import type { Pair, Proof, ProtoRule } from "../../proto-rule.ts";
import { fieldPlace, optionPlace } from "./places.ts";
import { proofOf } from "./proofs.ts";
import { fieldWords } from "./words.ts";

/** What a reader sees where nothing was sent stays the same. */
export const fieldSameDefault: ProtoRule = {
  id: "FIELD_SAME_DEFAULT",
  purpose: "Checks that fields keep their default value.",
  why: "A default is not sent: each side fills in its own, and then they disagree on what the message says.",
  advice: "Keep the default, and set the new value where messages are written.",
  over: "fields",
  check(pair, report) {
    const { before, after } = pair;
    const old = defaultOf(before);
    const now = defaultOf(after);
    if (old === undefined || now === undefined || sameDefault(old, now, before, after)) return;
    const option = optionNode(after.node.options, "default");
    const oldOption = optionNode(before.node.options, "default");
    report({
      message: `${fieldWords(after)} changed its default value from ${shown(before, old)} to ${shown(after, now)}.`,
      place: option === undefined ? fieldPlace(after) : optionPlace(after.file, option),
      previous: oldOption === undefined ? fieldPlace(before) : optionPlace(before.file, oldOption),
      sourceConsequence: `Where the field is not sent, one side reads ${shown(before, old)} and the other ${shown(after, now)}.`,
      ...withDefaults(pair, shown(before, old), shown(after, now)),
    });
  },
};

/** A message without the field is the proof, where both sides declare it in a message. */
function withDefaults(pair: Pair<FieldDescriptor>, before: string, after: string): { proof?: Proof } {
  const { proof } = proofOf(pair);
  return proof === undefined || pair.before.isExtension ? {} : { proof: { ...proof, defaults: { before, after } } };
}

type Default = string | bigint | number;

/** The default as one comparable value; undefined for what has none: lists, maps and messages. */
function defaultOf(field: FieldDescriptor): Default | undefined {
  if (field.isRepeated || field.type === "message" || field.type === "group" || field.type === "unknown")
    return undefined;
  const value = field.defaultValue;
  if (field.type === "string" || field.type === "bytes") return value?.kind === "string" ? value.text : "";
  if (field.typeRef?.kind === "enum") {
    const values = field.typeRef.values;
    const named = value?.kind === "word" ? values.find((known) => known.name === value.text) : values[0];
    return BigInt(named?.number ?? 0);
  }
  if (value === undefined) return 0n;
  if (value.kind === "word") {
    if (value.text === "true") return 1n;
    const number = value.text === "inf" ? Infinity : value.text === "nan" ? Number.NaN : 0;
    return value.negative ? -number : number;
  }
  if (value.kind !== "int" && value.kind !== "float") return 0n;
  const sign = value.negative ? -1 : 1;
  if (field.type === "double" || field.type === "float") {
    const number = sign * numberOf(value.text);
    return field.type === "float" ? Math.fround(number) : number;
  }
  return value.kind === "int" ? BigInt(sign) * bigOf(value.text) : sign * numberOf(value.text);
}

function bigOf(text: string): bigint {
  return /^0[0-7]+$/.test(text) ? BigInt(`0o${text.slice(1)}`) : BigInt(text);
}

function numberOf(text: string): number {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return Number(text.replace(/f$/i, /^0x/i.test(text) ? "f" : ""));
}

function sameDefault(old: Default, now: Default, before: FieldDescriptor, after: FieldDescriptor): boolean {
  if (typeof old === "string" || typeof now === "string") return old === now || (isZero(old) && isZero(now));
  const single =
    (before.type === "float" && after.type === "double") || (before.type === "double" && after.type === "float");
  const first = single ? Math.fround(Number(old)) : old;
  const second = single ? Math.fround(Number(now)) : now;
  if (Number.isNaN(first) && Number.isNaN(second)) return true;
  return compare(first) === compare(second);
}

/** Whole numbers as big ones, so that those of each type compare. */
function compare(value: bigint | number): bigint | number {
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}

function isZero(value: Default): boolean {
  return value === "" || value === 0n || value === 0;
}

function shown(field: FieldDescriptor, value: Default): string {
  if (field.typeRef?.kind === "enum")
    return `"${field.typeRef.values.find((known) => BigInt(known.number) === value)?.name ?? String(value)}"`;
  if (field.type === "bool") return value === 0n ? "false" : "true";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
