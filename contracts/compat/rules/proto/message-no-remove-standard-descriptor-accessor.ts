import { optionNode, optionWord } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace, optionPlace } from "./places.ts";

const option = "no_standard_descriptor_accessor";

/** Generated code keeps its `descriptor()`. */
export const messageNoRemoveStandardDescriptorAccessor: ProtoRule = {
  id: "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR",
  purpose: `Checks that messages do not set "${option}".`,
  why: "Generated code loses the accessor of its descriptor.",
  advice: `Leave "${option}" unset.`,
  over: "messages",
  check({ before, after }, report) {
    if (optionWord(before.node.options, option) === "true" || optionWord(after.node.options, option) !== "true") return;
    const node = optionNode(after.node.options, option);
    report({
      message: `Message "${after.name}" set "${option}".`,
      place: node === undefined ? headPlace(after) : optionPlace(after.file, node),
      previous: headPlace(before),
      sourceConsequence: "Code that asks the message for its descriptor no longer compiles.",
    });
  },
};
