import type { ProtoRule } from "../../proto-rule.ts";
import { deletedFieldDraft, deletedFields, freeOf } from "./deleted-fields.ts";

/** What a deleted field leaves behind is kept from being used again. */
export const fieldReserveDeleted: ProtoRule = {
  id: "FIELD_RESERVE_DELETED",
  purpose: "Checks that the numbers and names of deleted fields are reserved, and advises it where they are not.",
  why: "A later field of the same number or name reads what was once written for the deleted one.",
  advice: "Reserve the number and the name of the deleted field in its message.",
  isAdvice: true,
  over: "messages",
  check(pair, report) {
    for (const field of deletedFields(pair)) {
      const free = freeOf(pair.after, field);
      if (!free.number && !free.name) continue;
      report({ ...deletedFieldDraft(pair, field, ""), sourceConsequence: "" });
    }
  },
};
