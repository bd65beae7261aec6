import { sameFileOption } from "./file-options.ts";

/** It decides whether generated Java classes stand alone or inside of an outer class. */
export const fileSameJavaMultipleFiles = sameFileOption({
  id: "FILE_SAME_JAVA_MULTIPLE_FILES",
  option: "java_multiple_files",
  fallback: "false",
  isText: false,
  purpose: `Checks that the file option "java_multiple_files" keeps its value.`,
  why: "It decides whether generated Java classes stand alone or inside of an outer class.",
  advice: `Keep "java_multiple_files" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Java code that names the generated classes no longer compiles.",
});
