/** The fields of a Protobuf body with their places in its bytes, in one walk over the wire beside the schema. */
import type { FieldDescriptor, MessageDescriptor, ProtoSchema } from "../proto/index.ts";
import { isReadable, readText } from "./body.ts";
import { type FieldFacts, type FieldMap, mostFields, type UnreadField, wayTo } from "./field-map.ts";
import { codecType, type ExtensionIndex } from "./protobuf-types.ts";
import { wireTypeOf } from "./protobuf-wire.ts";

const deepestMessage = 100;
const deepestAny = 8;
const mostUnread = 100;
const longestWireText = 80;

/** Maps the message `name` that lies in `bytes` from `start` on. Never throws: what is broken ends the map there. */
export function protobufFields(schema: ProtoSchema, name: string, bytes: Uint8Array, start: number): FieldMap {
  const codec = codecType(schema, name);
  const walk = new Walk(schema, bytes, codec?.extensions ?? new Map());
  if (codec !== undefined) walk.message(codec.message, { start, end: bytes.length, way: "", depth: 0, anyDepth: 0 });
  return { fields: walk.fields, unread: walk.unread };
}

interface Part {
  readonly start: number;
  readonly end: number;
  /** The dotted way to it. */
  readonly way: string;
  readonly depth: number;
  readonly anyDepth: number;
}

/** One field as it stands: `from` its tag `to` its end, its contents between. */
interface Found {
  readonly number: number;
  readonly wire: number;
  readonly from: number;
  readonly to: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly value: bigint;
}

class Walk {
  readonly fields = new Map<string, FieldFacts>();
  readonly unread: UnreadField[] = [];
  private at = 0;
  private readonly schema: ProtoSchema;
  private readonly bytes: Uint8Array;
  private readonly extensions: ExtensionIndex;

  constructor(schema: ProtoSchema, bytes: Uint8Array, extensions: ExtensionIndex) {
    this.schema = schema;
    this.bytes = bytes;
    this.extensions = extensions;
  }

  message(message: MessageDescriptor, part: Part): void {
    if (part.depth > deepestMessage) return;
    const counts = new Map<number, number>();
    const { at } = this;
    this.at = part.start;
    while (this.at < part.end && this.fields.size < mostFields) {
      const found = this.field(part.end);
      if (found === undefined) break;
      this.take(message, part, counts, found);
      this.at = found.to;
    }
    this.at = at;
  }

  private take(message: MessageDescriptor, part: Part, counts: Map<number, number>, found: Found): void {
    const extension = this.extensions.get(message)?.find(({ number }) => number === found.number);
    const field = message.fieldByNumber(found.number) ?? extension;
    if (field === undefined) {
      const what = `field ${found.number} is not in "${message.fullName}"`;
      this.note(part, `#${found.number}`, found, {
        message: `has ${this.wireText(found)}: ${what}`,
        place: message.namePlace,
      });
      return;
    }
    const name = field.isExtension ? `[${field.fullName}]` : field.jsonName;
    const isPacked = found.wire === 2 && field.isPackable;
    if (found.wire !== wireTypeOf(field) && !isPacked) {
      const declared = `${bareType(field)}${field.isRepeated ? "[]" : ""} ${field.name} = ${field.number}`;
      const text = `came as ${wireWords[found.wire] ?? "other bytes"}, the contract has ${declared}`;
      this.note(part, name, found, { type: typeText(field), message: text, place: field.namePlace });
      return;
    }
    const way = wayTo(part.way, name);
    this.place(way, typeText(field), found.from, found.to);
    if (field.isMap) this.entry(field, way, part, found);
    else if (isPacked) this.packed(field, way, counts, found);
    else if (field.isRepeated) {
      const index = counts.get(found.number) ?? 0;
      counts.set(found.number, index + 1);
      const itemWay = wayTo(way, String(index));
      this.place(itemWay, bareType(field), found.from, found.to);
      this.inside(field, itemWay, part, found);
    } else this.inside(field, way, part, found);
  }

  /** What lies in a field that is a message. */
  private inside(field: FieldDescriptor, way: string, part: Part, found: Found): void {
    const message = field.typeRef?.kind === "message" ? field.typeRef : undefined;
    if (message === undefined) return;
    const inner = {
      start: found.contentStart,
      end: found.contentEnd,
      way,
      depth: part.depth + 1,
      anyDepth: part.anyDepth,
    };
    if (message.fullName === "google.protobuf.Any") this.any(inner);
    else if (!isLeaf(message)) this.message(message, inner);
  }

  /** JSON has the fields of the message in an `Any` beside its type. */
  private any(part: Part): void {
    const { at } = this;
    this.at = part.start;
    let type = "";
    let value: Found | undefined;
    while (this.at < part.end) {
      const found = this.field(part.end);
      if (found === undefined) break;
      this.at = found.to;
      if (found.number === 1 && found.wire === 2) {
        type = readText(this.bytes.subarray(found.contentStart, found.contentEnd)) ?? "";
        this.place(wayTo(part.way, "@type"), "string = 1", found.from, found.to);
      } else if (found.number === 2 && found.wire === 2) value = found;
    }
    this.at = at;
    const message = this.schema.message(type.slice(type.lastIndexOf("/") + 1));
    if (value === undefined) return;
    if (message === undefined || isLeaf(message) || part.anyDepth >= deepestAny) {
      this.place(wayTo(part.way, "value"), "bytes = 2", value.from, value.to);
      return;
    }
    this.message(message, {
      start: value.contentStart,
      end: value.contentEnd,
      way: part.way,
      depth: part.depth + 1,
      anyDepth: part.anyDepth + 1,
    });
  }

  /** One entry of a map: its key names it. */
  private entry(field: FieldDescriptor, way: string, part: Part, found: Found): void {
    const entry = field.typeRef?.kind === "message" ? field.typeRef : undefined;
    const [keyField, valueField] = entry?.fields ?? [];
    if (keyField === undefined || valueField === undefined) return;
    const { at } = this;
    this.at = found.contentStart;
    let key = emptyKey(keyField.type);
    let value: Found | undefined;
    while (this.at < found.contentEnd) {
      const one = this.field(found.contentEnd);
      if (one === undefined) break;
      this.at = one.to;
      if (one.number === 1) key = this.keyText(keyField.type, one);
      else if (one.number === 2 && one.wire === wireTypeOf(valueField)) value = one;
    }
    this.at = at;
    const itemWay = wayTo(way, key);
    this.place(itemWay, bareType(valueField), found.from, found.to);
    if (value !== undefined) this.inside(valueField, itemWay, part, value);
  }

  private packed(field: FieldDescriptor, way: string, counts: Map<number, number>, found: Found): void {
    const { at } = this;
    this.at = found.contentStart;
    let index = counts.get(found.number) ?? 0;
    while (this.at < found.contentEnd && this.fields.size < mostFields) {
      const from = this.at;
      if (!this.skip(wireTypeOf(field), found.contentEnd)) break;
      this.place(wayTo(way, String(index)), bareType(field), from, this.at);
      index++;
    }
    counts.set(found.number, index);
    this.at = at;
  }

  /** Keeps where a field lies; one that lies in several places apart has none. */
  private place(way: string, type: string, from: number, to: number): void {
    const known = this.fields.get(way);
    if (known === undefined) this.fields.set(way, { type, bytes: [from, to - from] });
    else if (known.bytes !== undefined && known.bytes[0] + known.bytes[1] === from) {
      this.fields.set(way, { type, bytes: [known.bytes[0], to - known.bytes[0]] });
    } else this.fields.set(way, { type });
  }

  private note(
    part: Part,
    name: string,
    found: Found,
    more: Pick<UnreadField, "message"> & Partial<Pick<UnreadField, "type" | "place">>,
  ): void {
    if (this.unread.length >= mostUnread) return;
    const bytes = [found.from, found.to - found.from] as const;
    this.unread.push({ parent: part.way, name, wire: this.wireText(found), bytes, ...more });
  }

  private wireText({ wire, value, contentStart, contentEnd }: Found): string {
    if (wire === 0) return value.toString();
    const size = contentEnd - contentStart;
    if (wire !== 2) return wire === 3 ? "a group" : `${size} bytes`;
    const text =
      size > 0 && size <= 4 * longestWireText ? readText(this.bytes.subarray(contentStart, contentEnd)) : undefined;
    if (text === undefined || !isReadable(text)) return `${size} byte${size === 1 ? "" : "s"}`;
    return `"${text.length > longestWireText ? `${text.slice(0, longestWireText)}…` : text}"`;
  }

  private keyText(type: string, { wire, value, contentStart, contentEnd }: Found): string {
    if (wire === 2) return readText(this.bytes.subarray(contentStart, contentEnd)) ?? "";
    if (type === "bool") return value === 0n ? "false" : "true";
    const bits = wire === 0 ? value : this.fixed(contentStart, contentEnd);
    if (type.startsWith("sint")) return ((bits >> 1n) ^ -(bits & 1n)).toString();
    if (type.startsWith("u") || type.startsWith("fixed")) return bits.toString();
    return BigInt.asIntN(type.endsWith("64") ? 64 : 32, bits).toString();
  }

  private fixed(start: number, end: number): bigint {
    let bits = 0n;
    for (let i = end - 1; i >= start; i--) bits = (bits << 8n) | BigInt(this.bytes[i] ?? 0);
    return bits;
  }

  /** The field that begins here; `undefined` where none does. */
  private field(end: number): Found | undefined {
    const from = this.at;
    const tag = this.varint(end);
    if (tag === undefined || tag < 8n || tag > 0xffff_ffffn) return undefined;
    const wire = Number(tag & 7n);
    const number = Number(tag >> 3n);
    let contentStart = this.at;
    let contentEnd: number;
    let value = 0n;
    if (wire === 2) {
      const length = this.varint(end);
      contentStart = this.at;
      if (length === undefined || length > BigInt(end - contentStart)) return undefined;
      this.at = contentEnd = contentStart + Number(length);
    } else if (wire === 3) {
      const inside = this.group(number, end, 0);
      if (inside === undefined) return undefined;
      contentEnd = inside;
    } else {
      if (wire === 0) {
        const read = this.varint(end);
        if (read === undefined) return undefined;
        value = read;
      } else if (!this.skip(wire, end)) return undefined;
      contentEnd = this.at;
    }
    return { number, wire, from, to: this.at, contentStart, contentEnd, value };
  }

  /** Goes behind the end tag of a group and gives the end of its contents. */
  private group(number: number, end: number, depth: number): number | undefined {
    if (depth > deepestMessage) return undefined;
    while (this.at < end) {
      const before = this.at;
      const tag = this.varint(end);
      if (tag === undefined || tag < 8n) return undefined;
      const wire = Number(tag & 7n);
      if (wire === 4) return Number(tag >> 3n) === number ? before : undefined;
      if (wire === 2) {
        const length = this.varint(end);
        if (length === undefined || length > BigInt(end - this.at)) return undefined;
        this.at += Number(length);
      } else if (wire === 3) {
        if (this.group(Number(tag >> 3n), end, depth + 1) === undefined) return undefined;
      } else if (!this.skip(wire, end)) return undefined;
    }
    return undefined;
  }

  private skip(wire: number, end: number): boolean {
    if (wire === 0) return this.varint(end) !== undefined;
    if (wire !== 1 && wire !== 5) return false;
    this.at += wire === 1 ? 8 : 4;
    return this.at <= end;
  }

  private varint(end: number): bigint | undefined {
    let value = 0n;
    for (let i = 0; i < 10 && this.at < end; i++) {
      const byte = this.bytes[this.at++] ?? 0;
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return undefined;
  }
}

const wireWords: Readonly<Record<number, string>> = {
  0: "a number of variable length",
  1: "eight bytes",
  2: "bytes with their length",
  3: "a group",
  5: "four bytes",
};

/** `Line[] = 4`: a type as the contract has it, without its package, and the number. */
function typeText(field: FieldDescriptor): string {
  if (field.isMap && field.typeRef?.kind === "message") {
    const [key, value] = field.typeRef.fields;
    const types = [key, value].map((one) => (one === undefined ? "?" : bareType(one)));
    return `map<${types.join(", ")}> = ${field.number}`;
  }
  return `${bareType(field)}${field.isRepeated ? "[]" : ""} = ${field.number}`;
}

function bareType(field: FieldDescriptor): string {
  return field.typeRef?.name ?? field.type;
}

/** Well-known types that JSON writes as one value. */
const leaves: ReadonlySet<string> = new Set(
  "Timestamp Duration FieldMask Struct ListValue Value DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue".split(
    " ",
  ),
);

function isLeaf(message: MessageDescriptor): boolean {
  return message.file.package === "google.protobuf" && leaves.has(message.name);
}

function emptyKey(type: string): string {
  return type === "string" ? "" : type === "bool" ? "false" : "0";
}
