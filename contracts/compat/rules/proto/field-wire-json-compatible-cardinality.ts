import type { ProtoRule } from "../../proto-rule.ts";
import { cardinalityDraft } from "./cardinality.ts";

/** Neither the wire nor JSON tells presence; lists and maps differ in JSON. */
export const fieldWireJsonCompatibleCardinality: ProtoRule = {
  id: "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
  purpose: "Checks that fields keep a cardinality whose bytes and JSON are read alike.",
  why: "JSON has lists for repeated fields, objects for maps and neither for single values.",
  advice: "Keep the field as it was, and add a new field with a new number.",
  over: "fields",
  check(pair, report) {
    const draft = cardinalityDraft(pair, [["optional with presence", "optional without presence"]]);
    if (draft !== undefined) report(draft);
  },
};
