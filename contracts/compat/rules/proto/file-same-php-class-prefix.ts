import { sameFileOption } from "./file-options.ts";

/** It begins the name of each generated PHP class. */
export const fileSamePhpClassPrefix = sameFileOption({
  id: "FILE_SAME_PHP_CLASS_PREFIX",
  option: "php_class_prefix",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "php_class_prefix" keeps its value.`,
  why: "It begins the name of each generated PHP class.",
  advice: `Keep "php_class_prefix" as it was; move code to a new value together with a new version of the package.`,
  consequence: "PHP code that names the old classes fails.",
});
