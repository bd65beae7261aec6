/** For programs: the form that docs/check-json.md describes. It only grows; `formatVersion` changes when it would break. */
import type { CheckedFinding, CheckResult } from "../check.ts";
import { exitCodeOf } from "../check.ts";
import { judgesOf, placeOfFinding, placeOfProblem, previousPlace, rulePage, type ShownPlace } from "./places.ts";

export function jsonReport(result: CheckResult): string {
  const report = {
    formatVersion: 1,
    exitCode: exitCodeOf(result),
    baselines: result.baselines,
    contracts: result.contracts,
    findings: result.findings.map(findingObject),
    accepted: result.accepted.map(({ by, ...checked }) => ({
      ...findingObject(checked),
      accepted: { reason: by.reason, ...(by.expires === undefined ? {} : { expires: by.expires }) },
    })),
    problems: result.problems.map(({ problem, counts }) => ({
      code: problem.code,
      severity: problem.severity,
      counts,
      message: problem.message,
      place: placeObject(placeOfProblem(result, problem)),
    })),
    notes: result.notes,
    unreadable: result.unreadable,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function findingObject(checked: CheckedFinding) {
  const { finding } = checked;
  const { witness } = finding;
  const previous = previousPlace(checked);
  return {
    rule: finding.ruleId,
    format: finding.format,
    verdict: finding.verdict,
    ...(finding.severity === undefined ? {} : { severity: finding.severity }),
    counts: checked.counts,
    surfaces: finding.surfaces,
    affected: finding.affected,
    profiles: finding.profiles,
    message: finding.message,
    consequence: finding.consequence,
    advice: finding.advice,
    page: rulePage(finding),
    place: { ...placeObject(placeOfFinding(checked)), version: finding.placeVersion },
    ...(previous === undefined ? {} : { previous: placeObject(previous) }),
    baseline: checked.baseline,
    ...(finding.reason === undefined ? {} : { reason: finding.reason }),
    ...(witness === undefined
      ? {}
      : {
          witness: {
            surface: witness.surface,
            message: witness.messageName,
            writer: witness.writer,
            reader: witness.reader,
            written: witness.written,
            ...(witness.bytes === undefined ? {} : { bytes: Buffer.from(witness.bytes).toString("base64") }),
            observations: witness.observations,
            confirmedBy: judgesOf(witness),
          },
        }),
  };
}

function placeObject({ path, line, column, endLine, endColumn }: ShownPlace) {
  return { path, line, column, endLine, endColumn };
}
