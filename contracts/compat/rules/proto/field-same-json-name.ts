import { optionNode } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldPlace, optionPlace } from "./places.ts";
import { proofOf } from "./proofs.ts";
import { fieldWords } from "./words.ts";

/** A field keeps its name in JSON. */
export const fieldSameJsonName: ProtoRule = {
  id: "FIELD_SAME_JSON_NAME",
  purpose: "Checks that fields keep their names in JSON.",
  why: "Writers of JSON use this name and no other, so readers with another one miss the value.",
  advice: `Set "json_name" to the old name.`,
  over: "fields",
  check(pair, report) {
    const { before, after } = pair;
    if (before.isExtension || before.jsonName === after.jsonName) return;
    const option = optionNode(after.node.options, "json_name");
    const oldOption = optionNode(before.node.options, "json_name");
    report({
      message: `${fieldWords(after)} changed its JSON name from "${before.jsonName}" to "${after.jsonName}".`,
      place: option === undefined ? fieldPlace(after) : optionPlace(after.file, option),
      previous: oldOption === undefined ? fieldPlace(before) : optionPlace(before.file, oldOption),
      sourceConsequence: "Programs that write or read this field in JSON use another name from now on.",
      breaksSource: false,
      ...proofOf(pair),
    });
  },
};
