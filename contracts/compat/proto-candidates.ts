/** Values that a writer may set a field to, chosen so that a reader with another declaration shows what it cannot take. */
import {
  MessageValue,
  type FieldDescriptor,
  type FieldType,
  type FieldValue,
  type MessageDescriptor,
  type ScalarValue,
  type SingleValue,
} from "../proto/index.ts";

const byType: Readonly<Partial<Record<FieldType, readonly ScalarValue[]>>> = {
  int32: [150, -1, 2_147_483_647, 1],
  sint32: [150, -1, 1],
  sfixed32: [150, -1],
  uint32: [150, 4_294_967_295, 1],
  fixed32: [150, 4_294_967_295],
  int64: [150n, -1n, 9_007_199_254_740_993n, 1n],
  sint64: [150n, -1n, 9_007_199_254_740_993n, 1n],
  sfixed64: [150n, -1n],
  uint64: [150n, 18_446_744_073_709_551_615n, 1n],
  fixed64: [150n, 18_446_744_073_709_551_615n],
  bool: [true],
  string: ["text", "café", ""],
  bytes: [Uint8Array.of(0xff, 0xfe), Uint8Array.of(1, 2, 3)],
  double: [1.5, 1e300],
  float: [1.5],
};

const deepest = 5;

/** Values for one occurrence of `field`. For a message each value sets one of its fields. */
export function singleCandidates(field: FieldDescriptor, depth = 0): readonly SingleValue[] {
  if (field.typeRef?.kind === "enum") {
    const numbers = field.typeRef.values.map((value) => value.number).filter((number) => Number.isInteger(number));
    const others = numbers.filter((number) => number !== 0);
    return others.length > 0 ? others.slice(-2).reverse() : numbers.slice(0, 1);
  }
  if (field.typeRef?.kind === "message") {
    const message = field.typeRef;
    const base = filled(message, depth + 1);
    if (base === undefined) return [];
    const first =
      depth >= deepest
        ? undefined
        : message.fields.find((inner) => inner.type !== "unknown" && inner.typeRef?.kind !== "message");
    if (first === undefined) return [base];
    return fieldCandidates(first, depth + 1)
      .slice(0, 2)
      .map((value) => copyOf(base).with(first.number, value));
  }
  return byType[field.type] ?? [];
}

/** Values for the whole field: lists of one and two for a repeated one. */
export function fieldCandidates(field: FieldDescriptor, depth = 0): readonly FieldValue[] {
  if (field.isMap) {
    const [key, item] = field.typeRef?.kind === "message" ? field.typeRef.fields : [];
    const keyValue = key === undefined ? undefined : byType[key.type]?.[0];
    if (keyValue === undefined || item === undefined) return [];
    return singleCandidates(item, depth + 1).map((value) => ({ pairs: [[keyValue, value] as const] }));
  }
  const singles = singleCandidates(field, depth);
  if (!field.isRepeated) return singles;
  const [first, second] = singles;
  const lists: FieldValue[] = singles.map((value) => ({ items: [value] }));
  if (first !== undefined) lists.push({ items: [first, second ?? first] });
  return lists;
}

/** A message with nothing but its required fields; undefined where those never end or have an unknown type. */
export function filled(message: MessageDescriptor, depth = 0): MessageValue | undefined {
  if (depth > deepest * 2) return undefined;
  const value = new MessageValue(message);
  for (const field of message.fields) {
    if (!field.isRequired) continue;
    if (field.typeRef?.kind === "message") {
      const inner = filled(field.typeRef, depth + 1);
      if (inner === undefined) return undefined;
      value.with(field.number, inner);
    } else {
      const first = singleCandidates(field)[0];
      if (first === undefined) return undefined;
      value.with(field.number, first);
    }
  }
  return value;
}

export function copyOf(value: MessageValue): MessageValue {
  const copy = new MessageValue(value.message);
  for (const [number, field] of value.fields) copy.with(number, field);
  return copy;
}
