/** Values of the engine as the Language Server Protocol has them. The only file that knows both. */
import {
  DiagnosticSeverity,
  type Diagnostic,
  type DiagnosticRelatedInformation,
  type Range,
  type TextEdit as LspTextEdit,
} from "vscode-languageserver";
import type { Finding, Fix, Format } from "../contracts/compat/index.ts";
import { LineIndex, type Place, type Problem, type Span, type TextEdit } from "../contracts/source/index.ts";
import { shortWitness } from "./witness-text.ts";

/** Where the page of a rule is. */
const rulePages = "https://github.com/contrail-dev/contrail/blob/main/docs/rules";

export const diagnosticSource = "contrail";
export const liveSource = "contrail live";

export function rulePage(format: Format, rule: string): string {
  return `${rulePages}/${format}/${rule}.md`;
}

/** What a conversion needs to know of files. */
export interface Places {
  /** The text that spans of `place` count in: the edited one, or the baseline's. */
  text(path: string, version: "before" | "after"): string | undefined;
  uri(path: string, version: "before" | "after"): string;
}

const indices = new Map<string, { text: string; index: LineIndex }>();

export function toRange(text: string, span: Span, key?: string): Range {
  const index = indexOf(text, key);
  return { start: index.positionAt(span.start), end: index.positionAt(span.end) };
}

/** A line index is kept for each of the last texts, as one check reports many places in one file. */
export function indexOf(text: string, key?: string): LineIndex {
  if (key === undefined) return new LineIndex(text);
  const known = indices.get(key);
  if (known?.text === text) return known.index;
  const index = new LineIndex(text);
  indices.delete(key);
  indices.set(key, { text, index });
  if (indices.size > 200) for (const oldest of indices.keys()) if (indices.size > 150) indices.delete(oldest);
  return index;
}

export function problemToDiagnostic(problem: Problem, places: Places): Diagnostic {
  const related = (problem.related ?? []).map((other) => relatedTo(other, "after", other.message, places));
  return {
    range: rangeOf(problem, "after", places),
    severity: problemSeverities[problem.severity],
    code: problem.code,
    source: diagnosticSource,
    message: problem.message,
    ...(related.length === 0 ? {} : { relatedInformation: related }),
  };
}

const problemSeverities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  hint: DiagnosticSeverity.Hint,
} as const;

/** `data` of a finding's diagnostic: by it, code actions find the finding again. */
export interface FindingData {
  readonly finding: string;
}

export function keyOf(finding: Finding): string {
  const { place } = finding;
  return `${finding.ruleId} ${place.path} ${place.span.start} ${finding.message}`;
}

/** `baseline` names what was compared with, for the link to the old place. */
export function findingToDiagnostic(finding: Finding, places: Places, baseline: string): Diagnostic {
  const related: DiagnosticRelatedInformation[] = [];
  if (finding.previous !== undefined) {
    related.push(relatedTo(finding.previous, "before", `As it was in ${baseline}.`, places));
  }
  for (const other of finding.related ?? []) related.push(relatedTo(other, "after", other.message, places));
  const data: FindingData = { finding: keyOf(finding) };
  return {
    range: rangeOf(finding.place, finding.placeVersion, places),
    severity: severityOf(finding),
    code: finding.ruleId,
    codeDescription: { href: rulePage(finding.format, finding.ruleId) },
    source: diagnosticSource,
    message: messageOf(finding),
    ...(related.length === 0 ? {} : { relatedInformation: related }),
    data,
  };
}

/** Breaking is an error on every surface, `unknown` never is; what is compatible and still shown is advice. */
function severityOf(finding: Finding): DiagnosticSeverity {
  if (finding.severity === "warning") return DiagnosticSeverity.Warning;
  switch (finding.verdict) {
    case "breaking":
      return DiagnosticSeverity.Error;
    case "unknown":
      return DiagnosticSeverity.Information;
    case "compatible":
      return DiagnosticSeverity.Hint;
    default:
      return finding.verdict satisfies never;
  }
}

function messageOf(finding: Finding): string {
  const lines = [finding.message, finding.consequence];
  if (finding.witness !== undefined) lines.push(shortWitness(finding.witness));
  if (finding.verdict === "unknown") {
    lines.push(`Whether this breaks anybody is unknown${finding.reason === undefined ? "." : `: ${finding.reason}`}`);
  }
  return lines.filter((line) => line !== "").join("\n");
}

export function editsToLsp(edits: readonly TextEdit[], places: Places): Record<string, LspTextEdit[]> {
  const changes: Record<string, LspTextEdit[]> = {};
  for (const edit of edits) {
    const text = places.text(edit.path, "after");
    if (text === undefined) continue;
    (changes[places.uri(edit.path, "after")] ??= []).push({
      range: toRange(text, edit.span, `after ${edit.path}`),
      newText: edit.newText,
    });
  }
  return changes;
}

export function fixIsPreferred(fix: Fix): boolean {
  return fix.preferred === true;
}

function relatedTo(
  place: Place,
  version: "before" | "after",
  message: string,
  places: Places,
): DiagnosticRelatedInformation {
  return { location: { uri: places.uri(place.path, version), range: rangeOf(place, version, places) }, message };
}

function rangeOf(place: Place, version: "before" | "after", places: Places): Range {
  const text = places.text(place.path, version);
  if (text === undefined) return { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  return toRange(text, place.span, `${version} ${place.path}`);
}
