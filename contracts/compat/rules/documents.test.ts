import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LineIndex } from "../../source/index.ts";
import { type Finding, builtInProfiles, checkContracts, loadJudges } from "../index.ts";
import { asyncapiRules } from "./asyncapi/index.ts";
import { openapiRules } from "./openapi/index.ts";

/**
 * Every rule's cases: `fixtures/breaking/<format>/<rule>/{before,after}/<case>.yaml`. In `after`, a comment of carets
 * under a piece of a line names the finding that must stand exactly there, with its witness; nothing else is found.
 * With UPDATE_CASES in the environment the comments are written anew, to be read as a diff.
 */
const root = join(import.meta.dirname, "..", "..", "..", "fixtures", "breaking");
const judges = await loadJudges();

function findings(path: string, before: string, after: string): readonly Finding[] {
  const set = (text: string) => ({ files: new Map([[path, text]]), protoModules: [] });
  const request = { before: set(before), after: set(after), level: "full", profiles: builtInProfiles } as const;
  return checkContracts(request, judges).findings;
}

/** The text with each finding written under its line as the cases have it; expectations that stood there are gone. */
function annotated(text: string, found: readonly Finding[]): string {
  const plain = withoutExpectations(text);
  const index = new LineIndex(plain);
  const lines = plain.split("\n");
  for (const finding of [...found].sort((a, b) => b.place.span.start - a.place.span.start)) {
    const start = index.positionAt(finding.place.span.start);
    const length = Math.max(1, finding.place.span.end - finding.place.span.start);
    const severity = finding.verdict === "breaking" ? "error" : finding.verdict;
    const witness = finding.witness === undefined ? (finding.reason ?? "") : compact(finding.witness.written);
    const marks = `#${" ".repeat(start.character - 1)}${"^".repeat(length)} ${severity}: ${finding.ruleId} ${witness}`;
    lines.splice(start.line + 1, 0, marks);
  }
  return lines.join("\n");
}

function withoutExpectations(text: string): string {
  return text.replace(/^#[ ]*\^+ .*\n/gm, "");
}

function compact(json: string): string {
  return JSON.stringify(JSON.parse(json));
}

describe.each([
  ["openapi", openapiRules],
  ["asyncapi", asyncapiRules],
] as const)("%s", (format, rules) => {
  it("has cases for every rule, and a rule for all cases", () => {
    expect(readdirSync(join(root, format)).sort()).toEqual(rules.map((rule) => rule.id).sort());
  });

  describe.each(rules.map((rule) => rule.id))("%s", (id) => {
    const folder = join(root, format, id);
    it.each(readdirSync(join(folder, "after")))("%s", (name) => {
      const before = readFileSync(join(folder, "before", name), "utf8");
      const after = readFileSync(join(folder, "after", name), "utf8");
      const found = findings(name, before, withoutExpectations(after));
      if (process.env["UPDATE_CASES"] !== undefined)
        writeFileSync(join(folder, "after", name), annotated(after, found));
      else expect(annotated(after, found)).toBe(after);
      for (const finding of found) {
        expect(finding.witness?.judges.filter((judge) => judge.confirms).map((judge) => judge.judge)).toEqual([
          "contrail",
          "ajv",
        ]);
      }
    });
  });

  it("explains every rule", () => {
    for (const rule of rules) {
      expect(rule.purpose).toMatch(/^Checks that .*\.$/);
      for (const text of [rule.why, rule.whatToDo]) expect(text).toMatch(/\.$/);
    }
  });
});
