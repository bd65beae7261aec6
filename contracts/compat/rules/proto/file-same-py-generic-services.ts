import { sameFileOption } from "./file-options.ts";

/** It decides whether Python service classes are generated. */
export const fileSamePyGenericServices = sameFileOption({
  id: "FILE_SAME_PY_GENERIC_SERVICES",
  option: "py_generic_services",
  fallback: "false",
  isText: false,
  purpose: `Checks that the file option "py_generic_services" keeps its value.`,
  why: "It decides whether Python service classes are generated.",
  advice: `Keep "py_generic_services" as it was; move code to a new value together with a new version of the package.`,
  consequence: "Python code that uses the generated service classes fails, or finds classes that it does not expect.",
});
