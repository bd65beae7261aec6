import type { ProtoRule } from "../../proto-rule.ts";
import { cardinalityDraft } from "./cardinality.ts";

/** The wire does not tell presence, and maps are lists of entries there. */
export const fieldWireCompatibleCardinality: ProtoRule = {
  id: "FIELD_WIRE_COMPATIBLE_CARDINALITY",
  purpose: "Checks that fields keep a cardinality whose bytes are read alike.",
  why: "Readers of a single value keep the last of several, and refuse a packed list; a required field makes messages without it unreadable.",
  advice: "Keep the field as it was, and add a new field with a new number.",
  over: "fields",
  check(pair, report) {
    const draft = cardinalityDraft(pair, [
      ["optional with presence", "optional without presence"],
      ["repeated", "map"],
    ]);
    if (draft !== undefined) report(draft);
  },
};
