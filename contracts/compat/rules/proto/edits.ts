/** Edits that quick fixes of rules are made of. */
import {
  nestedMessages,
  type EnumDescriptor,
  type FileDescriptor,
  type MessageDescriptor,
} from "../../../proto/index.ts";
import type { TextEdit } from "../../../source/index.ts";

/** Puts `lines` behind the opening brace of a message or enum; `undefined` where it cannot be found. */
export function asFirstLines(
  element: MessageDescriptor | EnumDescriptor,
  lines: readonly string[],
): TextEdit | undefined {
  const text = element.file.node.text;
  const { start, end, nameStart, name } = element.node;
  const open = text.indexOf("{", nameStart + name.length);
  if (lines.length === 0 || open < 0 || open >= end) return undefined;
  const indent = indentAt(text, start);
  const closesHere = /^[ \t]*\}/.test(text.slice(open + 1, open + 80));
  const added = lines.map((line) => `\n${indent}  ${line}`).join("");
  return { ...element.file.placeOf(open + 1, open + 1), newText: closesHere ? `${added}\n${indent}` : added };
}

function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? "";
}

/** The messages and enums that a file declares, by their full names. */
export function typesOf(file: FileDescriptor): Map<string, MessageDescriptor | EnumDescriptor> {
  const types = new Map<string, MessageDescriptor | EnumDescriptor>();
  for (const enumeration of file.enums) types.set(enumeration.fullName, enumeration);
  for (const message of nestedMessages(file.messages)) {
    types.set(message.fullName, message);
    for (const enumeration of message.enums) types.set(enumeration.fullName, enumeration);
  }
  return types;
}
