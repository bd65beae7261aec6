import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { protocolVersion } from "../serve/protocol.ts";
import { connectDaemon, type ConnectOptions, type DaemonConnection } from "./connection.ts";
import { isAlive, readConnectionFile } from "./connection-file.ts";
import { connectionFileOf, daemonFolder, stateFolder } from "./folders.ts";
import type { DaemonAnswer, DaemonConfig, DaemonSettings } from "./settings.ts";

export interface StartOptions {
  /** The daemon's program, `dist/node/daemon.js`. */
  readonly daemonPath: string;
  readonly settings: DaemonSettings;
  /** Contrail's version; a daemon of another one is ended first. */
  readonly version: string;
  readonly client: ConnectOptions["client"];
  /** A recording that a running daemon has played is played again; without it, taps that go on already just go on. */
  readonly again?: boolean;
  /** Where state lies; default `stateFolder()`. */
  readonly stateDir?: string;
  /** What runs it; default this very runtime, in VS Code the editor's own as a plain Node. */
  readonly execPath?: string;
}

const readyWithinMs = 15_000;
const pollMs = 50;
/** While another daemon has the lock and is not there, it is tried again so often. */
const busyForMs = 1_000;
/** A daemon that keeps dying is not started for ever. */
const mostRevivals = 5;
const revivalSpanMs = 60_000;

/**
 * Connects to the daemon of a workspace, starting it if there is none; given taps are then tapped also by one that ran
 * already. When it dies while this connection is held, it is started again and goes on where its capture ended.
 */
export async function startDaemon(options: StartOptions): Promise<DaemonConnection> {
  const { settings, client } = options;
  const file = connectionFileOf(settings.workspaceFolder, options.stateDir ?? stateFolder());
  const revivals: number[] = [];
  const revive = async () => {
    const now = Date.now();
    revivals.push(now);
    if (revivals.filter((at) => now - at < revivalSpanMs).length > mostRevivals) {
      throw new Error(
        "The daemon keeps ending. Look into daemon.log in Contrail's state folder, then start the trace again.",
      );
    }
    await ensureRunning(options, file);
  };
  await endOtherVersion(file, options.version);
  const running = await findDaemon(settings.workspaceFolder, options.stateDir);
  if (running === undefined) await ensureRunning(options, file);
  const connection = await connectDaemon(file, { client, revive });
  if (running !== undefined && settings.taps.length > 0) {
    const { allowRemote, addressMap, registry } = settings;
    const more = {
      ...(allowRemote === undefined ? {} : { allowRemote }),
      ...(addressMap === undefined ? {} : { addressMap }),
      ...(registry === undefined ? {} : { registry }),
      ...(options.again === true ? { again: true } : {}),
    };
    try {
      await connection.configure(settings.taps, more);
    } catch (cause) {
      // A tap that was refused shows as failed, with its sentence, as it does in a daemon that has just started.
      if (settings.taps.some(({ kind }) => kind === "capture")) {
        connection.close();
        throw cause;
      }
    }
  }
  return connection;
}

/** The connection file of a workspace's daemon when one runs and answers; `undefined` when none does. Starts nothing. */
export async function findDaemon(workspaceFolder: string | undefined, stateDir?: string): Promise<string | undefined> {
  const file = connectionFileOf(workspaceFolder, stateDir ?? stateFolder());
  const info = readConnectionFile(file);
  if (info === undefined || !isAlive(info.pid)) return undefined;
  try {
    const connection = await connectDaemon(file, { client: "extension" });
    connection.close();
    return file;
  } catch {
    return undefined;
  }
}

/** Ends the workspace's daemon for every view; resolves when it is gone, at once when there was none. */
export async function stopDaemon(workspaceFolder: string | undefined, stateDir?: string): Promise<void> {
  const file = connectionFileOf(workspaceFolder, stateDir ?? stateFolder());
  const info = readConnectionFile(file);
  if (info === undefined || !isAlive(info.pid)) return;
  try {
    const connection = await connectDaemon(file, { client: "extension" });
    connection.send({ kind: "shutdown" });
    // Its file goes first; until the process is gone, no other can take its place.
    await until(() => !isAlive(info.pid), 3_000);
    connection.close();
  } catch {
    // It went by itself meanwhile.
  }
}

async function endOtherVersion(file: string, version: string): Promise<void> {
  const info = readConnectionFile(file);
  if (info === undefined || !isAlive(info.pid)) return;
  if (info.version === version && info.protocolVersion === protocolVersion) return;
  if (info.protocolVersion !== protocolVersion) {
    throw new Error(
      "A daemon of another version of Contrail is running for this workspace. Close its other windows, then start the trace again.",
    );
  }
  const connection = await connectDaemon(file, { client: "extension" });
  connection.send({ kind: "shutdown" });
  await until(() => !isAlive(info.pid), 3_000);
  connection.close();
}

async function ensureRunning(options: StartOptions, file: string): Promise<void> {
  const before = readConnectionFile(file)?.startedAt;
  const end = performance.now() + readyWithinMs;
  for (;;) {
    const answer = await launch(options);
    if ("failed" in answer) throw new Error(answer.failed);
    const isBusy = "busy" in answer;
    const isThere = () => {
      const info = readConnectionFile(file);
      return info !== undefined && isAlive(info.pid) && (info.startedAt !== before || isBusy);
    };
    const left = end - performance.now();
    // Whoever has the lock is about to be there, or about to be gone: then it is this one's turn.
    if (await until(isThere, isBusy ? Math.min(left, busyForMs) : left)) return;
    if (!isBusy || performance.now() >= end) break;
  }
  throw new Error(
    "The daemon did not become ready. Look into daemon.log in Contrail's state folder, then start the trace again.",
  );
}

/**
 * How the runtime is told to run a daemon under a heavy load. With room for the messages that are just on their way,
 * which are many and live for a moment only, they are not moved to where what stays is kept. Nor are they made there in
 * the first place: V8 learns where to make things from the first seconds, when all is slow and everything stays, and
 * what was made among what stays keeps all that it holds there too. What stays is looked through when two and a half times
 * as much is there as was left the last time: sooner takes processors from everything else, and left to itself V8 waits
 * for up to four times as much, the longer the faster it finds itself to be, so that memory would grow for minutes. The
 * first look is when there is about as much as a heavy load leaves, not many while it comes to that. And each look is
 * done at once, by all processors: piece by piece beside the work, on a machine that is busy, V8 finds itself behind its
 * schedule and marks for 5 ms after every half millisecond of work, so that messages wait for longer than the whole takes.
 * With that, V8 does not look through the heap of a daemon at rest either: the daemon asks for it, as it then may.
 */
export const daemonFlags: readonly string[] = [
  "--max-semi-space-size=64",
  "--max-old-space-size=4096",
  "--initial-old-space-size=256",
  "--heap-growing-percent=150",
  "--no-incremental-marking",
  "--expose-gc",
  "--no-allocation-site-pretenuring",
];

/**
 * On Linux, the C library gives each thread a heap of its own, and what one frees the others cannot use. It also learns
 * to put large blocks between the small ones, whose gaps then fill up with what stays: so its thresholds are fixed.
 */
const daemonEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(32 * 1024 * 1024),
};

function launch(options: StartOptions): Promise<DaemonAnswer> {
  const { settings, version } = options;
  const stateDir = options.stateDir ?? stateFolder();
  const log = openSync(join(daemonFolder(settings.workspaceFolder, stateDir), "daemon.log"), "w", 0o600);
  const config: DaemonConfig = { ...settings, version, stateDir };
  const child = spawn(options.execPath ?? process.execPath, [...daemonFlags, options.daemonPath], {
    detached: true,
    windowsHide: true,
    stdio: ["pipe", "pipe", log],
    env: { ...process.env, ...daemonEnvironment, ELECTRON_RUN_AS_NODE: "1" },
  });
  closeSync(log);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null)
    return Promise.resolve({ failed: "The daemon could not be started. Start the trace again." });
  return new Promise((resolve) => {
    let said = "";
    const settle = (answer: DaemonAnswer) => {
      clearTimeout(timer);
      stdout.destroy();
      stdin.destroy();
      child.removeAllListeners();
      // From here on it lives by its clients, not by its starter.
      child.unref();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      child.kill();
      settle({
        failed: "The daemon did not answer after it was started. Look into daemon.log in Contrail's state folder.",
      });
    }, readyWithinMs);
    child.on("error", (cause) => settle({ failed: `The daemon could not be started: ${cause.message}` }));
    child.on("exit", (code) =>
      settle({
        failed: `The daemon ended at once with code ${code ?? "none"}. Look into daemon.log in Contrail's state folder.`,
      }),
    );
    stdin.on("error", () => undefined);
    stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [line, rest] = said.split("\n", 2);
      if (rest === undefined || line === undefined) return;
      try {
        settle(JSON.parse(line) as DaemonAnswer);
      } catch {
        settle({ failed: "What was started is not Contrail's daemon. Reinstall Contrail." });
      }
    });
    stdin.end(`${JSON.stringify(config)}\n`);
  });
}

async function until(done: () => boolean, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!done()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return true;
}
