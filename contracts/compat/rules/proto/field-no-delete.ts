import type { ProtoRule } from "../../proto-rule.ts";
import { deletedFieldDraft, deletedFields } from "./deleted-fields.ts";

/** No field goes, reserved or not. */
export const fieldNoDelete: ProtoRule = {
  id: "FIELD_NO_DELETE",
  purpose: "Checks that fields are not deleted from their message.",
  why: "Code that uses the field stops compiling, old readers see its default from then on, and new readers no longer see what old writers sent.",
  advice:
    "Keep the field and mark it deprecated; when nobody uses it any more, delete it and reserve its number and name.",
  over: "messages",
  check(pair, report) {
    for (const field of deletedFields(pair)) report(deletedFieldDraft(pair, field, ""));
  },
};
