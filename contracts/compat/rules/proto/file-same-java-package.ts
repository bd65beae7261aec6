import { sameFileOption } from "./file-options.ts";

/** It is the package of the generated Java code. */
export const fileSameJavaPackage = sameFileOption({
  id: "FILE_SAME_JAVA_PACKAGE",
  option: "java_package",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "java_package" keeps its value.`,
  why: "It is the package of the generated Java code.",
  advice: `Keep "java_package" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Java code that imports the old package no longer compiles.",
});
