/** What the rules on enum values share. */
import type { EnumDescriptor } from "../../../proto/index.ts";
import type { Fix } from "../../finding.ts";
import type { Draft, Lookups, Pair } from "../../proto-rule.ts";
import { asFirstLines } from "./edits.ts";
import { headPlace } from "./places.ts";

/** A number that no value has any more, with the names that it had. */
export interface DeletedValue {
  readonly number: number;
  readonly names: readonly string[];
}

export function deletedValues(pair: Pair<EnumDescriptor>): DeletedValue[] {
  const now = new Set(pair.after.values.map((value) => value.number));
  return [...namesByNumber(pair.before)]
    .filter(([number]) => !now.has(number))
    .map(([number, names]) => ({ number, names }));
}

/** The names of each number, sorted; several where the enum allows aliases. */
export function namesByNumber(enumeration: EnumDescriptor): Map<number, string[]> {
  const names = new Map<number, string[]>();
  for (const value of enumeration.values) {
    const known = names.get(value.number);
    if (known === undefined) names.set(value.number, [value.name]);
    else known.push(value.name);
  }
  for (const list of names.values()) list.sort();
  return names;
}

export function isValueReserved(enumeration: EnumDescriptor, number: number): boolean {
  return enumeration.node.reservedRanges.some((range) => range.from <= number && number <= range.to);
}

export function areNamesReserved(enumeration: EnumDescriptor, names: readonly string[]): boolean {
  return names.every((name) => enumeration.node.reservedNames.some((reserved) => reserved.name === name));
}

export function deletedValueDraft(
  pair: Pair<EnumDescriptor>,
  deleted: DeletedValue,
  lookups: Lookups,
  suffix: string,
): Draft {
  const { after, before } = pair;
  const field = lookups.fieldOf(pair);
  const fix = reserveFix(after, deleted);
  return {
    message: `Value ${deleted.number}, ${quoted(deleted.names)}, was deleted from enum "${after.name}"${suffix}.`,
    place: headPlace(after),
    previous: headPlace(before),
    sourceConsequence: "Code that uses the value no longer compiles.",
    ...(deleted.names[0] === undefined ? {} : { deleted: deleted.names[0] }),
    ...(field === undefined ? {} : { proof: { ...field, value: deleted.number } }),
    ...(fix === undefined ? {} : { fixes: [fix] }),
  };
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** The names of a deleted value that another may still take: neither reserved nor in use. */
export function freeNames(enumeration: EnumDescriptor, names: readonly string[]): string[] {
  const used = new Set(enumeration.values.map((value) => value.name));
  return names.filter((name) => !used.has(name) && !areNamesReserved(enumeration, [name]));
}

function reserveFix(enumeration: EnumDescriptor, deleted: DeletedValue): Fix | undefined {
  const number = !isValueReserved(enumeration, deleted.number);
  const names = freeNames(enumeration, deleted.names);
  const lines = number ? [`reserved ${deleted.number};`] : [];
  for (const name of names) lines.push(enumeration.file.isEditions ? `reserved ${name};` : `reserved "${name}";`);
  const edit = asFirstLines(enumeration, lines);
  if (edit === undefined) return undefined;
  const what = [
    ...(number ? [`number ${deleted.number}`] : []),
    ...(names.length === 0 ? [] : [`${names.length > 1 ? "names" : "name"} ${quoted(names)}`]),
  ].join(" and ");
  return { title: `Reserve ${what} in "${enumeration.name}"`, preferred: true, edits: [edit] };
}
