/** `format: "proto"`: two versions of a set of files and a buf.yaml; the whole list of findings is compared. */
import {
  builtInProfiles,
  checkProto,
  defaultBreaking,
  type ContractSet,
  type Finding,
  type ProtoModule,
} from "../../contracts/compat/index.ts";
import { readBufSettings } from "../../workspace/index.ts";
import { textsOf, type Answer, type Case } from "./case.ts";
import { lineAndColumn } from "./columns.ts";

interface Expected {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string;
}

export function runProtoBreaking(testCase: Case): Answer {
  const before = setOf(testCase, textsOf(testCase.before));
  const after = setOf(testCase, textsOf(testCase.after));
  const { findings } = checkProto({ before, after, level: "full", profiles: builtInProfiles });
  const actual = findings
    .filter((finding) => finding.verdict === "breaking")
    .map((finding) => expectedForm(finding, after));
  actual.sort((a, b) => compare(keyOf(a), keyOf(b)));
  const expected = (testCase.expect as { findings?: Expected[] } | undefined)?.findings;
  if (expected === undefined) return { actual: { findings: actual }, agreed: null, difference: [] };
  const difference = differenceOf(expected.map(keyOf), actual.map(keyOf));
  return { actual: { findings: actual }, agreed: difference.length === 0, difference };
}

/** The modules that the case's buf.yaml, or one among its files, describes; without any, the root with buf's defaults. */
function setOf(testCase: Case, texts: Map<string, string>): ContractSet {
  const settings = new Map([...texts].filter(([path]) => /(^|\/)buf(\.work)?\.yaml$/.test(path)));
  if (typeof testCase.config === "string" && !settings.has("buf.yaml")) settings.set("buf.yaml", testCase.config);
  const layout = readBufSettings(settings);
  const protoModules: readonly ProtoModule[] =
    layout.modules.length > 0 ? layout.modules : [{ directory: "", excludes: [], breaking: defaultBreaking }];
  return { files: texts, protoModules };
}

/** A finding whose file is gone has no place for buf; one about a file as a whole stands at its top. */
function expectedForm(finding: Finding, after: ContractSet): Expected {
  const text = finding.placeVersion === "after" ? after.files.get(finding.place.path) : undefined;
  if (text === undefined) return { path: "", line: 0, column: 0, rule: finding.ruleId };
  return { path: finding.place.path, ...lineAndColumn(text, finding.place.span.start), rule: finding.ruleId };
}

function keyOf(finding: Expected): string {
  return `${finding.path}:${finding.line}:${finding.column} ${finding.rule}`;
}

/** Lines that only one of the lists has, as often as it has them more. */
function differenceOf(expected: readonly string[], actual: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const key of expected) counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const key of actual) counts.set(key, (counts.get(key) ?? 0) - 1);
  return [...counts].flatMap(([key, count]) =>
    Array.from({ length: Math.abs(count) }, () => `${count > 0 ? "- expected" : "+ found"} ${key}`),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
