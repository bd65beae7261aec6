/** What the rules on enum values share. */
import type { EnumDescriptor } from "../../../proto/index.ts";
import type { Fix } from "../../finding.ts";
import type { Draft, Lookups, Pair } from "../../proto-rule.ts";
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

function reserveFix(enumeration: EnumDescriptor, deleted: DeletedValue): Fix | undefined {
  const lines: string[] = [];
  if (!isValueReserved(enumeration, deleted.number)) lines.push(`reserved ${deleted.number};`);
  for (const name of deleted.names) {
    if (areNamesReserved(enumeration, [name])) continue;
    lines.push(enumeration.file.isEditions ? `reserved ${name};` : `reserved "${name}";`);
  }
  const text = enumeration.file.node.text;
  const open = text.indexOf("{", enumeration.node.nameStart + enumeration.node.name.length);
  if (lines.length === 0 || open < 0 || open >= enumeration.node.end) return undefined;
  const lineStart = text.lastIndexOf("\n", enumeration.node.start - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart, enumeration.node.start))?.[0] ?? "";
  return {
    title: `Reserve number ${deleted.number} and ${deleted.names.length > 1 ? "names" : "name"} ${quoted(deleted.names)} in "${enumeration.name}"`,
    preferred: true,
    edits: [
      {
        ...enumeration.file.placeOf(open + 1, open + 1),
        newText: lines.map((line) => `\n${indent}  ${line}`).join(""),
      },
    ],
  };
}
