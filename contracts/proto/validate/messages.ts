/** The members of a message among each other: numbers, reserved ones, oneofs, message sets. */
import { optionNode, optionWord, problemIn, type FieldDescriptor, type MessageDescriptor } from "../descriptors.ts";
import { maxFieldNumber } from "../parse-messages.ts";
import type { ValidationContext } from "./context.ts";
import { checkMessageRanges } from "./ranges.ts";

export function checkMessage(context: ValidationContext, message: MessageDescriptor): void {
  const { file, node } = message;
  const report = (start: number, end: number, code: string, text: string): void => {
    context.problems.push(problemIn(file, start, end, code, text));
  };
  const isMessageSet = optionWord(node.options, "message_set_wire_format") === "true";
  if (isMessageSet) {
    const option = optionNode(node.options, "message_set_wire_format");
    if (file.syntax === "proto3")
      report(
        option?.start ?? node.start,
        option?.end ?? node.end,
        "proto-message-set",
        "Message sets do not exist in proto3. Remove the option.",
      );
    else if (message.fields[0] !== undefined) {
      report(
        message.fields[0].node.start,
        message.fields[0].node.end,
        "proto-message-set",
        "A message set has extensions only. Move its fields into a message that extends it.",
      );
    } else if (node.extensionRanges.length === 0) {
      report(
        node.start,
        node.nameStart + node.name.length,
        "proto-message-set",
        "A message set needs an extension range. Add: extensions 4 to max;",
      );
    }
  }
  if (optionNode(node.options, "map_entry") !== undefined) {
    const option = optionNode(node.options, "map_entry");
    report(
      option?.start ?? node.start,
      option?.end ?? node.end,
      "proto-map-entry",
      "map_entry is for compilers. Use map<key, value> instead.",
    );
  }
  if (file.syntax === "proto3" && node.extensionRanges[0] !== undefined) {
    const range = node.extensionRanges[0];
    report(
      range.start,
      range.end,
      "proto-extensions",
      "proto3 has no extension ranges. Use google.protobuf.Any, or proto2.",
    );
  }
  checkNumbers(context, message);
  checkMessageRanges(context, message, isMessageSet);
  for (const oneof of message.oneofs) {
    if (oneof.fields.length === 0)
      report(
        oneof.node.start,
        oneof.node.end,
        "proto-empty-oneof",
        `Oneof "${oneof.name}" has no fields. Add one, or remove it.`,
      );
  }
}

function checkNumbers(context: ValidationContext, message: MessageDescriptor): void {
  const { node } = message;
  const seen = new Map<number, FieldDescriptor>();
  const reservedNames = new Set(node.reservedNames.map((reserved) => reserved.name));
  for (const field of message.fields) {
    checkNumber(context, field);
    const { number } = field;
    const at = field.numberPlace.span;
    const other = seen.get(number);
    if (Number.isNaN(number)) continue;
    if (other === undefined) seen.set(number, field);
    else {
      const related = [{ ...other.numberPlace, message: `"${other.name}" has it first` }];
      const text = `"${field.name}" and "${other.name}" both have the number ${number}. Give one of them another.`;
      context.problems.push(problemIn(field.file, at.start, at.end, "proto-duplicate-number", text, related));
    }
    const reserved = node.reservedRanges.find((range) => range.from <= number && number <= range.to);
    if (reserved !== undefined)
      report(
        context,
        field,
        at.start,
        at.end,
        "proto-reserved-use",
        `The number ${number} of "${field.name}" is reserved. Use another one.`,
      );
    const extension = node.extensionRanges.find((range) => range.from <= number && number <= range.to);
    if (extension !== undefined)
      report(
        context,
        field,
        at.start,
        at.end,
        "proto-reserved-use",
        `The number ${number} of "${field.name}" is for extensions. Use another one.`,
      );
    if (reservedNames.has(field.name)) {
      const name = field.namePlace.span;
      report(
        context,
        field,
        name.start,
        name.end,
        "proto-reserved-use",
        `The name "${field.name}" is reserved. Use another one.`,
      );
    }
  }
}

/** A number that the wire can carry, and that protobuf does not keep for itself. */
export function checkNumber(context: ValidationContext, field: FieldDescriptor, max = maxFieldNumber): void {
  const { number } = field;
  const at = field.numberPlace.span;
  if (Number.isNaN(number)) return;
  if (number < 1 || number > max) {
    report(
      context,
      field,
      at.start,
      at.end,
      "proto-number-range",
      `The number ${number} is out of range: numbers go from 1 to ${max}.`,
    );
  } else if (number >= 19_000 && number <= 19_999) {
    report(
      context,
      field,
      at.start,
      at.end,
      "proto-number-range",
      "The numbers 19000 to 19999 are protobuf's own. Use another one.",
    );
  }
}

function report(
  context: ValidationContext,
  field: FieldDescriptor,
  start: number,
  end: number,
  code: string,
  text: string,
): void {
  context.problems.push(problemIn(field.file, start, end, code, text));
}
