/**
 * Both versions go to the engine. It and, more so, the independent judges of witnesses are large: the engine is loaded
 * with the first check, the judges with the first change that can break somebody.
 */
import type { CheckReport, CheckRequest, ContractSet, Judges, Level } from "../contracts/compat/index.ts";
import type { Problem } from "../contracts/source/index.ts";
import { isExpectedHere, isOfDependency, withDependencyNames } from "./dependencies.ts";
import { folderOf, isWithin } from "./paths.ts";
import type { Sides } from "./sides.ts";

let judges: Promise<Judges> | undefined;

/** What of both sides a check asks for. */
export type CheckedSides = Pick<Sides, "before" | "after" | "dependencies"> & {
  readonly config: Pick<Sides["config"], "level" | "profiles" | "data">;
};

/** Everything the engine finds between both sides, in order of path and place; no witness that was not confirmed. */
export async function checkSides(sides: CheckedSides, level: Level = sides.config.level): Promise<CheckReport> {
  const { checkContracts, loadJudges } = await import("../contracts/compat/index.ts");
  const { profiles, data } = sides.config;
  const request: CheckRequest = { before: sides.before, after: sides.after, level, profiles, data, advice: true };
  if (judges === undefined && somethingChanged(sides)) judges = loadJudges();
  const report = checkContracts(request, await judges);
  return sides.after.protoModules.some(({ directory }) => isOfDependency(directory)) || sides.dependencies.length > 0
    ? withoutDependencies(report, sides)
    : report;
}

/** Whether a contract of the baseline is another one now; what is only new breaks nobody. */
function somethingChanged({ before, after }: CheckedSides): boolean {
  for (const [path, text] of before.files) if (after.files.get(path) !== text) return true;
  return false;
}

/**
 * What dependencies hold is for others to judge. And an import that may come from one that is not here is no mistake; the
 * one hint at the dependency in buf.yaml has said so already. Where the repository itself has the folder that the
 * imported file should be in, it is rather mistyped.
 */
function withoutDependencies(report: CheckReport, { after, dependencies }: CheckedSides): CheckReport {
  const folders = new Set<string>();
  for (const { directory } of after.protoModules) {
    if (isOfDependency(directory)) continue;
    for (const path of after.files.keys()) {
      if (isWithin(directory, path)) folders.add(folderOf(directory === "" ? path : path.slice(directory.length + 1)));
    }
  }
  return {
    ...report,
    findings: report.findings.filter(({ place }) => !isOfDependency(place.path)),
    problems: report.problems.flatMap((problem): Problem[] => {
      if (isOfDependency(problem.path)) return [];
      if (problem.code !== "proto-missing-import") return [problem];
      const message = withDependencyNames(problem.message);
      if (dependencies.length === 0) return [{ ...problem, message }];
      if (!isExpectedHere(importAt(after, problem), folders)) return [];
      const more = "It may come from a dependency of buf.yaml that is not on this machine.";
      return [{ ...problem, severity: "hint", message: `${message} ${more}` }];
    }),
  };
}

/** The path that an import names, from its place. */
function importAt({ files }: ContractSet, { path, span }: Problem): string {
  return (files.get(path)?.slice(span.start, span.end) ?? "").replace(/^["']|["']$/g, "");
}
