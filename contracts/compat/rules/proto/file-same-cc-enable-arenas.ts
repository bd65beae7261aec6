import { sameFileOption } from "./file-options.ts";

/** It decides whether generated C++ messages can live in arenas. */
export const fileSameCcEnableArenas = sameFileOption({
  id: "FILE_SAME_CC_ENABLE_ARENAS",
  option: "cc_enable_arenas",
  fallback: "true",
  isText: false,
  purpose: `Checks that the file option "cc_enable_arenas" keeps its value.`,
  why: "It decides whether generated C++ messages can live in arenas.",
  advice: `Keep "cc_enable_arenas" as it was; move code to a new value together with a new version of the package.`,
  consequence: "C++ code that creates these messages in an arena no longer works as it did.",
});
