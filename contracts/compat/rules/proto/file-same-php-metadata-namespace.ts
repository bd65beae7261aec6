import { sameFileOption } from "./file-options.ts";

/** It is the namespace of the generated PHP metadata classes. */
export const fileSamePhpMetadataNamespace = sameFileOption({
  id: "FILE_SAME_PHP_METADATA_NAMESPACE",
  option: "php_metadata_namespace",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "php_metadata_namespace" keeps its value.`,
  why: "It is the namespace of the generated PHP metadata classes.",
  advice: `Keep "php_metadata_namespace" as it was; move code to a new value together with a new version of the package.`,
  consequence: "PHP code that names the old metadata classes fails.",
});
