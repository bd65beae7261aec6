import type { ProtoRule } from "../../proto-rule.ts";
import { fieldPlace } from "./places.ts";

/** Old readers know every field that a oneof can have set. */
export const oneofNoGrow: ProtoRule = {
  id: "ONEOF_NO_GROW",
  purpose: "Checks that no fields are added to a oneof that is already there.",
  why: "Old readers see none of the fields set where a new writer has set the new one, and cannot tell that from nothing.",
  advice: "Let readers have the new field first, and set it once all of them do; or add it outside of the oneof.",
  over: "messages",
  check({ before, after }, report) {
    for (const oneof of after.oneofs) {
      const old = before.oneofs.find((known) => known.name === oneof.name);
      if (old === undefined) continue;
      for (const field of oneof.fields) {
        if (before.fieldByNumber(field.number) !== undefined) continue;
        report({
          message: `Field ${field.number}, "${field.name}", was added to oneof "${oneof.name}" of message "${after.name}".`,
          place: fieldPlace(field),
          previous: old.namePlace,
          sourceConsequence: "Code that handles each field of the oneof meets one more.",
          breaksSource: false,
          // In JSON a reader refuses any field that it does not know, inside of a oneof or not.
          proof: { before, after, number: field.number, writer: "after", wireOnly: true },
        });
      }
    }
  },
};
