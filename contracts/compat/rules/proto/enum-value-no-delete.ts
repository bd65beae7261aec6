import type { ProtoRule } from "../../proto-rule.ts";
import { deletedValueDraft, deletedValues } from "./enum-values.ts";

/** No value goes, reserved or not. */
export const enumValueNoDelete: ProtoRule = {
  id: "ENUM_VALUE_NO_DELETE",
  purpose: "Checks that enum values are not deleted from their enum.",
  why: "Code that uses the value stops compiling, and readers meet a value that they have no name for.",
  advice:
    "Keep the value and mark it deprecated; when nobody sends it any more, delete it and reserve its number and name.",
  over: "enums",
  check(pair, report, lookups) {
    for (const deleted of deletedValues(pair)) report(deletedValueDraft(pair, deleted, lookups, ""));
  },
};
