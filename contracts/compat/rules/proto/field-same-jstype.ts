import { optionNode, optionWord, type FieldDescriptor } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldPlace, optionPlace } from "./places.ts";
import { fieldWords } from "./words.ts";

const wide = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

/** JavaScript keeps its type for a 64-bit integer. */
export const fieldSameJstype: ProtoRule = {
  id: "FIELD_SAME_JSTYPE",
  purpose: `Checks that 64-bit integer fields keep their option "jstype".`,
  why: "It decides whether generated JavaScript holds the value as a number or as a text.",
  advice: `Keep "jstype" as it was, or add a new field.`,
  over: "fields",
  check({ before, after }, report) {
    if (!wide.has(before.type) || !wide.has(after.type)) return;
    const old = jstype(before);
    const now = jstype(after);
    if (old === now) return;
    const option = optionNode(after.node.options, "jstype");
    const oldOption = optionNode(before.node.options, "jstype");
    report({
      message: `${fieldWords(after)} changed its option "jstype" from ${old} to ${now}.`,
      place: option === undefined ? fieldPlace(after) : optionPlace(after.file, option),
      previous: oldOption === undefined ? fieldPlace(before) : optionPlace(before.file, oldOption),
      sourceConsequence: "JavaScript code gets another type for this field.",
    });
  },
};

function jstype(field: FieldDescriptor): string {
  return optionWord(field.node.options, "jstype") ?? "JS_NORMAL";
}
