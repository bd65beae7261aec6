import { sameFileOption } from "./file-options.ts";

/** It decides which methods and which base class generated messages have. */
export const fileSameOptimizeFor = sameFileOption({
  id: "FILE_SAME_OPTIMIZE_FOR",
  option: "optimize_for",
  fallback: "SPEED",
  isText: false,
  purpose: `Checks that the file option "optimize_for" keeps its value.`,
  why: "It decides which methods and which base class generated messages have.",
  advice: `Keep "optimize_for" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Code that uses reflection or descriptors of these messages may no longer compile.",
});
