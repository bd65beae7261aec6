import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";
import { lostRanges, rangeWords } from "./ranges.ts";

/** What is reserved stays reserved. */
export const reservedMessageNoDelete: ProtoRule = {
  id: "RESERVED_MESSAGE_NO_DELETE",
  purpose: "Checks that reserved numbers and names are not deleted from their message.",
  why: "They are reserved because something used them once; whoever takes them now is mistaken for it.",
  advice: "Keep them reserved, and use numbers and names that nothing had before.",
  over: "messages",
  check({ before, after }, report) {
    const sourceConsequence = "Nothing breaks yet; from now on, something new may take what old data still uses.";
    const places = { place: headPlace(after), previous: headPlace(before) };
    for (const { range, missing } of lostRanges(before.node.reservedRanges, after.node.reservedRanges)) {
      const lost = missing.map((part) => rangeWords(part, 536_870_911)).join(", ");
      const message = `Reserved range ${rangeWords(range, 536_870_911)} of message "${after.name}" lost ${lost}.`;
      report({ message, ...places, sourceConsequence });
    }
    const kept = new Set(after.node.reservedNames.map((reserved) => reserved.name));
    for (const name of new Set(before.node.reservedNames.map((reserved) => reserved.name))) {
      if (!kept.has(name))
        report({
          message: `Reserved name "${name}" was deleted from message "${after.name}".`,
          ...places,
          sourceConsequence,
        });
    }
  },
};
