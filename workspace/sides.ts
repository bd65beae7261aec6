/**
 * Both versions of all contracts below a folder: `after` as it stands in the editor and on disk, `before` as the baseline
 * has it. With a cache, a keystroke reads nothing: neither disk nor git.
 */
import { relative, sep } from "node:path";
import { detectContract } from "../contracts/compat/index.ts";
import type { ContractSet, Format, ProtoModule } from "../contracts/compat/index.ts";
import type { Problem } from "../contracts/source/index.ts";
import { resolveBaseline, type Baseline, type ResolvedBaseline } from "./baseline.ts";
import type { CachedModule } from "./buf-cache.ts";
import { arrange, collect, withImportPaths, type Arranged, type Collected } from "./collect.ts";
import { defaultConfig, isContrailConfig, type ContrailConfig } from "./contrail-config.ts";
import { isDocument, isProto, referencesIn } from "./detect.ts";
import { commitSource, folderSource, singleFileSource } from "./file-sources.ts";
import { importsIn } from "./import-roots.ts";
import { isBufSettings, moduleHolding, withoutNested } from "./modules.ts";
import * as notes from "./notes.ts";
import type { Note, Unreadable } from "./notes.ts";
import { isWithin } from "./paths.ts";

export interface LoadRequest {
  /** The folder that all paths are relative to. */
  readonly root: string;
  /** `git:REF`, a folder, an archive, a file; absent: what contrail.yaml says, else the merge-base with the default branch. */
  readonly against?: string;
  /** Where to look, when only a part of the root is asked about; a baseline that is one file stands for the only one. */
  readonly paths?: readonly string[];
  /** Folders that imports of `.proto` files are relative to, where no buf.yaml speaks for them. */
  readonly importPaths?: readonly string[];
  /** Whether contrail.yaml wins over `importPaths`. */
  readonly configWins?: boolean;
  /** Unsaved texts of an editor, by path. */
  readonly overlay?: ReadonlyMap<string, string>;
  readonly cache?: SidesCache;
}

export interface Sides {
  readonly before: ContractSet;
  readonly after: ContractSet;
  readonly baseline: Baseline;
  readonly config: ContrailConfig;
  /** The format of each contract of `after`. */
  readonly formats: ReadonlyMap<string, Format>;
  /** What buf.yaml depends on and is not here: types from there are unknown. */
  readonly dependencies: readonly string[];
  /** What buf.yaml depends on and buf's cache on this machine holds. */
  readonly cached: readonly CachedModule[];
  /** What is wrong with buf.yaml and contrail.yaml of `after`. */
  readonly problems: readonly Problem[];
  /** The texts of those settings files, as problems stand in them. */
  readonly settings: ReadonlyMap<string, string>;
  readonly notes: readonly Note[];
  readonly unreadable: readonly Unreadable[];
}

/** Keeps what was read, until it is told that something changed. One for each root. */
export class SidesCache {
  workTree: Promise<Collected> | undefined;
  baselines = new Map<string, Promise<Collected>>();
  resolved = new Map<string, Promise<ResolvedBaseline>>();
  arranged:
    { key: ReadonlyMap<string, string>; signature: string; value: Awaited<ReturnType<typeof arrange>> } | undefined;

  private readonly kept = new Map<string, { key: readonly unknown[]; value: unknown }>();

  /** The value made for these very objects before, or a new one. */
  keep<T>(name: string, key: readonly unknown[], make: () => T): T {
    const known = this.kept.get(name);
    if (known !== undefined && known.key.every((part, index) => part === key[index])) return known.value as T;
    const value = make();
    this.kept.set(name, { key, value });
    return value;
  }

  /** Contracts that were saved since the working tree was read; only these are read anew. */
  private readonly saved = new Set<string>();

  /**
   * Files on disk changed, were made or deleted; without `paths`, nobody knows which. What is needed is read anew with
   * the next load.
   */
  filesChanged(paths?: readonly string[]): void {
    if (paths === undefined || paths.length > 100) this.workTree = undefined;
    else for (const path of paths) this.saved.add(path);
  }

  /** The working tree as it is on disk, read as little as possible. */
  readWorkTree(root: string): Promise<Collected> {
    const known = this.workTree;
    const saved = [...this.saved];
    this.saved.clear();
    if (known === undefined) this.workTree = collect(folderSource(root));
    else if (saved.length > 0) this.workTree = known.then((work) => reread(root, work, saved));
    return this.workTree ?? Promise.reject(new Error("unreachable"));
  }

  /** HEAD or a branch moved, or another baseline is asked for. Contents of commits stay, they cannot change. */
  refsChanged(): void {
    this.resolved.clear();
    for (const key of this.baselines.keys()) if (!key.startsWith("git ")) this.baselines.delete(key);
  }
}

/** Reads both versions. Never throws for anything in the repository; what went wrong is in `notes` and `unreadable`. */
export async function loadSides(request: LoadRequest): Promise<Sides> {
  const cache = request.cache ?? new SidesCache();
  const early = request.against === undefined ? undefined : loadBaseline(request, request.against, cache);
  const guess = request.against === undefined ? loadBaseline(request, undefined, cache) : undefined;
  const work = await cache.readWorkTree(request.root);
  const arranged = await withOverlay(work, request.overlay, cache);
  const importPaths = importPathsOf(request, arranged.config);
  const now = withImportPaths(arranged, importPaths);
  const wanted = request.against ?? now.config.against;
  const loaded = await (early ?? (wanted === undefined ? guess : loadBaseline(request, wanted, cache)));
  const old = loaded ?? {
    baseline: { kind: "none" as const, label: "nothing" },
    notes: [],
    collected: nothingCollected,
  };
  const leftOut = [...now.config.ignore, ...work.unreadable.map(({ path }) => path)];
  const layout = JSON.stringify([leftOut, now.contracts.protoModules, importPaths]);
  const aligned = cache.keep("aligned", [old.collected, layout], () =>
    alignModules(now, withImportPaths(old.collected, importPaths), leftOut),
  );
  const before = aligned.before;
  const rescued = await cache.keep("rescued", [work, before], () =>
    ignoredButTracked(request.root, work, before, aligned.modules),
  );
  const after = withRescued(now.contracts.files, aligned.modules, rescued, request.overlay);
  const both =
    old.baseline.kind === "file" ? oneFileAgainst(request, old.baseline.path, before, after) : { before, after };
  return {
    ...both,
    baseline: old.baseline,
    config: now.config,
    formats: rescued.size === 0 ? now.formats : withFormats(now.formats, after, old.collected.formats),
    dependencies: now.dependencies,
    cached: now.cached,
    problems: now.problems,
    settings: now.settings,
    notes: [...old.notes, ...old.collected.notes, ...work.notes],
    unreadable: [...work.unreadable, ...old.collected.unreadable],
  };
}

/** All contracts below a folder as they are on disk, for whoever needs no earlier version. */
export async function loadContracts(root: string): Promise<Collected> {
  return collect(folderSource(root));
}

/** What somebody said about import paths now; it holds for both versions. */
function importPathsOf({ importPaths, configWins }: LoadRequest, config: ContrailConfig) {
  return configWins === true ? (config.importPaths ?? importPaths) : (importPaths ?? config.importPaths);
}

interface LoadedBaseline {
  readonly baseline: Baseline;
  readonly notes: readonly Note[];
  readonly collected: Collected;
}

async function loadBaseline(
  request: LoadRequest,
  against: string | undefined,
  cache: SidesCache,
): Promise<LoadedBaseline> {
  const key = against ?? "";
  let resolving = cache.resolved.get(key);
  if (resolving === undefined) cache.resolved.set(key, (resolving = resolveBaseline(request.root, against)));
  const { baseline, notes: found } = await resolving;
  const load = (id: string, read: () => Promise<Collected>) => {
    let loading = cache.baselines.get(id);
    if (loading === undefined) cache.baselines.set(id, (loading = read()));
    return loading;
  };
  switch (baseline.kind) {
    case "none":
      return { baseline, notes: found, collected: nothingCollected };
    case "git": {
      const collected = await load(`git ${baseline.commit}`, () =>
        collect(commitSource(request.root, baseline.commit)),
      );
      return { baseline, notes: found, collected };
    }
    case "folder":
      return {
        baseline,
        notes: found,
        collected: await load(`folder ${baseline.path}`, () => collect(folderSource(baseline.path))),
      };
    case "archive": {
      const { archiveSource } = await import("./archives.ts");
      const collected = await load(`archive ${baseline.path}`, () =>
        collect(archiveSource(baseline.path, baseline.label, request.root)),
      );
      return { baseline, notes: found, collected };
    }
    case "file": {
      const only = request.paths?.length === 1 ? request.paths[0] : undefined;
      if (only === undefined) {
        const failed = notes.fileBaselineNeedsOneFile(baseline.label);
        return { baseline, notes: [...found, failed], collected: nothingCollected };
      }
      const source = singleFileSource(baseline.path, only);
      return { baseline, notes: found, collected: await load(`file ${baseline.path} ${only}`, () => collect(source)) };
    }
    default:
      return baseline satisfies never;
  }
}

const nothingCollected: Collected = {
  contracts: { files: new Map(), protoModules: [] },
  formats: new Map(),
  settings: new Map(),
  config: defaultConfig,
  dependencies: [],
  cached: [],
  problems: [],
  layout: { named: [], loose: [] },
  notes: [],
  unreadable: [],
};

/**
 * The working tree with the editor's texts in place of those on disk. Modules are found anew only when an edit can have
 * changed them: a settings file, the imports of a `.proto`, or a contract that was not there.
 */
async function withOverlay(
  work: Collected,
  overlay: ReadonlyMap<string, string> | undefined,
  cache: SidesCache,
): Promise<Arranged> {
  const texts = new Map<string, string>();
  for (const [path, text] of overlay ?? []) {
    if ((work.contracts.files.get(path) ?? work.settings.get(path)) !== text && isReadable(path)) texts.set(path, text);
  }
  if (texts.size === 0) return work;
  const signature = signatureOf(texts, work);
  if (cache.arranged?.key !== work.contracts.files || cache.arranged.signature !== signature) {
    const all = new Map([...work.contracts.files, ...work.settings, ...texts]);
    cache.arranged = { key: work.contracts.files, signature, value: await arrange(all) };
  }
  const { value } = cache.arranged;
  const files = new Map(value.contracts.files);
  for (const [path, text] of texts) if (files.has(path)) files.set(path, text);
  return { ...value, contracts: { files, protoModules: value.contracts.protoModules } };
}

/** `work` with the texts of `paths` as they are on disk now; everything anew where that could change what is a contract. */
async function reread(root: string, work: Collected, paths: readonly string[]): Promise<Collected> {
  const source = folderSource(root);
  const relevant = paths.filter(
    (path) => isReadable(path) || work.contracts.files.has(path) || path.endsWith(".gitignore"),
  );
  if (relevant.length === 0) return work;
  const { contents, unreadable } = await source.read(relevant);
  const files = new Map(work.contracts.files);
  for (const path of relevant) {
    const old = files.get(path);
    const content = contents.get(path);
    if (old === undefined && content === undefined && !work.settings.has(path)) continue;
    if (old === undefined || content === undefined || content.includes(0)) return collect(source);
    const text = new TextDecoder().decode(content);
    if (signature(path, old) !== signature(path, text)) return collect(source);
    files.set(path, text);
  }
  const stillUnreadable = work.unreadable.filter(({ path }) => !relevant.includes(path));
  return { ...work, contracts: { ...work.contracts, files }, unreadable: [...stillUnreadable, ...unreadable] };
}

const isReadable = (path: string) => isProto(path) || isDocument(path) || isBufSettings(path);

/** What of the edited texts decides about modules and formats: equal signatures, equal arrangement. */
function signatureOf(texts: ReadonlyMap<string, string>, work: Collected): string {
  const isSettings = (path: string) => work.settings.has(path) || isBufSettings(path) || isContrailConfig(path);
  return JSON.stringify([...texts].map(([path, text]) => [path, isSettings(path) ? text : signature(path, text)]));
}

function signature(path: string, text: string): string {
  return JSON.stringify(isProto(path) ? importsIn(text) : [detectContract(path, text), referencesIn(text)]);
}

/**
 * A tracked file that a `.gitignore` names is in the commit and on disk, but the walk over the disk passed it by.
 * Without this it would look deleted.
 */
async function ignoredButTracked(
  root: string,
  work: Collected,
  before: ContractSet,
  modules: readonly ProtoModule[],
): Promise<ReadonlyMap<string, string>> {
  const missing = [...before.files.keys()].filter((path) => !work.contracts.files.has(path));
  if (missing.length === 0 || missing.length > 5000) return new Map();
  const { contents } = await folderSource(root).read(missing);
  const found = [...contents].filter(([path]) => !isProto(path) || moduleHolding(modules, path) !== undefined);
  return new Map(found.map(([path, content]) => [path, new TextDecoder().decode(content)]));
}

function withRescued(
  after: ReadonlyMap<string, string>,
  protoModules: readonly ProtoModule[],
  rescued: ReadonlyMap<string, string>,
  overlay: ReadonlyMap<string, string> | undefined,
): ContractSet {
  if (rescued.size === 0) return { files: after, protoModules };
  const files = new Map(after);
  for (const [path, text] of rescued) if (!files.has(path)) files.set(path, overlay?.get(path) ?? text);
  return { files, protoModules };
}

/**
 * Where no buf.yaml says what a module is, both versions have to be understood by the same folders; else a file would
 * change its import path only because an import was deleted. A baseline from before there was a buf.yaml takes the new one's.
 */
function alignModules(
  after: Pick<Collected, "contracts" | "settings">,
  old: Collected,
  leftOut: readonly string[],
): { before: ContractSet; modules: readonly ProtoModule[] } {
  const before = without(old.contracts, leftOut);
  const modules = after.contracts.protoModules;
  const hasBuf = (settings: ReadonlyMap<string, string>) => [...settings.keys()].some(isBufSettings);
  if (hasBuf(old.settings)) return { before, modules };
  if (hasBuf(after.settings)) return { before: { ...before, protoModules: modules }, modules };
  const known = new Set(modules.map((module) => module.directory));
  const gone = before.protoModules.filter((module) => !known.has(module.directory));
  const all = gone.length === 0 ? modules : withoutNested([...modules, ...gone]);
  return { before: { ...before, protoModules: all }, modules: all };
}

/**
 * One file against another: everything else is the same on both sides, so that imports are understood, and the old file
 * is not a contract of its own where it lies beside the new one.
 */
function oneFileAgainst(
  { root }: LoadRequest,
  oldFile: string,
  before: ContractSet,
  after: ContractSet,
): { before: ContractSet; after: ContractSet } {
  const aside = relative(root, oldFile).split(sep).join("/");
  const now = new Map(after.files);
  now.delete(aside);
  const { protoModules } = after;
  return { before: { files: new Map([...now, ...before.files]), protoModules }, after: { files: now, protoModules } };
}

/** The baseline without what is not to be checked or cannot be read now; else that would look deleted. */
function without(before: ContractSet, leftOut: readonly string[]): ContractSet {
  if (leftOut.length === 0) return before;
  const files = [...before.files].filter(([path]) => !leftOut.some((folder) => isWithin(folder, path)));
  return { files: new Map(files), protoModules: before.protoModules };
}

function withFormats(
  known: ReadonlyMap<string, Format>,
  after: ContractSet,
  old: ReadonlyMap<string, Format>,
): ReadonlyMap<string, Format> {
  const formats = new Map(known);
  for (const path of after.files.keys()) {
    const format = known.get(path) ?? old.get(path);
    if (format !== undefined) formats.set(path, format);
  }
  return formats;
}
