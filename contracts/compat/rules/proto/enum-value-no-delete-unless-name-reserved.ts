import type { ProtoRule } from "../../proto-rule.ts";
import { deletedValueDraft, deletedValues, areNamesReserved } from "./enum-values.ts";

/** A value may go when its name is kept from being used again. */
export const enumValueNoDeleteUnlessNameReserved: ProtoRule = {
  id: "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
  purpose: "Checks that enum values are not deleted, unless their name is reserved.",
  why: "A later value of the same name is what readers of JSON take the old one for.",
  advice: "Reserve the name of the deleted value in its enum.",
  over: "enums",
  check(pair, report, lookups) {
    for (const deleted of deletedValues(pair)) {
      if (!areNamesReserved(pair.after, deleted.names))
        report(deletedValueDraft(pair, deleted, lookups, " without reserving its name"));
    }
  },
};
