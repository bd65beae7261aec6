import { sameFileOption } from "./file-options.ts";

/** It is the namespace of the generated PHP code. */
export const fileSamePhpNamespace = sameFileOption({
  id: "FILE_SAME_PHP_NAMESPACE",
  option: "php_namespace",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "php_namespace" keeps its value.`,
  why: "It is the namespace of the generated PHP code.",
  advice: `Keep "php_namespace" as it was; move code to a new value together with a new version of the package.`,
  consequence: "PHP code that names the old namespace fails.",
});
