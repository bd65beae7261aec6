/**
 * Where `.proto` files stand in a repository that has no `buf.yaml`: the folders that their imports are relative to,
 * found from the imports themselves. `import "shop/v1/money.proto"` and a file `api/proto/shop/v1/money.proto` say that
 * `api/proto` is such a folder.
 */
import { defaultBreaking, type ProtoModule } from "../contracts/compat/settings.ts";
import { withoutNested } from "./modules.ts";
import { isWithin, joinPath, nameOf } from "./paths.ts";

const importLine = /^[ \t]*import\s+(?:public\s+|weak\s+|option\s+)?(["'])([^"'\n]+)\1\s*;/gm;

/** The paths that a file imports, found without parsing it. */
export function importsIn(text: string): string[] {
  return Array.from(text.matchAll(importLine), (match) => match[2] ?? "");
}

/** Modules for files that no `buf.yaml` speaks for. `roots`: what contrail.yaml says instead. */
export function modulesFromImports(
  files: ReadonlyMap<string, readonly string[]>,
  roots: readonly string[] | undefined,
): ProtoModule[] {
  const found = new Set((roots ?? []).map((root) => joinPath(root)));
  if (roots === undefined) for (const root of rootsOf(files)) found.add(root);
  const covered = (path: string) => [...found].some((root) => isWithin(root, path));
  if (![...files.keys()].every(covered)) found.add("");
  const modules = [...found].sort().map((directory) => ({ directory, excludes: [], breaking: defaultBreaking }));
  return withoutNested(modules);
}

function rootsOf(files: ReadonlyMap<string, readonly string[]>): Set<string> {
  const byName = new Map<string, string[]>();
  for (const path of files.keys()) {
    const name = nameOf(path);
    const sameName = byName.get(name);
    if (sameName === undefined) byName.set(name, [path]);
    else sameName.push(path);
  }
  const roots = new Set<string>();
  if (mostlyResolve(files)) return roots;
  for (const [importer, imports] of files) {
    for (const imported of imports) {
      if (files.has(imported) || [...roots].some((root) => files.has(joinPath(root, imported)))) continue;
      const candidates = (byName.get(nameOf(imported)) ?? []).filter((path) => path.endsWith(`/${imported}`));
      const holding = candidates
        .map((path) => path.slice(0, -imported.length - 1))
        .sort((a, b) => Number(isWithin(b, importer)) - Number(isWithin(a, importer)) || a.length - b.length);
      if (holding[0] !== undefined) roots.add(holding[0]);
    }
  }
  return roots;
}

/**
 * Whether nearly all imports are relative to the root of the check. Then the few others are mistakes, or belong to some
 * tool's test data, and must not take their folder out of everybody else's imports.
 */
function mostlyResolve(files: ReadonlyMap<string, readonly string[]>): boolean {
  let resolved = 0;
  let all = 0;
  for (const imports of files.values()) {
    for (const imported of imports) {
      if (files.has(imported)) resolved++;
      if (files.has(imported) || !imported.startsWith("google/protobuf/")) all++;
    }
  }
  return all > 0 && resolved >= all * 0.9;
}
