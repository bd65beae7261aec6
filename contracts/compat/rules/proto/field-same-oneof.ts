import type { ProtoRule } from "../../proto-rule.ts";
import { fieldPlace } from "./places.ts";
import { proofOf } from "./proofs.ts";
import { fieldWords } from "./words.ts";

/** A field stays in its oneof, or outside of any. */
export const fieldSameOneof: ProtoRule = {
  id: "FIELD_SAME_ONEOF",
  purpose: "Checks that fields stay in the oneof that they are in, or outside of any.",
  why: "A oneof keeps only the last of its fields: readers with it drop what writers without it sent together.",
  advice: "Keep the field where it is, and add a new field to the oneof.",
  over: "fields",
  check(pair, report) {
    const { before, after } = pair;
    if (before.isExtension) return;
    const old = before.oneof?.name;
    const now = after.oneof?.name;
    if (old === now) return;
    let moved = `moved from oneof "${old ?? ""}" to oneof "${now ?? ""}"`;
    if (old === undefined) moved = `moved into oneof "${now ?? ""}"`;
    else if (now === undefined) moved = `moved out of oneof "${old}"`;
    report({
      message: `${fieldWords(after)} ${moved}.`,
      place: fieldPlace(after),
      previous: fieldPlace(before),
      sourceConsequence: "Code that sets or reads this field no longer compiles.",
      ...proofOf(pair),
    });
  },
};
