/** `npm start` as people start it: a process, an address, a page; and gone without residue when it is told to end. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestView } from "../../daemon/testing/scripted.ts";
import { brokers } from "./brokers.ts";

const root = join(import.meta.dirname, "..", "..");
let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-start-"));
});

afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

interface Started {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  /** Resolves to the first match of what it prints. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

function start(...args: string[]): Started {
  const { CONTRAIL_KAFKA: _kafka, CONTRAIL_RABBITMQ: _rabbitmq, ...env } = process.env;
  let output = "";
  const started = spawn(process.execPath, [join(root, "scripts", "start.ts"), ...args], {
    cwd: folder,
    env: { ...env, TMPDIR: folder, CONTRAIL_STATE_DIR: join(folder, "state") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = started;
  const hears = new Set<() => void>();
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const hear of hears) hear();
    });
  }
  const exited = new Promise<number | null>((resolve) => started.once("exit", resolve));
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match === null) return;
        hears.delete(look);
        resolve(match);
      };
      hears.add(look);
      void exited.then(() => reject(new Error(`It ended before it said ${pattern}: ${output}`)));
      look();
    });
  return { process: started, exited, output: () => output, says };
}

async function pageView(address: string): Promise<TestView> {
  const { origin, port } = new URL(address);
  const entered = await fetch(address, { redirect: "manual" });
  expect(entered.status).toBe(303);
  const cookie = entered.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await fetch(origin, { headers: { cookie } });
  expect(await page.text()).toContain("live.js");
  expect((await fetch(`${origin}/live.js`, { headers: { cookie } })).status).toBe(200);
  const view = new TestView(Number(port), { cookie, origin });
  await new Promise((resolve, reject) => view.socket.once("open", resolve).once("error", reject));
  view.send({ kind: "hello", protocolVersion: 1, client: "page", revision: 0 });
  view.watchList();
  return view;
}

describe("npm start", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`plays the recording where no broker is named, and ends on ${signal} within two seconds without residue`, async () => {
      const started = start("--pace", "5");
      const [, address = ""] = await started.says(/(http:\/\/127\.0\.0\.1:\d+\/\?code=[\w-]+)/);
      expect(started.output()).toContain("plays the recording of the sample shop");
      const view = await pageView(address);
      const { rows } = await view.next("conversations", ({ total }) => total > 3, 20_000);
      expect(rows.length).toBeGreaterThan(3);
      expect((await view.next("status")).status).toMatchObject({ mode: "recording", source: "the sample shop" });
      const at = performance.now();
      started.process.kill(signal);
      expect(await started.exited).toBe(0);
      expect(performance.now() - at).toBeLessThan(2_000);
      expect(readdirSync(folder).filter((name) => name !== "state")).toEqual([]);
    });
  }

  it("taps live brokers that are named, and shows that they are live", async () => {
    const { kafka, rabbitmq } = await brokers();
    const started = start("--kafka", kafka, "--rabbitmq", rabbitmq);
    const [, address = ""] = await started.says(/(http:\/\/127\.0\.0\.1:\d+\/\?code=[\w-]+)/);
    const view = await pageView(address);
    const { status } = await view.next(
      "status",
      ({ status }) => status.taps.length === 2 && status.taps.every(({ phase }) => phase === "live"),
      20_000,
    );
    expect(status.mode).toBe("live");
    started.process.kill("SIGTERM");
    expect(await started.exited).toBe(0);
  });

  it("goes on without a broker that cannot be reached, and says so in a sentence", async () => {
    const started = start("--kafka", "127.0.0.1:1", "--rabbitmq", "amqp://rabbit.example.com");
    await started.says(/Kafka 127\.0\.0\.1:1: \w+\. Nothing accepts connections for Kafka at 127\.0\.0\.1:1/);
    await started.says(
      /RabbitMQ rabbit\.example\.com:5672: failed\. .*on another machine.*--allow-remote rabbit\.example\.com/,
    );
    started.process.kill("SIGTERM");
    expect(await started.exited).toBe(0);
  });

  it("says what is wrong with its arguments, and ends with 2", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const taken = start("--port", String(port));
    expect(await taken.exited).toBe(1);
    expect(taken.output()).toContain(`Port ${port} on this machine is taken by another program.`);
    other.close();
    for (const [args, sentence] of [
      [["--port", "x"], "--port takes a port from 1 to 65535"],
      [["--nothing"], "--nothing"],
      [["--contracts", "nowhere"], "There is no folder nowhere"],
      [["--recording", "nowhere.contrail"], "There is no recording"],
    ] as const) {
      const started = start(...args);
      expect(await started.exited).toBe(2);
      expect(started.output()).toContain(sentence);
    }
  });
});
