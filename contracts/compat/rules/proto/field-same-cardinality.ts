import type { ProtoRule } from "../../proto-rule.ts";
import { cardinalityDraft } from "./cardinality.ts";

/** A field stays single, a list or a map, and keeps whether its absence shows. */
export const fieldSameCardinality: ProtoRule = {
  id: "FIELD_SAME_CARDINALITY",
  purpose: "Checks that fields keep their cardinality: optional with or without presence, required, repeated, or map.",
  why: "Generated code has another type for each cardinality, and readers take other bytes for them.",
  advice: "Keep the field as it was, and add a new field with a new number.",
  over: "fields",
  check(pair, report) {
    const draft = cardinalityDraft(pair, []);
    if (draft !== undefined) report(draft);
  },
};
