import type { ProtoRule } from "../../proto-rule.ts";
import { changedTypeDraft, hasUnknownType, sameTypeName, unknownTypeDraft } from "./field-types.ts";
import { kindOf } from "./words.ts";

/** A field keeps its type, and for messages and enums the very type that it names. */
export const fieldSameType: ProtoRule = {
  id: "FIELD_SAME_TYPE",
  purpose: "Checks that fields keep their type.",
  why: "The type decides how the bytes of a field are read and what generated code holds; a reader with another type loses or garbles the value.",
  advice: "Keep the field as it was, and add a new field with a new number for the new type.",
  over: "fields",
  check(pair, report) {
    if (hasUnknownType(pair)) {
      const draft = unknownTypeDraft(pair);
      if (draft !== undefined) report(draft);
      return;
    }
    if (kindOf(pair.before) === kindOf(pair.after) && sameTypeName(pair)) return;
    report(changedTypeDraft(pair));
  },
};
