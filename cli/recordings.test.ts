/** `contrail captures`, `replay` and `export` as a user runs them, on recordings that are there, broken, older and newer. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundleCli, removeBundle, runCli, type CliResult } from "./testing/check-cli.ts";

const recording = join(import.meta.dirname, "..", "fixtures", "recordings", "shop.contrail");
let folder: string;

beforeAll(bundleCli, 60_000);
afterAll(removeBundle);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-recordings-"));
  mkdirSync(join(folder, "here"));
  copyFileSync(recording, join(folder, "here", "run.contrail"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const contrail = (...args: string[]): Promise<CliResult> =>
  runCli(args, join(folder, "here"), { CONTRAIL_STATE_DIR: join(folder, "state") });

/** A capture as a daemon leaves it behind. */
function trace(name: string): string {
  const captures = join(folder, "state", "daemons", "w", "captures");
  mkdirSync(captures, { recursive: true });
  const file = join(captures, `${name}.contrail`);
  copyFileSync(recording, file);
  return file;
}

describe("contrail captures", () => {
  it("says what is there, for people and for programs", async () => {
    expect((await contrail("captures")).stdout).toBe("There are no captures.\n");
    const file = trace("t");
    const { stdout } = await contrail("captures");
    expect(stdout).toMatch(/ {2}[\d,]+ messages, \d+\.\d MB, until \d{4}-\d\d-\d\d \d\d:\d\d\n/);
    expect(stdout).toContain(file);
    const [line = ""] = (await contrail("captures", "--json")).stdout.split("\n");
    expect(JSON.parse(line)).toMatchObject({ file, name: "t", kept: false, inUse: false });
  });

  it("keeps one by a name, by which replay and export find it, and deletes the rest", async () => {
    trace("t");
    const file = trace("u");
    const kept = await contrail("captures", "keep", "u", "my bug");
    expect(kept.stdout).toContain('`contrail replay "my bug"` shows it.');
    expect(existsSync(file)).toBe(false);
    const { stdout, code } = await contrail("captures", "rm", "--all");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Deleted .*t\.contrail\nLeft my bug, which is kept\n$/);
    const exported = await contrail("export", "my bug");
    expect(exported.stdout.split("\n").length).toBeGreaterThan(100);
    expect((await contrail("captures", "rm", "my bug")).code).toBe(0);
    expect((await contrail("captures")).stdout).toBe("There are no captures.\n");
  });

  it("does not keep what is no capture, and says so; it can be deleted", async () => {
    const file = trace("t");
    writeFileSync(file, "a text that somebody put there");
    expect((await contrail("captures")).stdout).toContain('"t.contrail" is not a capture of Contrail');
    const kept = await contrail("captures", "keep", "t", "mine");
    expect(kept.stderr).toMatch(/^"t\.contrail" is not a capture of Contrail, or it is damaged\./);
    expect(kept.code).toBe(2);
    expect(existsSync(file)).toBe(true);
    expect((await contrail("captures", "rm", "t")).stdout).toContain("Deleted");
  });

  it.each([
    [["captures", "rm"], /Name the captures to delete, or say --all/],
    [["captures", "rm", "nothing"], /There is no capture "nothing"/],
    [["captures", "rm", "../here/run.contrail"], /There is no capture/],
    [["captures", "keep", "latest"], /by which name: contrail captures keep CAPTURE NAME/],
    [["captures", "keep", "latest", "x"], /There is no capture "latest"/],
    [["captures", "burn"], /knows "keep" and "rm", not "burn"/],
  ])("%j ends with 2 and a sentence", async (args, sentence) => {
    const { code, stderr } = await contrail(...args);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "here", "run.contrail"))).toBe(true);
  });
});

describe("a recording that cannot be read", () => {
  const withVersion = (version: number) => {
    const file = join(folder, "here", "other.contrail");
    copyFileSync(recording, file);
    const database = new DatabaseSync(file);
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
  };

  it.each(["replay", "export"])("is told by %s in a sentence, with exit code 2", async (command) => {
    const missing = await contrail(command, "nowhere.contrail");
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain('There is no file "nowhere.contrail", and no capture of that name.');
    writeFileSync(join(folder, "here", "broken.contrail"), readFileSync(recording).subarray(5_000, 60_000));
    const broken = await contrail(command, "broken.contrail");
    expect(broken).toMatchObject({ code: 2, stdout: "" });
    expect(broken.stderr).toBe(
      '"broken.contrail" is not a capture of Contrail, or it is damaged. Choose another file, or record it again.\n',
    );
    // The file opens, and what is in it cannot be read.
    const bytes = readFileSync(recording);
    for (let at = 20_000; at < bytes.length - 8_000; at += 20_000) bytes.fill(0xa5, at, at + 6_000);
    writeFileSync(join(folder, "here", "holes.contrail"), bytes);
    const holes = await contrail(command, "holes.contrail", ...(command === "replay" ? ["--still"] : []));
    expect(holes).toMatchObject({ code: 2, stdout: "" });
    expect(holes.stderr).toContain('"holes.contrail" is not a capture of Contrail, or it is damaged.');
    withVersion(99);
    const newer = await contrail(command, "other.contrail");
    expect(newer).toMatchObject({ code: 2, stdout: "" });
    expect(newer.stderr).toBe(
      'The capture "other.contrail" was written by a newer Contrail. Update Contrail to open it.\n',
    );
  });
});

describe("contrail export", () => {
  it("writes a file for its owner alone, and nothing over another", async () => {
    const first = await contrail("export", "run.contrail", "--format", "csv", "--out", "run.csv");
    expect(first).toMatchObject({ code: 0, stdout: "" });
    expect(first.stderr).toMatch(/[\d,]+ lines are in run\.csv\./);
    const file = join(folder, "here", "run.csv");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    const again = await contrail("export", "run.contrail", "--out", "run.csv");
    expect(again.stderr).toContain('"run.csv" is there already.');
    expect(again.code).toBe(2);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it.each([
    [["--out", "no/folder/x"], /There is no folder for "no\/folder\/x"/],
    [["--contracts", "nowhere"], /There is no folder "nowhere". Correct --contracts/],
    [["--format", "cvs"], /--format can be ndjson, csv, otlp, not "cvs". Did you mean csv\?/],
  ])("with %j ends with 2 and a sentence", async (args, sentence) => {
    const { code, stderr } = await contrail("export", "run.contrail", ...args);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  });
});

describe("contrail replay", () => {
  it.each([
    [["--pace", "0"], /--pace takes a number above 0/],
    [["--pace", "2", "--still"], /has no pace/],
    [["--port", "0"], /--port takes a port/],
    [["--kafka", "127.0.0.1:9092"], /--kafka is for writing to a broker: add --to-broker/],
    [["--to-broker"], /needs a broker on this machine/],
    [["--to-broker", "--kafka", "10.0.0.1:9092"], /10\.0\.0\.1 is another machine/],
    [["--to-broker", "--rabbitmq", "amqp://127.0.0.1/a", "--rabbitmq", "amqp://127.0.0.1/b"], /one virtual host/],
    [["--to-broker", "--kafka", "127.0.0.1:9092"], /needs your consent/],
  ])("with %j ends with 2 and a sentence", async (args, sentence) => {
    const { code, stderr } = await contrail("replay", "run.contrail", ...args);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  });
});
