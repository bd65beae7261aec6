/** Runs the cases of one file and prints what came out. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Answer, Case, Runner } from "./case.ts";
import { runProtoBreaking } from "./proto-breaking.ts";
import { runProtoProblems } from "./proto-problems.ts";

/** The runner of each format. */
const runners: Readonly<Record<string, Runner>> = {
  proto: runProtoBreaking,
  "proto-problems": runProtoProblems,
};

/** Gives the exit code: 0 nothing differs, 1 something does, 2 a case could not be run. */
export async function runFile(path: string, exceptions: ReadonlyMap<string, string>, json: boolean): Promise<number> {
  const totals = { file: basename(path), total: 0, agreed: 0, excepted: 0, unknown: 0 };
  let differing = 0;
  let status = 0;
  for (const testCase of readCases(path)) {
    totals.total++;
    const runner = runners[testCase.format];
    if (runner === undefined) {
      totals.unknown++;
      status = 2;
      if (!json) console.log(`  ? ${testCase.id}: the format "${testCase.format}" is not known here`);
      continue;
    }
    const answer = await answerOf(runner, testCase);
    const reason = answer.agreed === false ? exceptions.get(testCase.id) : undefined;
    if (answer.agreed === true) totals.agreed++;
    else if (reason !== undefined) totals.excepted++;
    else if (answer.agreed === false) differing++;
    if (json) console.log(JSON.stringify({ id: testCase.id, actual: answer.actual, agreed: answer.agreed }));
    else if (answer.agreed === false) printDifference(testCase, answer, reason);
  }
  if (json) console.log(JSON.stringify(totals));
  else {
    const parts = [`${totals.agreed} of ${totals.total} agree`, `${differing} differ`, `${totals.excepted} excepted`];
    if (totals.unknown > 0) parts.push(`${totals.unknown} unknown`);
    console.log(`${totals.file}: ${parts.join(", ")}`);
  }
  return Math.max(status, differing > 0 ? 1 : 0);
}

async function answerOf(runner: Runner, testCase: Case): Promise<Answer> {
  try {
    return await runner(testCase);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      actual: { failed: message },
      agreed: testCase.expect === undefined ? null : false,
      difference: [`! ${message}`],
    };
  }
}

function printDifference(testCase: Case, answer: Answer, reason: string | undefined): void {
  if (reason !== undefined) {
    console.log(`  ~ ${testCase.id}: excepted: ${reason}`);
    return;
  }
  console.log(`  x ${testCase.id}`);
  for (const line of answer.difference) console.log(`      ${line}`);
}

function readCases(path: string): Case[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    console.error(`conformance: cannot read ${path}`);
    process.exit(2);
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => parseCase(path, line, index + 1));
}

function parseCase(path: string, line: string, number: number): Case {
  try {
    return JSON.parse(line) as Case;
  } catch {
    console.error(`conformance: ${path} line ${number} is not JSON`);
    return process.exit(2);
  }
}
