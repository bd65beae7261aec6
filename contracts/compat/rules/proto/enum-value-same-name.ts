import type { ProtoRule } from "../../proto-rule.ts";
import { namesByNumber, quoted } from "./enum-values.ts";

/** A number keeps its names. */
export const enumValueSameName: ProtoRule = {
  id: "ENUM_VALUE_SAME_NAME",
  purpose: "Checks that enum values keep their names.",
  why: "JSON carries values by name, and generated code has a constant for each.",
  advice: "Give the old name back; to have a new one as well, allow aliases and add it.",
  over: "enums",
  check(pair, report, lookups) {
    const old = namesByNumber(pair.before);
    for (const [number, names] of namesByNumber(pair.after)) {
      const previousNames = old.get(number);
      if (previousNames === undefined || previousNames.every((name) => names.includes(name))) continue;
      const field = lookups.fieldOf(pair);
      for (const value of pair.after.values) {
        if (value.number !== number) continue;
        const previous = pair.before.values.find((known) => known.number === number);
        report({
          message: `Value ${number} of enum "${pair.after.name}" changed its name from ${quoted(previousNames)} to ${quoted(names)}.`,
          place: value.file.placeOf(value.node.numberStart, value.node.numberEnd),
          ...(previous === undefined
            ? {}
            : { previous: previous.file.placeOf(previous.node.numberStart, previous.node.numberEnd) }),
          sourceConsequence: "Code that uses the old name no longer compiles.",
          ...(field === undefined ? {} : { proof: { ...field, value: number } }),
        });
      }
    }
  },
};
