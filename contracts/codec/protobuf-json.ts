/** Messages of protobufjs to protobuf's JSON mapping: the well-known types in their own forms, unknown fields counted. */
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor, ProtoSchema } from "../proto/index.ts";
import type { JsonValue } from "./decoded.ts";
import { hasFewValues } from "./protobuf-size.ts";
import { codecName, codecType, decodeFields, type ExtensionIndex } from "./protobuf-types.ts";
import { base64 } from "../proto/index.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface JsonReading {
  readonly value: JsonValue;
  /** How many fields the schema does not know, at any depth; each occurrence counts. */
  readonly unknownFields: number;
}

/** The JSON form of `decoded`, which protobufjs made of a message of the type `message`. */
export function messageToJson(
  schema: ProtoSchema,
  message: MessageDescriptor,
  extensions: ExtensionIndex,
  decoded: object,
  depth = 0,
): JsonReading {
  const writer = new JsonWriter(schema, extensions, depth);
  const value = writer.message(message, decoded as Fields);
  return { value, unknownFields: writer.unknownFields };
}

/** A field with its names in protobufjs and in JSON, which are worked out once: most of the time went into them. */
interface NamedField {
  readonly field: FieldDescriptor;
  readonly key: string;
  readonly name: string;
}

const namesOf = new WeakMap<MessageDescriptor, readonly NamedField[]>();

function namedFields(message: MessageDescriptor): readonly NamedField[] {
  let named = namesOf.get(message);
  if (named === undefined) {
    named = message.fields.map((field) => ({ field, key: codecName(field), name: field.jsonName }));
    namesOf.set(message, named);
  }
  return named;
}

class JsonWriter {
  unknownFields = 0;
  private readonly schema: ProtoSchema;
  private readonly extensions: ExtensionIndex;
  /** How many `Any` values surround this one: each starts a new decode, so they are bounded on their own. */
  private readonly anyDepth: number;

  constructor(schema: ProtoSchema, extensions: ExtensionIndex, anyDepth: number) {
    this.schema = schema;
    this.extensions = extensions;
    this.anyDepth = anyDepth;
  }

  message(message: MessageDescriptor, decoded: Fields): JsonValue {
    const unknowns = decoded["$unknowns"];
    if (Array.isArray(unknowns)) this.unknownFields += unknowns.length;
    const special = message.file.package === "google.protobuf" ? this.wellKnown(message, decoded) : undefined;
    return special === undefined ? this.plain(message, decoded) : special;
  }

  private plain(message: MessageDescriptor, decoded: Fields): JsonValue {
    const result: Record<string, JsonValue> = {};
    for (const { field, key, name } of namedFields(message)) this.field(result, field, key, name, decoded);
    for (const field of this.extensions.get(message) ?? [])
      this.field(result, field, codecName(field), `[${field.fullName}]`, decoded);
    return result;
  }

  private field(
    result: Record<string, JsonValue>,
    field: FieldDescriptor,
    key: string,
    name: string,
    decoded: Fields,
  ): void {
    if (!Object.hasOwn(decoded, key)) return;
    const value = decoded[key];
    if (value === undefined || value === null) return;
    let json: JsonValue;
    if (field.isMap) {
      const entry = field.typeRef?.kind === "message" ? field.typeRef.fields[1] : undefined;
      if (entry === undefined) return;
      const keyType = field.typeRef?.kind === "message" ? field.typeRef.fields[0]?.type : undefined;
      const map: Record<string, JsonValue> = {};
      for (const [mapKey, item] of Object.entries(value as Fields))
        put(map, mapKeyText(mapKey, keyType), this.value(entry, item));
      if (Object.keys(map).length === 0) return;
      json = map;
    } else if (field.isRepeated) {
      const items = value as readonly unknown[];
      if (items.length === 0) return;
      json = items.map((item) => this.value(field, item));
    } else {
      json = this.value(field, value);
    }
    put(result, name, json);
  }

  private value(field: FieldDescriptor, value: unknown): JsonValue {
    switch (field.type) {
      case "message":
      case "group":
        return field.typeRef?.kind === "message" && typeof value === "object" && value !== null
          ? this.message(field.typeRef, value as Fields)
          : {};
      case "enum":
        return enumJson(field.typeRef?.kind === "enum" ? field.typeRef : undefined, Number(value));
      case "bytes":
        return value instanceof Uint8Array ? base64(value) : "";
      default:
        return scalarJson(value);
    }
  }

  private wellKnown(message: MessageDescriptor, decoded: Fields): JsonValue | undefined {
    const at = (number: number): unknown => (Object.hasOwn(decoded, `f${number}`) ? decoded[`f${number}`] : undefined);
    switch (message.name) {
      case "Timestamp":
        return timestampText(longText(at(1)), Number(at(2) ?? 0));
      case "Duration":
        return durationText(longText(at(1)), Number(at(2) ?? 0));
      case "FieldMask":
        return ((at(1) as string[] | undefined) ?? []).map(camelPath).join(",");
      case "Struct": {
        const result: Record<string, JsonValue> = {};
        const valueField = message.fields[0]?.typeRef;
        const entry = valueField?.kind === "message" ? valueField.fields[1] : undefined;
        if (entry === undefined) return undefined;
        for (const [key, item] of Object.entries((at(1) as Fields | undefined) ?? {}))
          put(result, key, this.value(entry, item));
        return result;
      }
      case "ListValue": {
        const items = message.fields[0];
        if (items === undefined) return undefined;
        return ((at(1) as unknown[] | undefined) ?? []).map((item) => this.value(items, item));
      }
      case "Value": {
        for (const field of message.fields) {
          if (at(field.number) !== undefined) return field.number === 1 ? null : this.value(field, at(field.number));
        }
        return null;
      }
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
        if (field === undefined) return undefined;
        const value = at(1);
        return value === undefined ? emptyWrapper(field) : this.value(field, value);
      }
      case "Any":
        return this.any(decoded);
      default:
        return undefined;
    }
  }

  private any(decoded: Fields): JsonValue | undefined {
    const typeUrl = decoded["f1"];
    const bytes = decoded["f2"];
    if (typeof typeUrl !== "string" || typeUrl === "" || this.anyDepth >= deepestAny) return undefined;
    const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
    const codec = codecType(this.schema, name);
    const fallback = { "@type": typeUrl, value: bytes instanceof Uint8Array ? base64(bytes) : "" };
    if (codec === undefined || !(bytes instanceof Uint8Array ? hasFewValues(codec.message, bytes) : true))
      return fallback;
    try {
      const inner = decodeFields(codec, bytes instanceof Uint8Array ? bytes : new Uint8Array());
      const reading = messageToJson(this.schema, codec.message, codec.extensions, inner, this.anyDepth + 1);
      this.unknownFields += reading.unknownFields;
      const value = reading.value;
      if (!isObject(value) || codec.message.file.package === "google.protobuf") return { "@type": typeUrl, value };
      return { "@type": typeUrl, ...value };
    } catch {
      return fallback;
    }
  }
}

const deepestAny = 8;

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a property whatever its name is, `__proto__` too. */
function put(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** protobufjs keeps 64-bit map keys as eight characters, one a byte. */
function mapKeyText(key: string, type: string | undefined): string {
  if (type === undefined || !type.endsWith("64") || /^-?\d{1,20}$/.test(key) || key.length !== 8) return key;
  let bits = 0n;
  for (let i = 7; i >= 0; i--) bits = (bits << 8n) | BigInt(key.charCodeAt(i) & 255);
  return (type.startsWith("u") || type === "fixed64" ? bits : BigInt.asIntN(64, bits)).toString();
}

function enumJson(type: EnumDescriptor | undefined, number: number): JsonValue {
  return type?.values.find((value) => value.number === number)?.name ?? number;
}

function scalarJson(value: unknown): JsonValue {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  return longText(value);
}

/** A 64-bit integer as protobufjs has it (an object with two halves, or a number) as digits. */
function longText(value: unknown): string {
  if (value === undefined || value === null) return "0";
  return typeof value === "number" ? value.toString() : (value as { toString(radix: number): string }).toString(10);
}

function emptyWrapper(field: FieldDescriptor): JsonValue {
  if (field.type === "bool") return false;
  if (field.type === "string" || field.type === "bytes") return "";
  return field.type.endsWith("64") ? "0" : 0;
}

function camelPath(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** RFC 3339 in UTC, worked out from the days since 1970; undefined where the time is out of protobuf's range. */
export function timestampText(secondsText: string, nanos: number): string | undefined {
  const seconds = Number(secondsText);
  if (!(seconds >= -62_135_596_800 && seconds <= 253_402_300_799) || !(nanos >= 0 && nanos <= 999_999_999))
    return undefined;
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const [year, month, day] = dateOf(days);
  const two = (n: number): string => String(n).padStart(2, "0");
  const time = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${time}${fraction(nanos)}Z`;
}

/** Year, month and day of a day counted from 1970-01-01, by the arithmetic of the Gregorian calendar's 400-year cycle. */
function dateOf(days: number): [number, number, number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

export function durationText(secondsText: string, nanos: number): string | undefined {
  const seconds = Number(secondsText);
  if (!(Math.abs(seconds) <= 315_576_000_000) || !(Math.abs(nanos) <= 999_999_999)) return undefined;
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) return undefined;
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
}

/** No digits, or three, six or nine: as many as are needed. */
function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
