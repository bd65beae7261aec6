/**
 * Both versions go to the engine. It and, more so, the independent judges of witnesses are large: the engine is loaded
 * with the first check, the judges when something broke.
 */
import type { CheckReport, CheckRequest, Judges, Level } from "../contracts/compat/index.ts";
import type { Sides } from "./sides.ts";

let judges: Promise<Judges> | undefined;

/** Everything the engine finds between both sides, in order of path and place; no witness that was not confirmed. */
export async function checkSides(sides: Sides, level: Level = sides.config.level): Promise<CheckReport> {
  const { checkContracts } = await import("../contracts/compat/index.ts");
  const request: CheckRequest = { before: sides.before, after: sides.after, level, profiles: sides.config.profiles };
  if (judges !== undefined) return checkContracts(request, await judges);
  const report = checkContracts(request);
  if (!report.findings.some((finding) => finding.witness !== undefined)) return report;
  judges = import("../contracts/compat/index.ts").then(({ loadJudges }) => loadJudges());
  return checkContracts(request, await judges);
}
