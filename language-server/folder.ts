/**
 * One workspace folder being checked: the baseline, the texts on disk and in the editor, and the outcome of the last
 * check. Changes are gathered for a moment (longer where a check is slow), then one check answers for all of them.
 */
import { pathToFileURL } from "node:url";
import type { CheckReport, Finding, Level } from "../contracts/compat/index.ts";
import type { Place, Problem } from "../contracts/source/index.ts";
import {
  changedPaths,
  checkSides,
  decide,
  fileOfDependency,
  insideRoot,
  joinPath,
  loadSides,
  narrowSides,
  SidesCache,
  type Sides,
} from "../workspace/index.ts";
import type { Places } from "./to-lsp.ts";
import { WholeCheck, type CheckedWhole } from "./whole-check.ts";
import { baselineUri, fileOf, pathBelow, uriBelow } from "./uris.ts";

/** What is known after a check; a value, a new check makes a new one. */
export interface Outcome {
  readonly revision: number;
  readonly sides: Sides;
  readonly report: CheckReport;
  /** What counts, by the path it is shown at; a finding about a deleted file stands at the old path. */
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
  /** How long this check took. */
  readonly tookMs: number;
  /** How long the last check of everything took. */
  readonly wholeTookMs: number;
}

export interface FolderHost {
  /** Unsaved and open texts by path below `root`. */
  overlay(root: string): ReadonlyMap<string, string>;
  against(): string | undefined;
  level(): string | undefined;
  importPaths(): readonly string[];
  log(message: string): void;
  /** A check has ended that nobody may be waiting for. */
  checked(folder: Folder, outcome: Outcome): void;
  /** `YYYY-MM-DD`. */
  today(): string;
  /** A check of everything that takes longer is one that somebody would notice after a keystroke. */
  readonly slowCheckMs: number;
}

const quickDebounceMs = 10;
const slowDebounceMs = 150;
const largeCharacters = 8_000_000;

export class Folder {
  readonly root: string;
  readonly uri: string;
  outcome: Outcome | undefined;
  private readonly host: FolderHost;
  private readonly cache = new SidesCache();
  private readonly whole: WholeCheck;
  /** A check of everything that runs beside the others, and the one that ended last and was not looked at yet. */
  private wholeRun: Promise<void> | undefined;
  private wholeAgain = false;
  private wholeEnded: (CheckedWhole & { readonly sides: Sides }) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stale = true;
  /** Something changed of which nobody can say how far it reaches. */
  private wholeIsStale = true;
  private waiting: Array<() => void> = [];
  private revision = 0;
  private disposed = false;

  constructor(root: string, uri: string, host: FolderHost) {
    this.root = root;
    this.uri = uri;
    this.host = host;
    this.whole = new WholeCheck((message) => host.log(message));
  }

  /** The text of a document changed, was opened or closed. */
  textChanged(): void {
    this.stale = true;
    this.schedule((this.outcome?.tookMs ?? 0) > 60 ? slowDebounceMs : quickDebounceMs);
  }

  /** Whether an answer for the texts of now will take long enough for somebody to notice. */
  get isSlow(): boolean {
    return this.stale && (this.outcome?.wholeTookMs ?? 0) > this.host.slowCheckMs;
  }

  /** Files on disk changed; absolute paths, or all of them. */
  filesChanged(files?: readonly string[]): void {
    this.wholeIsStale = true;
    this.cache.filesChanged(files?.flatMap((file) => pathBelow(this.root, file) ?? []));
    this.textChanged();
  }

  /** HEAD moved, a branch moved, or the settings name another baseline. */
  refsChanged(): void {
    this.wholeIsStale = true;
    this.cache.refsChanged();
    this.textChanged();
  }

  /** The outcome for the texts as they are now. Resolves with the last one known when the folder is closed meanwhile. */
  async current(): Promise<Outcome | undefined> {
    while (this.stale && !this.disposed) {
      if (this.timer === undefined && this.running === undefined) this.schedule(0);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    return this.outcome;
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    this.whole.dispose();
    this.wake();
  }

  readonly places: Places = {
    text: (path, version) => {
      const sides = this.outcome?.sides;
      if (version === "before") return sides?.before.files.get(path);
      return sides?.after.files.get(path) ?? sides?.settings.get(path);
    },
    uri: (path, version) => {
      const file = fileOfDependency(path, this.outcome?.sides.cached ?? []);
      if (file !== undefined) return pathToFileURL(file).href;
      return version === "before" ? baselineUri(this.root, path) : uriBelow(this.root, path);
    },
  };

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.running ??= this.check().finally(() => {
        this.running = undefined;
        if (this.stale && this.timer === undefined && !this.disposed) this.schedule(0);
        this.wake();
      });
    }, delay);
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** What is known so far: the last outcome, or a newer one of everything. */
  private known(): Outcome | undefined {
    const ended = this.wholeEnded;
    this.wholeEnded = undefined;
    if (ended === undefined || this.outcome === undefined) return this.outcome;
    return { ...this.outcome, sides: ended.sides, report: ended.report, wholeTookMs: ended.tookMs };
  }

  private async checkWhole(sides: Sides, level: Level, aside: boolean): Promise<CheckedWhole> {
    if (aside) return this.whole.check(sides, level);
    const started = performance.now();
    const report = await checkSides(sides, level);
    return { report, tookMs: performance.now() - started };
  }

  /** Checks everything while edits go on being checked; what was edited meanwhile is laid over it at its end. */
  private checkWholeBeside(sides: Sides, level: Level): void {
    if (this.wholeRun !== undefined) {
      this.wholeAgain = true;
      return;
    }
    this.wholeRun = this.whole
      .check(sides, level)
      .then(
        (checked) => {
          this.wholeEnded = { ...checked, sides };
        },
        (error: unknown) => {
          if (!this.disposed) this.host.log(`The check of all of ${this.root} failed: ${String(error)}`);
        },
      )
      .finally(() => {
        this.wholeRun = undefined;
        if (this.disposed) return;
        if (this.wholeAgain) this.wholeIsStale = true;
        this.wholeAgain = false;
        this.stale = true;
        this.schedule(0);
      });
  }

  /** The editor's import paths, which are relative to the folder that is open. */
  private importing(): { importPaths?: readonly string[]; configWins: true } {
    const open = pathBelow(this.root, fileOf(this.uri) ?? this.root) ?? "";
    const importPaths = this.host.importPaths().flatMap((path) => {
      const inside = insideRoot(path);
      return inside === undefined ? [] : [joinPath(open, inside)];
    });
    return { configWins: true, ...(importPaths.length === 0 ? {} : { importPaths }) };
  }

  private async check(): Promise<void> {
    const started = performance.now();
    this.stale = false;
    const whole = this.wholeIsStale;
    this.wholeIsStale = false;
    try {
      const against = this.host.against();
      const sides = await loadSides({
        root: this.root,
        cache: this.cache,
        overlay: this.host.overlay(this.root),
        ...this.importing(),
        ...(against === undefined ? {} : { against }),
      });
      const level = levelOf(sides, this.host.level());
      const known = this.known();
      const slow = known !== undefined && known.wholeTookMs > this.host.slowCheckMs;
      const narrow = slow && sameLayout(known.sides, sides);
      let checked: CheckedWhole | undefined;
      if (!narrow) checked = await this.checkWhole(sides, level, slow || isLarge(sides));
      else if (whole) this.checkWholeBeside(sides, level);
      const report = checked?.report ?? (await checkPart(known as Outcome, sides, level));
      if (this.disposed) return;
      const decided = decide(report.findings, sides.config, this.host.today());
      const tookMs = performance.now() - started;
      const outcome: Outcome = {
        revision: ++this.revision,
        sides,
        report,
        findings: byPath(decided.findings, (finding) => finding.place.path),
        problems: byPath(
          [...report.problems, ...sides.problems, ...decided.stale, ...sides.unreadable.map(unreadableProblem)],
          (problem) => problem.path,
        ),
        tookMs,
        wholeTookMs: checked?.tookMs ?? known?.wholeTookMs ?? tookMs,
      };
      this.outcome = outcome;
      this.host.checked(this, outcome);
    } catch (error) {
      this.host.log(
        `The check of ${this.root} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
  }
}

/** Where sending texts to a thread costs less than waiting for their check. */
function isLarge({ before, after }: Sides): boolean {
  let characters = 0;
  for (const side of [before, after]) for (const text of side.files.values()) characters += text.length;
  return characters > largeCharacters;
}

/** contrail.yaml decides for everybody in the repository; the editor's setting only where it says nothing. */
function levelOf(sides: Sides, setting: string | undefined): "backward" | "forward" | "full" {
  if (sides.config.path === undefined && (setting === "backward" || setting === "forward")) return setting;
  return sides.config.level;
}

/**
 * In a large tree: only what was edited since the last check is checked again, with all that it imports. What an edit
 * does to files that import it is seen with the next check of everything, at the latest when it is saved.
 */
async function checkPart(known: Outcome, sides: Sides, level: Level): Promise<CheckReport> {
  const changed = changedPaths(known.sides.after, sides.after);
  const part = await checkSides(narrowSides(sides, changed), level);
  const isChanged = ({ path }: Place) => changed.has(path);
  return {
    findings: [
      ...known.report.findings.filter(({ place }) => !isChanged(place)),
      ...part.findings.filter(({ place }) => isChanged(place)),
    ],
    problems: [...known.report.problems.filter((one) => !isChanged(one)), ...part.problems.filter(isChanged)],
  };
}

/** Whether settings and modules are the same, so that an outcome of before still holds for what was not edited. */
function sameLayout(a: Sides, b: Sides): boolean {
  const layout = ({ settings, after }: Sides) => JSON.stringify([[...settings], after.protoModules]);
  return a.before === b.before && layout(a) === layout(b);
}

function unreadableProblem({ path, message }: Sides["unreadable"][number]): Problem {
  return { path, span: { start: 0, end: 0 }, code: "unreadable", severity: "error", message };
}

function byPath<T>(items: readonly T[], path: (item: T) => string): Map<string, T[]> {
  const result = new Map<string, T[]>();
  for (const item of items) {
    const known = result.get(path(item));
    if (known === undefined) result.set(path(item), [item]);
    else known.push(item);
  }
  return result;
}
