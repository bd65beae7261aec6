/** How findings name elements and types. */
import type { FieldDescriptor } from "../../../proto/index.ts";

/** `Field 3, "note", of message "Order"`. */
export function fieldWords(field: FieldDescriptor): string {
  if (field.isExtension) {
    const extended = field.extendee?.fullName ?? field.extend?.typeName ?? "";
    return `Extension ${field.number}, "${field.fullName}", of message "${extended}"`;
  }
  return `Field ${field.number}, "${field.name}", of message "${field.parent?.name ?? ""}"`;
}

/** What a field is on the wire and in code: a scalar's name, or the kind of what it refers to. */
export function kindOf(field: FieldDescriptor): string {
  if (field.type === "message" || field.type === "group") return field.isDelimited ? "group" : "message";
  return field.type;
}

/** A type as a person would write it. */
export function typeWords(field: FieldDescriptor): string {
  if (field.typeRef !== undefined) return field.typeRef.fullName;
  return field.type === "unknown" ? field.node.typeName : field.type;
}

/** `Order` of `shop.v1.Order`. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
