import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";

/** A oneof stays. */
export const oneofNoDelete: ProtoRule = {
  id: "ONEOF_NO_DELETE",
  purpose: "Checks that oneofs are not deleted from their message.",
  why: "Generated code has a type for each oneof, which says which of its fields is set.",
  advice: "Keep the oneof, and add new fields beside it.",
  over: "messages",
  check({ before, after }, report) {
    for (const oneof of before.oneofs) {
      if (after.oneofs.some((now) => now.name === oneof.name)) continue;
      report({
        message: `Oneof "${oneof.name}" was deleted from message "${after.name}".`,
        place: headPlace(after),
        previous: headPlace(oneof),
        deleted: oneof.name,
        sourceConsequence: "Code that asks which field of the oneof is set no longer compiles.",
      });
    }
  },
};
