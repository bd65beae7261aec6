import { sameFileOption } from "./file-options.ts";

/** It begins the name of each generated Swift type. */
export const fileSameSwiftPrefix = sameFileOption({
  id: "FILE_SAME_SWIFT_PREFIX",
  option: "swift_prefix",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "swift_prefix" keeps its value.`,
  why: "It begins the name of each generated Swift type.",
  advice: `Keep "swift_prefix" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Swift code that names the old types no longer compiles.",
});
