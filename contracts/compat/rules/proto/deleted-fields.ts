/** What the three rules on deleted fields share. */
import type { FieldDescriptor, MessageDescriptor } from "../../../proto/index.ts";
import type { Fix } from "../../finding.ts";
import type { Draft, Pair } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";

export function* deletedFields(pair: Pair<MessageDescriptor>): Generator<FieldDescriptor> {
  for (const field of pair.before.fields) {
    if (pair.after.fieldByNumber(field.number) === undefined) yield field;
  }
}

export function isNumberReserved(message: MessageDescriptor, number: number): boolean {
  return message.node.reservedRanges.some((range) => range.from <= number && number <= range.to);
}

export function isNameReserved(message: MessageDescriptor, name: string): boolean {
  return message.node.reservedNames.some((reserved) => reserved.name === name);
}

/** The finding for a field that `pair.after` no longer has. `suffix` says under which condition it would be allowed. */
export function deletedFieldDraft(pair: Pair<MessageDescriptor>, field: FieldDescriptor, suffix: string): Draft {
  const { after, before } = pair;
  const number = isNumberReserved(after, field.number);
  const name = isNameReserved(after, field.name);
  const fix = reserveFix(after, field, number, name);
  const state =
    number && name
      ? "Its number and name are reserved, so nothing else can take them."
      : `Its ${number ? "name" : name ? "number" : "number and name"} ${number || name ? "is" : "are"} not reserved, so a later field may take ${number || name ? "it" : "them"} and be mistaken for it.`;
  return {
    message: `Field ${field.number}, "${field.name}", was deleted from message "${after.name}"${suffix}. ${state}`,
    place: headPlace(after),
    previous: field.place,
    sourceConsequence: "Code that uses the field no longer compiles.",
    deleted: field.name,
    proof: { before, after, number: field.number },
    ...(fix === undefined ? {} : { fixes: [fix] }),
  };
}

/** Adds `reserved` lines for what is not reserved yet, as the first lines of the message. */
export function reserveFix(
  message: MessageDescriptor,
  field: FieldDescriptor,
  hasNumber: boolean,
  hasName: boolean,
): Fix | undefined {
  if (hasNumber && hasName) return undefined;
  const lines: string[] = [];
  if (!hasNumber) lines.push(`reserved ${field.number};`);
  if (!hasName) lines.push(message.file.isEditions ? `reserved ${field.name};` : `reserved "${field.name}";`);
  const text = message.file.node.text;
  const open = text.indexOf("{", message.node.nameStart + message.node.name.length);
  if (open < 0 || open >= message.node.end) return undefined;
  const indent = indentAt(text, message.node.start);
  const closesHere = /^[ \t]*\}/.test(text.slice(open + 1, open + 80));
  const added = lines.map((line) => `\n${indent}  ${line}`).join("");
  const what = hasNumber
    ? `name "${field.name}"`
    : hasName
      ? `number ${field.number}`
      : `number ${field.number} and name "${field.name}"`;
  return {
    title: `Reserve ${what} in "${message.name}"`,
    preferred: true,
    edits: [{ ...message.file.placeOf(open + 1, open + 1), newText: closesHere ? `${added}\n${indent}` : added }],
  };
}

function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? "";
}
