import type { FieldDescriptor, OptionNode } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldPlace, optionPlace } from "./places.ts";
import { fieldWords } from "./words.ts";

/** What programs read from a field's own options stays as it is: how it is validated, and how it stands in JSON. */
export const fieldSameCustomOptions: ProtoRule = {
  id: "FIELD_SAME_CUSTOM_OPTIONS",
  purpose: "Checks that fields keep their custom options.",
  why: "Custom options carry rules of validation and forms of JSON, which one side then applies and the other does not know. Where nobody names this rule, only options of common validators and of JSON are watched.",
  advice: "Loosen rules where messages are read before writers use it, and tighten them only after writers keep to it.",
  over: "fields",
  check({ before, after }, report) {
    const old = customOptions(before);
    const now = customOptions(after);
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      const was = old.get(name);
      const is = now.get(name);
      if (was?.text === is?.text) continue;
      const changed = is === undefined ? "was removed from" : was === undefined ? "was added to" : "changed on";
      report({
        message: `Custom option "${name}" ${changed} ${fieldWords(after).replace(/^./, (first) => first.toLowerCase())}.`,
        place: is === undefined ? fieldPlace(after) : optionPlace(after.file, is.node),
        previous: was === undefined ? fieldPlace(before) : optionPlace(before.file, was.node),
        onlyWhenAsked: !decidesAboutData(name),
        sourceConsequence: "Programs that read this option, such as validators, treat the field in another way.",
      });
    }
  },
};

/** Options of the validators in wide use, and those by which a generator changes a field's JSON. */
const dataOptions = [
  "buf.validate.",
  "validate.rules",
  "gogoproto.jsontag",
  "gogoproto.customtype",
  "gogoproto.casttype",
];

function decidesAboutData(name: string): boolean {
  return dataOptions.some((known) => name.startsWith(known));
}

/** The text of each custom option by its name, white space aside; those of one name together. */
function customOptions(field: FieldDescriptor): Map<string, { readonly text: string; readonly node: OptionNode }> {
  const options = new Map<string, { readonly text: string; readonly node: OptionNode }>();
  for (const node of field.node.options) {
    const name = node.name.map((part) => part.text).join(".");
    if (node.name[0]?.isExtension !== true || node.value === undefined) continue;
    const text = field.file.node.text.slice(node.value.start, node.value.end).replaceAll(/\s+/g, " ");
    const known = options.get(name);
    options.set(name, { text: known === undefined ? text : `${known.text}, ${text}`, node: known?.node ?? node });
  }
  return options;
}
