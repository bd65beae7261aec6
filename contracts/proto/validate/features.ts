/** Features of editions where they have no meaning. */
import type { OptionNode, ValueNode } from "../ast.ts";
import { problemIn, type FieldDescriptor, type FileDescriptor } from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";

/** Where an option sets one of the features, and to what. */
interface Setting {
  readonly start: number;
  readonly end: number;
  readonly value: ValueNode | undefined;
}

function settingOf(options: readonly OptionNode[], name: string): Setting | undefined {
  for (const option of options) {
    const [first, second] = option.name;
    if (first?.text !== "features" || first.isExtension) continue;
    if (option.name.length === 2 && second?.isExtension === false && second.text === name) return option;
    if (option.name.length === 1 && option.value?.kind === "message") {
      const field = option.value.fields.find((candidate) => candidate.name === name && !candidate.isExtension);
      if (field !== undefined) return field;
    }
  }
  return undefined;
}

export function checkFileFeatures(context: ValidationContext, file: FileDescriptor): void {
  const presence = settingOf(file.node.options, "field_presence");
  if (presence?.value?.kind === "word" && presence.value.text === "LEGACY_REQUIRED") {
    report(context, file, presence, "LEGACY_REQUIRED is for single fields, not for a whole file.");
  }
}

export function checkFieldFeatures(context: ValidationContext, field: FieldDescriptor): void {
  const { options } = field.node;
  if (!field.file.isEditions || options.length === 0) return;
  const presence = settingOf(options, "field_presence");
  if (presence !== undefined) {
    const value = presence.value?.kind === "word" ? presence.value.text : "";
    if (field.isExtension)
      report(context, field.file, presence, "Extensions always have presence. Remove the feature.");
    else if (field.isRepeated)
      report(context, field.file, presence, "A repeated field has no presence. Remove the feature.");
    else if (field.oneof !== undefined)
      report(context, field.file, presence, "Fields of a oneof always have presence. Remove the feature.");
    else if (value === "IMPLICIT" && (field.type === "message" || field.type === "group")) {
      report(context, field.file, presence, "A message always has presence. Remove the feature.");
    }
  }
  const encoding = settingOf(options, "repeated_field_encoding");
  if (encoding !== undefined && field.type !== "unknown") {
    const packed = encoding.value?.kind === "word" && encoding.value.text === "PACKED";
    if (!field.isRepeated)
      report(context, field.file, encoding, "Only a repeated field has such an encoding. Remove the feature.");
    else if (packed && !field.isPackable)
      report(context, field.file, encoding, "Only numbers, bools and enums can be packed. Remove the feature.");
  }
  const validation = settingOf(options, "utf8_validation");
  if (validation !== undefined && field.type !== "unknown" && !hasText(field)) {
    report(context, field.file, validation, "Only a string is validated as UTF-8. Remove the feature.");
  }
  const message = settingOf(options, "message_encoding");
  if (message !== undefined && field.type !== "unknown" && (field.type !== "message" || field.isMap)) {
    report(context, field.file, message, "Only a message has such an encoding. Remove the feature.");
  }
}

function hasText(field: FieldDescriptor): boolean {
  if (field.type === "string") return true;
  return (
    field.isMap && field.typeRef?.kind === "message" && field.typeRef.fields.some((part) => part.type === "string")
  );
}

function report(context: ValidationContext, file: FileDescriptor, at: Setting, message: string): void {
  context.problems.push(problemIn(file, at.start, at.end, "proto-feature", message));
}
