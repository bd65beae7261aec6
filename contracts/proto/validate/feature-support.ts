/** Where and since when options may be used, as their own options `targets` and `feature_support` say. */
import type { OptionNode, ValueNode } from "../ast.ts";
import { problemIn, type FieldDescriptor, type FileDescriptor } from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";
import type { OptionTarget } from "./option-targets.ts";

/** Says so when `field` may not be set on `target`. */
export function checkTarget(
  context: ValidationContext,
  file: FileDescriptor,
  field: FieldDescriptor,
  target: OptionTarget,
  start: number,
  end: number,
): void {
  const targets = field.node.options.flatMap((option) => (isPlain(option, "targets") ? wordsOf(option.value) : []));
  if (targets.length === 0) return;
  const names = targets.map((word) =>
    word
      .replace(/^TARGET_TYPE_/, "")
      .toLowerCase()
      .replaceAll("_", "-"),
  );
  if (names.includes(target)) return;
  const message = `"${field.fullName}" is for ${names.join(", ")}, not for ${/^[aeiou]/.test(target) ? "an" : "a"} ${target}.`;
  context.problems.push(problemIn(file, start, end, "proto-option-target", message));
}

function wordsOf(value: ValueNode | undefined): string[] {
  return value?.kind === "word" ? [value.text] : [];
}

/** Editions in their order; what stands before the first is proto2. */
const order = ["EDITION_LEGACY", "EDITION_PROTO2", "EDITION_PROTO3", "EDITION_2023", "EDITION_2024"];

function editionOf(file: FileDescriptor): string {
  if (file.syntax === "proto2") return "EDITION_PROTO2";
  return file.syntax === "proto3" ? "EDITION_PROTO3" : `EDITION_${file.syntax}`;
}

/** Says so when the edition of `file` is before the first or after the last that knows an option or value. */
export function checkSupport(
  context: ValidationContext,
  file: FileDescriptor,
  options: readonly OptionNode[],
  name: string,
  start: number,
  end: number,
): void {
  const support = new Map<string, string>();
  for (const option of options) {
    const [first, second] = option.name;
    if (first?.isExtension !== false || first.text !== "feature_support") continue;
    if (second !== undefined) {
      for (const word of wordsOf(option.value)) support.set(second.text, word);
    } else if (option.value?.kind === "message") {
      for (const field of option.value.fields) for (const word of wordsOf(field.value)) support.set(field.name, word);
    }
  }
  if (support.size === 0) return;
  const edition = order.indexOf(editionOf(file));
  const introduced = order.indexOf(support.get("edition_introduced") ?? "");
  const removed = order.indexOf(support.get("edition_removed") ?? "");
  const shown = (word: string | undefined): string => (word ?? "").replace("EDITION_", "").toLowerCase();
  let message: string | undefined;
  if (introduced > edition) message = `"${name}" exists since edition ${shown(support.get("edition_introduced"))}.`;
  else if (removed >= 0 && removed <= edition)
    message = `"${name}" was removed in edition ${shown(support.get("edition_removed"))}.`;
  if (message !== undefined) context.problems.push(problemIn(file, start, end, "proto-option-edition", message));
}

function isPlain(option: OptionNode, name: string): boolean {
  return option.name.length === 1 && option.name[0]?.isExtension === false && option.name[0].text === name;
}
