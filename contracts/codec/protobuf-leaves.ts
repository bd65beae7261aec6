/** The single values of a protobuf message in its bytes. What its contract does not know has the number as its name. */
import type { FieldDescriptor, MessageDescriptor, ProtoSchema } from "../proto/index.ts";
import { utf8 } from "../proto/index.ts";
import { type LeafForm, mostLeaves, type VisitLeaf } from "./leaves.ts";
import { WireCursor, wireTypeOf } from "./protobuf-wire.ts";

const deepest = 100;
/** Their value stands for them in JSON, without a name of its own. */
const nameless = /^google\.protobuf\.(?:Value|Struct|ListValue|\w+Value)$/;

/** Visits the values of a message between `start` and `end`; stops without a word where the bytes are none. */
export function protobufLeaves(
  schema: ProtoSchema,
  message: MessageDescriptor,
  bytes: Uint8Array,
  start: number,
  visit: VisitLeaf,
): void {
  new LeafWalk(schema, bytes, visit).message(message, start, bytes.length, 0);
}

class LeafWalk extends WireCursor {
  private readonly schema: ProtoSchema;
  private readonly visit: VisitLeaf;
  private readonly path: string[] = [];
  private left = mostLeaves;
  /** Of the message in the Any that is read just now. */
  private anyType = "";

  constructor(schema: ProtoSchema, bytes: Uint8Array, visit: VisitLeaf) {
    super(bytes);
    this.schema = schema;
    this.visit = visit;
  }

  message(message: MessageDescriptor | undefined, start: number, end: number, depth: number): boolean {
    this.at = start;
    return this.fields(message, end, depth) && this.at === end;
  }

  /** Until the bytes end, or the group does. */
  private fields(message: MessageDescriptor | undefined, end: number, depth: number): boolean {
    if (depth > deepest) return false;
    const isNameless = message !== undefined && nameless.test(message.fullName);
    while (this.at < end) {
      const tag = this.varint(end);
      if (tag < 8) return false;
      if (tag % 8 === 4) return true;
      const number = Math.floor(tag / 8);
      const field = message?.fields.find((one) => one.number === number);
      if (!isNameless) this.path.push(field?.jsonName ?? `#${number}`);
      const isRead = this.field(message, field, tag % 8, end, depth);
      if (!isNameless) this.path.pop();
      if (!isRead) return false;
    }
    return true;
  }

  private field(
    message: MessageDescriptor | undefined,
    field: FieldDescriptor | undefined,
    wire: number,
    end: number,
    depth: number,
  ): boolean {
    if (wire === 0 || wire === 1 || wire === 5) return this.number(field, wire, end);
    const inner = field?.typeRef?.kind === "message" ? field.typeRef : undefined;
    if (wire === 3) return this.fields(inner, end, depth + 1);
    if (wire !== 2) return false;
    const length = this.varint(end);
    const from = this.at;
    const to = from + length;
    if (length < 0 || to > end) return false;
    if (field?.isMap === true && inner !== undefined) this.entry(inner, from, to, depth);
    else if (inner !== undefined) this.message(inner, from, to, depth + 1);
    else if (message?.fullName === "google.protobuf.Any" && field?.number === 2) this.any(message, from, to, depth);
    else if (field !== undefined && field.type !== "string" && field.type !== "bytes") this.packed(field, from, to);
    else {
      if (message?.fullName === "google.protobuf.Any" && field?.number === 1) this.anyType = this.typeName(from, to);
      this.leaf(from, to, "bytes");
    }
    this.at = to;
    return true;
  }

  private number(field: FieldDescriptor | undefined, wire: number, end: number): boolean {
    const from = this.at;
    if (!this.skipNumber(wire, end)) return false;
    const { type } = field ?? {};
    // The values of these are few, and everybody knows them.
    if (type === "bool" || type === "enum") return true;
    const isFloat = type === "double" || type === "float";
    const isZigzag = type === "sint32" || type === "sint64";
    this.leaf(from, this.at, wire === 0 ? (isZigzag ? "zigzag" : "varint") : isFloat ? "float little" : "little");
    return true;
  }

  private packed(field: FieldDescriptor, from: number, to: number): void {
    const own = wireTypeOf(field);
    const wire = own === 1 || own === 5 ? own : 0;
    this.at = from;
    while (this.at < to && this.number(field, wire, to));
  }

  /** The key of a map's entry is the name of its value. */
  private entry(entry: MessageDescriptor, from: number, to: number, depth: number): void {
    const key = this.keyOf(from, to);
    if (key?.span !== undefined)
      this.visit({ path: this.path, start: key.span[0], end: key.span[1], form: "bytes", isName: true });
    this.path.push(key?.text ?? "");
    this.at = from;
    while (this.at < to) {
      const tag = this.varint(to);
      if (tag < 8) break;
      const field = Math.floor(tag / 8) === 2 ? entry.fields.find(({ number }) => number === 2) : undefined;
      if (field === undefined) {
        if (!this.skip(tag % 8, to)) break;
      } else if (!this.field(entry, field, tag % 8, to, depth)) break;
    }
    this.path.pop();
  }

  private keyOf(from: number, to: number): { text: string; span?: readonly [number, number] } | undefined {
    this.at = from;
    while (this.at < to) {
      const tag = this.varint(to);
      if (tag < 8) return undefined;
      const start = this.at;
      if (tag === 10) {
        const length = this.varint(to);
        const at = this.at;
        if (length < 0 || at + length > to) return undefined;
        return { text: utf8(this.bytes.subarray(at, at + length)) ?? "", span: [at, at + length] };
      }
      if (tag === 8) return { text: String(this.varint(to)) };
      this.at = start;
      if (!this.skip(tag % 8, to)) return undefined;
    }
    return undefined;
  }

  private any(any: MessageDescriptor, from: number, to: number, depth: number): void {
    const inner = this.schema.message(this.anyType);
    this.anyType = "";
    // The name of the type stands before its bytes; who writes it the other way round has it shown as bytes.
    if (inner === undefined || any === inner) {
      this.leaf(from, to, "bytes");
      return;
    }
    // In JSON the members of the message stand where the field would.
    const name = this.path.pop() ?? "";
    this.message(inner, from, to, depth + 1);
    this.path.push(name);
  }

  private typeName(from: number, to: number): string {
    return utf8(this.bytes.subarray(from, to))?.replace(/^.*\//, "") ?? "";
  }

  private leaf(start: number, end: number, form: LeafForm): void {
    if (start < end && --this.left >= 0) this.visit({ path: this.path, start, end, form });
  }

  private skip(wire: number, end: number): boolean {
    if (wire === 3 || wire === 4) return true;
    if (wire !== 2) return this.skipNumber(wire, end);
    const length = this.varint(end);
    if (length < 0) return false;
    this.at += length;
    return this.at <= end;
  }
}
