import type { JsonValue } from "../../codec/decoded.ts";
import {
  type JsonType,
  type Schema,
  conjuncts,
  construct,
  equalValues,
  isArray,
  isObject,
} from "../../json-schema/index.ts";
import type { Place } from "../../source/index.ts";
import type { ObjectPair, PropertyView } from "./pairs.ts";
import { type RequiredChange, pathOf } from "./required.ts";

/** A property that one side may now write in a way that the other does not read. */
export interface ValueChange extends RequiredChange {
  readonly shownBy: readonly JsonValue[];
  /** What was and what is, in words: `"string"`, `"red" and "blue"`. */
  readonly from: string;
  readonly to: string;
}

/** Properties that the writer may send as a type which the reader does not take; null is another question. */
export function typesChanged(pair: ObjectPair): ValueChange[] {
  return typeChanges(pair).filter(({ strange }) => strange.some((type) => type !== "null"));
}

/** Properties that the writer may now send as null, which the reader does not take. */
export function nullTaken(pair: ObjectPair): ValueChange[] {
  return typeChanges(pair).filter(({ strange }) => strange.every((type) => type === "null"));
}

function typeChanges(pair: ObjectPair): Array<ValueChange & { readonly strange: readonly JsonType[] }> {
  return commonProperties(pair).flatMap(({ name, before, after }) => {
    const [oldTypes, newTypes] = [typesOf(before), typesOf(after)];
    if (oldTypes === undefined || newTypes === undefined) return [];
    const [writer, reader] = writerFirst(pair, oldTypes, newTypes);
    const strange = [...writer].filter((type) => !reader.has(type) && !(type === "integer" && reader.has("number")));
    if (strange.length === 0) return [];
    const writing = writerFirst(pair, before, after)[0];
    const plain = strange.map((type) => samples[type]);
    const shownBy = strange.includes("null") ? [null, ...plain] : [...sampleValues(writing), ...plain];
    const place = change(pair, name, before, after, ["nullable", "type", "$ref"]);
    return [{ ...place, shownBy, strange, from: listed([...oldTypes]), to: listed([...newTypes]) }];
  });
}

/** Properties that the writer may send with a value which is not among those that the reader knows. */
export function enumValuesUnknownToReader(pair: ObjectPair): ValueChange[] {
  return commonProperties(pair).flatMap(({ name, before, after }) => {
    const [oldValues, newValues] = [enumOf(before), enumOf(after)];
    if (oldValues === undefined || newValues === undefined) return [];
    const [writer, reader] = writerFirst(pair, oldValues, newValues);
    // Where types are declared too, null is found by them.
    const hasTypes = typesOf(before) !== undefined && typesOf(after) !== undefined;
    const strange = writer.filter(
      (value) => !(value === null && hasTypes) && !reader.some((known) => equalValues(known, value)),
    );
    if (strange.length === 0) return [];
    const words = listed(strange.map((value) => (typeof value === "string" ? value : JSON.stringify(value))));
    return [{ ...change(pair, name, before, after, ["enum", "const"]), shownBy: strange, from: words, to: words }];
  });
}

interface CommonProperty {
  readonly name: string;
  readonly before: PropertyView;
  readonly after: PropertyView;
}

function commonProperties(pair: ObjectPair): CommonProperty[] {
  return [...pair.before.properties.values()].flatMap((before) => {
    const after = pair.after.properties.get(before.name);
    return after === undefined || before.hidden || after.hidden ? [] : [{ name: before.name, before, after }];
  });
}

function writerFirst<T>(pair: ObjectPair, before: T, after: T): readonly [writer: T, reader: T] {
  return pair.message.after.message.ownerWrites ? [after, before] : [before, after];
}

function change(
  pair: ObjectPair,
  name: string,
  before: PropertyView,
  after: PropertyView,
  keywords: readonly string[],
): RequiredChange {
  return {
    name,
    path: pathOf(pair.steps, name),
    place: keywordPlace(after, keywords),
    previous: keywordPlace(before, keywords),
  };
}

/** The keyword where it stands with the property itself, else the property: what it refers to may be shared by many. */
function keywordPlace(property: PropertyView, keywords: readonly string[]): Place {
  for (const schema of property.schemas) {
    for (const keyword of keywords) {
      const place = schema.keywordPlaces.get(keyword);
      if (place !== undefined) return place;
    }
  }
  return property.place;
}

const samples: Readonly<Record<JsonType, JsonValue>> = {
  null: null,
  boolean: true,
  number: 1.5,
  integer: 1,
  string: "text",
  array: [],
  object: {},
};

/** A readable value of the property as its writer has it. */
function sampleValues(property: PropertyView): JsonValue[] {
  return property.schemas.flatMap((schema) => {
    const sample = construct(schema);
    return "value" in sample ? [sample.value] : [];
  });
}

/** The types that the property's schemas leave; `undefined` where they say nothing, or alternatives say it. */
function typesOf(property: PropertyView): ReadonlySet<JsonType> | undefined {
  let types: ReadonlySet<JsonType> | undefined;
  for (const schema of conjuncts(property.schemas).schemas) {
    const own = ownTypes(schema);
    if (own === undefined) continue;
    const known: ReadonlySet<JsonType> | undefined = types;
    types = known === undefined ? own : new Set([...own].filter((type) => known.has(type)));
  }
  return types;
}

function ownTypes(schema: Schema): Set<JsonType> | undefined {
  if (schema.types === undefined) return undefined;
  const types = new Set(schema.types);
  if (schema.nullable === true) types.add("null");
  const { enum: values } = schema;
  if (values === undefined) return types;
  // `nullable` beside an `enum` without null allows nothing more.
  return new Set([...types].filter((type) => values.some((value) => isOfType(value, type))));
}

function isOfType(value: JsonValue, type: JsonType): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return isArray(value);
  return type === "object" ? isObject(value) : typeof value === type;
}

function enumOf(property: PropertyView): readonly JsonValue[] | undefined {
  const parts = conjuncts(property.schemas).schemas.filter(
    (schema) => schema.enum !== undefined || schema.const !== undefined,
  );
  const [first] = parts;
  return parts.length === 1 ? (first?.enum ?? (first?.const && [first.const.value])) : undefined;
}

function listed(words: readonly string[]): string {
  const quoted = words.slice(0, 5).map((word) => `"${word}"`);
  if (words.length > 5) return `${quoted.join(", ")} and ${words.length - 5} more`;
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1) ?? ""}`;
}
