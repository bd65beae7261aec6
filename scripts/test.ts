/**
 * `npm test [stage...]`: installs what the tests need, then runs every stage and closes with one line that sums them.
 *
 * A failure anywhere fails the run, and so does a test that did not run: nothing is skipped because a broker or an
 * editor is missing. Stages: check (format, lint, types), unit, thorough (unit tests that
 * start processes or try thousands of inputs), package, integration, page, e2e.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, repositoryRoot } from "./setup/paths.ts";
import { setUpForTests } from "./setup.ts";

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** Tests that are there and did not run; each counts as a failure. */
  readonly silent: number;
}

const bin = (name: string) => join(repositoryRoot, "node_modules", ".bin", name);
const results = join(cacheFolder, "test-results");

const stages: Record<string, () => Promise<Count>> = {
  check: async () =>
    sum([
      await command("format", bin("prettier"), ["--check", "--log-level", "warn", "."]),
      await command("types", bin("tsc"), ["-b"]),
      await command("lint", bin("oxlint"), ["--type-aware", "--deny-warnings"]),
    ]),
  unit: () => vitest("unit"),
  thorough: () => vitest("thorough"),
  package: () => command("package", process.execPath, [join(repositoryRoot, "scripts", "package.ts")]),
  integration: () => vitest("integration"),
  page: () => vitest("page"),
  e2e: () => vitest("e2e"),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in stages));
if (unknown.length > 0) {
  console.error(`test: no stage named ${unknown.join(", ")}; there are ${Object.keys(stages).join(", ")}`);
  process.exit(2);
}
// The editor and the page are tested as they are shipped, so they need what `package` makes.
const wanted =
  asked.length === 0
    ? Object.keys(stages)
    : asked.some((name) => ["page", "e2e"].includes(name))
      ? ["package", ...asked]
      : asked;

await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
if (wanted.some((name) => ["integration", "page", "e2e"].includes(name))) {
  try {
    await setUpForTests();
  } catch (error) {
    console.error(`set-up: ${error instanceof Error ? error.message : String(error)}`);
    console.error("test: nothing was run, since tests that cannot run must not look like tests that passed.");
    process.exit(2);
  }
}

const counts: Count[] = [];
for (const name of wanted) {
  const started = performance.now();
  const count = (await stages[name]?.()) ?? { passed: 0, failed: 1, silent: 0 };
  counts.push(count);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const silent = count.silent > 0 ? `, ${count.silent} did not run` : "";
  console.log(`test: ${name}: ${count.passed} passed, ${count.failed} failed${silent} (${seconds} s)`);
}
const total = sum(counts);
const failed = total.failed + total.silent;
console.log(`${total.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && total.passed > 0 ? 0 : 1;

function sum(all: readonly Count[]): Count {
  return {
    passed: all.reduce((n, one) => n + one.passed, 0),
    failed: all.reduce((n, one) => n + one.failed, 0),
    silent: all.reduce((n, one) => n + one.silent, 0),
  };
}

/** A command that is one test: it passes when it exits with 0. */
async function command(name: string, path: string, args: readonly string[]): Promise<Count> {
  const code = await exitCode(path, args);
  if (code !== 0) console.error(`test: ${name} failed (exit code ${code})`);
  return code === 0 ? { passed: 1, failed: 0, silent: 0 } : { passed: 0, failed: 1, silent: 0 };
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: ReadonlyArray<{ readonly status: string; readonly assertionResults: readonly unknown[] }>;
}

async function vitest(project: string): Promise<Count> {
  const file = join(results, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await exitCode(bin("vitest"), ["run", "--project", project, ...reporters]);
  const report = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as VitestReport,
    () => undefined,
  );
  if (report === undefined) return { passed: 0, failed: 1, silent: 0 };
  // A file that could not even be loaded has no tests to count, and still failed.
  const brokenFiles = report.testResults.filter(
    (one) => one.status === "failed" && one.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    silent: report.numPendingTests + report.numTodoTests,
  };
}

async function exitCode(path: string, args: readonly string[]): Promise<number> {
  const child = spawn(path, args, { cwd: repositoryRoot, stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
