/**
 * Modules of the registry, where buf has them on this machine already: `buf.lock` names the commits, buf's cache holds
 * their files. Nothing is fetched, and only what is imported is read.
 *
 *   CACHE/v3/modules/b5|shake256/REGISTRY/OWNER/NAME/COMMIT/{module.yaml, files/...}
 *
 * That layout was checked against buf 1.74, which reads a module laid there by hand.
 */
import { existsSync } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { defaultBreaking, type ProtoModule } from "../contracts/compat/settings.ts";
import { dependencyRoot } from "./dependencies.ts";
import { defaultLimits } from "./file-sources.ts";
import { importsIn } from "./import-roots.ts";
import { joinPath, nameOf } from "./paths.ts";
import { SettingsFile } from "./yaml-reader.ts";

/** A module of the registry that is on this machine. */
export interface CachedModule {
  /** `buf.build/googleapis/googleapis` */
  readonly name: string;
  /** Where its files are on disk. */
  readonly folder: string;
}

/** Takes the texts of settings files by path; hands out what their `buf.lock` name and buf's cache holds. */
export function cachedModules(
  texts: ReadonlyMap<string, string>,
  cache: string | undefined = bufCacheFolder(),
): CachedModule[] {
  const found = new Map<string, CachedModule>();
  for (const [path, text] of texts) {
    if (nameOf(path) !== "buf.lock" || cache === undefined) continue;
    for (const { name, commit } of lockedModules(path, text)) {
      if (found.has(name)) continue;
      const folder = ["b5", "shake256"]
        .map((digest) => join(cache, "v3", "modules", digest, ...name.split("/"), commit))
        // It is written last, so a module without it is not whole.
        .find((candidate) => existsSync(join(candidate, "module.yaml")));
      if (folder !== undefined) found.set(name, { name, folder: join(folder, "files") });
    }
  }
  return [...found.values()];
}

/** The files that contracts import from these modules, however indirectly, by their path in the set of contracts. */
export async function importedFiles(
  modules: readonly CachedModule[],
  imports: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const seen = new Set<string>();
  const waiting = [...imports];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !isInside(path) || files.size >= defaultLimits.files) continue;
    seen.add(path);
    for (const { name, folder } of modules) {
      const text = await readContract(join(folder, path));
      if (text === undefined) continue;
      files.set(joinPath(dependencyRoot, name, path), text);
      waiting.push(...importsIn(text));
      break;
    }
  }
  return files;
}

/** What stands for a dependency in a set of contracts. Its files are read, and never judged. */
export function dependencyModule({ name }: CachedModule): ProtoModule {
  const directory = joinPath(dependencyRoot, name);
  return { directory, excludes: [], breaking: { ...defaultBreaking, ignore: [directory] } };
}

interface LockedModule {
  readonly name: string;
  readonly commit: string;
}

/** The repository may be hostile: what is no plain name never becomes a path. */
function lockedModules(path: string, text: string): LockedModule[] {
  const { root } = new SettingsFile(path, text, "buf-settings");
  return root
    .at("deps")
    .items()
    .flatMap((node): LockedModule[] => {
      const parts = ["remote", "owner", "repository"].map((key) => node.at(key).text());
      const name = node.at("name").text() ?? parts.join("/");
      const commit = node.at("commit").text()?.replaceAll("-", "") ?? "";
      const isName = /^[a-z0-9][\w.-]*(\/[a-z0-9][\w.-]*){2}$/i.test(name);
      return isName && /^[0-9a-f]{32}$/.test(commit) ? [{ name, commit }] : [];
    });
}

function isInside(path: string): boolean {
  return /^[^/\\:\0][^\\:\0]*\.proto$/.test(path) && !path.split("/").includes("..");
}

async function readContract(file: string): Promise<string | undefined> {
  try {
    const found = await lstat(file);
    if (!found.isFile() || found.size > defaultLimits.fileBytes) return undefined;
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}

function bufCacheFolder(): string | undefined {
  const { env } = process;
  if (env["BUF_CACHE_DIR"]) return env["BUF_CACHE_DIR"];
  if (process.platform === "win32") return env["LOCALAPPDATA"] ? join(env["LOCALAPPDATA"], "buf") : undefined;
  if (env["XDG_CACHE_HOME"]) return join(env["XDG_CACHE_HOME"], "buf");
  return join(homedir(), ".cache", "buf");
}
