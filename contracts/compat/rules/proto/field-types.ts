/** What the rules on the types of fields share. */
import type { EnumDescriptor, FieldDescriptor } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { Draft, Pair } from "../../proto-rule.ts";
import { fieldPlace, isMapPart } from "./places.ts";
import { proofOf } from "./proofs.ts";
import { fieldWords, kindOf, lastPart, typeWords } from "./words.ts";

/** Whether one of the types could not be resolved, so that only the names in the text can be compared. */
export function hasUnknownType({ before, after }: Pair<FieldDescriptor>): boolean {
  return before.type === "unknown" || after.type === "unknown";
}

/** A finding that nobody can decide, where the names of types that are not both known differ. */
export function unknownTypeDraft(pair: Pair<FieldDescriptor>): Draft | undefined {
  const [old, now] = [lastPart(typeWords(pair.before)), lastPart(typeWords(pair.after))];
  if (old === now) return undefined;
  const unknown = pair.after.type === "unknown" ? pair.after : pair.before;
  return {
    ...changedTypeDraft(pair),
    undecided: `The type "${unknown.node.typeName}" is not known, as an import is missing.`,
  };
}

/** Whether the named type is the same. */
export function sameTypeName({ before, after }: Pair<FieldDescriptor>): boolean {
  return before.typeRef?.fullName === after.typeRef?.fullName;
}

/** Whether an enum took the place of another that has the same short name and loses none of its values. */
export function isGrownEnum({ before, after }: Pair<FieldDescriptor>): boolean {
  const old = before.typeRef;
  const now = after.typeRef;
  if (old?.kind !== "enum" || now?.kind !== "enum" || old.name !== now.name) return false;
  return old.values.every((value) => hasValue(now, value.name, value.number));
}

function hasValue(enumeration: EnumDescriptor, name: string, number: number): boolean {
  return enumeration.values.some((value) => value.name === name && value.number === number);
}

export function changedTypeDraft(pair: Pair<FieldDescriptor>): Draft {
  const { before, after } = pair;
  const old = typeWords(before);
  const now = typeWords(after);
  const sameKind = kindOf(before) === kindOf(after);
  return {
    message: `${fieldWords(after)} changed its type from "${old}" to "${old === now ? `${now}" in another encoding` : `${now}"`}.`,
    place: typePlace(after),
    previous: typePlace(before),
    sourceConsequence: sameKind
      ? `Data stays readable, but code that uses "${old}" for this field no longer compiles.`
      : "Code that uses this field no longer compiles, or reads another type.",
    ...proofOf(pair),
  };
}

/** For the key or value of a map, the map's whole type. */
function typePlace(field: FieldDescriptor): Place {
  return isMapPart(field) ? fieldPlace(field) : field.typePlace;
}
