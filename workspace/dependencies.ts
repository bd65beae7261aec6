/** Files of dependencies among those of the repository: how to tell them apart, and how to name them. */
import { join } from "node:path";
import type { CachedModule } from "./buf-cache.ts";
import { folderOf, isWithin } from "./paths.ts";

/** Below it stand the files of dependencies in a set of contracts. No file of a repository does: dot folders are not read. */
export const dependencyRoot = ".buf";

export const isOfDependency = (path: string): boolean => isWithin(dependencyRoot, path);

/** Puts the name of a dependency, as a user knows it, in place of where its files stand. */
export function withDependencyNames(message: string): string {
  return message.replaceAll(`"${dependencyRoot}/`, '"');
}

/**
 * Whether a folder of the repository is where the imported file should be: then it is missing there, rather than part of
 * a dependency.
 */
export function isExpectedHere(path: string, folders: ReadonlySet<string>): boolean {
  const folder = folderOf(path);
  return folder !== "" && folders.has(folder);
}

/** Where the file of a dependency is on disk. */
export function fileOfDependency(path: string, cached: readonly CachedModule[]): string | undefined {
  for (const { name, folder } of cached) {
    const directory = `${dependencyRoot}/${name}`;
    if (isWithin(directory, path)) return join(folder, path.slice(directory.length + 1));
  }
  return undefined;
}
