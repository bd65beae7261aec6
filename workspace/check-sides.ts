/**
 * Both versions go to the engine. It and, more so, the independent judges of witnesses are large: the engine is loaded
 * with the first check, the judges with the first change that can break somebody.
 */
import type { CheckReport, CheckRequest, Judges, Level } from "../contracts/compat/index.ts";
import type { Problem } from "../contracts/source/index.ts";
import type { Sides } from "./sides.ts";

let judges: Promise<Judges> | undefined;

/** Everything the engine finds between both sides, in order of path and place; no witness that was not confirmed. */
export async function checkSides(sides: Sides, level: Level = sides.config.level): Promise<CheckReport> {
  const { checkContracts, loadJudges } = await import("../contracts/compat/index.ts");
  const request: CheckRequest = { before: sides.before, after: sides.after, level, profiles: sides.config.profiles };
  if (judges === undefined && somethingChanged(sides)) judges = loadJudges();
  const report = checkContracts(request, await judges);
  if (sides.dependencies.length === 0) return report;
  return { ...report, problems: report.problems.map(mayComeFromDependency) };
}

/** Whether a contract of the baseline is another one now; what is only new breaks nobody. */
function somethingChanged({ before, after }: Sides): boolean {
  for (const [path, text] of before.files) if (after.files.get(path) !== text) return true;
  return false;
}

/** An import that was not found is no mistake where it may come from a module that is not here. */
function mayComeFromDependency(problem: Problem): Problem {
  if (problem.code !== "proto-missing-import") return problem;
  return {
    ...problem,
    severity: "hint",
    message: `${problem.message} It may come from a dependency of buf.yaml, which is not read.`,
  };
}
