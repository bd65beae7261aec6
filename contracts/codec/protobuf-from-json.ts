/** Protobuf's JSON mapping to the plain objects that protobufjs encodes. */
import type { FieldDescriptor, MessageDescriptor, ProtoSchema } from "../proto/index.ts";
import type { JsonValue } from "./decoded.ts";
import { codecName, codecType, type ExtensionIndex } from "./protobuf-types.ts";
import { fromBase64 } from "../proto/index.ts";

/** Why a value is not an instance of a message: `path` is dotted from the root. */
export class NotAMessage extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(path === "" ? message : `${path}: ${message}`);
    this.path = path;
  }
}

const deepestValue = 100;

/** The object to encode. Throws `NotAMessage`, which `encodeProtobuf` turns into a value. */
export function messageFromJson(
  schema: ProtoSchema,
  extensions: ExtensionIndex,
  message: MessageDescriptor,
  value: JsonValue,
): Record<string, unknown> {
  return new JsonReader(schema, extensions).message(message, value, "", 0);
}

class JsonReader {
  private readonly schema: ProtoSchema;
  private readonly extensions: ExtensionIndex;

  constructor(schema: ProtoSchema, extensions: ExtensionIndex) {
    this.schema = schema;
    this.extensions = extensions;
  }

  message(message: MessageDescriptor, value: JsonValue, path: string, depth: number): Record<string, unknown> {
    if (depth > deepestValue) throw new NotAMessage(path, `Values nest deeper than ${deepestValue} levels.`);
    const special =
      message.file.package === "google.protobuf" ? this.wellKnown(message, value, path, depth) : undefined;
    if (special !== undefined) return special;
    if (!isObject(value)) throw new NotAMessage(path, `Expected an object for "${message.fullName}".`);
    const result: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      const at = path === "" ? name : `${path}.${name}`;
      const field = this.fieldNamed(message, name);
      if (field === undefined) throw new NotAMessage(at, `"${message.fullName}" has no field "${name}".`);
      if (item === null && !(field.typeRef?.fullName === "google.protobuf.Value")) continue;
      const set = this.field(field, item, at, depth);
      // Without presence, a default is not written at all.
      if (field.hasPresence || !isDefault(set)) result[codecName(field)] = set;
    }
    return result;
  }

  private fieldNamed(message: MessageDescriptor, name: string): FieldDescriptor | undefined {
    if (name.startsWith("[")) {
      const fullName = name.slice(1, -1);
      return this.extensions.get(message)?.find((field) => field.fullName === fullName);
    }
    return message.fields.find((field) => field.jsonName === name) ?? message.fieldByName(name);
  }

  private field(field: FieldDescriptor, value: JsonValue, path: string, depth: number): unknown {
    if (field.isMap) {
      const item = field.typeRef?.kind === "message" ? field.typeRef.fields[1] : undefined;
      if (!isObject(value) || item === undefined) throw new NotAMessage(path, "Expected an object for a map field.");
      const map: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      for (const [key, entry] of Object.entries(value))
        map[key] = this.single(item, entry, `${path}[${JSON.stringify(key)}]`, depth);
      return map;
    }
    if (field.isRepeated) {
      if (!Array.isArray(value)) throw new NotAMessage(path, "Expected a list for a repeated field.");
      return value.map((item: JsonValue, index) => this.single(field, item, `${path}[${index}]`, depth));
    }
    return this.single(field, value, path, depth);
  }

  private single(field: FieldDescriptor, value: JsonValue, path: string, depth: number): unknown {
    switch (field.type) {
      case "message":
      case "group":
        if (field.typeRef?.kind !== "message") throw new NotAMessage(path, "Its type is not known.");
        return this.message(field.typeRef, value, path, depth + 1);
      case "enum": {
        if (field.typeRef?.kind === "enum" && typeof value === "string") {
          const named = field.typeRef.values.find((candidate) => candidate.name === value);
          if (named !== undefined) return named.number;
        }
        if (typeof value === "number" && Number.isInteger(value)) return value;
        throw new NotAMessage(path, `"${field.typeRef?.fullName ?? ""}" has no value ${JSON.stringify(value)}.`);
      }
      case "bool":
        if (typeof value !== "boolean") throw new NotAMessage(path, "Expected true or false.");
        return value;
      case "string":
        if (typeof value !== "string") throw new NotAMessage(path, "Expected a text.");
        return value;
      case "bytes": {
        const bytes = typeof value === "string" ? fromBase64(value) : undefined;
        if (bytes === undefined) throw new NotAMessage(path, "Expected bytes as base64.");
        return bytes;
      }
      case "double":
      case "float":
        return floatOf(value, path);
      case "unknown":
        throw new NotAMessage(path, "Its type is not known.");
      default:
        return integerOf(field.type, value, path);
    }
  }

  private wellKnown(
    message: MessageDescriptor,
    value: JsonValue,
    path: string,
    depth: number,
  ): Record<string, unknown> | undefined {
    switch (message.name) {
      case "Timestamp":
        return timestampOf(value, path);
      case "Duration":
        return durationOf(value, path);
      case "FieldMask":
        if (typeof value !== "string") throw new NotAMessage(path, "Expected paths with commas between.");
        return {
          f1:
            value === ""
              ? []
              : value.split(",").map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
        };
      case "Struct": {
        const fields = message.fields[0];
        return fields === undefined ? undefined : { f1: this.field(fields, value, path, depth + 1) };
      }
      case "ListValue": {
        const values = message.fields[0];
        return values === undefined ? undefined : { f1: this.field(values, value, path, depth + 1) };
      }
      case "Value":
        return this.anyJson(message, value, path, depth);
      case "DoubleValue":
      case "FloatValue":
      case "Int64Value":
      case "UInt64Value":
      case "Int32Value":
      case "UInt32Value":
      case "BoolValue":
      case "StringValue":
      case "BytesValue": {
        const field = message.fields[0];
        return field === undefined ? undefined : { f1: this.single(field, value, path, depth) };
      }
      case "Any":
        return this.any(value, path, depth);
      default:
        return undefined;
    }
  }

  private anyJson(
    message: MessageDescriptor,
    value: JsonValue,
    path: string,
    depth: number,
  ): Record<string, unknown> | undefined {
    if (value === null) return { f1: 0 };
    const number =
      typeof value === "number"
        ? 2
        : typeof value === "string"
          ? 3
          : typeof value === "boolean"
            ? 4
            : Array.isArray(value)
              ? 6
              : 5;
    const field = message.fieldByNumber(number);
    return field === undefined ? undefined : { [`f${number}`]: this.single(field, value, path, depth) };
  }

  private any(value: JsonValue, path: string, depth: number): Record<string, unknown> | undefined {
    if (!isObject(value) || typeof value["@type"] !== "string") return undefined;
    const { "@type": typeUrl, ...rest } = value;
    const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
    const codec = codecType(this.schema, name);
    if (codec === undefined) throw new NotAMessage(path, `The type "${name}" is not known.`);
    const special = codec.message.fullName.startsWith("google.protobuf.");
    const inner = this.message(codec.message, special ? (rest["value"] ?? {}) : rest, path, depth + 1);
    return { f1: typeUrl, f2: codec.type.encode(inner).finish() };
  }
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  return value === 0 || value === "0" || value === "" || value === false;
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function floatOf(value: JsonValue, path: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || (Number.isNaN(number) && value !== "NaN"))
    throw new NotAMessage(path, "Expected a number.");
  return number;
}

const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function integerOf(type: string, value: JsonValue, path: string): number | string {
  const unsigned = type.startsWith("u") || type === "fixed32" || type === "fixed64";
  const wide = type.endsWith("64");
  const [low, high] = ranges[`${unsigned ? "u" : ""}int${wide ? "64" : "32"}`] ?? [0n, 0n];
  let number: bigint | undefined;
  if (typeof value === "number" && Number.isInteger(value)) number = BigInt(value);
  else if (typeof value === "string" && /^-?\d{1,40}$/.test(value)) number = BigInt(value);
  if (number === undefined || number < low || number > high)
    throw new NotAMessage(path, `Expected a whole number that fits ${type}.`);
  return wide ? number.toString() : Number(number);
}

function timestampOf(value: JsonValue, path: string): Record<string, unknown> {
  const match =
    typeof value === "string"
      ? /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/i.exec(value)
      : null;
  if (match === null) throw new NotAMessage(path, `Expected a time such as "2026-01-31T12:00:00Z".`);
  const part = (index: number): number => Number(match[index] ?? 0);
  const offset = (match[8] === "-" ? -1 : 1) * (part(9) * 3600 + part(10) * 60);
  const seconds = daysOf(part(1), part(2), part(3)) * 86_400 + part(4) * 3600 + part(5) * 60 + part(6) - offset;
  return { f1: String(seconds), f2: Number((match[7] ?? "").padEnd(9, "0")) };
}

function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function durationOf(value: JsonValue, path: string): Record<string, unknown> {
  const match = typeof value === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
  if (match === null) throw new NotAMessage(path, `Expected a duration such as "1.5s".`);
  const sign = match[1] === "-" ? -1 : 1;
  return { f1: String(sign * Number(match[2])), f2: sign * Number((match[3] ?? "").padEnd(9, "0")) };
}
