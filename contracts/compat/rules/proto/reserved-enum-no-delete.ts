import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";
import { lostRanges, rangeWords } from "./ranges.ts";

/** What is reserved stays reserved. */
export const reservedEnumNoDelete: ProtoRule = {
  id: "RESERVED_ENUM_NO_DELETE",
  purpose: "Checks that reserved numbers and names are not deleted from their enum.",
  why: "They are reserved because something used them once; whoever takes them now is mistaken for it.",
  advice: "Keep them reserved, and use numbers and names that nothing had before.",
  over: "enums",
  check({ before, after }, report) {
    const sourceConsequence = "Nothing breaks yet; from now on, something new may take what old data still uses.";
    const places = { place: headPlace(after), previous: headPlace(before) };
    for (const { range, missing } of lostRanges(before.node.reservedRanges, after.node.reservedRanges)) {
      const lost = missing.map((part) => rangeWords(part, 2_147_483_647)).join(", ");
      const message = `Reserved range ${rangeWords(range, 2_147_483_647)} of enum "${after.name}" lost ${lost}.`;
      report({ message, ...places, sourceConsequence });
    }
    const kept = new Set(after.node.reservedNames.map((reserved) => reserved.name));
    for (const name of new Set(before.node.reservedNames.map((reserved) => reserved.name))) {
      if (!kept.has(name))
        report({
          message: `Reserved name "${name}" was deleted from enum "${after.name}".`,
          ...places,
          sourceConsequence,
        });
    }
  },
};
