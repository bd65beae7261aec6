/** What the three rules on deleted fields share. */
import type { FieldDescriptor, MessageDescriptor } from "../../../proto/index.ts";
import type { Fix } from "../../finding.ts";
import type { Draft, Pair } from "../../proto-rule.ts";
import { asFirstLines } from "./edits.ts";
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

/** What of a deleted field another may still take. A name that another field has already cannot be reserved. */
export function freeOf(
  message: MessageDescriptor,
  field: FieldDescriptor,
): { readonly number: boolean; readonly name: boolean } {
  return {
    number: !isNumberReserved(message, field.number),
    name: !isNameReserved(message, field.name) && message.fieldByName(field.name) === undefined,
  };
}

/** The finding for a field that `pair.after` no longer has. `suffix` says under which condition it would be allowed. */
export function deletedFieldDraft(pair: Pair<MessageDescriptor>, field: FieldDescriptor, suffix: string): Draft {
  const { after, before } = pair;
  const free = freeOf(after, field);
  const fix = reserveFix(after, field, free.number, free.name);
  const state =
    free.number || free.name
      ? `Its ${free.number && free.name ? "number and name are" : free.number ? "number is" : "name is"} not reserved, so a later field may take ${free.number && free.name ? "them" : "it"} and be mistaken for it.`
      : "Its number and name are reserved, so nothing else can take them.";
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
function reserveFix(
  message: MessageDescriptor,
  field: FieldDescriptor,
  number: boolean,
  name: boolean,
): Fix | undefined {
  const lines: string[] = [];
  if (number) lines.push(`reserved ${field.number};`);
  if (name) lines.push(message.file.isEditions ? `reserved ${field.name};` : `reserved "${field.name}";`);
  const edit = asFirstLines(message, lines);
  if (edit === undefined) return undefined;
  const what = [...(number ? [`number ${field.number}`] : []), ...(name ? [`name "${field.name}"`] : [])].join(" and ");
  return { title: `Reserve ${what} in "${message.name}"`, preferred: true, edits: [edit] };
}
