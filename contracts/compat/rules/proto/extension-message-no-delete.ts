import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";
import { lostRanges, rangeWords } from "./ranges.ts";

/** Numbers given to extensions stay with them. */
export const extensionMessageNoDelete: ProtoRule = {
  id: "EXTENSION_MESSAGE_NO_DELETE",
  purpose: "Checks that extension ranges are not deleted from their message.",
  why: "Extensions in files that you may not know use these numbers.",
  advice: "Keep the whole extension range.",
  over: "messages",
  check({ before, after }, report) {
    for (const { range, missing } of lostRanges(before.node.extensionRanges, after.node.extensionRanges)) {
      const lost = missing.map((part) => rangeWords(part, 536_870_911)).join(", ");
      report({
        message: `Extension range ${rangeWords(range, 536_870_911)} of message "${after.name}" lost ${lost}.`,
        place: headPlace(after),
        previous: headPlace(before),
        sourceConsequence:
          "Extensions with these numbers no longer compile, and a field that takes one of them reads their data.",
      });
    }
  },
};
