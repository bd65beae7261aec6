import type { FieldDescriptor } from "../../../proto/index.ts";
import type { Pair, ProtoRule } from "../../proto-rule.ts";
import { fieldWords, kindOf, typeWords } from "./words.ts";

/** A field keeps its type, and for messages and enums the very type that it names. */
export const fieldSameType: ProtoRule = {
  id: "FIELD_SAME_TYPE",
  purpose: "Checks that fields keep their type.",
  why: "The type decides how the bytes of a field are read and what generated code holds; a reader with another type loses or garbles the value.",
  advice: "Keep the field as it was, and add a new field with a new number for the new type.",
  over: "fields",
  check(pair, report) {
    if (sameType(pair)) return;
    const { before, after } = pair;
    const renamedType = kindOf(before) === kindOf(after);
    const opened = typeWords(before) === typeWords(after) ? "delimited encoding" : typeWords(after);
    report({
      message: `${fieldWords(after)} changed its type from "${typeWords(before)}" to "${opened}".`,
      place: after.typePlace,
      previous: before.typePlace,
      sourceConsequence: renamedType
        ? `Data stays readable, but code that uses "${typeWords(before)}" for this field no longer compiles.`
        : "Code that uses this field no longer compiles, or reads another type.",
      ...proofOf(pair),
    });
  },
};

function sameType({ before, after }: Pair<FieldDescriptor>): boolean {
  if (kindOf(before) !== kindOf(after)) return false;
  if (before.type === "unknown") return before.node.typeName === after.node.typeName;
  if (after.typeRef === undefined || before.typeRef === undefined) return true;
  return before.typeRef.fullName === after.typeRef.fullName;
}

/** Data can be tried where both versions are fields of a message that both sides have. */
export function proofOf({ before, after }: Pair<FieldDescriptor>): {
  proof?: {
    before: NonNullable<FieldDescriptor["parent"]>;
    after: NonNullable<FieldDescriptor["parent"]>;
    number: number;
  };
} {
  if (before.isExtension || before.parent === undefined || after.parent === undefined) return {};
  if (before.parent.isMapEntry) return {};
  return { proof: { before: before.parent, after: after.parent, number: before.number } };
}
