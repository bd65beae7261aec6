import { sameFileOption } from "./file-options.ts";

/** It decides whether abstract Java service classes are generated. */
export const fileSameJavaGenericServices = sameFileOption({
  id: "FILE_SAME_JAVA_GENERIC_SERVICES",
  option: "java_generic_services",
  fallback: "false",
  isText: false,
  purpose: `Checks that the file option "java_generic_services" keeps its value.`,
  why: "It decides whether abstract Java service classes are generated.",
  advice: `Keep "java_generic_services" as it was; move code to a new value together with a new version of the package.`,
  consequence:
    "Java code that derives from the generated service classes no longer compiles, or finds classes that it does not expect.",
});
