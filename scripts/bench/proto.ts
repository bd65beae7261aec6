/**
 * `contrail check` and `buf breaking` on Google's APIs, as whole processes in one run: time, memory, and whether they
 * find the same. Then parts of the tree, to see how cost grows, and a keystroke in a file of 2,000 lines inside of it.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { protoRules } from "../../contracts/compat/index.ts";
import { repositoryRoot } from "../setup/paths.ts";
import { measureEdits } from "./edits.ts";
import { heading, line, spread } from "./figures.ts";
import { partOf, prepareGoogleapis } from "./googleapis.ts";
import { measured, measuredFigure, type Measured } from "./measured.ts";

const run = promisify(execFile);

const shares = [0.125, 0.25, 0.5] as const;
const edits = 60;
const editedFile = "google/cloud/contactcenterinsights/v1/resources.proto";

export async function benchProto(): Promise<void> {
  heading("contrail check on Google's APIs, google-proto-files 4.2.0 -> 6.0.1");
  const folder = await prepareGoogleapis();
  const whole = await partOf(folder, 1);
  console.log(`${whole.files.toLocaleString("en")} files, ${megabytes(whole.bytes)}; load ${load()}`);
  const ours = await runContrail(folder);
  line("contrail check", measuredFigure(ours));
  const theirs = await runBuf(folder);
  line("buf breaking", measuredFigure(theirs));
  line("ratio of times, contrail to buf", ratio(ours.seconds, theirs.seconds), "at most 0.25");
  line("ratio of processor times", ratio(ours.processorSeconds, theirs.processorSeconds));
  line("ratio of peak memory", ratio(ours.peakBytes, theirs.peakBytes), "at most 0.10");
  const { asked, beyond } = contrailFindings(ours);
  compareFindings(asked, bufFindings(theirs));
  line("beside those, of rules that buf does not have", beyond.toLocaleString("en"));
  console.log(`\nHow cost grows; load ${load()}`);
  for (const share of shares) {
    const part = await partOf(folder, share);
    const cost = await runContrail(part.folder);
    line(`${String(share * 100)} %: ${megabytes(part.bytes)}`, growth(cost, part.bytes));
    await rm(part.folder, { recursive: true });
  }
  line(`100 %: ${megabytes(whole.bytes)}`, growth(ours, whole.bytes));
  await benchEdits(folder);
}

function runContrail(folder: string): Promise<Measured> {
  const command = join(repositoryRoot, "dist", "node", "contrail.js");
  const args = [command, "check", "--against", "../before", "--format", "json"];
  return measured(process.execPath, args, join(folder, "after"));
}

function runBuf(folder: string): Promise<Measured> {
  const buf = join(repositoryRoot, "node_modules", ".bin", "buf");
  const args = ["breaking", "--against", "../before", "--error-format", "json"];
  return measured(buf, args, join(folder, "after"));
}

// ---------------------------------------------------------------------------------------------------- findings

const inFile = new Set(protoRules.filter(({ v2 }) => v2?.split(" ").includes("FILE")).map(({ rule }) => rule.id));

/** `RULE path:line` of the rules of the category FILE, each as often as it was found; and how many others there are. */
function contrailFindings({ output }: Measured): { asked: string[]; beyond: number } {
  const { findings } = JSON.parse(output) as {
    findings: ReadonlyArray<{ rule: string; place: { path: string; line: number } }>;
  };
  const asked = findings.filter(({ rule }) => inFile.has(rule));
  return {
    asked: asked.map(({ rule, place }) => `${rule} ${place.path}:${place.line}`),
    beyond: findings.length - asked.length,
  };
}

function bufFindings({ output }: Measured): string[] {
  return output
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => {
      const finding = JSON.parse(text) as { type: string; path?: string; start_line?: number; message: string };
      // A deleted file has no place in the new version: buf names it in its sentence only.
      const path = finding.path ?? /"([^"]+)"/.exec(finding.message)?.[1] ?? "";
      return `${finding.type} ${path}:${finding.start_line ?? 1}`;
    });
}

function compareFindings(ours: readonly string[], theirs: readonly string[]): void {
  const onlyTheirs = counted(theirs);
  const onlyOurs: string[] = [];
  for (const finding of ours) {
    const count = onlyTheirs.get(finding) ?? 0;
    if (count === 0) onlyOurs.push(finding);
    else onlyTheirs.set(finding, count - 1);
  }
  const missing = [...onlyTheirs].flatMap(([finding, count]) => Array.from({ length: count }, () => finding));
  line("findings, contrail and buf", `${ours.length.toLocaleString("en")} and ${theirs.length.toLocaleString("en")}`);
  line("the same rule, path and line", (ours.length - onlyOurs.length).toLocaleString("en"), "all");
  for (const finding of onlyOurs.slice(0, 20)) console.log(`  only contrail: ${finding}`);
  for (const finding of missing.slice(0, 20)) console.log(`  only buf: ${finding}`);
}

function counted(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

// ---------------------------------------------------------------------------------------------------- the editor

async function benchEdits(folder: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "contrail-bench-"));
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "gc.auto=0", ...args], { cwd: root });
  try {
    await cp(join(folder, "before"), root, { recursive: true });
    await git("init", "-q", "-b", "main");
    await git("add", "-A");
    await git("commit", "-q", "-m", "before");
    for (const name of await readdir(root)) if (name !== ".git") await rm(join(root, name), { recursive: true });
    await cp(join(folder, "after"), root, { recursive: true });
    const old = await readFile(join(folder, "before", editedFile), "utf8");
    const text = await readFile(join(root, editedFile), "utf8");
    const before = stringFields(old);
    const fields = [...stringFields(text)].filter(([name, declaration]) => before.get(name) === declaration);
    if (fields.length < 2) throw new Error(`${editedFile} has no two text fields that both versions have.`);
    const lines = text.split("\n").length.toLocaleString("en");
    console.log(`\nA keystroke in ${editedFile}, ${lines} lines, inside the whole tree; load ${load()}`);
    const samples = await measureEdits(root, editedFile, text, edits, (edit) => {
      const [field, declaration] = fields[edit % fields.length] ?? ["", ""];
      // No text comes twice, so that nothing is known from before.
      return {
        text: `${text.replace(`\n${declaration}\n`, `\n${declaration.replace("string", "int32")}\n`)}// ${edit}\n`,
        field,
      };
    });
    line("contrail, language server", spread(samples), "p95 under 50 ms");
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Declarations of text fields by their names, where both declaration and name are the only ones. */
function stringFields(text: string): Map<string, string> {
  const found = [...text.matchAll(/^ {2}string (\w+) = \d+;$/gm)].map(([line, name = ""]) => [name, line] as const);
  return new Map(found.filter(([name]) => found.filter(([other]) => other === name).length === 1));
}

// ---------------------------------------------------------------------------------------------------- words

function growth(cost: Measured, bytes: number): string {
  const perMegabyte = (cost.processorSeconds * 1000) / (bytes / 1e6);
  return `${measuredFigure(cost)}; ${perMegabyte.toFixed(0)} ms of processor and ${(cost.peakBytes / bytes).toFixed(1)} bytes a byte`;
}

function ratio(ours: number, theirs: number): string {
  return (ours / theirs).toPrecision(2);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function load(): string {
  return (loadavg()[0] ?? Number.NaN).toFixed(1);
}
