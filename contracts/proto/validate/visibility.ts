/** Where `export` and `local` may stand. */
import { problemIn, type EnumDescriptor, type FileDescriptor, type MessageDescriptor } from "../descriptors.ts";
import { maxFieldNumber } from "../parse-messages.ts";
import type { ValidationContext } from "./context.ts";
import { enumsOf, messagesOf } from "./walk.ts";

export function checkVisibility(context: ValidationContext, file: FileDescriptor): void {
  const isStrict = file.features.defaultSymbolVisibility === "STRICT";
  if (file.syntax === "2024" && !isStrict) return;
  for (const element of [...messagesOf(file), ...enumsOf(file)]) {
    const { visibility, start } = element.node;
    if (visibility === "") continue;
    let message: string;
    if (file.syntax !== "2024") message = `"${visibility}" exists since edition 2024. Remove it.`;
    else if (visibility === "export" && element.parent !== undefined && !isEnumOfNamespace(element)) {
      const way =
        element.kind === "enum"
          ? `Move it to the top level, or let "${element.parent.name}" be a local message at the top level with "reserved 1 to max;".`
          : "Move it to the top level.";
      message = `In a file of STRICT visibility, the nested ${element.kind} "${element.node.name}" cannot be exported. ${way}`;
    } else continue;
    context.problems.push(problemIn(file, start, start + visibility.length, "proto-visibility", message));
  }
}

/** Of nested elements, STRICT lets only enums be exported, from a local message that can have no fields. */
function isEnumOfNamespace(element: MessageDescriptor | EnumDescriptor): boolean {
  const { kind, parent } = element;
  if (kind !== "enum" || parent === undefined || parent.parent !== undefined) return false;
  const [range, ...further] = parent.node.reservedRanges;
  return (
    parent.node.visibility !== "export" &&
    further.length === 0 &&
    range?.from === 1 &&
    (range.isMax || range.to === maxFieldNumber)
  );
}
