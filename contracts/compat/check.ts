import { checkAsyncapi, checkOpenapi } from "./document-check.ts";
import type { Finding } from "./finding.ts";
import { checkProto } from "./proto-check.ts";
import type { CheckReport, CheckRequest, Judges } from "./request.ts";
import type { Place, Problem } from "../source/index.ts";

/**
 * Compares two versions of contracts of every format. Without `judges` a witness carries our own judgement only:
 * it is not to be shown before an independent judge confirmed it, so callers load the judges and ask again.
 */
export function checkContracts(request: CheckRequest, judges?: Judges): CheckReport {
  const proto = hasProto(request) ? checkProto(request, judges) : { findings: [], problems: [] };
  const documents = [checkOpenapi(request, judges), checkAsyncapi(request, judges)];
  const findings = distinctFindings(documents.flatMap((report) => report.findings));
  const problems = distinctProblems(documents.flatMap((report) => report.problems));
  return {
    findings: [...proto.findings, ...findings].sort(byFindingPlace),
    problems: [...proto.problems, ...problems].sort(byPlace),
  };
}

/** Linking needs the well-known files, which take time; a folder of documents alone is spared it. */
function hasProto(request: CheckRequest): boolean {
  const isProto = (path: string) => /\.proto$/i.test(path);
  return [...request.after.files.keys(), ...request.before.files.keys()].some(isProto);
}

/** Two documents may use one message in the same direction: its break is one finding. */
function distinctFindings(findings: readonly Finding[]): Finding[] {
  const byKey = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.ruleId} ${finding.place.path} ${finding.place.span.start} ${finding.message}`;
    const known = byKey.get(key);
    if (known === undefined || (known.verdict === "unknown" && finding.verdict !== "unknown")) byKey.set(key, finding);
  }
  return [...byKey.values()];
}

function byFindingPlace(a: Finding, b: Finding): number {
  return byPlace(a.place, b.place) || (a.ruleId < b.ruleId ? -1 : a.ruleId > b.ruleId ? 1 : 0);
}

function byPlace(a: Place, b: Place): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.span.start - b.span.start || a.span.end - b.span.end;
}

/** A file that two contracts refer to is read for both, and its problems are its own. */
function distinctProblems(problems: readonly Problem[]): Problem[] {
  const byKey = new Map(problems.map((problem) => [`${problem.path} ${problem.span.start} ${problem.code}`, problem]));
  return [...byKey.values()];
}
