/** What the rules on the cardinality of fields share. */
import type { FieldDescriptor } from "../../../proto/index.ts";
import type { Draft, Pair } from "../../proto-rule.ts";
import { proofOf } from "./proofs.ts";
import { fieldPlace } from "./places.ts";
import { fieldWords } from "./words.ts";

export type Cardinality = "optional with presence" | "optional without presence" | "required" | "repeated" | "map";

export function cardinalityOf(field: FieldDescriptor): Cardinality {
  if (field.isMap) return "map";
  if (field.isRepeated) return "repeated";
  if (field.isRequired) return "required";
  return field.hasPresence ? "optional with presence" : "optional without presence";
}

/** A finding where both cardinalities are not in one of the groups. */
export function cardinalityDraft(
  pair: Pair<FieldDescriptor>,
  groups: ReadonlyArray<readonly Cardinality[]>,
): Draft | undefined {
  const { before, after } = pair;
  // The fields of map entries are generated: what holds for them is said of the map.
  if (before.parent?.isMapEntry === true && after.parent?.isMapEntry === true && !before.isExtension) return undefined;
  const old = cardinalityOf(before);
  const now = cardinalityOf(after);
  // Whether a field has presence depends on its type: where that is not known, nothing is concluded.
  if ((before.type === "unknown" || after.type === "unknown") && isOptional(old) && isOptional(now)) return undefined;
  if (old === now || groups.some((group) => group.includes(old) && group.includes(now))) return undefined;
  return {
    message: `${fieldWords(after)} changed from ${old} to ${now}.`,
    place: fieldPlace(after),
    previous: fieldPlace(before),
    sourceConsequence: "Code that uses this field no longer compiles, or sees another default.",
    ...proofOf(pair),
  };
}

function isOptional(cardinality: Cardinality): boolean {
  return cardinality === "optional with presence" || cardinality === "optional without presence";
}
