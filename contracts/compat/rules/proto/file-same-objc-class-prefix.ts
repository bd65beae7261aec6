import { sameFileOption } from "./file-options.ts";

/** It begins the name of each generated Objective-C class. */
export const fileSameObjcClassPrefix = sameFileOption({
  id: "FILE_SAME_OBJC_CLASS_PREFIX",
  option: "objc_class_prefix",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "objc_class_prefix" keeps its value.`,
  why: "It begins the name of each generated Objective-C class.",
  advice: `Keep "objc_class_prefix" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Objective-C code that names the old classes no longer compiles.",
});
