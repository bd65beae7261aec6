import type { ProtoRule } from "../../proto-rule.ts";
import { jsonFormatDraft } from "./json-format.ts";

/** What had a JSON form keeps it. */
export const enumSameJsonFormat: ProtoRule = {
  id: "ENUM_SAME_JSON_FORMAT",
  purpose: "Checks that enums which support JSON go on to support it.",
  why: "Programs that exchange the enum as JSON rely on names that are unique and stay so.",
  advice: `Leave "features.json_format" at ALLOW.`,
  over: "enums",
  check(pair, report) {
    const draft = jsonFormatDraft(pair);
    if (draft !== undefined) report(draft);
  },
};
