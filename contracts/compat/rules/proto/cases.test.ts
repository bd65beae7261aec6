import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkProto } from "../../index.ts";
import { createProtobufjsJudge } from "../../judges/protobufjs.ts";
import { caseNames, caseRequest, casesFolder, describeFinding, ruleIdOf } from "../../testing/proto-cases.ts";
import { protoRules } from "./index.ts";

const judges = { wire: createProtobufjsJudge() };

// With UPDATE_EXPECT=1 the expectations are written anew; read the difference before you commit it.
const update = process.env["UPDATE_EXPECT"] === "1";

describe("cases of the rules on .proto files", () => {
  it("has a case for every rule", () => {
    expect(caseNames().map(ruleIdOf)).toEqual(protoRules.map((row) => row.rule.id).sort());
  });

  for (const name of caseNames()) {
    it(name, () => {
      const request = caseRequest(name);
      const { findings, problems } = checkProto(request, judges);
      expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
      expect(findings.map((finding) => finding.ruleId)).toEqual(findings.map(() => ruleIdOf(name)));
      const path = join(casesFolder, name, "expected.txt");
      const found = findings.map((finding) => describeFinding(finding, request)).join("\n");
      if (update) writeFileSync(path, found);
      expect(existsSync(path) ? readFileSync(path, "utf8") : "").toBe(found);
      expect(found).not.toBe("");
    });

    it(`${name}: each witness is confirmed by protobufjs, and source alone has none`, () => {
      for (const finding of checkProto(caseRequest(name), judges).findings) {
        const onData = finding.surfaces.some((surface) => surface !== "source");
        expect(finding.witness !== undefined).toBe(onData);
        expect(finding.profiles.length > 0 || !onData).toBe(true);
        if (onData)
          expect(finding.witness?.judges.map(({ judge, confirms }) => [judge, confirms])).toEqual([
            ["contrail", true],
            ["protobufjs", true],
          ]);
      }
    });

    it(`${name}: nothing is found between two equal versions`, () => {
      const request = caseRequest(name);
      expect(checkProto({ ...request, before: request.after }).findings).toEqual([]);
    });
  }
});

describe("the table of rules", () => {
  it("gives each rule its texts, and ids in their order", () => {
    const ids = protoRules.map(({ rule }) => rule.id);
    expect(ids).toEqual([...ids].sort());
    for (const { rule } of protoRules) {
      expect(rule.purpose).toMatch(/^Checks that .*\.$/);
      expect(rule.why).toMatch(/\.$/);
      expect(rule.advice).toMatch(/\.$/);
    }
  });
});
