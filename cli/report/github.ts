/** Workflow commands of GitHub Actions: an annotation at each line. */
import type { CheckResult } from "../check.ts";
import {
  fromRepository,
  observationText,
  placeOfFinding,
  placeOfProblem,
  summary,
  writerOf,
  type ShownPlace,
} from "./places.ts";

export function githubReport(result: CheckResult): string {
  const lines = [
    ...result.problems.map(({ problem, counts }) =>
      command(
        counts ? "error" : problem.severity === "hint" ? "notice" : "warning",
        inRepository(result, placeOfProblem(result, problem)),
        problem.code,
        problem.message,
      ),
    ),
    ...result.findings.map((checked) => {
      const { finding, counts } = checked;
      const { witness } = finding;
      const proof =
        witness === undefined
          ? []
          : [`${writerOf(witness)}:`, witness.written, ...witness.observations.map(observationText)];
      const text = [finding.message, finding.consequence, ...proof, finding.advice]
        .filter((line) => line !== "")
        .join("\n");
      const level = counts ? "error" : finding.severity === "warning" ? "warning" : "notice";
      return command(level, inRepository(result, placeOfFinding(checked)), finding.ruleId, text);
    }),
    ...[...result.notes.filter(({ severity }) => severity === "error"), ...result.unreadable].map(
      ({ message }) => `::error title=Contrail::${data(message)}`,
    ),
  ];
  return `${[...lines, summary(result).replace(/\s+/g, " ")].join("\n")}\n`;
}

function inRepository(result: CheckResult, place: ShownPlace): ShownPlace {
  return { ...place, path: fromRepository(result, place.path) };
}

function command(kind: "error" | "warning" | "notice", place: ShownPlace, title: string, message: string): string {
  const sameLine = place.line === place.endLine ? `,col=${place.column},endColumn=${place.endColumn}` : "";
  const where = `file=${property(place.path)},line=${place.line},endLine=${place.endLine}${sameLine}`;
  return `::${kind} ${where},title=${property(title)}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
