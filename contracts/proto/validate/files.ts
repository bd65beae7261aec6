/** What holds for a file as a whole: its version of the language, its package, its imports. */
import { problemIn, type FileDescriptor } from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";
import { checkVisibility } from "./visibility.ts";

const longestPackage = 512;

export function checkFile(context: ValidationContext, file: FileDescriptor): void {
  const { node } = file;
  const report = (start: number, end: number, code: string, message: string): void => {
    context.problems.push(problemIn(file, start, end, code, message));
  };
  const { syntax } = node;
  if (syntax !== undefined && syntax.valueStart > syntax.start) {
    const known = syntax.keyword === "syntax" ? ["proto2", "proto3"] : ["2023", "2024"];
    if (!known.includes(syntax.value)) {
      const choice = known.map((value) => `"${value}"`).join(" or ");
      report(
        syntax.valueStart,
        syntax.valueEnd,
        "proto-syntax-version",
        `${syntax.keyword === "syntax" ? "The syntax" : "The edition"} "${syntax.value}" is not known. Write ${choice}.`,
      );
    }
  }
  if (node.package !== undefined && node.package.name.length >= longestPackage) {
    report(
      node.package.nameStart,
      node.package.nameEnd,
      "proto-package-length",
      `A package name has less than ${longestPackage} characters. Shorten it.`,
    );
  }
  if (file.syntax !== "2024") {
    for (const item of node.imports) {
      if (item.modifier === "option") {
        report(
          item.modifierStart,
          item.modifierStart + 6,
          "proto-import-option",
          "import option exists since edition 2024. Write import instead.",
        );
      }
    }
  }
  checkVisibility(context, file);
  checkUnusedImports(context, file);
}

/** A public import is used by those who import this file; the others should serve this one. */
function checkUnusedImports(context: ValidationContext, file: FileDescriptor): void {
  for (const { node, file: target } of file.imports) {
    if (target === undefined || node.modifier !== "" || isUsed(file, target)) continue;
    const problem = problemIn(
      file,
      node.pathStart,
      node.pathEnd,
      "proto-unused-import",
      `Nothing of "${node.path}" is used here. Remove the import.`,
    );
    context.problems.push({ ...problem, severity: "warning" });
  }
}

function isUsed(file: FileDescriptor, target: FileDescriptor): boolean {
  if (file.used.has(target)) return true;
  const waiting = [target];
  const seen = new Set(waiting);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (file.used.has(next)) return true;
    for (const link of next.imports) {
      if (link.node.modifier !== "public" || link.file === undefined || seen.has(link.file)) continue;
      seen.add(link.file);
      waiting.push(link.file);
    }
  }
  return false;
}
