import { sameFileOption } from "./file-options.ts";

/** It is the namespace of the generated C# code. */
export const fileSameCsharpNamespace = sameFileOption({
  id: "FILE_SAME_CSHARP_NAMESPACE",
  option: "csharp_namespace",
  fallback: "",
  isText: true,
  purpose: `Checks that the file option "csharp_namespace" keeps its value.`,
  why: "It is the namespace of the generated C# code.",
  advice: `Keep "csharp_namespace" as it was; move code to a new value together with a new version of the package.`,
  consequence: "C# code that names the old namespace no longer compiles.",
});
