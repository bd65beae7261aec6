import { sameFileOption } from "./file-options.ts";

/** It is the import path of the generated Go code. */
export const fileSameGoPackage = sameFileOption({
  id: "FILE_SAME_GO_PACKAGE",
  option: "go_package",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "go_package" keeps its value.`,
  why: "It is the import path of the generated Go code.",
  advice: `Keep "go_package" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Go code that imports the old path no longer compiles.",
});
