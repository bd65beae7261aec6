/** The check behind `contrail check`: loads both sides, asks the engine, decides what counts. Prints nothing. */
import { existsSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Finding, Level, Surface } from "../contracts/compat/index.ts";
import { LineIndex, type Place, type Position, type Problem } from "../contracts/source/index.ts";
import {
  checkSides,
  decide,
  findRoot,
  isArchive,
  isInScope,
  loadSides,
  nearest,
  SidesCache,
  tagsMatching,
  type AcceptedBreak,
  type Baseline,
  type LevelName,
  type Note,
  type Sides,
  type Unreadable,
} from "../workspace/index.ts";
import { UsageError } from "./usage.ts";

export type FailOn = Surface | "hint";

export interface CheckOptions {
  /** The folder it is called in. */
  readonly folder: string;
  readonly paths: readonly string[];
  readonly against?: string;
  readonly level?: LevelName;
  readonly profiles?: readonly string[];
  /** Folders that imports of `.proto` files are relative to, as named from `folder`. */
  readonly importPaths?: readonly string[];
  readonly failOn: FailOn;
  /** `YYYY-MM-DD`. */
  readonly today: string;
  readonly progress: (text: string) => void;
}

export interface CheckedFinding {
  readonly finding: Finding;
  /** Whether it makes the check fail. */
  readonly counts: boolean;
  /** What it was compared with. */
  readonly baseline: string;
  readonly text: (path: string, version: "before" | "after") => string | undefined;
}

export interface CheckedProblem {
  readonly problem: Problem;
  readonly counts: boolean;
}

export interface CheckResult {
  readonly root: string;
  /** The folder it was called in. */
  readonly folder: string;
  readonly baselines: readonly string[];
  readonly contracts: number;
  readonly findings: readonly CheckedFinding[];
  readonly accepted: ReadonlyArray<CheckedFinding & { readonly by: AcceptedBreak }>;
  readonly problems: readonly CheckedProblem[];
  readonly notes: readonly Note[];
  readonly unreadable: readonly Unreadable[];
  readonly tookMs: number;
  /** The text of a file as it is now. */
  readonly text: (path: string) => string | undefined;
}

export async function check(options: CheckOptions): Promise<CheckResult> {
  const started = performance.now();
  const { root, scope } = whereToLook(options);
  const cache = new SidesCache();
  options.progress("Reading contracts");
  const importing = importPathsBelow(options, root);
  const first = await loadSides({ root, cache, ...importing, ...compareWith(options, root, scope) });
  checkProfiles(options, first);
  const level =
    options.level ?? (first.config.transitive ? (`${first.config.level}-transitive` as const) : first.config.level);
  const compared: Sides[] = [first];
  if (level.endsWith("-transitive")) {
    for (const tag of await tagsMatching(root, first.config.tags)) {
      options.progress(`Reading ${tag}`);
      const sides = await loadSides({ root, cache, ...importing, against: `git:${tag}` });
      // A tag on what was compared already has nothing new to say.
      if (!compared.some(({ baseline }) => isSameCommit(baseline, sides.baseline))) compared.push(sides);
    }
  }
  const found = new Map<string, CheckedFinding>();
  const problems = new Map<string, CheckedProblem>();
  for (const sides of compared) {
    options.progress(`Checking ${first.formats.size} contracts against ${sides.baseline.label}`);
    const report = await checkSides(sides, level.replace("-transitive", "") as Level);
    for (const finding of report.findings) {
      const key = `${finding.ruleId} ${finding.place.path} ${finding.place.span.start} ${finding.message}`;
      if (found.has(key) || !isInScope(finding.place.path, scope)) continue;
      const text = (path: string, version: "before" | "after") =>
        sides[version].files.get(path) ?? (version === "after" ? sides.settings.get(path) : undefined);
      const deciding = options.profiles ?? first.config.decide;
      const failing = counts(finding, options.failOn, deciding);
      found.set(key, { finding, counts: failing, baseline: sides.baseline.label, text });
    }
    if (sides === first) {
      for (const problem of [...report.problems, ...sides.problems]) {
        if (isInScope(problem.path, scope) || sides.settings.has(problem.path)) keepProblem(problems, problem, options);
      }
    }
  }
  const all = [...found.values()].sort((a, b) => byPlace(a.finding.place, b.finding.place));
  const decided = decide(
    all.map(({ finding }) => finding),
    first.config,
    options.today,
    options.profiles,
    scope.length === 0,
  );
  const misnamed = await ofNoRule(first.config.accepted);
  const isMisnamed = ({ span }: Problem) => misnamed.some((problem) => problem.span.start === span.start);
  for (const problem of [...misnamed, ...decided.stale.filter((stale) => !isMisnamed(stale))])
    keepProblem(problems, problem, options);
  const kept = new Set(decided.findings);
  const acceptedBy = new Map(decided.accepted.map(({ finding, by }) => [finding, by]));
  return {
    root,
    folder: options.folder,
    baselines: compared.map((sides) => sides.baseline.label),
    contracts: [...first.formats.keys()].filter((path) => isInScope(path, scope)).length,
    findings: all.filter(({ finding }) => kept.has(finding)),
    accepted: all.flatMap((checked) => {
      const by = acceptedBy.get(checked.finding);
      return by === undefined ? [] : [{ ...checked, by }];
    }),
    problems: [...problems.values()].sort((a, b) => byPlace(a.problem, b.problem)),
    notes: distinct(
      [...compared.flatMap((sides) => sides.notes), ...notContracts(options, root, first)],
      (note) => note.message,
    ),
    unreadable: distinct(
      compared.flatMap((sides) => sides.unreadable),
      (file) => file.message,
    ).filter(({ path }) => isInScope(path, scope) || scope.some((folder) => isInScope(folder, [path]))),
    tookMs: performance.now() - started,
    text: (path) => first.after.files.get(path) ?? first.settings.get(path),
  };
}

/** Acceptances of rules that do not exist: mistyped, so they accept nothing. */
async function ofNoRule(accepted: readonly AcceptedBreak[]): Promise<Problem[]> {
  if (accepted.length === 0) return [];
  const rules = new Set((await import("./rule-pages.ts")).rulePages().map(({ rule }) => rule));
  return accepted.flatMap(({ rule, place }): Problem[] => {
    if (rules.has(rule)) return [];
    const near = nearest(rule, [...rules]);
    const hint = near === undefined ? "`contrail explain` lists all rules." : `Did you mean ${near}?`;
    return [{ ...place, code: "contrail-settings", severity: "error", message: `There is no rule "${rule}". ${hint}` }];
  });
}

/** A file that somebody named and that is not checked; a hook may hand over all files of a commit, so that is no error. */
function notContracts({ folder, paths }: CheckOptions, root: string, { after, settings, unreadable }: Sides): Note[] {
  return paths.flatMap((path): Note[] => {
    const absolute = resolve(folder, path);
    const found = below(root, absolute);
    if (found === undefined || isFolder(absolute) || after.files.has(found) || settings.has(found)) return [];
    if (unreadable.some((one) => one.path === found)) return [];
    const message = `"${path}" was not checked: it is no .proto, OpenAPI or AsyncAPI file, or .gitignore, buf.yaml or contrail.yaml leave it out.`;
    return [{ code: "not-a-contract", severity: "info", message }];
  });
}

/** What the result means for a script: 2 when anything could not be read, else 1 when anything counts. */
export function exitCodeOf(result: CheckResult): 0 | 1 | 2 {
  if (couldNotAll(result)) return 2;
  const failed = result.findings.some(({ counts }) => counts) || result.problems.some(({ counts }) => counts);
  return failed ? 1 : 0;
}

/** Whether something could not be read or done. */
export function couldNotAll({ unreadable, notes }: CheckResult): boolean {
  return unreadable.length > 0 || notes.some((note) => note.severity === "error");
}

/** The lines of the texts that were asked about last: findings come in the order of their files. */
const indices: Array<{ readonly text: string; readonly index: LineIndex }> = [];
const keptIndices = 8;

/** Line and column of an offset in a text, counted from 0. */
export function positionIn(text: string, offset: number): Position {
  // A deleted file is shown at its start, and there may be thousands.
  if (offset === 0) return { line: 0, character: 0 };
  let known = indices.find((one) => one.text === text);
  if (known === undefined) {
    indices.unshift((known = { text, index: new LineIndex(text) }));
    indices.length = Math.min(indices.length, keptIndices);
  }
  return known.index.positionAt(offset);
}

function whereToLook({ folder, paths, against }: CheckOptions): { root: string; scope: string[] } {
  const asked = paths.map((path) => resolve(folder, path));
  for (const [index, path] of asked.entries()) {
    if (!existsSync(path)) throw new UsageError(`There is no file or folder "${paths[index] ?? ""}".`);
  }
  // A folder or archive to compare with stands for the one folder that is asked about.
  const only = asked.length === 0 ? resolve(folder) : asked.length === 1 ? asked[0] : undefined;
  if (against !== undefined && !against.startsWith("git:") && isFolder(only)) {
    const baseline = resolve(folder, against);
    if (isFolder(baseline) || (isArchive(baseline) && existsSync(baseline))) return { root: only, scope: [] };
  }
  const inside = asked.every((path) => below(folder, path) !== undefined);
  const root = findRoot(inside || asked[0] === undefined ? folder : folderHolding(asked[0]));
  const scope = (asked.length === 0 ? [resolve(folder)] : asked).map((path, index) => {
    const found = below(root, path);
    if (found === undefined) {
      throw new UsageError(
        `"${paths[index] ?? ""}" does not lie in "${root}", where the other paths are. Check it by itself.`,
      );
    }
    return found;
  });
  return { root, scope: scope.includes("") ? [] : scope };
}

function isFolder(path: string | undefined): path is string {
  return path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function folderHolding(path: string): string {
  return isFolder(path) ? path : resolve(path, "..");
}

/** `path` relative to `root` with `/` between, "" for the root, `undefined` outside of it. */
function below(root: string, path: string): string | undefined {
  const found = relative(root, path);
  if (found === ".." || found.startsWith(`..${sep}`) || isAbsolute(found)) return undefined;
  return found.split(sep).join("/");
}

function compareWith({ against, folder, paths }: CheckOptions, root: string, scope: readonly string[]) {
  if (against === undefined) return {};
  // A folder or file is named from where the user stands, and looked for from the root.
  const named = against.startsWith("git:") ? against : relative(root, resolve(folder, against)) || ".";
  return { against: named, ...(paths.length === 0 ? {} : { paths: scope.length === 0 ? [root] : scope }) };
}

function importPathsBelow({ folder, importPaths }: CheckOptions, root: string): { importPaths?: readonly string[] } {
  if (importPaths === undefined) return {};
  const found = importPaths.map((named) => {
    const path = resolve(folder, named);
    if (!isFolder(path)) throw new UsageError(`--import-path: there is no folder "${named}".`);
    const inside = below(root, path);
    if (inside === undefined) throw new UsageError(`--import-path: "${named}" does not lie in "${root}".`);
    return inside;
  });
  return { importPaths: found };
}

function checkProfiles({ profiles }: CheckOptions, { config }: Sides): void {
  const known = config.profiles.map((profile) => profile.name);
  for (const name of profiles ?? []) {
    if (!known.includes(name))
      throw new UsageError(`There is no reader profile "${name}". There are ${known.join(", ")}.`);
  }
}

/** A break of data that no deciding profile suffers from is at most one of generated code. */
function counts(finding: Finding, failOn: FailOn, deciding: readonly string[] | undefined): boolean {
  if (failOn === "hint") return true;
  if (finding.verdict !== "breaking" || finding.severity !== undefined) return false;
  if (failOn === "source") return true;
  if (deciding !== undefined && !finding.profiles.some((name) => deciding.includes(name))) return false;
  return finding.surfaces.includes("wire") || (failOn === "json" && finding.surfaces.includes("json"));
}

function isSameCommit(a: Baseline, b: Baseline): boolean {
  return a.kind === "git" && b.kind === "git" && a.commit === b.commit;
}

function keepProblem(problems: Map<string, CheckedProblem>, problem: Problem, options: CheckOptions): void {
  const fails = problem.severity === "error" || options.failOn === "hint";
  problems.set(`${problem.path} ${problem.span.start} ${problem.code}`, { problem, counts: fails });
}

function byPlace(a: Place, b: Place): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.span.start - b.span.start;
}

function distinct<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
