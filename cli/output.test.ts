/** `contrail tap` when nobody takes its lines any more, or nothing can be recorded where it should be. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Capture } from "../daemon/index.ts";
import { freePort } from "../daemon/tap/testing/otlp-requests.ts";
import { bundleCli, commandLine, removeBundle, runCli } from "./testing/check-cli.ts";

let folder: string;

beforeAll(bundleCli, 60_000);
afterAll(removeBundle);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-output-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
}

/** A tap that takes spans, live, with its lines going to `output`. */
async function tapInto(output: "pipe" | number): Promise<Running> {
  const port = await freePort();
  const { program, args } = commandLine(["tap", "--otlp", String(port), "--json", "--out", "run.contrail"]);
  const env = { ...process.env, NODE_NO_WARNINGS: "1", CONTRAIL_STATE_DIR: join(folder, "state"), CONTRAIL_KAFKA: "" };
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", output, "pipe"] });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  await vi.waitFor(() => expect(stderr).toContain(": live"), { timeout: 15_000, interval: 20 });
  return { child, port, ended, stderr: () => stderr };
}

async function sendSpan(port: number, spanId: number): Promise<void> {
  const span = {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: spanId.toString(16).padStart(16, "0"),
    name: "price",
    kind: 2,
    startTimeUnixNano: "1795291376536000000",
    endTimeUnixNano: "1795291376537000000",
  };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const headers = { "content-type": "application/json" };
  await fetch(`http://127.0.0.1:${port}/v1/traces`, { method: "POST", headers, body }).catch(() => undefined);
}

/** Closed in order: everything is in the one file, and nothing is beside it. */
function expectWhole(): void {
  const capture = Capture.open(join(folder, "run.contrail"), { readOnly: true });
  expect(capture.wasLeftOpen).toBe(false);
  expect(capture.lastSeq).toBeGreaterThan(0);
  capture.close();
  expect(readdirSync(folder).filter((name) => /-(?:wal|shm)$/.test(name))).toEqual([]);
}

describe("contrail tap", () => {
  it("ends in order when whoever reads its lines stops, as `| head -1` does", async () => {
    const { child, port, ended } = await tapInto("pipe");
    child.stdout?.once("data", () => child.stdout?.destroy());
    for (let id = 1; child.exitCode === null && id < 500; id++) {
      await sendSpan(port, id);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await ended).toBe(0);
    expectWhole();
  }, 30_000);

  it.each(["/dev/full"].filter((device) => existsSync(device)))(
    "says that the disk is full which its lines go to, and still ends in order (%s)",
    async (device) => {
      const { port, ended, stderr } = await tapInto(openSync(device, "w"));
      await sendSpan(port, 1);
      expect(await ended).toBe(2);
      expect(stderr().match(/The disk is full, so what is printed could not be written/g)).toHaveLength(1);
      expectWhole();
    },
    30_000,
  );

  it.each([
    ["no/folder/run.contrail", /There is no folder for ".*no\/folder\/run\.contrail"\. Make it first/],
    [".", /"\." is there already\. Name a new file/],
  ])("with --out %s ends with 2 and a sentence, before it connects to anything", async (out, sentence) => {
    const { code, stderr } = await runCli(["tap", "--kafka", "127.0.0.1:1", "--out", out], folder);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/mistake in Contrail|connecting/);
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});
