import { sameFileOption } from "./file-options.ts";

/** It is the name of the Java class around what the file generates. */
export const fileSameJavaOuterClassname = sameFileOption({
  id: "FILE_SAME_JAVA_OUTER_CLASSNAME",
  option: "java_outer_classname",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "java_outer_classname" keeps its value.`,
  why: "It is the name of the Java class around what the file generates.",
  advice: `Keep "java_outer_classname" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Java code that names the old outer class no longer compiles.",
});
