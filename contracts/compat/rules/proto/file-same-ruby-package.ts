import { sameFileOption } from "./file-options.ts";

/** It is the module of the generated Ruby code. */
export const fileSameRubyPackage = sameFileOption({
  id: "FILE_SAME_RUBY_PACKAGE",
  option: "ruby_package",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "ruby_package" keeps its value.`,
  why: "It is the module of the generated Ruby code.",
  advice: `Keep "ruby_package" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Ruby code that names the old module fails.",
});
