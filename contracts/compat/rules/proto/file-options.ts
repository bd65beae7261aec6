/** What the rules on options of files share. */
import { optionNode, optionText, optionWord, type FileDescriptor } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { filePlace, optionPlace } from "./places.ts";

interface FileOption {
  readonly id: string;
  /** The option's name in the file. */
  readonly option: string;
  /** What holds where the option does not stand. */
  readonly fallback: string;
  /** Whether its value is a text in quotes; else it is a word. */
  readonly isText: boolean;
  readonly purpose: string;
  readonly why: string;
  readonly advice: string;
  readonly consequence: string;
}

/** The rule that an option of a file keeps its value. */
export function sameFileOption(option: FileOption): ProtoRule {
  const { id, purpose, why, advice } = option;
  return {
    id,
    purpose,
    why,
    advice,
    over: "files",
    check({ before, after }, report) {
      const old = valueOf(before, option);
      const now = valueOf(after, option);
      if (old === now) return;
      const node = optionNode(after.node.options, option.option);
      const oldNode = optionNode(before.node.options, option.option);
      report({
        message: `Option "${option.option}" of the file changed from "${old}" to "${now}".`,
        place: node === undefined ? filePlace(after) : optionPlace(after, node),
        previous: oldNode === undefined ? filePlace(before) : optionPlace(before, oldNode),
        sourceConsequence: option.consequence,
      });
    },
  };
}

function valueOf(file: FileDescriptor, option: FileOption): string {
  const options = file.node.options;
  return (option.isText ? optionText(options, option.option) : optionWord(options, option.option)) ?? option.fallback;
}
