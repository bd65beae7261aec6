/** Files and folders as URIs and back; baseline texts have URIs of their own. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { isAbsolute, join, relative, sep } from "node:path";
import { baselineScheme } from "./protocol.ts";

/** The absolute path of a `file:` URI, else `undefined`. */
export function fileOf(uri: string): string | undefined {
  if (!uri.startsWith("file:")) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

/** `path` relative to `root` with `/` between; `undefined` when it lies outside. */
export function pathBelow(root: string, file: string): string | undefined {
  const path = relative(root, file);
  if (path === "" || path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path)) return undefined;
  return sep === "/" ? path : path.split(sep).join("/");
}

export function uriBelow(root: string, path: string): string {
  return pathToFileURL(join(root, path)).href;
}

/** The URI of a contract as the baseline has it. It has the file's own path, so that an editor knows its language. */
export function baselineUri(root: string, path: string): string {
  return `${baselineScheme}:${pathToFileURL(join(root, path)).pathname}`;
}

/** The absolute path of the contract that a baseline URI is about. */
export function fileOfBaselineUri(uri: string): string | undefined {
  if (!uri.startsWith(`${baselineScheme}:`)) return undefined;
  const path = uri
    .slice(baselineScheme.length + 1)
    .replace(/^\/\/(?=\/)/, "")
    .split(/[?#]/)[0];
  return fileOf(`file://${path}`);
}

/** One spelling for a URI: clients escape differently (`file:///c%3A/x` and `file:///C:/x`). */
export function sameUri(uri: string): string {
  const file = fileOf(uri);
  return file === undefined ? uri : pathToFileURL(file).href;
}
