import { sameFileOption } from "./file-options.ts";

/** It decides whether abstract C++ service classes are generated. */
export const fileSameCcGenericServices = sameFileOption({
  id: "FILE_SAME_CC_GENERIC_SERVICES",
  option: "cc_generic_services",
  fallback: "false",
  isText: false,
  purpose: `Checks that the file option "cc_generic_services" keeps its value.`,
  why: "It decides whether abstract C++ service classes are generated.",
  advice: `Keep "cc_generic_services" as it was; move code to a new value together with a new version of the package.`,
  consequence:
    "C++ code that derives from the generated service classes no longer compiles, or finds classes that it does not expect.",
});
