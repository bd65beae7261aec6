import type { ProtoRule } from "../../proto-rule.ts";
import { deletedValueDraft, deletedValues, freeNames, isValueReserved } from "./enum-values.ts";

/** What a deleted enum value leaves behind is kept from being used again. */
export const enumValueReserveDeleted: ProtoRule = {
  id: "ENUM_VALUE_RESERVE_DELETED",
  purpose: "Checks that the numbers and names of deleted enum values are reserved, and advises it where they are not.",
  why: "A later value of the same number or name is taken for the deleted one where old messages are read.",
  advice: "Reserve the number and the name of the deleted value in its enum.",
  isAdvice: true,
  over: "enums",
  check(pair, report, lookups) {
    for (const deleted of deletedValues(pair)) {
      const number = !isValueReserved(pair.after, deleted.number);
      const name = freeNames(pair.after, deleted.names).length > 0;
      if (!number && !name) continue;
      const draft = deletedValueDraft(pair, deleted, lookups, "");
      const what = number && name ? "number and name are" : number ? "number is" : "name is";
      const message = `${draft.message} Its ${what} not reserved, so a later value may be mistaken for it.`;
      report({ ...draft, message, sourceConsequence: "" });
    }
  },
};
