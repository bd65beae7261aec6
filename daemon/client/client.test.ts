import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageSummary, ServerMessage } from "../serve/protocol.ts";
import { Capture } from "../store/index.ts";
import { kafka } from "../testing/scripted.ts";
import {
  connectDaemon,
  connectionFileOf,
  type DaemonConnection,
  findDaemon,
  isAlive,
  readConnectionFile,
  startDaemon,
  stateFolder,
  stopDaemon,
  writeConnectionFile,
} from "./index.ts";

/** Real processes are started here; on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let folder: string;
let workspace: string;
const connections: DaemonConnection[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-client-"));
  workspace = join(folder, "workspace");
});

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await stopDaemon(workspace, folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** A capture of `count` messages, one every 5 ms. */
function recording(count: number): string {
  const file = join(folder, "run.contrail");
  const capture = Capture.create(file, "run", 0);
  for (let i = 0; i < count; i++)
    capture.addMessage(kafka("orders", { i }, { key: `ORD-${i}`, at: 1_000_000 + i * 5 }), 0);
  capture.close();
  return file;
}

async function start(
  taps: Parameters<typeof startDaemon>[0]["settings"]["taps"] = [],
  idleMs = 10_000,
): Promise<DaemonConnection> {
  const connection = await startDaemon({
    daemonPath: join(import.meta.dirname, "..", "main.ts"),
    settings: { workspaceFolder: workspace, taps, idleMs },
    version: "0.1.0",
    client: "extension",
    stateDir: folder,
  });
  connections.push(connection);
  return connection;
}

function waitFor<K extends ServerMessage["kind"]>(
  connection: DaemonConnection,
  kind: K,
  wanted: (message: Extract<ServerMessage, { kind: K }>) => boolean = () => true,
) {
  return new Promise<Extract<ServerMessage, { kind: K }>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No ${kind} as wanted came.`)), 20_000);
    const stop = connection.onMessage((message) => {
      if (message.kind !== kind || !wanted(message as Extract<ServerMessage, { kind: K }>)) return;
      clearTimeout(timer);
      stop();
      resolve(message as Extract<ServerMessage, { kind: K }>);
    });
  });
}

async function until(done: () => boolean, withinMs = 10_000): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  return done();
}

describe("startDaemon", () => {
  it("starts another one right after the end of the one before, and while that one is still about to end", async () => {
    const pidNow = (): number | undefined => readConnectionFile(connectionFileOf(workspace, folder))?.pid;
    await start();
    const first = pidNow() as number;
    await stopDaemon(workspace, folder);
    expect(isAlive(first)).toBe(false);
    const second = await start();
    second.send({ kind: "shutdown" });
    await until(() => pidNow() === undefined);
    await start();
    expect(isAlive(pidNow() as number)).toBe(true);
  });

  it("starts one daemon for a workspace, shares it, and keeps its file to its user", async () => {
    expect(await findDaemon(workspace, folder)).toBeUndefined();
    const [first, second] = await Promise.all([start(), start()]);
    const file = connectionFileOf(workspace, folder);
    const info = readConnectionFile(file);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(info?.token).toMatch(/^[\w-]{43}$/);
    expect(await findDaemon(workspace, folder)).toBe(file);
    await until(() => second.captureId !== "" && first.captureId !== "");
    expect(second.captureId).toBe(first.captureId);
    const address = await first.browserAddress();
    const page = await fetch(address, { redirect: "manual" });
    expect(page.status).toBe(303);
    // Neither the token nor settings stand in what everybody can read.
    if (process.platform === "linux")
      expect(readFileSync(`/proc/${info?.pid}/cmdline`, "utf8")).not.toContain(info?.token);
  });

  it("ends a while after its last client left, and leaves nothing behind", async () => {
    const connection = await start([], 300);
    const file = connectionFileOf(workspace, folder);
    const pid = readConnectionFile(file)?.pid ?? 0;
    connection.close();
    expect(await until(() => !isAlive(pid))).toBe(true);
    expect(existsSync(file)).toBe(false);
    expect(existsSync(join(file, "..", "daemon.lock"))).toBe(false);
  });

  it("kept everything that was shown when it is killed, and goes on in the same capture", async () => {
    const shown = new Map<number, MessageSummary>();
    const connection = await start([{ kind: "capture", file: recording(600), as: "recording" }]);
    connection.onMessage((message) => {
      if (message.kind === "messages") for (const summary of message.messages) shown.set(summary.seq, summary);
    });
    const some = waitFor(connection, "messages", () => shown.size > 60);
    connection.send({ kind: "watchMessages", afterSeq: 0 });
    await some;
    const { captureId } = connection;
    const pid = readConnectionFile(connectionFileOf(workspace, folder))?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    const before = new Map(shown);
    const back = waitFor(connection, "welcome");
    expect((await back).captureId).toBe(captureId);
    expect((await back).resumed).toBe(true);
    const again = new Map<number, MessageSummary>();
    const other = await connectDaemon(connectionFileOf(workspace, folder), { client: "cli" });
    connections.push(other);
    other.onMessage((message) => {
      if (message.kind === "messages") for (const summary of message.messages) again.set(summary.seq, summary);
    });
    const all = waitFor(other, "messages", () => again.size >= before.size);
    other.send({ kind: "watchMessages", afterSeq: 0 });
    await all;
    expect(before.size).toBeGreaterThan(60);
    for (const [seq, { at, key, body, channel }] of before)
      expect(again.get(seq)).toMatchObject({ at, key, body, channel });
    // The recording goes on behind what was played: nothing comes twice.
    await waitFor(other, "messages", () => again.size >= 600);
    expect([...again.values()].map(({ key }) => key)).toEqual(Array.from({ length: 600 }, (_, i) => `ORD-${i}`));
  });

  it("says in a sentence why the daemon could not start", async () => {
    writeFileSync(join(folder, "no-daemon.mjs"), "console.log('hello');");
    await expect(
      startDaemon({
        daemonPath: join(folder, "no-daemon.mjs"),
        settings: { taps: [] },
        version: "1",
        client: "cli",
        stateDir: folder,
      }),
    ).rejects.toThrow("What was started is not Contrail's daemon. Reinstall Contrail.");
    await expect(
      startDaemon({
        daemonPath: join(folder, "missing.mjs"),
        settings: { taps: [] },
        version: "1",
        client: "cli",
        stateDir: folder,
      }),
    ).rejects.toThrow(/ended at once.*daemon.log/);
  });

  it("cleans up what a dead daemon left", async () => {
    const file = connectionFileOf(workspace, folder);
    writeConnectionFile(file, {
      version: "0.1.0",
      protocolVersion: 1,
      pid: 2 ** 22 + 1,
      port: 1,
      token: "x",
      startedAt: 1,
    });
    writeFileSync(join(file, "..", "daemon.lock"), String(2 ** 22 + 1));
    await start();
    expect(readConnectionFile(file)?.startedAt).toBeGreaterThan(1);
  });
});

describe("connectDaemon", () => {
  it("says that no trace is running, or waits for one", async () => {
    const file = connectionFileOf(workspace, folder);
    await expect(connectDaemon(file, { client: "extension" })).rejects.toThrow(
      "No trace is running. Start one with Contrail: Start Trace.",
    );
    const waiting = await connectDaemon(file, { client: "extension", wait: true });
    connections.push(waiting);
    const welcome = waitFor(waiting, "welcome");
    await start();
    expect((await welcome).resumed).toBe(false);
  });

  it("is refused with the sentence of the daemon", async () => {
    const connection = await start();
    await expect(connection.configure([{ kind: "rabbitmq", url: "amqp://u:p@rabbit.example.com" }])).rejects.toThrow(
      /another machine/,
    );
  });
});

it("keeps state where the user or the platform says", () => {
  expect(stateFolder({ CONTRAIL_STATE_DIR: "/x" }, "linux")).toBe("/x");
  expect(stateFolder({ XDG_STATE_HOME: "/state" }, "linux")).toBe(join("/state", "contrail"));
  expect(stateFolder({}, "darwin")).toContain(join("Library", "Application Support", "contrail"));
});
