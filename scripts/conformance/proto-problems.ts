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
  const texts = textsOf(testCase.files);
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
