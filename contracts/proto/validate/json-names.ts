/** Names that collide in JSON. */
import {
  defaultJsonName,
  optionNode,
  problemIn,
  type EnumDescriptor,
  type FieldDescriptor,
  type MessageDescriptor,
} from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";

/** Fields that share a name in JSON. What proto2 lets pass as best effort is not told. */
export function checkJsonNames(context: ValidationContext, message: MessageDescriptor): void {
  if (message.fields.length < 2) return;
  const bestEffort = message.features.jsonFormat === "LEGACY_BEST_EFFORT" || isLegacy(message);
  checkBy(context, message, (field) => defaultJsonName(field.name), false, bestEffort);
  if (message.fields.some(hasOwnName)) checkBy(context, message, (field) => field.jsonName, true, bestEffort);
}

function isLegacy(message: MessageDescriptor): boolean {
  return optionNode(message.node.options, "deprecated_legacy_json_field_conflicts") !== undefined;
}

function hasOwnName(field: FieldDescriptor): boolean {
  return optionNode(field.node.options, "json_name") !== undefined;
}

function checkBy(
  context: ValidationContext,
  message: MessageDescriptor,
  nameOf: (field: FieldDescriptor) => string,
  custom: boolean,
  bestEffort: boolean,
): void {
  const seen = new Map<string, FieldDescriptor>();
  for (const field of message.fields) {
    const name = nameOf(field);
    const other = seen.get(name);
    if (other === undefined) {
      seen.set(name, field);
      continue;
    }
    const chosen = custom && (hasOwnName(field) || hasOwnName(other));
    if (custom !== chosen) continue;
    // Two names that were both chosen collide in proto2 as well.
    if (bestEffort && !(custom && hasOwnName(field) && hasOwnName(other))) continue;
    if (field.name === other.name) continue;
    const { span } = field.namePlace;
    const related = [{ ...other.namePlace, message: "The other field" }];
    const text = `"${field.name}" and "${other.name}" are both "${name}" in JSON. Rename one, or give it another json_name.`;
    context.problems.push(problemIn(field.file, span.start, span.end, "proto-json-name", text, related));
  }
}

/** Values that differ only in case or in the enum's name as a prefix collide in languages that strip it. */
export function checkEnumJsonNames(context: ValidationContext, enumeration: EnumDescriptor): void {
  if (enumeration.features.jsonFormat === "LEGACY_BEST_EFFORT") return;
  if (optionNode(enumeration.node.options, "deprecated_legacy_json_field_conflicts") !== undefined) return;
  const seen = new Map<string, { readonly name: string; readonly number: number }>();
  for (const value of enumeration.values) {
    const short = shortName(value.name, enumeration.name);
    const other = seen.get(short);
    if (other === undefined) seen.set(short, value);
    else if (other.number !== value.number && other.name !== value.name) {
      const { span } = value.namePlace;
      const text = `"${value.name}" and "${other.name}" are the same once the enum's name is taken off and case ignored. Rename one.`;
      context.problems.push(problemIn(value.file, span.start, span.end, "proto-json-name", text));
    }
  }
}

/** `COLOUR_DARK_RED` of enum `Colour` -> `DarkRed`. */
function shortName(value: string, enumName: string): string {
  const prefix = enumName.replaceAll("_", "").toLowerCase();
  let at = 0;
  let matched = 0;
  while (at < value.length && matched < prefix.length) {
    const char = value.charAt(at).toLowerCase();
    if (char === "_") at++;
    else if (char === prefix.charAt(matched)) {
      matched++;
      at++;
    } else break;
  }
  let rest = matched === prefix.length ? value.slice(at).replace(/^_+/, "") : value;
  if (rest === "") rest = value;
  return rest
    .split("_")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join("");
}
