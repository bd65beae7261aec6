/** For a comment on a change request. */
import type { CheckedFinding, CheckResult } from "../check.ts";
import {
  judgesOf,
  observationText,
  placeOfFinding,
  placeOfProblem,
  readerOf,
  rulePage,
  summary,
  verdictWord,
  writerOf,
} from "./places.ts";

export function markdownReport(result: CheckResult): string {
  const parts = [`## Contrail`, escape(summary(result))];
  for (const { problem } of result.problems) {
    const { path, line } = placeOfProblem(result, problem);
    parts.push(`- **${problem.severity}** ${code(`${path}:${line}`)} ${escape(problem.message)}`);
  }
  for (const checked of result.findings) parts.push(findingSection(checked));
  if (result.accepted.length > 0) {
    const rows = result.accepted.map(
      ({ finding, by }) => `- ${code(finding.ruleId)} ${escape(finding.message)} _Accepted: ${escape(by.reason)}_`,
    );
    parts.push(`<details><summary>${result.accepted.length} accepted</summary>\n\n${rows.join("\n")}\n\n</details>`);
  }
  for (const { message } of [...result.notes, ...result.unreadable]) parts.push(`> ${escape(message)}`);
  return `${parts.join("\n\n")}\n`;
}

function findingSection(checked: CheckedFinding): string {
  const { finding } = checked;
  const { path, line } = placeOfFinding(checked);
  const surfaces = finding.surfaces.length === 0 ? "" : ` on ${finding.surfaces.join(", ")}`;
  const lines = [
    `### ${escape(finding.message)}`,
    `${code(`${path}:${line}`)} · **${verdictWord(checked)}**${surfaces} · [${finding.ruleId}](${rulePage(finding)})`,
    escape(`${finding.consequence} ${finding.advice}`.trim()),
  ];
  const { witness } = finding;
  if (witness !== undefined) {
    const judges = judgesOf(witness);
    lines.push(
      `<details><summary>Proof</summary>`,
      `${escape(writerOf(witness))}:`,
      fence("json", witness.written),
      `${readerOf(witness)}:`,
      fence("text", witness.observations.map(observationText).join("\n")),
      ...(judges.length === 0 ? [] : [`Confirmed by ${judges.join(" and ")}.`]),
      `</details>`,
    );
  }
  return lines.join("\n\n");
}

/** Text as text, in one line. An invisible space keeps `@name` from calling somebody; a backslash would not. */
function escape(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>#|~]/g, (character) => `\\${character}`)
    .replaceAll("@", "@\u200b")
    .replace(/\s*\n\s*/g, " ");
}

/** Code in a line, with more backticks around it than it holds. */
function code(text: string): string {
  const ticks = "`".repeat(Math.max(0, ...Array.from(text.matchAll(/`+/g), (match) => match[0].length)) + 1);
  return ticks.length === 1 ? `\`${text}\`` : `${ticks} ${text} ${ticks}`;
}

function fence(language: string, text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), (match) => match[0].length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${text}\n${ticks}`;
}
