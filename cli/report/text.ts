/** For people at a terminal: each finding with its line, who breaks, the proof, and what to do. */
import { exitCodeOf, type CheckedFinding, type CheckResult } from "../check.ts";
import { harmless, type Style } from "../terminal.ts";
import {
  fromFolder,
  hex,
  judgesOf,
  observationText,
  placeOfFinding,
  placeOfProblem,
  previousPlace,
  readerOf,
  summary,
  verdictWord,
  writerOf,
  type ShownPlace,
} from "./places.ts";

export function textReport(result: CheckResult, style: Style): string {
  const blocks = [
    ...result.problems.map(({ problem }) => {
      const place = placeOfProblem(result, problem);
      if (problem.severity === "hint") {
        return [head(result, place, style.cyan("hint"), problem.code, style), text(harmless(problem.message))];
      }
      const colour = problem.severity === "error" ? style.red : style.yellow;
      return [
        head(result, place, colour(problem.severity), problem.code, style),
        ...snippet(place, colour, style),
        text(harmless(problem.message)),
      ];
    }),
    ...result.findings.map((checked) => findingBlock(result, checked, style)),
    ...result.accepted.map(({ by, ...checked }) => [
      head(result, placeOfFinding(checked), style.dim("accepted"), checked.finding.ruleId, style),
      text(harmless(checked.finding.message)),
      text(`Accepted: ${harmless(by.reason)}${by.expires === undefined ? "" : ` (until ${by.expires})`}`),
    ]),
  ];
  const notes = [...result.notes, ...result.unreadable].map(
    ({ message }) => `${style.yellow("!")} ${harmless(message)}`,
  );
  const mark = exitCodeOf(result) !== 0 ? style.red("✖") : style.green("✔");
  const closing = `${mark} ${harmless(summary(result))} ${style.dim(`(${(result.tookMs / 1000).toFixed(2)} s)`)}`;
  return `${[...blocks.map((lines) => lines.join("\n")), ...(notes.length === 0 ? [] : [notes.join("\n")]), closing].join("\n\n")}\n`;
}

function findingBlock(result: CheckResult, checked: CheckedFinding, style: Style): string[] {
  const { finding } = checked;
  const colour =
    finding.severity === "warning" || finding.verdict === "unknown"
      ? style.yellow
      : finding.verdict === "breaking"
        ? style.red
        : style.cyan;
  const surfaces = finding.surfaces.length === 0 ? "" : ` on ${finding.surfaces.join(", ")}`;
  const ignored =
    checked.counts || finding.verdict !== "breaking" || finding.severity !== undefined
      ? ""
      : style.dim(" (does not count here)");
  const place = placeOfFinding(checked);
  const lines = [
    head(result, place, colour(`${verdictWord(checked)}${surfaces}`), finding.ruleId, style) + ignored,
    ...(finding.placeVersion === "before" ? [text(style.dim("(this file is gone; shown as it was)"))] : []),
    ...snippet(place, colour, style),
    text(style.bold(harmless(finding.message))),
  ];
  const previous = previousPlace(checked);
  if (
    previous?.source !== undefined &&
    finding.placeVersion === "after" &&
    previous.source.trim() !== place.source?.trim()
  ) {
    lines.push(
      text(
        `${style.dim(`was, in ${harmless(checked.baseline)}, line ${previous.line}:`)} ${harmless(previous.source.trim())}`,
      ),
    );
  }
  lines.push(...labelled("who breaks", finding.consequence, style));
  if (finding.verdict === "unknown" && finding.reason !== undefined)
    lines.push(...labelled("unknown", finding.reason, style));
  const { witness } = finding;
  if (witness !== undefined) {
    lines.push(...labelled("proof", `${writerOf(witness)}:`, style));
    for (const line of witness.written.split("\n").slice(0, 24))
      lines.push(text(`             ${style.cyan(harmless(line))}`));
    if (witness.bytes !== undefined) lines.push(text(`             ${style.dim(hex(witness.bytes))}`));
    lines.push(text(`             ${readerOf(witness)}:`));
    for (const observation of witness.observations.slice(0, 12)) {
      lines.push(text(`             ${harmless(observationText(observation))}`));
    }
    const judges = judgesOf(witness);
    if (judges.length > 0) lines.push(text(style.dim(`             confirmed by ${judges.join(" and ")}`)));
  }
  if (finding.profiles.length > 0) lines.push(...labelled("profiles", finding.profiles.join(", "), style));
  lines.push(...labelled("what to do", finding.advice, style));
  return lines;
}

function head(result: CheckResult, place: ShownPlace, verdict: string, rule: string, style: Style): string {
  return `${style.bold(`${harmless(fromFolder(result, place.path))}:${place.line}:${place.column}`)}  ${verdict}  ${style.dim(rule)}`;
}

function text(line: string): string {
  return line === "" ? "" : `  ${line}`;
}

function labelled(label: string, value: string, style: Style): string[] {
  return value === "" ? [] : [text(`${style.dim(label.padEnd(11))}  ${harmless(value)}`)];
}

const widest = 160;

/** The line with carets under the place; long lines are cut around it. */
function snippet(place: ShownPlace, colour: (text: string) => string, style: Style): string[] {
  if (place.source === undefined) return [];
  const from = place.column - 1 > widest - 40 ? place.column - 41 : 0;
  const source = harmless(place.source.slice(from, from + widest)).replaceAll("\t", " ");
  const start = place.column - 1 - from;
  const end = place.endLine === place.line ? place.endColumn - 1 - from : source.trimEnd().length;
  const width = columnsOf(source.slice(start, Math.max(end, start)));
  const number = String(place.line);
  const bar = style.dim("│");
  return [
    `  ${style.dim(number)} ${bar} ${source}`,
    `  ${" ".repeat(number.length)} ${bar} ${" ".repeat(columnsOf(source.slice(0, start)))}${colour("^".repeat(Math.max(1, width)))}`,
  ];
}

/** How many cells of a terminal a text takes, near enough: characters outside of the basic plane and East Asian ones take two. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text)
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
        character,
      )
        ? 2
        : 1;
  return columns;
}
