import type { ProtoRule } from "../../proto-rule.ts";
import { deletedValueDraft, deletedValues, isValueReserved } from "./enum-values.ts";

/** A value may go when its number is kept from being used again. */
export const enumValueNoDeleteUnlessNumberReserved: ProtoRule = {
  id: "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED",
  purpose: "Checks that enum values are not deleted, unless their number is reserved.",
  why: "A later value of the same number is what readers take the old one for.",
  advice: "Reserve the number of the deleted value in its enum.",
  over: "enums",
  check(pair, report, lookups) {
    for (const deleted of deletedValues(pair)) {
      if (!isValueReserved(pair.after, deleted.number))
        report(deletedValueDraft(pair, deleted, lookups, " without reserving its number"));
    }
  },
};
