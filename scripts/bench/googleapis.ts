/**
 * Google's APIs in two versions, as the package google-proto-files ships them, cut to what compiles: test and option
 * files inside google/protobuf come without their imports and are left out. And connected parts of the whole.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../setup/paths.ts";
import { say } from "../setup/say.ts";

const run = promisify(execFile);

const versions = { before: "4.2.0", after: "6.0.1" } as const;
export type Side = keyof typeof versions;
export const sides = ["before", "after"] as const;

const doNotCompile = new Set(
  [
    "sample_messages_edition",
    "json_options",
    "json_enumvalue_options",
    "late_loaded_option",
    "late_loaded_option_user",
    "cpp_options",
    "cpp_file_options",
    "internal_options",
  ].map((name) => `google/protobuf/${name}.proto`),
);
const settings = "version: v2\nbreaking:\n  use:\n    - FILE\n";

/** Both versions, as folders `before` and `after` of the folder that is given back. */
export async function prepareGoogleapis(): Promise<string> {
  const folder = join(cacheFolder, "googleapis");
  await mkdir(folder, { recursive: true });
  for (const side of sides) if (!existsSync(join(folder, side))) await unpack(folder, side);
  return folder;
}

async function unpack(folder: string, side: Side): Promise<void> {
  const name = `google-proto-files@${versions[side]}`;
  say(`fetching ${name}`);
  const making = join(folder, `${side}.making-${process.pid}`);
  await rm(making, { recursive: true, force: true });
  await mkdir(making);
  await run("npm", ["pack", "--silent", "--ignore-scripts", name], { cwd: making });
  const tarball = `google-proto-files-${versions[side]}.tgz`;
  await run("tar", ["xzf", tarball, "--strip-components=1"], { cwd: making, maxBuffer: 1 << 26 });
  for (const entry of await readdir(making, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(making.length + 1);
    if (entry.isFile() && !isKept(path)) await rm(join(making, path));
  }
  await writeFile(join(making, "buf.yaml"), settings);
  await rename(making, join(folder, side));
}

function isKept(path: string): boolean {
  if (!path.endsWith(".proto") || doNotCompile.has(path)) return false;
  return !/^google\/protobuf\/.+\//.test(path);
}

/** The .proto files of one version by path, with their texts. */
async function filesOf(folder: string, side: Side): Promise<Map<string, string>> {
  const root = join(folder, side);
  const paths = (await readdir(root, { recursive: true })).filter((path) => path.endsWith(".proto")).sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), "utf8")] as const)),
  );
}

export interface Part {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * About `share` of both versions: whole packages, taken from all over the tree, and all that they import. A package is
 * in both versions or in none.
 */
export async function partOf(whole: string, share: number): Promise<Part> {
  const texts = { before: await filesOf(whole, "before"), after: await filesOf(whole, "after") };
  const bytesOf = (map: ReadonlyMap<string, string>) => [...map.values()].reduce((sum, text) => sum + text.length, 0);
  const total = bytesOf(texts.before) + bytesOf(texts.after);
  if (share >= 1) return { folder: whole, files: texts.before.size + texts.after.size, bytes: total };
  const packages = new Map<string, string[]>();
  for (const path of new Set([...texts.before.keys(), ...texts.after.keys()])) {
    const name = dirname(path);
    packages.set(name, [...(packages.get(name) ?? []), path]);
  }
  const chosen = { before: new Set<string>(), after: new Set<string>() };
  let bytes = 0;
  const take = (side: Side, path: string): void => {
    const waiting = [path];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const text = texts[side].get(next);
      if (text === undefined || chosen[side].has(next)) continue;
      chosen[side].add(next);
      bytes += text.length;
      for (const [, imported] of text.matchAll(/^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"/gm))
        if (imported !== undefined) waiting.push(imported);
    }
  };
  for (const name of shuffled([...packages.keys()])) {
    if (bytes >= share * total) break;
    for (const side of sides) for (const path of packages.get(name) ?? []) take(side, path);
  }
  const folder = join(whole, `part-${share}`);
  await rm(folder, { recursive: true, force: true });
  for (const side of sides) {
    for (const path of chosen[side]) {
      await mkdir(join(folder, side, dirname(path)), { recursive: true });
      await link(join(whole, side, path), join(folder, side, path));
    }
    await writeFile(join(folder, side, "buf.yaml"), settings);
  }
  return { folder, files: chosen.before.size + chosen.after.size, bytes };
}

/** The same order on every run, and none that the names suggest: neighbours are versions of one API. */
function shuffled(names: readonly string[]): string[] {
  const rank = (name: string) => {
    let hash = 2_166_136_261;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16_777_619);
    return hash >>> 0;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
