import type { ProtoRule } from "../../proto-rule.ts";
import { jsonFormatDraft } from "./json-format.ts";

/** What had a JSON form keeps it. */
export const messageSameJsonFormat: ProtoRule = {
  id: "MESSAGE_SAME_JSON_FORMAT",
  purpose: "Checks that messages which support JSON go on to support it.",
  why: "Programs that exchange the message as JSON rely on names that are unique and stay so.",
  advice: `Leave "features.json_format" at ALLOW.`,
  over: "messages",
  check(pair, report) {
    const draft = jsonFormatDraft(pair);
    if (draft !== undefined) report(draft);
  },
};
