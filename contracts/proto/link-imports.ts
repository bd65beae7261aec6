/** Imports to files: what a file sees, what is missing, what goes in a circle. */
import type { Problem } from "../source/index.ts";
import type { FileDescriptor } from "./descriptors.ts";
import { problemIn } from "./descriptors.ts";
import type { FileIndex, PlacedFile } from "./modules.ts";

export function linkImports(
  index: FileIndex,
  descriptors: ReadonlyMap<PlacedFile, FileDescriptor>,
  problems: Problem[],
): void {
  for (const [placed, file] of descriptors) {
    const seen = new Set<string>();
    for (const node of placed.file.imports) {
      if (node.path === "") continue;
      const target = index.find(node.path, placed.module);
      const found = target === undefined ? undefined : descriptors.get(target);
      if (seen.has(node.path)) {
        problems.push(
          problemIn(
            file,
            node.pathStart,
            node.pathEnd,
            "proto-duplicate-import",
            `"${node.path}" is imported twice. Remove one of the imports.`,
          ),
        );
        continue;
      }
      seen.add(node.path);
      file.imports.push({ node, file: found });
      if (found === undefined) {
        file.hasMissingImport = true;
        const places = index.placesOf(node.path, placed.module).map((place) => `"${place}"`);
        const message = `"${node.path}" was not found. Looked for ${listOf(places)}. Correct the path, or name the folder that holds it as a module.`;
        problems.push(problemIn(file, node.pathStart, node.pathEnd, "proto-missing-import", message));
      }
    }
  }
  const files = [...descriptors.values()];
  reportCycles(files, problems);
  for (const file of files) see(file);
}

function listOf(places: readonly string[]): string {
  if (places.length <= 1) return places.join("");
  return `${places.slice(0, -1).join(", ")} and ${places.at(-1)}`;
}

/** Fills `visible`: the file, its imports, and what those import publicly, however deep. */
function see(file: FileDescriptor): void {
  file.visible.add(file);
  const waiting = file.imports.map((link) => link.file);
  for (let next = waiting.pop(); waiting.length > 0 || next !== undefined; next = waiting.pop()) {
    if (next === undefined || file.visible.has(next)) continue;
    file.visible.add(next);
    for (const link of next.imports) {
      if (link.node.modifier !== "public") continue;
      if (link.file === undefined) file.hasMissingImport = true;
      else waiting.push(link.file);
    }
  }
}

/** Each circle is told once, at the import in its first file (by path) that enters it. No recursion: chains can be long. */
function reportCycles(files: readonly FileDescriptor[], problems: Problem[]): void {
  const done = new Set<FileDescriptor>();
  for (const root of files) {
    if (done.has(root)) continue;
    const path: FileDescriptor[] = [];
    const nextImport: number[] = [];
    const onPath = new Map<FileDescriptor, number>();
    path.push(root);
    nextImport.push(0);
    onPath.set(root, 0);
    while (path.length > 0) {
      const depth = path.length - 1;
      const file = path[depth];
      if (file === undefined) break;
      const position = nextImport[depth] ?? 0;
      const link = file.imports[position];
      if (link === undefined) {
        done.add(file);
        onPath.delete(file);
        path.pop();
        nextImport.pop();
        continue;
      }
      nextImport[depth] = position + 1;
      const target = link.file;
      if (target === undefined || done.has(target)) continue;
      const entered = onPath.get(target);
      if (entered === undefined) {
        onPath.set(target, path.length);
        path.push(target);
        nextImport.push(0);
      } else {
        const circle = [...path.slice(entered), target].map((member) => `"${member.importPath}"`).join(" imports ");
        const message = `These files import each other in a circle: ${circle}. Move what they share into a file of its own.`;
        problems.push(problemIn(file, link.node.pathStart, link.node.pathEnd, "proto-import-cycle", message));
      }
    }
  }
}
