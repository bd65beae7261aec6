import type { ProtoRule } from "../../proto-rule.ts";

/** Nothing is added that old readers have no name for. */
export const enumValueNoAdd: ProtoRule = {
  id: "ENUM_VALUE_NO_ADD",
  purpose: "Checks that no values are added to enums whose old readers cannot take them.",
  why: "Old readers of a closed enum put the value into their unknown fields, and refuse the message where its field is required; old readers of JSON refuse a name that they do not know.",
  advice: "Let readers have the new value first, and send it once all of them do.",
  over: "enums",
  check(pair, report, lookups) {
    const old = new Set(pair.before.values.map((value) => value.number));
    const field = lookups.fieldOf(pair);
    if (field === undefined) return;
    for (const value of pair.after.values) {
      if (old.has(value.number) || Number.isNaN(value.number)) continue;
      old.add(value.number);
      report({
        message: `Value ${value.number}, "${value.name}", was added to enum "${pair.after.name}".`,
        place: value.namePlace,
        previous: pair.before.namePlace,
        sourceConsequence: "Code that lists all values of the enum meets one more.",
        breaksSource: false,
        proof: { ...field, value: value.number, writer: "after" },
      });
    }
  },
};
