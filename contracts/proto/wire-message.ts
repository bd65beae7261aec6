/**
 * Messages by our own descriptors, without any library: what a writer puts on the wire and what a reader takes from it.
 *
 * Witnesses of wire breaks are made with this, so that protobufjs, which judges them, has no part in making them.
 */
import type { FieldDescriptor, FieldType, MessageDescriptor } from "./descriptors.ts";
import { readWire, utf8, wireType, type WireField } from "./wire.ts";

/** 64-bit integers are bigints, enum values their numbers. */
export type ScalarValue = number | bigint | string | boolean | Uint8Array;
export type SingleValue = ScalarValue | MessageValue;
export type MapValue = ReadonlyArray<readonly [key: ScalarValue, value: SingleValue]>;
/** A repeated field's value is a list, a map field's its entries. */
export type FieldValue = SingleValue | { readonly items: readonly SingleValue[] } | { readonly pairs: MapValue };

/** The fields of a message that are set, by number. */
export class MessageValue {
  readonly message: MessageDescriptor;
  readonly fields = new Map<number, FieldValue>();
  /** The numbers of fields that the message does not know, or that came in a form it cannot take. */
  readonly unknown: number[] = [];

  constructor(message: MessageDescriptor) {
    this.message = message;
  }

  with(number: number, value: FieldValue): this {
    this.fields.set(number, value);
    return this;
  }
}

const deepest = 100;

export function writeMessage(value: MessageValue): Uint8Array {
  const bytes: number[] = [];
  for (const field of value.message.fields) {
    const set = value.fields.get(field.number);
    if (set !== undefined) writeField(bytes, field, set);
  }
  return Uint8Array.from(bytes);
}

function writeField(bytes: number[], field: FieldDescriptor, value: FieldValue): void {
  if (typeof value === "object" && "pairs" in value) {
    const entry = field.typeRef;
    if (entry?.kind !== "message") return;
    for (const [key, item] of value.pairs)
      writeSingle(bytes, field, new MessageValue(entry).with(1, key).with(2, item));
  } else if (typeof value === "object" && "items" in value) {
    if (field.isPacked) {
      const packed: number[] = [];
      for (const item of value.items) if (!(item instanceof MessageValue)) writeScalar(packed, field.type, item);
      writeTag(bytes, field.number, wireType.bytes);
      writeVarint(bytes, BigInt(packed.length));
      for (const byte of packed) bytes.push(byte);
    } else {
      for (const item of value.items) writeSingle(bytes, field, item);
    }
  } else {
    if (!field.hasPresence && isDefault(value)) return;
    writeSingle(bytes, field, value);
  }
}

function writeSingle(bytes: number[], field: FieldDescriptor, value: SingleValue): void {
  if (value instanceof MessageValue) {
    const inner = writeMessage(value);
    if (field.isDelimited) {
      writeTag(bytes, field.number, wireType.startGroup);
      for (const byte of inner) bytes.push(byte);
      writeTag(bytes, field.number, wireType.endGroup);
    } else {
      writeTag(bytes, field.number, wireType.bytes);
      writeVarint(bytes, BigInt(inner.length));
      for (const byte of inner) bytes.push(byte);
    }
    return;
  }
  writeTag(bytes, field.number, scalarWireType(field.type));
  writeScalar(bytes, field.type, value);
}

/** How a type stands on the wire where it is not packed. */
export function scalarWireType(type: FieldType): number {
  switch (type) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return wireType.fixed64;
    case "float":
    case "fixed32":
    case "sfixed32":
      return wireType.fixed32;
    case "string":
    case "bytes":
    case "message":
    case "unknown":
      return wireType.bytes;
    case "group":
      return wireType.startGroup;
    default:
      return wireType.varint;
  }
}

function writeTag(bytes: number[], number: number, type: number): void {
  writeVarint(bytes, (BigInt(number) << 3n) | BigInt(type));
}

function writeVarint(bytes: number[], value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

function writeScalar(bytes: number[], type: FieldType, value: ScalarValue): void {
  switch (type) {
    case "string":
    case "bytes": {
      const content = value instanceof Uint8Array ? value : new TextEncoder().encode(String(value));
      writeVarint(bytes, BigInt(content.length));
      for (const byte of content) bytes.push(byte);
      return;
    }
    case "double":
    case "float": {
      const size = type === "double" ? 8 : 4;
      const view = new DataView(new ArrayBuffer(size));
      if (size === 8) view.setFloat64(0, Number(value), true);
      else view.setFloat32(0, Number(value), true);
      for (let i = 0; i < size; i++) bytes.push(view.getUint8(i));
      return;
    }
    case "sint32":
    case "sint64": {
      const number = integer(value);
      writeVarint(bytes, number >= 0n ? number << 1n : (-number << 1n) - 1n);
      return;
    }
    case "fixed32":
    case "sfixed32":
    case "fixed64":
    case "sfixed64": {
      let bits = BigInt.asUintN(64, integer(value));
      for (let i = type.endsWith("64") ? 8 : 4; i > 0; i--) {
        bytes.push(Number(bits & 255n));
        bits >>= 8n;
      }
      return;
    }
    default:
      writeVarint(bytes, integer(value));
  }
}

function integer(value: ScalarValue): bigint {
  if (typeof value === "bigint") return value;
  return typeof value === "number" || typeof value === "boolean" ? BigInt(value) : 0n;
}

function isDefault(value: SingleValue): boolean {
  if (value instanceof MessageValue) return false;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === 0 || value === 0n || value === "" || value === false;
}

/** What a reader of `message` makes of `bytes`, or the reason why it gives up. */
export function readMessage(message: MessageDescriptor, bytes: Uint8Array, depth = 0): MessageValue | string {
  const fields = readWire(bytes);
  if (fields === undefined) return "the bytes are no message";
  return readFields(message, bytes, fields, depth);
}

function readFields(
  message: MessageDescriptor,
  bytes: Uint8Array,
  fields: readonly WireField[],
  depth: number,
): MessageValue | string {
  if (depth > deepest) return "messages nest too deep";
  const value = new MessageValue(message);
  for (const field of fields) {
    const failure = readField(value, bytes, field, depth);
    if (failure !== undefined) return failure;
  }
  for (const field of message.fields) {
    if (field.isRequired && !value.fields.has(field.number)) return `the required field "${field.name}" is missing`;
  }
  return value;
}

/** Puts one field of the wire into `value`; gives a reason where the whole message becomes unreadable. */
function readField(value: MessageValue, bytes: Uint8Array, wire: WireField, depth: number): string | undefined {
  const field = value.message.fieldByNumber(wire.number);
  if (field === undefined || field.type === "unknown") {
    value.unknown.push(wire.number);
    return undefined;
  }
  if (field.isPackable && wire.type === wireType.bytes) return readPacked(value, bytes, wire, field);
  const wanted = field.isDelimited ? wireType.startGroup : scalarWireType(field.type);
  if (wire.type !== wanted) {
    value.unknown.push(wire.number);
    return undefined;
  }
  let single: SingleValue;
  if (field.type === "message" || field.type === "group") {
    if (field.typeRef?.kind !== "message") return undefined;
    const inner = readWire(bytes, wire.start, wire.end);
    if (inner === undefined) return `the bytes of "${field.name}" are no message`;
    const nested = readFields(field.typeRef, bytes, inner, depth + 1);
    if (typeof nested === "string") return nested;
    single = nested;
  } else {
    const scalar = scalarOf(field, bytes, wire);
    if (scalar === undefined) return `"${field.name}" holds bytes that are not UTF-8`;
    single = scalar;
  }
  if (isUnknownClosedValue(field, single)) {
    value.unknown.push(wire.number);
    return undefined;
  }
  store(value, field, single);
  return undefined;
}

function readPacked(
  value: MessageValue,
  bytes: Uint8Array,
  wire: WireField,
  field: FieldDescriptor,
): string | undefined {
  let at = wire.start;
  const type = scalarWireType(field.type);
  const size = type === wireType.fixed64 ? 8 : type === wireType.fixed32 ? 4 : 0;
  while (at < wire.end) {
    let end = at + size;
    if (size === 0) {
      end = at;
      while (end < wire.end && (bytes[end] ?? 0) >= 128) end++;
      end++;
    }
    if (end > wire.end) return `the bytes of "${field.name}" are not the numbers that it holds`;
    const framed = Uint8Array.of((1 << 3) | type, ...bytes.subarray(at, end));
    const read = readWire(framed)?.[0];
    if (read === undefined) return `the bytes of "${field.name}" are not the numbers that it holds`;
    const scalar = scalarOf(field, framed, read);
    if (scalar !== undefined) {
      if (isUnknownClosedValue(field, scalar)) value.unknown.push(field.number);
      else store(value, field, scalar);
    }
    at = end;
  }
  return undefined;
}

function isUnknownClosedValue(field: FieldDescriptor, value: SingleValue): boolean {
  if (field.typeRef?.kind !== "enum" || !field.typeRef.isClosed) return false;
  return !field.typeRef.values.some((known) => known.number === value);
}

function scalarOf(field: FieldDescriptor, bytes: Uint8Array, wire: WireField): ScalarValue | undefined {
  switch (field.type) {
    case "string": {
      const content = bytes.subarray(wire.start, wire.end);
      const text = utf8(content);
      if (text !== undefined) return text;
      return field.features.utf8Validation === "VERIFY" ? undefined : new TextDecoder().decode(content);
    }
    case "bytes":
      return bytes.slice(wire.start, wire.end);
    case "bool":
      return wire.bits !== 0n;
    case "int32":
    case "sfixed32":
    case "enum":
      return Number(BigInt.asIntN(32, wire.bits));
    case "uint32":
    case "fixed32":
      return Number(BigInt.asUintN(32, wire.bits));
    case "int64":
    case "sfixed64":
      return BigInt.asIntN(64, wire.bits);
    case "uint64":
    case "fixed64":
      return wire.bits;
    case "sint32": {
      const bits = BigInt.asUintN(32, wire.bits);
      return Number(BigInt.asIntN(32, (bits >> 1n) ^ -(bits & 1n)));
    }
    case "sint64":
      return BigInt.asIntN(64, (wire.bits >> 1n) ^ -(wire.bits & 1n));
    case "double":
    case "float": {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, wire.bits, true);
      return field.type === "double" ? view.getFloat64(0, true) : view.getFloat32(0, true);
    }
    default:
      return undefined;
  }
}

/** Repeated fields grow, map entries replace those of their key, a oneof keeps its last member, messages merge. */
function store(value: MessageValue, field: FieldDescriptor, single: SingleValue): void {
  const held = value.fields.get(field.number);
  if (field.isMap && single instanceof MessageValue) {
    const key = scalarOrDefault(single, 1);
    const item = single.fields.get(2) ?? defaultOf(single.message.fields[1]);
    if (typeof item === "object" && ("items" in item || "pairs" in item)) return;
    const entries = typeof held === "object" && "pairs" in held ? held.pairs.filter(([known]) => known !== key) : [];
    value.fields.set(field.number, { pairs: [...entries, [key, item]] });
    return;
  }
  if (field.isRepeated) {
    const items = typeof held === "object" && "items" in held ? held.items : [];
    value.fields.set(field.number, { items: [...items, single] });
    return;
  }
  if (field.oneof !== undefined) {
    for (const member of field.oneof.fields) if (member !== field) value.fields.delete(member.number);
  }
  if (held instanceof MessageValue && single instanceof MessageValue) {
    for (const [number, inner] of single.fields) held.fields.set(number, inner);
    held.unknown.push(...single.unknown);
    return;
  }
  if (!field.hasPresence && isDefault(single)) value.fields.delete(field.number);
  else value.fields.set(field.number, single);
}

function scalarOrDefault(entry: MessageValue, number: number): ScalarValue {
  const value = entry.fields.get(number) ?? defaultOf(entry.message.fields[number - 1]);
  return typeof value === "object" && !(value instanceof Uint8Array) ? "" : value;
}

/** What a reader sees of a field that is not there (without the defaults that proto2 may state). */
export function defaultOf(field: FieldDescriptor | undefined): SingleValue {
  switch (field?.type) {
    case "string":
      return "";
    case "bytes":
      return new Uint8Array();
    case "bool":
      return false;
    case "message":
    case "group":
      return field.typeRef?.kind === "message" ? new MessageValue(field.typeRef) : "";
    case "enum":
      return field.typeRef?.kind === "enum" ? (field.typeRef.values[0]?.number ?? 0) : 0;
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      return 0n;
    default:
      return 0;
  }
}
