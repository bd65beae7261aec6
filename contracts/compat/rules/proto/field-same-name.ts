import type { ProtoRule } from "../../proto-rule.ts";
import { proofOf } from "./proofs.ts";

/** A number keeps its name. */
export const fieldSameName: ProtoRule = {
  id: "FIELD_SAME_NAME",
  purpose: "Checks that fields keep their names.",
  why: "JSON carries fields by name, and generated code has an accessor for each; the wire knows numbers only.",
  advice: `Keep the old name, or keep its JSON form with "json_name" while code moves on.`,
  over: "fields",
  check(pair, report) {
    const { before, after } = pair;
    const old = before.isExtension ? before.fullName : before.name;
    const now = after.isExtension ? after.fullName : after.name;
    if (old === now) return;
    const holder = after.isExtension
      ? `Extension ${after.number} of message "${after.extendee?.fullName ?? ""}"`
      : `Field ${after.number} of message "${after.parent?.name ?? ""}"`;
    report({
      message: `${holder} changed its name from "${old}" to "${now}".`,
      place: after.namePlace,
      previous: before.namePlace,
      sourceConsequence: "Data on the wire stays readable, but code that uses the old name no longer compiles.",
      ...proofOf(pair),
    });
  },
};
