/**
 * Protobuf's JSON mapping over our own values, for witnesses: what a writer prints, and what a reader takes from it.
 * The well-known types with forms of their own are left out; messages that hold them get no JSON witness.
 */
import {
  MessageValue,
  base64,
  fromBase64,
  type FieldDescriptor,
  type FieldValue,
  type MapValue,
  type MessageDescriptor,
  type ScalarValue,
  type SingleValue,
} from "../proto/index.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The JSON of a message, or undefined where it holds a type with a form of its own or a text that is none. */
export function messageJson(value: MessageValue): Json | undefined {
  if (hasOwnForm(value.message) || holdsRawText(value)) return undefined;
  return plainJson(value, messageJson);
}

/** What a message holds, for people to read, where `messageJson` gives nothing: every message in its plain form. */
export function shownJson(value: MessageValue): Json {
  return plainJson(value, shownJson) ?? {};
}

/** A text field can hold bytes that are no text, where its writer does not check them; they have no form in JSON. */
function holdsRawText(value: MessageValue): boolean {
  return value.message.fields.some(
    (field) => field.type === "string" && value.fields.get(field.number) instanceof Uint8Array,
  );
}

type NestedJson = (value: MessageValue) => Json | undefined;

function plainJson(value: MessageValue, nested: NestedJson): Json | undefined {
  const result: Record<string, Json> = {};
  for (const field of value.message.fields) {
    const set = value.fields.get(field.number);
    if (set === undefined) continue;
    const json = fieldJson(field, set, nested);
    if (json === undefined) return undefined;
    result[field.jsonName] = json;
  }
  return result;
}

function hasOwnForm(message: MessageDescriptor): boolean {
  return message.file.package === "google.protobuf";
}

/** The JSON of one field's value. */
export function fieldJson(
  field: FieldDescriptor,
  value: FieldValue,
  nested: NestedJson = messageJson,
): Json | undefined {
  if (typeof value === "object" && "items" in value) {
    const items = value.items.map((item) => singleJson(field, item, nested));
    return items.some((item) => item === undefined) ? undefined : (items as Json[]);
  }
  if (typeof value === "object" && "pairs" in value) {
    const itemField = field.typeRef?.kind === "message" ? field.typeRef.fields[1] : undefined;
    const result: Record<string, Json> = {};
    for (const [key, item] of value.pairs) {
      const json = itemField === undefined ? undefined : singleJson(itemField, item, nested);
      if (json === undefined) return undefined;
      result[String(key)] = json;
    }
    return result;
  }
  return singleJson(field, value, nested);
}

function singleJson(field: FieldDescriptor, value: SingleValue, nested: NestedJson): Json | undefined {
  if (value instanceof MessageValue) return nested(value);
  if (field.type === "string" && value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (field.typeRef?.kind === "enum")
    return field.typeRef.values.find((known) => known.number === value)?.name ?? Number(value);
  return scalarJson(value);
}

export function scalarJson(value: ScalarValue): Json {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return base64(value);
  if (typeof value === "number" && !Number.isFinite(value))
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  return value;
}

/** What a reader makes of JSON: a value and the names it does not know, or why it refuses. */
export type JsonReading =
  | { readonly value: MessageValue; readonly unknownNames: readonly string[] }
  | { readonly refused: string; readonly path: string };

class Refused extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Reads JSON as `message`. Unknown names are passed over and told, so that each reader profile can decide. */
export function readJson(message: MessageDescriptor, json: Json): JsonReading {
  const unknownNames: string[] = [];
  try {
    return { value: readMessageJson(message, json, "", unknownNames), unknownNames };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message, path: error.path };
    throw error;
  }
}

function readMessageJson(message: MessageDescriptor, json: Json, path: string, unknownNames: string[]): MessageValue {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Refused(path, "expected an object");
  const value = new MessageValue(message);
  for (const [name, item] of Object.entries(json)) {
    const at = path === "" ? name : `${path}.${name}`;
    const field = message.fields.find((candidate) => candidate.jsonName === name) ?? message.fieldByName(name);
    if (field === undefined) {
      unknownNames.push(at);
      continue;
    }
    if (item === null) continue;
    if (field.type === "unknown") continue;
    if (field.oneof?.fields.some((member) => value.fields.has(member.number)) === true) {
      throw new Refused(at, `"${field.oneof.name}" takes only one of its fields`);
    }
    const read = readFieldJson(field, item, at, unknownNames);
    if (!(isDefault(read) && !field.hasPresence)) value.fields.set(field.number, read);
  }
  for (const field of message.fields) {
    if (field.isRequired && !value.fields.has(field.number))
      throw new Refused(path, `the required field "${field.name}" is missing`);
  }
  return value;
}

function isDefault(value: FieldValue): boolean {
  if (value instanceof MessageValue) return false;
  if (value instanceof Uint8Array) return value.length === 0;
  if (typeof value === "object") return "items" in value ? value.items.length === 0 : value.pairs.length === 0;
  return value === 0 || value === 0n || value === "" || value === false;
}

function readFieldJson(field: FieldDescriptor, json: Json, path: string, unknownNames: string[]): FieldValue {
  if (field.isMap) {
    const entry = field.typeRef?.kind === "message" ? field.typeRef : undefined;
    const [keyField, itemField] = entry?.fields ?? [];
    if (
      typeof json !== "object" ||
      json === null ||
      Array.isArray(json) ||
      keyField === undefined ||
      itemField === undefined
    ) {
      throw new Refused(path, "expected an object, as for every map");
    }
    const pairs: Array<readonly [ScalarValue, SingleValue]> = [];
    for (const [key, item] of Object.entries(json)) {
      pairs.push([
        readKey(keyField, key, `${path}.${key}`),
        readSingleJson(itemField, item, `${path}.${key}`, unknownNames),
      ]);
    }
    return { pairs } satisfies { pairs: MapValue };
  }
  if (field.isRepeated) {
    if (!Array.isArray(json)) throw new Refused(path, "expected a list");
    return {
      items: (json as readonly Json[]).map((item, index) =>
        readSingleJson(field, item, `${path}[${index}]`, unknownNames),
      ),
    };
  }
  return readSingleJson(field, json, path, unknownNames);
}

function readKey(field: FieldDescriptor, key: string, path: string): ScalarValue {
  if (field.type === "string") return key;
  if (field.type === "bool") {
    if (key !== "true" && key !== "false") throw new Refused(path, `"${key}" is neither true nor false`);
    return key === "true";
  }
  return readInteger(field.type, key, path);
}

function readSingleJson(field: FieldDescriptor, json: Json, path: string, unknownNames: string[]): SingleValue {
  switch (field.type) {
    case "message":
    case "group":
      if (field.typeRef?.kind !== "message") throw new Refused(path, "its type is not known");
      return readMessageJson(field.typeRef, json, path, unknownNames);
    case "enum": {
      if (typeof json === "number" && Number.isInteger(json)) return json;
      const known =
        field.typeRef?.kind === "enum" ? field.typeRef.values.find((value) => value.name === json) : undefined;
      if (known === undefined) throw new Refused(path, `the enum has no value ${JSON.stringify(json)}`);
      return known.number;
    }
    case "bool":
      if (typeof json !== "boolean") throw new Refused(path, `expected true or false, found ${JSON.stringify(json)}`);
      return json;
    case "string":
      if (typeof json !== "string") throw new Refused(path, `expected a text, found ${JSON.stringify(json)}`);
      return json;
    case "bytes": {
      const bytes = typeof json === "string" && /^[A-Za-z0-9+/_-]*={0,2}$/.test(json) ? fromBase64(json) : undefined;
      if (bytes === undefined) throw new Refused(path, `expected base64, found ${JSON.stringify(json)}`);
      return bytes;
    }
    case "double":
    case "float": {
      if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
      const number = typeof json === "string" && /^-?\d/.test(json) ? Number(json) : json;
      if (typeof number !== "number" || Number.isNaN(number))
        throw new Refused(path, `expected a number, found ${JSON.stringify(json)}`);
      return number;
    }
    default:
      return readInteger(field.type, json, path);
  }
}

function readInteger(type: string, json: Json, path: string): number | bigint {
  let value: bigint | undefined;
  if (typeof json === "number" && Number.isInteger(json)) value = BigInt(json);
  else if (typeof json === "string" && /^-?\d+$/.test(json)) value = BigInt(json);
  if (value === undefined) throw new Refused(path, `expected a whole number, found ${JSON.stringify(json)}`);
  const wide = type.endsWith("64");
  const bits = wide ? 64n : 32n;
  const unsigned = type.startsWith("u") || type === "fixed32" || type === "fixed64";
  const low = unsigned ? 0n : -(1n << (bits - 1n));
  const high = unsigned ? (1n << bits) - 1n : (1n << (bits - 1n)) - 1n;
  if (value < low || value > high) throw new Refused(path, `${value} does not fit ${type}`);
  return wide ? value : Number(value);
}
