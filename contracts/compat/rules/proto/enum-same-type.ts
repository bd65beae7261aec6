import type { ProtoRule } from "../../proto-rule.ts";
import { featurePlace } from "./feature-place.ts";
import { headPlace } from "./places.ts";

/** An enum stays open or closed. */
export const enumSameType: ProtoRule = {
  id: "ENUM_SAME_TYPE",
  purpose: "Checks that enums stay open, or stay closed.",
  why: "Readers of a closed enum put values that they do not know into the unknown fields; readers of an open one see their numbers.",
  advice: `Keep the enum as it was; in editions, "features.enum_type" says which it is.`,
  over: "enums",
  check(pair, report, lookups) {
    const { before, after } = pair;
    if (before.isClosed === after.isClosed) return;
    const [old, now] = before.isClosed ? ["closed", "open"] : ["open", "closed"];
    const field = lookups.fieldOf(pair);
    const unknown = unknownNumber([...before.values, ...after.values].map((value) => value.number));
    report({
      message: `Enum "${after.name}" changed from ${old} to ${now}.`,
      place: featurePlace(after.file, after.node.options, "enum_type") ?? headPlace(after),
      previous: featurePlace(before.file, before.node.options, "enum_type") ?? headPlace(before),
      sourceConsequence: "Generated code treats values without a name in another way.",
      ...(field === undefined ? {} : { proof: { ...field, value: unknown } }),
    });
  },
};

/** A number without a name in either version, as a newer writer may send it. */
function unknownNumber(numbers: readonly number[]): number {
  let number = 1;
  while (numbers.includes(number)) number++;
  return number;
}
