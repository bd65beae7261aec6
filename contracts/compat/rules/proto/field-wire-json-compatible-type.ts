import type { ProtoRule } from "../../proto-rule.ts";
import { changedTypeDraft, hasUnknownType, isGrownEnum, sameTypeName, unknownTypeDraft } from "./field-types.ts";
import { kindOf } from "./words.ts";

/** Kinds whose bytes and JSON are taken alike: 64-bit integers are texts in JSON, the others numbers. */
const groups: ReadonlyArray<readonly string[]> = [
  ["int32", "uint32"],
  ["int64", "uint64"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
];

/** A type may change to one whose bytes and JSON are read alike. */
export const fieldWireJsonCompatibleType: ProtoRule = {
  id: "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
  purpose: "Checks that fields keep a type whose bytes and JSON are read alike.",
  why: "A reader with another type loses or garbles the value on the wire, or refuses it in JSON.",
  advice: "Keep the field as it was, and add a new field with a new number for the new type.",
  over: "fields",
  check(pair, report) {
    if (hasUnknownType(pair)) {
      const draft = unknownTypeDraft(pair);
      if (draft !== undefined) report(draft);
      return;
    }
    const old = kindOf(pair.before);
    const now = kindOf(pair.after);
    if (old !== now) {
      if (!groups.some((group) => group.includes(old) && group.includes(now))) report(changedTypeDraft(pair));
    } else if (!sameTypeName(pair) && !isGrownEnum(pair)) {
      report(changedTypeDraft(pair));
    }
  },
};
