import type { ProtoRule } from "../../proto-rule.ts";
import { deletedFieldDraft, deletedFields, isNumberReserved } from "./deleted-fields.ts";

/** A field may go when its number is kept from being used again. */
export const fieldNoDeleteUnlessNumberReserved: ProtoRule = {
  id: "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
  purpose: "Checks that fields are not deleted from their message, unless their number is reserved.",
  why: "A later field of the same number reads the bytes that old writers put there for the deleted one.",
  advice: "Reserve the number of the deleted field in its message.",
  over: "messages",
  check(pair, report) {
    for (const field of deletedFields(pair)) {
      if (!isNumberReserved(pair.after, field.number))
        report(deletedFieldDraft(pair, field, " without reserving its number"));
    }
  },
};
