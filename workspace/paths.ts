/** Paths inside of what is checked: relative to its root, `/` between, "" for the root itself. */

export function joinPath(...parts: readonly string[]): string {
  const result: string[] = [];
  for (const part of parts.join("/").split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && result.length > 0 && result.at(-1) !== "..") result.pop();
    else result.push(part);
  }
  return result.join("/");
}

export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path that somebody wrote, relative to the root; `undefined` when it is absolute or leaves the root. */
export function insideRoot(written: string): string | undefined {
  if (/^([\\/]|[a-z]:)/i.test(written)) return undefined;
  const path = joinPath(written.replaceAll("\\", "/"));
  return path === ".." || path.startsWith("../") ? undefined : path;
}

/** Whether `path` is `folder` or lies below it. */
export function isWithin(folder: string, path: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** Whether `path` is one of `scope` or lies below one; an empty scope holds everything. */
export function isInScope(path: string, scope: readonly string[]): boolean {
  return scope.length === 0 || scope.some((folder) => isWithin(folder, path));
}
