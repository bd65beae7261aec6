/**
 * Finds the contracts of one version among its files, and what they need to be understood: every `.proto` of a module,
 * every OpenAPI and AsyncAPI document, every file such a document refers to.
 */
import { detectContract } from "../contracts/compat/index.ts";
import type { ContractSet, Format, ProtoModule } from "../contracts/compat/index.ts";
import type { Problem } from "../contracts/source/index.ts";
import type { CachedModule } from "./buf-cache.ts";
import type { BufLayout } from "./buf-config.ts";
import { defaultConfig, isContrailConfig, type ContrailConfig } from "./contrail-config.ts";
import { isOfDependency } from "./dependencies.ts";
import { isDocument, isProto, mayBeContract, mentionsApi, referencesIn } from "./detect.ts";
import { defaultLimits, type FileSource, type Listing } from "./file-sources.ts";
import { importsIn, modulesFromImports } from "./import-roots.ts";
import { isBufSettings, moduleHolding, withoutNested } from "./modules.ts";
import * as notes from "./notes.ts";
import type { Note, Unreadable } from "./notes.ts";
import { folderOf, isWithin, joinPath, nameOf } from "./paths.ts";

/** One version of all contracts, and what was noticed while it was read. */
export interface Collected {
  readonly contracts: ContractSet;
  /** The format of each contract; files that are there only because a contract refers to them are missing. */
  readonly formats: ReadonlyMap<string, Format>;
  /** buf.yaml, buf.work.yaml and contrail.yaml by path. */
  readonly settings: ReadonlyMap<string, string>;
  readonly config: ContrailConfig;
  /** What buf.yaml depends on and is not here. */
  readonly dependencies: readonly string[];
  /** What buf.yaml depends on and buf's cache holds. */
  readonly cached: readonly CachedModule[];
  readonly problems: readonly Problem[];
  readonly layout: ProtoLayout;
  readonly notes: readonly Note[];
  readonly unreadable: readonly Unreadable[];
}

/** What modules were made of, to make them anew for other import paths. */
export interface ProtoLayout {
  /** The modules that settings of buf name. */
  readonly named: readonly ProtoModule[];
  /** Every `.proto` that no buf.yaml speaks for. */
  readonly loose: readonly string[];
}

/** A version without what the reading of its files had to say. */
export type Arranged = Omit<Collected, "notes" | "unreadable">;

const isSettings = (path: string) => isBufSettings(path) || isContrailConfig(path);

export async function collect(source: FileSource): Promise<Collected> {
  const listing = await source.list((path) => isSettings(path) || mayBeContract(path));
  const unreadable = [...listing.unreadable];
  const found = [...listing.notes];
  const texts = new Map<string, string>();
  /** Files that contracts refer to: loaded whatever they hold. */
  const loadAnyway = new Set<string>();
  let total = 0;

  const load = async (paths: readonly string[]): Promise<string[]> => {
    const read = await source.read(
      paths,
      (path, beginning) => !isDocument(path) || loadAnyway.has(path) || mentionsApi(path, beginning),
    );
    unreadable.push(...read.unreadable);
    const loaded: string[] = [];
    for (const path of paths) {
      const content = read.contents.get(path);
      if (
        content === undefined ||
        (isDocument(path) && !loadAnyway.has(path) && !isSettings(path) && !mentionsApi(path, content))
      )
        continue;
      total += content.length;
      if (total > defaultLimits.totalBytes) {
        if (!found.some((note) => note.code === "too-many-bytes"))
          found.push(notes.tooManyBytes(defaultLimits.totalBytes / 1e6));
        break;
      }
      if (content.subarray(0, 8192).includes(0)) unreadable.push(notes.notText(path));
      else {
        texts.set(path, decode(content));
        loaded.push(path);
      }
    }
    return loaded;
  };

  // In portions, so that a repository of large JSON files is never held in memory as a whole.
  for (const portion of portions(listing)) {
    for (const path of await load(portion)) {
      if (isDocument(path) && !isSettings(path) && detectContract(path, texts.get(path) ?? "") === undefined)
        texts.delete(path);
    }
  }
  let fresh = [...texts.keys()].filter((path) => isDocument(path) && !isSettings(path));
  for (let depth = 0; fresh.length > 0 && depth < 32; depth++) {
    const referred = new Set(
      fresh.flatMap((path) => referencesIn(texts.get(path) ?? "").map((ref) => joinPath(folderOf(path), ref))),
    );
    const missing = [...referred].filter((path) => !texts.has(path) && !path.startsWith("..") && !loadAnyway.has(path));
    for (const path of missing) loadAnyway.add(path);
    fresh = await load(missing);
  }
  const arranged = await arrange(texts);
  return { ...arranged, notes: found, unreadable };
}

/** Makes contracts of texts: settings are read, each `.proto` finds its module or is left out. */
export async function arrange(all: ReadonlyMap<string, string>): Promise<Arranged> {
  // What came from dependencies is found anew, as imports decide about it.
  const texts = new Map([...all].filter(([path]) => !isOfDependency(path)));
  const settings = new Map([...texts].filter(([path]) => isSettings(path)));
  const { config, problems: configProblems } = await readConfig(settings);
  const buf = await protoModulesOf(texts, settings, config);
  const { modules, dependencies, cached, layout } = buf;
  const files = new Map<string, string>();
  const formats = new Map<string, Format>();
  for (const [path, text] of texts) {
    if (settings.has(path) || config.ignore.some((ignored) => isWithin(ignored, path))) continue;
    if (isProto(path)) {
      if (moduleHolding(modules, path) === undefined) continue;
      formats.set(path, "proto");
    } else {
      const format = detectContract(path, text);
      if (format !== undefined) formats.set(path, format);
    }
    files.set(path, text);
  }
  const fromCache = cached.length === 0 ? new Map<string, string>() : await dependenciesOf(files, modules, cached);
  for (const [path, text] of fromCache) files.set(path, text);
  return {
    contracts: { files, protoModules: modules },
    formats,
    settings,
    config,
    dependencies,
    cached,
    problems: [...configProblems, ...buf.problems],
    layout,
  };
}

/** `arranged` with modules at these folders, in place of what its own settings and imports say. */
export function withImportPaths<A extends Pick<Arranged, "contracts" | "layout">>(
  arranged: A,
  importPaths: readonly string[] | undefined,
): A {
  const { named, loose } = arranged.layout;
  if (importPaths === undefined || loose.length === 0) return arranged;
  const modules = modulesFromImports(new Map(loose.map((path) => [path, []])), importPaths);
  const protoModules = withoutNested([...named, ...modules]);
  return { ...arranged, contracts: { files: arranged.contracts.files, protoModules } };
}

async function readConfig(
  settings: ReadonlyMap<string, string>,
): Promise<{ config: ContrailConfig; problems: readonly Problem[] }> {
  for (const [path, text] of settings) {
    if (!isContrailConfig(path) || folderOf(path) !== "") continue;
    const { readContrailConfig } = await import("./read-contrail-config.ts");
    return readContrailConfig(path, text);
  }
  return { config: defaultConfig, problems: [] };
}

async function protoModulesOf(
  texts: ReadonlyMap<string, string>,
  settings: ReadonlyMap<string, string>,
  config: ContrailConfig,
): Promise<Omit<BufLayout, "governed"> & { readonly cached: readonly CachedModule[]; readonly layout: ProtoLayout }> {
  const bufTexts = new Map([...settings].filter(([path]) => isBufSettings(path)));
  const hasLock = [...bufTexts.keys()].some((path) => nameOf(path) === "buf.lock");
  const cache = hasLock ? await import("./buf-cache.ts") : undefined;
  const cached = cache?.cachedModules(bufTexts) ?? [];
  const names = new Set(cached.map(({ name }) => name));
  const buf =
    bufTexts.size === 0
      ? { modules: [], governed: [], problems: [], dependencies: [] }
      : (await import("./buf-config.ts")).readBufSettings(bufTexts, names);
  const left = new Map<string, readonly string[]>();
  for (const [path, text] of texts) {
    if (isProto(path) && !buf.governed.some((folder) => isWithin(folder, path))) left.set(path, importsIn(text));
  }
  const inferred = left.size === 0 ? [] : modulesFromImports(left, config.importPaths);
  const ofCache = cache === undefined ? [] : cached.map(cache.dependencyModule);
  const named = [...buf.modules, ...ofCache];
  const layout = { named, loose: [...left.keys()] };
  return { ...buf, modules: withoutNested([...buf.modules, ...inferred, ...ofCache]), cached, layout };
}

/** What is imported and not here, from dependencies that are on this machine. */
async function dependenciesOf(
  files: ReadonlyMap<string, string>,
  modules: readonly ProtoModule[],
  cached: readonly CachedModule[],
): Promise<ReadonlyMap<string, string>> {
  const { importedFiles } = await import("./buf-cache.ts");
  const missing = new Set<string>();
  for (const [path, text] of files) {
    if (!isProto(path)) continue;
    for (const imported of importsIn(text)) {
      if (!modules.some(({ directory }) => files.has(joinPath(directory, imported)))) missing.add(imported);
    }
  }
  return importedFiles(cached, missing);
}

const decoder = new TextDecoder("utf-8");

/** Bytes as an editor shows them: UTF-8, without a byte order mark. */
function decode(content: Buffer): string {
  return decoder.decode(content);
}

const portionFiles = 500;
const portionBytes = 64_000_000;

function* portions({ paths, sizes }: Pick<Listing, "paths" | "sizes">): Generator<string[]> {
  let portion: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    const size = sizes?.get(path) ?? 0;
    if (portion.length >= portionFiles || (portion.length > 0 && bytes + size > portionBytes)) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(path);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}
