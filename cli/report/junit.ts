/** JUnit XML: a test suite for each contract in which something was found; each finding that counts is a failed test. */
import type { CheckResult } from "../check.ts";
import { observationText, placeOfFinding, placeOfProblem, summary, writerOf } from "./places.ts";

interface Case {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly failure?: string;
  readonly text: string;
}

export function junitReport(result: CheckResult): string {
  const cases: Case[] = [
    ...result.problems.map(({ problem, counts }): Case => {
      const { path, line } = placeOfProblem(result, problem);
      return {
        file: path,
        line,
        name: problem.code,
        ...(counts ? { failure: problem.message } : {}),
        text: problem.message,
      };
    }),
    ...result.findings.map((checked): Case => {
      const { finding, counts } = checked;
      const { path, line } = placeOfFinding(checked);
      const { witness } = finding;
      const proof =
        witness === undefined
          ? []
          : [`${writerOf(witness)}:`, witness.written, ...witness.observations.map(observationText)];
      const text = [`${path}:${line}`, finding.message, finding.consequence, ...proof, finding.advice].join("\n");
      return { file: path, line, name: finding.ruleId, ...(counts ? { failure: finding.message } : {}), text };
    }),
    ...[...result.notes.filter(({ severity }) => severity === "error"), ...result.unreadable].map(
      ({ message }): Case => ({
        file: "contrail",
        line: 1,
        name: "could not be read",
        failure: message,
        text: message,
      }),
    ),
  ];
  if (cases.length === 0) cases.push({ file: "contrail", line: 1, name: "check", text: summary(result) });
  const suites = new Map<string, Case[]>();
  for (const item of cases) suites.set(item.file, [...(suites.get(item.file) ?? []), item]);
  const failures = (items: readonly Case[]) => items.filter(({ failure }) => failure !== undefined).length;
  const seconds = (result.tookMs / 1000).toFixed(3);
  const lines = [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="contrail check" tests="${cases.length}" failures="${failures(cases)}" time="${seconds}">`,
  ];
  for (const [file, items] of suites) {
    lines.push(`  <testsuite name="${xml(file)}" tests="${items.length}" failures="${failures(items)}">`);
    for (const { name, line, failure, text } of items) {
      lines.push(`    <testcase classname="${xml(file)}" name="${xml(`${name} (line ${line})`)}">`);
      if (failure !== undefined) lines.push(`      <failure message="${xml(failure)}">${xml(text)}</failure>`);
      else lines.push(`      <system-out>${xml(text)}</system-out>`);
      lines.push(`    </testcase>`);
    }
    lines.push(`  </testsuite>`);
  }
  return `${lines.join("\n")}\n</testsuites>\n`;
}

/** Text inside of XML, without characters that XML 1.0 forbids. */
function xml(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, "\u{fffd}")
      // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\u{fffd}")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
