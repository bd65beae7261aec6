/** SARIF 2.1.0, for code scanning services. Columns are UTF-16 units, as the file says of itself. */
import { createHash } from "node:crypto";
import { rulePages } from "../rule-pages.ts";
import type { CheckedFinding, CheckResult } from "../check.ts";
import { version } from "../version.ts";
import {
  fromRepository,
  observationText,
  placeOfFinding,
  placeOfProblem,
  previousPlace,
  rulePage,
  writerOf,
  type ShownPlace,
} from "./places.ts";

export function sarifReport(result: CheckResult): string {
  const findings = [...result.findings, ...result.accepted];
  const pages = new Map(rulePages().map((page) => [page.rule, page]));
  const rules = new Map<string, object>();
  for (const { finding } of findings) {
    const page = pages.get(finding.ruleId);
    const purpose = page?.purpose ?? finding.ruleId;
    rules.set(finding.ruleId, {
      id: finding.ruleId,
      shortDescription: { text: purpose },
      help: { text: page?.text ?? purpose, ...(page === undefined ? {} : { markdown: page.text }) },
      helpUri: rulePage(finding),
      properties: { tags: ["compatibility", finding.format] },
    });
  }
  for (const { problem } of result.problems) {
    const text = "What is wrong with a contract or a settings file by itself.";
    rules.set(problem.code, { id: problem.code, shortDescription: { text }, help: { text } });
  }
  const ruleIndex = new Map([...rules.keys()].map((id, index) => [id, index]));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Contrail",
            version: version(),
            informationUri: "https://github.com/contrail-dev/contrail",
            rules: [...rules.values()],
          },
        },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful:
              result.unreadable.length === 0 && !result.notes.some(({ severity }) => severity === "error"),
            toolExecutionNotifications: [...result.notes, ...result.unreadable].map(({ message }) => ({
              level: "warning",
              message: { text: message },
            })),
          },
        ],
        results: [
          ...result.findings.map((checked) => findingResult(result, checked, undefined)),
          ...result.accepted.map((checked) => findingResult(result, checked, checked.by.reason)),
          ...result.problems.map(({ problem }) => ({
            ruleId: problem.code,
            level: problem.severity === "hint" ? "note" : problem.severity,
            message: { text: problem.message },
            locations: [location(result, placeOfProblem(result, problem))],
            partialFingerprints: fingerprints(problem.code, problem.path, problem.message),
          })),
        ].map((one) => ({ ...one, ruleIndex: ruleIndex.get(one.ruleId) ?? -1 })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function levelOf({ finding, counts }: CheckedFinding): "error" | "warning" | "note" {
  if (!counts && finding.severity !== "warning") return "note";
  return finding.verdict === "breaking" && finding.severity === undefined ? "error" : "warning";
}

function findingResult(result: CheckResult, checked: CheckedFinding, accepted: string | undefined) {
  const { finding } = checked;
  const previous = previousPlace(checked);
  const place = placeOfFinding(checked);
  const proof =
    finding.witness === undefined
      ? ""
      : `\n\n${writerOf(finding.witness)}:\n${finding.witness.written}\n${finding.witness.observations.map(observationText).join("\n")}`;
  return {
    ruleId: finding.ruleId,
    level: levelOf(checked),
    message: { text: `${finding.message} ${finding.consequence} ${finding.advice}${proof}`.trim() },
    locations: [location(result, place)],
    ...(previous === undefined
      ? {}
      : {
          relatedLocations: [{ ...location(result, previous), message: { text: `As it was in ${checked.baseline}.` } }],
        }),
    partialFingerprints: fingerprints(finding.ruleId, place.path, finding.message),
    ...(accepted === undefined ? {} : { suppressions: [{ kind: "external", justification: accepted }] }),
  };
}

/** What stays the same while lines move: by it a service knows a result again. */
function fingerprints(rule: string, path: string, message: string) {
  const hash = createHash("sha256").update(`${rule}\n${path}\n${message}`).digest("hex");
  return { primaryLocationLineHash: `${hash.slice(0, 16)}:1` };
}

function location(result: CheckResult, { path, line, column, endLine, endColumn }: ShownPlace) {
  return {
    physicalLocation: {
      artifactLocation: {
        uri: fromRepository(result, path).split("/").map(encodeURIComponent).join("/"),
        uriBaseId: "%SRCROOT%",
      },
      region: { startLine: line, startColumn: column, endLine, endColumn },
    },
  };
}
