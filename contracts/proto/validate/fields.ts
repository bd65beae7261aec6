/** One field by itself: label, type, default, and options that only some fields take. */
import { optionNode, optionWord, problemIn, type FieldDescriptor } from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";
import { checkScalar } from "./option-values.ts";

export function checkField(context: ValidationContext, field: FieldDescriptor): void {
  const checker = new FieldChecker(context, field);
  checker.label();
  checker.type();
  if (field.node.options.length === 0) return;
  checker.defaultValue();
  checker.packed();
  checker.lazy();
  checker.jstype();
  checker.ctype();
  checker.jsonName();
}

const wide = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);
const mapKeys = new Set(
  "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string".split(" "),
);

class FieldChecker {
  private readonly context: ValidationContext;
  private readonly field: FieldDescriptor;

  constructor(context: ValidationContext, field: FieldDescriptor) {
    this.context = context;
    this.field = field;
  }

  label(): void {
    const { field } = this;
    const { label, start } = field.node;
    const end = start + label.length;
    const { syntax, isEditions } = field.file;
    if (label === "required") {
      if (field.isExtension)
        this.report(start, end, "proto-label", "An extension cannot be required. Make it optional.");
      else if (isEditions)
        this.report(
          start,
          end,
          "proto-label",
          "Editions have no required fields. Write [features.field_presence = LEGACY_REQUIRED] behind the field instead.",
        );
      else if (syntax === "proto3")
        this.report(start, end, "proto-label", "proto3 has no required fields. Remove the label.");
    } else if (label === "optional" && isEditions) {
      this.report(
        start,
        end,
        "proto-label",
        "Editions have no label optional: it is the default, and features.field_presence changes it. Remove the label.",
      );
    } else if (label === "" && syntax === "proto2" && field.oneof === undefined && !field.isMap) {
      this.report(
        start,
        field.node.typeEnd,
        "proto-label",
        "A proto2 field needs a label: optional, required or repeated.",
      );
    }
  }

  type(): void {
    const { field } = this;
    const { node } = field;
    if (node.group !== undefined) {
      const at = node.group.nameStart;
      if (field.file.syntax !== "proto2")
        this.report(
          node.start,
          at + node.typeName.length,
          "proto-group",
          "Groups exist in proto2 only. Use a message.",
        );
      else if (!/^[A-Z]/.test(node.typeName))
        this.report(at, at + node.typeName.length, "proto-group", "The name of a group starts with a capital letter.");
    }
    const { map } = node;
    if (map !== undefined && map.keyType !== "" && !mapKeys.has(map.keyType)) {
      this.report(
        map.keyStart,
        map.keyEnd,
        "proto-map-key",
        `"${map.keyType}" cannot be the key of a map. Use a whole number, bool or string.`,
      );
    }
    if (field.typeRef?.kind === "enum") {
      if (
        field.typeRef.isClosed &&
        !field.hasPresence &&
        !field.isRepeated &&
        !field.isExtension &&
        field.parent?.isMapEntry !== true
      ) {
        const { span } = field.typePlace;
        const why =
          field.file.syntax === "proto3"
            ? "proto3 fields need open enums"
            : "a field without presence needs an open enum";
        this.report(
          span.start,
          span.end,
          "proto-closed-enum",
          `"${field.typeRef.fullName}" is a closed enum, and ${why}. Use an open one, or a field with presence.`,
        );
      } else if (field.file.syntax === "proto3" && field.typeRef.file.syntax === "proto2") {
        const { span } = field.typePlace;
        this.report(
          span.start,
          span.end,
          "proto-closed-enum",
          `"${field.typeRef.fullName}" is a proto2 enum, which proto3 messages cannot use.`,
        );
      }
    }
  }

  defaultValue(): void {
    const { field } = this;
    const option = optionNode(field.node.options, "default");
    const value = option?.value;
    if (option === undefined || value === undefined) return;
    let message: string | undefined;
    if (field.file.syntax === "proto3") message = "proto3 has no default values. Remove the option.";
    else if (field.isRepeated) message = "A repeated field has no default value. Remove the option.";
    else if (field.type === "message" || field.type === "group")
      message = "A message has no default value. Remove the option.";
    else if (field.file.isEditions && !field.hasPresence)
      message = "A field without presence has no default value. Remove the option.";
    else message = checkScalar(field.type, field.typeRef?.kind === "enum" ? field.typeRef : undefined, value, false);
    if (message !== undefined) this.report(option.start, option.end, "proto-default", message);
  }

  packed(): void {
    const { field } = this;
    const option = optionNode(field.node.options, "packed");
    if (option === undefined) return;
    if (field.file.isEditions) {
      this.report(
        option.start,
        option.end,
        "proto-packed",
        "Editions have features.repeated_field_encoding instead of packed.",
      );
    } else if (optionWord(field.node.options, "packed") === "true" && field.type !== "unknown" && !field.isPackable) {
      const message = field.isRepeated
        ? "Only numbers, bools and enums can be packed. Remove the option."
        : "Only repeated fields can be packed. Remove the option.";
      this.report(field.node.typeStart, option.end, "proto-packed", message);
    }
  }

  lazy(): void {
    const { field } = this;
    for (const name of ["lazy", "unverified_lazy"]) {
      const option = optionNode(field.node.options, name);
      if (option === undefined || optionWord(field.node.options, name) !== "true" || field.type === "unknown") continue;
      if (field.type !== "message" || field.isDelimited) {
        this.report(
          option.start,
          option.end,
          "proto-lazy",
          `"${name}" is for messages that are written with their length. Remove it.`,
        );
      }
    }
  }

  jstype(): void {
    const { field } = this;
    const option = optionNode(field.node.options, "jstype");
    if (
      option === undefined ||
      wide.has(field.type) ||
      field.type === "unknown" ||
      optionWord(field.node.options, "jstype") === "JS_NORMAL"
    )
      return;
    this.report(option.start, option.end, "proto-jstype", `"jstype" is for 64-bit whole numbers. Remove it.`);
  }

  ctype(): void {
    const { field } = this;
    const option = optionNode(field.node.options, "ctype");
    if (option === undefined || field.file.syntax === "proto2" || field.file.syntax === "proto3") return;
    if (field.file.syntax === "2024") {
      this.report(
        option.start,
        option.end,
        "proto-ctype",
        `Since edition 2024, "features.(pb.cpp).string_type" stands in the place of "ctype".`,
      );
    } else if (field.type !== "string" && field.type !== "bytes" && field.type !== "unknown") {
      this.report(option.start, option.end, "proto-ctype", `"ctype" is for strings and bytes. Remove it.`);
    }
  }

  jsonName(): void {
    const { field } = this;
    const option = optionNode(field.node.options, "json_name");
    if (option === undefined) return;
    const { value } = option;
    if (field.isExtension)
      this.report(
        option.start,
        option.end,
        "proto-json-name",
        "The name of an extension in JSON cannot be chosen. Remove the option.",
      );
    else if (value?.kind !== "string")
      this.report(option.start, option.end, "proto-json-name", "Expected a text in quotes.");
    else if (value.text.startsWith("[") && value.text.endsWith("]"))
      this.report(
        option.start,
        option.end,
        "proto-json-name",
        "Names in brackets are for extensions. Choose another name.",
      );
    else if (value.text.includes("\0"))
      this.report(
        option.start,
        option.end,
        "proto-json-name",
        "A JSON name cannot hold the character with the code 0.",
      );
  }

  private report(start: number, end: number, code: string, message: string): void {
    this.context.problems.push(problemIn(this.field.file, start, end, code, message));
  }
}
