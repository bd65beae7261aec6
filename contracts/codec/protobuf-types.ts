/**
 * A linked schema as protobufjs knows types.
 *
 * Only the types that a message reaches are made, and their features are stated one by one, so nothing depends on
 * how protobufjs resolves names or editions. Fields are named by number (`f7`): no name of a contract can collide
 * with one of JavaScript's.
 */
import protobuf from "protobufjs/light.js";
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor, ProtoSchema } from "../proto/index.ts";

export interface CodecType {
  readonly type: protobuf.Type;
  readonly message: MessageDescriptor;
  readonly extensions: ExtensionIndex;
}

/** Extension fields by the message that they extend. */
export type ExtensionIndex = ReadonlyMap<MessageDescriptor, readonly FieldDescriptor[]>;

/** The fields in `bytes` by the type's own rules; what it does not know is kept in `$unknowns`. Throws on broken bytes. */
export function decodeFields(codec: CodecType, bytes: Uint8Array): object {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  return codec.type.decode(reader);
}

const typesOf = new WeakMap<ProtoSchema, Map<string, CodecType | undefined>>();
const extensionsOf = new WeakMap<ProtoSchema, ExtensionIndex>();

/** The name that a field has in protobufjs' messages. */
export function codecName(field: FieldDescriptor): string {
  return `f${field.number}`;
}

/** The protobufjs type of a message, or undefined where the schema has none of that name. Made once a schema. */
export function codecType(schema: ProtoSchema, messageName: string): CodecType | undefined {
  let types = typesOf.get(schema);
  if (types === undefined) typesOf.set(schema, (types = new Map()));
  if (types.has(messageName)) return types.get(messageName);
  const message = schema.message(messageName);
  const built = message === undefined ? undefined : build(message, indexExtensions(schema));
  types.set(messageName, built);
  return built;
}

function indexExtensions(schema: ProtoSchema): ExtensionIndex {
  let index = extensionsOf.get(schema);
  if (index === undefined) {
    const made = new Map<MessageDescriptor, FieldDescriptor[]>();
    for (const extension of schema.extensions()) {
      if (extension.extendee === undefined) continue;
      const list = made.get(extension.extendee);
      if (list === undefined) made.set(extension.extendee, [extension]);
      else list.push(extension);
    }
    extensionsOf.set(schema, (index = made));
  }
  return index;
}

function build(message: MessageDescriptor, extensions: ExtensionIndex): CodecType {
  const root = new protobuf.Root();
  // Every feature is stated on each element, so any edition does.
  (root as unknown as { _edition: string })._edition = "2023";
  const names = new Map<MessageDescriptor | EnumDescriptor, string>();
  const waiting: MessageDescriptor[] = [message];
  const types = new Map<MessageDescriptor, protobuf.Type>();
  const nameOf = (target: MessageDescriptor | EnumDescriptor): string => {
    let name = names.get(target);
    if (name === undefined) {
      name = `T${names.size}`;
      names.set(target, name);
      if (target.kind === "message") waiting.push(target);
      else root.add(enumType(name, target));
    }
    return name;
  };
  names.set(message, "T0");
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (types.has(next)) continue;
    const type = new protobuf.Type(nameOf(next));
    types.set(next, type);
    const taken = new Set<number>();
    for (const field of [...next.fields, ...(extensions.get(next) ?? [])]) {
      if (taken.has(field.number) || !(field.number >= 1 && field.number <= 536_870_911)) continue;
      const made = codecField(field, nameOf);
      if (made === undefined) continue;
      taken.add(field.number);
      // For protobufjs' own JSON, which judges witnesses.
      Object.assign(made, { jsonName: field.jsonName, protoName: field.name });
      type.add(made);
    }
    for (const [index, oneof] of next.oneofs.entries()) {
      const members = oneof.fields.map(codecName).filter((name) => type.fields[name] !== undefined);
      if (members.length > 0) type.add(new protobuf.OneOf(`o${index}`, members));
    }
    root.add(type);
  }
  root.resolveAll();
  return { type: root.lookupType("T0"), message, extensions };
}

function enumType(name: string, target: EnumDescriptor): protobuf.Enum {
  const values: Record<string, number> = {};
  for (const value of target.values) {
    if (Number.isInteger(value.number) && value.name !== "__proto__") values[value.name] = value.number;
  }
  return new protobuf.Enum(name, values, { features: { enum_type: target.isClosed ? "CLOSED" : "OPEN" } });
}

function codecField(
  field: FieldDescriptor,
  nameOf: (target: MessageDescriptor | EnumDescriptor) => string,
): protobuf.Field | protobuf.MapField | undefined {
  const name = codecName(field);
  const features = field.features;
  const options = {
    features: {
      field_presence: field.isRequired ? "LEGACY_REQUIRED" : field.hasPresence ? "EXPLICIT" : "IMPLICIT",
      repeated_field_encoding: field.isPacked ? "PACKED" : "EXPANDED",
      message_encoding: field.isDelimited ? "DELIMITED" : "LENGTH_PREFIXED",
      utf8_validation: features.utf8Validation,
    },
    ...statedDefault(field),
  };
  if (field.isMap) {
    if (field.typeRef?.kind !== "message") return undefined;
    const key = field.typeRef.fields[0];
    const value = field.typeRef.fields[1];
    if (key === undefined || value === undefined) return undefined;
    const keyType = typeName(key, nameOf);
    const valueType = typeName(value, nameOf);
    if (keyType === undefined || valueType === undefined || !mapKeys.has(keyType)) return undefined;
    return new protobuf.MapField(name, field.number, keyType, valueType, options);
  }
  const type = typeName(field, nameOf);
  if (type === undefined) return undefined;
  return new protobuf.Field(name, field.number, type, field.isRepeated ? "repeated" : undefined, undefined, options);
}

/** The default that the contract states, where it is a number, a bool, a text or an enum value. */
function statedDefault(field: FieldDescriptor): { default?: string | number | boolean } {
  const value = field.defaultValue;
  if (value === undefined || field.isRepeated || field.type === "bytes" || field.type === "unknown") return {};
  if (value.kind === "string") return { default: value.text };
  if (value.kind === "word" && field.type === "bool") return { default: value.text === "true" };
  if (value.kind === "word" && field.type === "enum") return { default: value.text };
  if (value.kind !== "int" && value.kind !== "float") return {};
  const number = Number(/^0[0-7]+$/.test(value.text) ? `0o${value.text.slice(1)}` : value.text);
  return Number.isNaN(number) ? {} : { default: value.negative ? -number : number };
}

const mapKeys = new Set(
  "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string".split(" "),
);

function typeName(
  field: FieldDescriptor,
  nameOf: (target: MessageDescriptor | EnumDescriptor) => string,
): string | undefined {
  if (field.type === "unknown") return undefined;
  if (field.type !== "message" && field.type !== "group" && field.type !== "enum") return field.type;
  return field.typeRef === undefined ? undefined : nameOf(field.typeRef);
}
