import { describe, expect, it } from "vitest";
import type { Finding } from "../../contracts/compat/index.ts";
import type { CheckedFinding, CheckResult } from "../check.ts";
import { githubReport } from "./github.ts";
import { htmlReport } from "./html.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";
import { sarifReport } from "./sarif.ts";
import { textReport } from "./text.ts";
import { styleFor } from "../terminal.ts";

/** What a contract can hold to break out of a report. */
const nasty = `<script>alert("1")</script> ]]> & 'x' %0A ::error:: \u001b[31m \u0000 | \`\`\` **b** @someone $\{{ x }}\r\n::set-output name=a::b`;
const path = "a dir/ü,:%#.proto";
const text = `syntax = "proto3";\r\nmessage "😀" ${nasty}\nlast`;
const start = text.indexOf("😀");

function resultOf(changes: Partial<CheckResult> = {}): CheckResult {
  const place = { path, span: { start, end: start + 2 } };
  const finding: Finding = {
    ruleId: "FIELD_SAME_TYPE",
    format: "proto",
    verdict: "breaking",
    surfaces: ["wire", "json"],
    affected: ["old-readers"],
    profiles: ["tolerant"],
    message: nasty,
    consequence: nasty,
    advice: nasty,
    place,
    placeVersion: "after",
    previous: place,
    witness: {
      surface: "wire",
      messageName: nasty,
      writer: "after",
      reader: "before",
      written: nasty,
      bytes: Uint8Array.of(8, 1),
      observations: [{ path: nasty, outcome: "garbled", wrote: nasty, read: nasty }],
      judges: [
        { judge: "contrail", external: false, confirms: true },
        { judge: "protobufjs", external: true, confirms: true },
      ],
    },
  };
  const checked: CheckedFinding = { finding, counts: true, baseline: nasty, text: () => text };
  return {
    root: "/root-of-a-test",
    folder: "/root-of-a-test",
    baselines: [nasty],
    contracts: 1,
    findings: [checked, { ...checked, counts: false, finding: { ...finding, verdict: "compatible", profiles: [] } }],
    accepted: [{ ...checked, by: { rule: "FIELD_SAME_TYPE", reason: nasty, place } }],
    problems: [
      { problem: { ...place, code: "proto-syntax", severity: "error", message: nasty }, counts: true },
      { problem: { ...place, code: "proto-unused-import", severity: "hint", message: nasty }, counts: false },
    ],
    notes: [{ code: "x", severity: "error", message: nasty }],
    unreadable: [{ path, message: nasty }],
    tookMs: 12,
    text: () => text,
    ...changes,
  };
}

describe("sarif", () => {
  it("has what code scanning services ask for", () => {
    const log = JSON.parse(sarifReport(resultOf())) as Sarif;
    expect([log.version, log.$schema.includes("sarif-2.1.0"), log.runs.length]).toEqual(["2.1.0", true, 1]);
    const [run] = log.runs;
    const rules = run?.tool.driver.rules ?? [];
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.shortDescription.text).not.toBe("");
      expect(rule.help.text).not.toBe("");
    }
    expect(rules.find(({ id }) => id === "FIELD_SAME_TYPE")?.helpUri).toMatch(/^https:/);
    const results = run?.results ?? [];
    expect(results).toHaveLength(5);
    for (const result of results) {
      expect(rules[result.ruleIndex]?.id).toBe(result.ruleId);
      expect(["error", "warning", "note", "none"]).toContain(result.level);
      expect(result.message.text).not.toBe("");
      expect(result.partialFingerprints.primaryLocationLineHash).toMatch(/^[0-9a-f]+:1$/);
      const [at] = result.locations;
      expect(decodeURIComponent(at?.physicalLocation.artifactLocation.uri ?? "")).toBe(path);
      expect(at?.physicalLocation.artifactLocation.uri).not.toMatch(/[ ü,#]/);
      expect(at?.physicalLocation.region).toEqual({ startLine: 2, startColumn: 10, endLine: 2, endColumn: 12 });
    }
    expect(results.filter(({ suppressions }) => suppressions !== undefined)).toHaveLength(1);
    expect(run?.invocations[0]?.executionSuccessful).toBe(false);
  });
});

interface Sarif {
  readonly version: string;
  readonly $schema: string;
  readonly runs: ReadonlyArray<{
    readonly tool: {
      readonly driver: {
        readonly rules: ReadonlyArray<{
          readonly id: string;
          readonly helpUri?: string;
          readonly shortDescription: { readonly text: string };
          readonly help: { readonly text: string };
        }>;
      };
    };
    readonly invocations: ReadonlyArray<{ readonly executionSuccessful: boolean }>;
    readonly results: ReadonlyArray<{
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly partialFingerprints: { readonly primaryLocationLineHash: string };
      readonly suppressions?: unknown;
      readonly locations: ReadonlyArray<{
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: unknown };
      }>;
    }>;
  }>;
}

describe("junit", () => {
  it("is well-formed whatever contracts hold, and counts what it shows", () => {
    const xml = junitReport(resultOf());
    expect(tagsOf(xml)).toEqual(expect.arrayContaining(["testsuites", "testsuite", "testcase", "failure"]));
    expect(xml).toContain(`tests="6" failures="4"`);
    expect(xml.match(/<testcase /g)).toHaveLength(6);
    expect(xml.match(/<failure /g)).toHaveLength(4);
  });

  it("is one test that passes where nothing was found", () => {
    const xml = junitReport(resultOf({ findings: [], accepted: [], problems: [], notes: [], unreadable: [] }));
    expect(xml).toContain(`tests="1" failures="0"`);
    tagsOf(xml);
  });
});

/** The names of all elements of a text that is well-formed as XML 1.0 wants it; fails where it is not. */
function tagsOf(xml: string): string[] {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  const names: string[] = [];
  const open: string[] = [];
  const body = xml.replace(/^<\?xml [^?]*\?>\n/, "");
  const token =
    /<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#\d+);[^"<&]*)*")*)>|([^<&]|&(?:amp|lt|gt|quot|#\d+);)+/gy;
  let end = 0;
  for (const match of body.matchAll(token)) {
    end = match.index + match[0].length;
    if (match[1] !== undefined) expect(open.pop()).toBe(match[1]);
    if (match[2] !== undefined) {
      open.push(match[2]);
      names.push(match[2]);
    }
  }
  expect([body.slice(end, end + 80), open]).toEqual(["", []]);
  return names;
}

describe("html", () => {
  it("stands alone and shows text of contracts as text", () => {
    const html = htmlReport(resultOf());
    expect(html).not.toMatch(/<script|<img|<link|<iframe|src=|@import|url\(|\son\w+=/i);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    const links = Array.from(html.matchAll(/href="([^"]*)"/g), (match) => match[1] ?? "");
    expect(links.every((link) => link.startsWith("https://"))).toBe(true);
    expect(html.match(/<article/g)?.length).toBe(html.match(/<\/article>/g)?.length);
  });
});

describe("github", () => {
  it("is one command a line, at the right place, with everything escaped", () => {
    const lines = githubReport(resultOf()).trimEnd().split("\n");
    const commands = lines.slice(0, -1);
    expect(commands.map((line) => /^::(\w+) /.exec(line)?.[1])).toEqual([
      "error",
      "notice",
      "error",
      "notice",
      "error",
      "error",
    ]);
    for (const line of commands) expect(line.slice(2)).not.toContain("\r");
    expect(commands[0]).toContain(
      "file=a dir/ü%2C%3A%25#.proto,line=2,endLine=2,col=10,endColumn=12,title=proto-syntax::",
    );
    expect(commands[0]).toContain("%250A");
    expect(lines.some((line) => line.startsWith("::set-output"))).toBe(false);
  });
});

describe("markdown", () => {
  it("shows text of contracts as text, mentions nobody, and closes every fence", () => {
    const markdown = markdownReport(resultOf());
    const outside = markdown.replaceAll(/^(`{3,})\w*\n[^]*?\n\1$/gm, "");
    expect(outside).not.toMatch(/(?<!\\)<script|@someone|\*\*b\*\*/);
    expect(outside).not.toContain("\n::set-output");
    expect(markdown.match(/<details>/g)?.length).toBe(markdown.match(/<\/details>/g)?.length);
  });
});

describe("text", () => {
  it("lets nothing act on the terminal", () => {
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(textReport(resultOf(), styleFor({}, {}))).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  });
});
