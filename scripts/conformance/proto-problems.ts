/** `format: "proto-problems"`: one set of files; no error on a valid one, else an error at the expected path and line. */
import { linkProto, parseProto } from "../../contracts/proto/index.ts";
import { textsOf, type Answer, type Case } from "./case.ts";
import { lineAndColumn } from "./columns.ts";

interface ExpectedProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export function runProtoProblems(testCase: Case): Answer {
  const texts = new Map([...textsOf(testCase.files)].map(([path, text]) => [path, withoutIndent(text)]));
  const schema = linkProto([...texts].map(([path, text]) => parseProto(path, text)));
  const problems: ExpectedProblem[] = schema.problems
    .filter((problem) => problem.severity === "error")
    .map(({ path, span, message }) => ({ path, ...lineAndColumn(texts.get(path) ?? "", span.start), message }));
  const actual = problems.length === 0 ? { ok: true } : { ok: false, problems };
  const expect = testCase.expect as { ok?: boolean; problems?: ExpectedProblem[] } | undefined;
  if (expect === undefined) return { actual, agreed: null, difference: [] };
  const found = problems.map(
    (problem) => `+ found ${problem.path}:${problem.line}:${problem.column} ${problem.message}`,
  );
  if (expect.ok === true) return { actual, agreed: problems.length === 0, difference: found };
  const wanted = expect.problems ?? [];
  const agreed = wanted.some((place) =>
    problems.some((problem) => problem.path === place.path && problem.line === place.line),
  );
  const expected = wanted.map((place) => `- expected ${place.path}:${place.line}:${place.column} ${place.message}`);
  return { actual, agreed, difference: agreed ? [] : [...expected, ...found] };
}

/**
 * These texts were taken out of raw strings in tests, which drop a blank first line and the indentation of the second
 * before they compile; the expected lines are those of the text that was compiled.
 */
function withoutIndent(text: string): string {
  const [first, ...lines] = text.split("\n");
  if (first === undefined || lines.length === 0 || first.trim() !== "") return text;
  const indent = /^[ \t]*/.exec(lines[0] ?? "")?.[0] ?? "";
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line)).join("\n");
}
