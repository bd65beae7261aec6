/** Where findings and problems are, for people: paths, lines and columns from 1; and the words that all forms share. */
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Finding, Observation, Witness } from "../../contracts/compat/index.ts";
import type { Place } from "../../contracts/source/index.ts";
import { couldNotAll, positionIn, type CheckedFinding, type CheckResult } from "../check.ts";

export interface ShownPlace {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The line itself; absent when its text is not at hand. */
  readonly source?: string;
}

export function placeOfFinding(checked: CheckedFinding): ShownPlace {
  const { finding } = checked;
  return shown(finding.place, checked.text(finding.place.path, finding.placeVersion));
}

export function previousPlace(checked: CheckedFinding): ShownPlace | undefined {
  const { previous } = checked.finding;
  return previous === undefined ? undefined : shown(previous, checked.text(previous.path, "before"));
}

export function placeOfProblem(result: CheckResult, place: Place): ShownPlace {
  return shown(place, result.text(place.path));
}

function shown({ path, span }: Place, text: string | undefined): ShownPlace {
  if (text === undefined) return { path, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const start = positionIn(text, span.start);
  const end = positionIn(text, span.end);
  const lineStart = span.start - start.character;
  const lineEnd = text.slice(lineStart).search(/[\r\n]/);
  return {
    path,
    line: start.line + 1,
    column: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
    source: lineEnd < 0 ? text.slice(lineStart) : text.slice(lineStart, lineStart + lineEnd),
  };
}

/** The path from where the command was called, for somebody who clicks on it. */
export function fromFolder({ root, folder }: CheckResult, path: string): string {
  return relative(folder, join(root, path)).split(sep).join("/");
}

/** The path from the top of the repository, as services want it that show annotations. */
export function fromRepository({ root }: CheckResult, path: string): string {
  for (let at = root, last = ""; at !== last; last = at, at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return relative(at, join(root, path)).split(sep).join("/");
  }
  return path;
}

export function verdictWord(checked: CheckedFinding): string {
  const { verdict, severity } = checked.finding;
  if (severity === "warning") return "warning";
  return verdict === "compatible" ? "advice" : verdict;
}

export function observationText({ path, outcome, wrote, read, detail }: Observation): string {
  const what = path === "" ? "the message" : `"${path}"`;
  const because = detail === undefined || detail === "" ? "" : `: ${detail}`;
  switch (outcome) {
    case "lost":
      return `${what} is lost`;
    case "garbled":
      return `${what} is garbled: ${wrote ?? "?"} is read as ${read ?? "something else"}`;
    case "unreadable":
      return `${what} cannot be read${because}`;
    case "defaulted":
      return `${what} is read as its default${read === undefined ? "" : `, ${read}`}${wrote === undefined ? "" : ` instead of ${wrote}`}`;
    case "moved-into-unknown":
      return `${what} becomes an unknown field`;
    case "rejected":
      return `${what} is rejected${because}`;
    default:
      return outcome satisfies never;
  }
}

export function writerOf(witness: Witness): string {
  return `${witness.messageName}, written by the ${witness.writer === "before" ? "old" : "new"} version`;
}

export function readerOf(witness: Witness): string {
  return `read by the ${witness.reader === "before" ? "old" : "new"} version`;
}

export function judgesOf(witness: Witness): string[] {
  return witness.judges.filter(({ confirms }) => confirms).map(({ judge }) => judge);
}

export function hex(bytes: Uint8Array): string {
  const text = Array.from(bytes.subarray(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 64 ? `${text} ... (${bytes.length} bytes)` : text;
}

export function rulePage({ format, ruleId }: Finding): string {
  return `https://github.com/contrail-dev/contrail/blob/main/docs/rules/${format}/${ruleId}.md`;
}

/** `2 breaking changes, 1 problem in 3 contracts, compared with main (merge-base 1a2b3c4).` */
export function summary(result: CheckResult): string {
  const { findings, problems, accepted, contracts } = result;
  const breaking = findings.filter(
    ({ finding }) => finding.verdict === "breaking" && finding.severity === undefined,
  ).length;
  const warnings = findings.filter(({ finding }) => finding.severity === "warning").length;
  const unknown = findings.filter(({ finding }) => finding.verdict === "unknown").length;
  const errors = problems.filter(({ problem }) => problem.severity === "error").length;
  const parts = [
    breaking > 0 ? count(breaking, "breaking change") : "",
    warnings > 0 ? count(warnings, "warning") : "",
    unknown > 0 ? `${unknown} unknown` : "",
    errors > 0 ? count(errors, "problem") : "",
  ].filter((part) => part !== "");
  const failed = couldNotAll(result);
  if (failed && result.baselines.every((label) => label === "nothing")) {
    return [...parts, `${count(contracts, "contract")} not compared with anything`].join(", ") + ".";
  }
  if (contracts === 0 && parts.length === 0 && accepted.length === 0 && !failed)
    return `There is no .proto, OpenAPI or AsyncAPI file here, compared with ${comparedWith(result)}.`;
  const nothing = failed ? "Nothing breaks in what could be read" : "Nothing breaks";
  const what = parts.length === 0 ? nothing : parts.join(", ");
  const lived = accepted.length > 0 ? `, ${accepted.length} accepted` : "";
  return `${what}${lived} in ${count(contracts, "contract")}, compared with ${comparedWith(result)}.`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function comparedWith({ baselines }: CheckResult): string {
  if (baselines.length <= 3) return baselines.join(", ");
  return `${baselines[0] ?? ""} and ${baselines.length - 1} tags`;
}
