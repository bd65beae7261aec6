/**
 * The quick way to know that a value is valid: each schema is made into one function once, of those keywords that
 * messages are described by. What it cannot tell, and everything that is wrong, is for `evaluate` to say.
 */
import type { JsonValue } from "../codec/decoded.ts";
import { requiredOn, type Schema } from "./model.ts";
import { codePointLength, isArray, isMultipleOf } from "./values.ts";

/** `true`: surely valid; `false`: not known here. */
type Check = (value: JsonValue, depth: number) => boolean;

type Fields = Readonly<Record<string, JsonValue>>;

const deepest = 100;
/** Schemas that refer to each other twice at each level would take time without end. */
const mostSteps = 100_000;
let stepsLeft = 0;
/** Patterns may take quadratic time and worse. */
const longestMatched = 2_000;

const known = new WeakMap<Schema, Check>();

/** Whether `value` is an instance of `schema`, as far as that is quickly told; `false` says nothing. Never throws. */
export function surelyValid(schema: Schema, value: JsonValue): boolean {
  stepsLeft = mostSteps;
  return checkOf(schema)(value, 0);
}

function checkOf(schema: Schema): Check {
  let check = known.get(schema);
  if (check === undefined) known.set(schema, (check = made(schema)));
  return check;
}

/** What is told here, and what says nothing of a value. Any other keyword leaves the schema to `evaluate`. */
const told: ReadonlySet<string> = new Set([
  ...["id", "place", "node", "dialect", "keywordPlaces", "title", "default", "examples", "readOnly", "writeOnly"],
  ...["format", "discriminator", "always", "reference", "types", "nullable", "const", "enum", "allOf"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"],
  ...["properties", "additionalProperties", "required", "items", "minItems", "maxItems"],
]);

const unknown: Check = () => false;

function made(schema: Schema): Check {
  if (schema.always !== undefined) return schema.always ? () => true : unknown;
  for (const [keyword, value] of Object.entries(schema)) if (value !== undefined && !told.has(keyword)) return unknown;
  const inPlace: Check[] = [];
  const { reference, allOf, types, nullable = false } = schema;
  if (reference !== undefined) inPlace.push(later(() => reference.target()));
  for (const part of allOf ?? []) inPlace.push(later(() => part));
  if (schema.const !== undefined) inPlace.push(oneOf([schema.const.value]));
  if (schema.enum !== undefined) inPlace.push(oneOf(schema.enum));
  const ofString = stringCheck(schema);
  const ofNumber = numberCheck(schema);
  const ofObject = objectCheck(schema);
  const ofArray = arrayCheck(schema);
  const allows = (type: NonNullable<Schema["types"]>[number]) => types === undefined || types.includes(type);
  const [strings, booleans, objects, arrays] = [allows("string"), allows("boolean"), allows("object"), allows("array")];
  const [numbers, integers, nulls] = [allows("number"), allows("integer"), allows("null") || nullable];
  return (value, depth) => {
    if (depth > deepest || --stepsLeft < 0) return false;
    for (const check of inPlace) if (!check(value, depth + 1)) return false;
    switch (typeof value) {
      case "string":
        return strings && (ofString === undefined || ofString(value, depth));
      case "number":
        return (numbers || (integers && Number.isInteger(value))) && (ofNumber === undefined || ofNumber(value, depth));
      case "boolean":
        return booleans;
      default:
        if (value === null) return nulls;
        if (isArray(value)) return arrays && (ofArray === undefined || ofArray(value, depth));
        return objects && (ofObject === undefined || ofObject(value, depth));
    }
  };
}

/** Made when it is first needed: schemas refer to themselves. */
function later(find: () => Schema | { readonly failure: string }): Check {
  let check: Check | undefined;
  return (value, depth) => {
    if (check === undefined) {
      const schema = find();
      check = "failure" in schema ? unknown : checkOf(schema);
    }
    return check(value, depth);
  };
}

function oneOf(values: readonly JsonValue[]): Check {
  if (values.some((value) => typeof value === "object" && value !== null)) return unknown;
  const all = new Set(values);
  return (value) => all.has(value);
}

function stringCheck({ minLength, maxLength, pattern }: Schema): Check | undefined {
  if (minLength === undefined && maxLength === undefined && pattern === undefined) return undefined;
  if (pattern !== undefined && pattern.test === undefined) return unknown;
  const test = pattern?.test;
  return (value) => {
    const text = value as string;
    if (minLength !== undefined || maxLength !== undefined) {
      const length = codePointLength(text);
      if (length < (minLength ?? 0) || length > (maxLength ?? length)) return false;
    }
    return test === undefined || (text.length <= longestMatched && test.test(text));
  };
}

function numberCheck(schema: Schema): Check | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if ([minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf].every((bound) => bound === undefined)) {
    return undefined;
  }
  return (value) => {
    const number = value as number;
    return (
      (minimum === undefined || number >= minimum) &&
      (maximum === undefined || number <= maximum) &&
      (exclusiveMinimum === undefined || number > exclusiveMinimum) &&
      (exclusiveMaximum === undefined || number < exclusiveMaximum) &&
      (multipleOf === undefined || isMultipleOf(number, multipleOf))
    );
  };
}

/** What is told of the member of a name; its check is made when it is first needed. */
interface Member {
  readonly schema: Schema | undefined;
  check: Check | undefined;
  readonly isRequired: boolean;
}

function objectCheck(schema: Schema): Check | undefined {
  const { properties, additionalProperties: rest } = schema;
  const required = new Set(requiredOn(schema, undefined).map(({ name }) => name));
  if (properties === undefined && rest === undefined && required.size === 0) return undefined;
  const others: Member = { schema: rest, check: undefined, isRequired: false };
  const members = new Map<string, Member>();
  for (const name of required) members.set(name, { ...others, isRequired: true });
  for (const [name, { schema: part }] of properties ?? []) {
    members.set(name, { schema: part, check: undefined, isRequired: required.has(name) });
  }
  return (value, depth) => {
    const fields = value as Fields;
    // One walk over the members that are there finds the missing ones too.
    let missing = required.size;
    for (const name in fields) {
      const member = members.get(name) ?? others;
      if (member.isRequired) missing--;
      if (member.schema === undefined) continue;
      member.check ??= checkOf(member.schema);
      if (!member.check(fields[name] ?? null, depth + 1)) return false;
    }
    return missing === 0;
  };
}

function arrayCheck({ items, minItems = 0, maxItems }: Schema): Check | undefined {
  if (items === undefined && minItems === 0 && maxItems === undefined) return undefined;
  const each = items === undefined ? undefined : later(() => items);
  return (value, depth) => {
    const list = value as readonly JsonValue[];
    if (list.length < minItems || list.length > (maxItems ?? list.length)) return false;
    return each === undefined || list.every((item) => each(item, depth + 1));
  };
}
