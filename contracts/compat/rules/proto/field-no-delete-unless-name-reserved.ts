import type { ProtoRule } from "../../proto-rule.ts";
import { deletedFieldDraft, deletedFields, isNameReserved } from "./deleted-fields.ts";

/** A field may go when its name is kept from being used again. */
export const fieldNoDeleteUnlessNameReserved: ProtoRule = {
  id: "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
  purpose: "Checks that fields are not deleted from their message, unless their name is reserved.",
  why: "A later field of the same name takes the place of the old one in JSON, and reads what was written for it.",
  advice: "Reserve the name of the deleted field in its message.",
  over: "messages",
  check(pair, report) {
    for (const field of deletedFields(pair)) {
      if (!isNameReserved(pair.after, field.name))
        report(deletedFieldDraft(pair, field, " without reserving its name"));
    }
  },
};
