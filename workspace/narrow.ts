/**
 * A part of both sides that is enough to judge some files: they, and all that they import or refer to in either version.
 * In a large tree an editor checks the whole once, and after a keystroke only this.
 */
import type { ContractSet } from "../contracts/compat/index.ts";
import { isProto, referencesIn } from "./detect.ts";
import { importsIn } from "./import-roots.ts";
import { folderOf, joinPath } from "./paths.ts";
import type { Sides } from "./sides.ts";

/** The paths whose texts differ between two versions of one side. */
export function changedPaths(before: ContractSet, after: ContractSet): Set<string> {
  const changed = new Set<string>();
  for (const [path, text] of after.files) if (before.files.get(path) !== text) changed.add(path);
  for (const path of before.files.keys()) if (!after.files.has(path)) changed.add(path);
  return changed;
}

/**
 * `sides` with only what `paths` need. A file that only one version imports stays in both, else it would look deleted.
 * Contracts that refer to a changed fragment are not known here: with a fragment among `paths`, nothing is left out of
 * the documents.
 */
export function narrowSides(sides: Sides, paths: ReadonlySet<string>): Sides {
  const needed = new Set<string>();
  for (const side of [sides.before, sides.after]) addNeeded(side, paths, needed);
  if ([...paths].some((path) => !isProto(path) && !sides.formats.has(path))) {
    for (const side of [sides.before, sides.after]) {
      for (const path of side.files.keys()) if (!isProto(path)) needed.add(path);
    }
  }
  const only = (side: ContractSet): ContractSet => ({
    files: new Map(
      [...needed].sort().flatMap((path) => {
        const text = side.files.get(path);
        return text === undefined ? [] : [[path, text] as const];
      }),
    ),
    protoModules: side.protoModules,
  });
  return { ...sides, before: only(sides.before), after: only(sides.after) };
}

function addNeeded(side: ContractSet, paths: Iterable<string>, needed: Set<string>): void {
  const waiting = [...paths];
  const seen = new Set<string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    needed.add(path);
    const text = side.files.get(path);
    if (text === undefined) continue;
    for (const target of isProto(path) ? imported(side, text) : referred(path, text)) {
      if (side.files.has(target)) waiting.push(target);
    }
  }
}

function imported(side: ContractSet, text: string): string[] {
  const roots = side.protoModules.length === 0 ? [""] : side.protoModules.map((module) => module.directory);
  return importsIn(text).flatMap((path) => roots.map((root) => joinPath(root, path)));
}

function referred(path: string, text: string): string[] {
  return referencesIn(text).map((reference) => joinPath(folderOf(path), reference));
}
