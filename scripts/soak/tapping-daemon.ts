/** The daemon with both taps as the editor starts it, in a process of its own that can be ended in any way. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  connectDaemon,
  connectionFileOf,
  daemonFlags,
  daemonFolder,
  type DaemonConnection,
  type DaemonSettings,
  type TapSettings,
} from "../../daemon/client/index.ts";
import type { Status } from "../../daemon/serve/protocol.ts";
import { repositoryRoot } from "../setup/paths.ts";

export interface TappingDaemon {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly connection: DaemonConnection;
  /** The processes that stand by to put back what it leaves. */
  guardians(): readonly number[];
  status(): Status | undefined;
  /** How many messages of its own time it has shown, by broker. */
  shown(): { readonly kafka: number; readonly rabbitmq: number };
  /** Resolves when every tap is live; rejects with what they say when that takes too long. */
  live(): Promise<void>;
  /** Resolves to its exit code. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

export interface TappingOptions {
  readonly workspaceFolder: string;
  readonly stateDir: string;
  readonly taps: readonly TapSettings[];
  /** The daemon's program; without it the one of this source tree. */
  readonly daemonPath?: string;
  readonly guardianPath?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The most blocks of 512 or 1,024 bytes that a file of it may have, as the shell's `ulimit -f` counts. */
  readonly fileLimitBlocks?: number;
  readonly settings?: Partial<DaemonSettings>;
}

const liveWithinMs = 30_000;

export async function startTapping(options: TappingOptions): Promise<TappingDaemon> {
  const { workspaceFolder, stateDir, taps } = options;
  const begun = Date.now();
  const source = join(repositoryRoot, "daemon");
  await mkdir(daemonFolder(workspaceFolder, stateDir), { recursive: true, mode: 0o700 });
  const program = options.daemonPath ?? join(source, "main.ts");
  const limit = options.fileLimitBlocks;
  const [command, args] =
    limit === undefined
      ? [process.execPath, [...daemonFlags, program]]
      : ["sh", ["-c", `ulimit -f ${limit}; exec "$0" "$1"`, process.execPath, program]];
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1", ...options.env },
  });
  const config = {
    ...options.settings,
    workspaceFolder,
    stateDir,
    taps,
    version: "soak",
    guardianPath: options.guardianPath ?? join(source, "guardian-main.ts"),
  };
  child.stdin.end(`${JSON.stringify(config)}\n`);
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(() => [`{"failed":"it ended at once"}`]),
  ])) as [string];
  const answer = JSON.parse(line) as { ready?: true; failed?: string; busy?: true };
  if (answer.ready !== true) throw new Error(`The daemon did not start: ${line}`);
  const connection = await connectDaemon(connectionFileOf(workspaceFolder, stateDir), { client: "cli" });
  const shown = { kafka: 0, rabbitmq: 0, otlp: 0 };
  let status: Status | undefined;
  connection.onMessage((message) => {
    if (message.kind === "status" || message.kind === "welcome") status = message.status;
    if (message.kind !== "messages") return;
    // A capture that is gone on with has older ones, too.
    for (const { broker, at } of message.messages) if (at >= begun) shown[broker]++;
  });
  connection.send({ kind: "watchMessages", afterSeq: 0 });
  const pid = child.pid ?? 0;
  return {
    pid,
    process: child,
    connection,
    guardians: () => childrenOf(pid),
    status: () => status,
    shown: () => shown,
    async live() {
      const until = Date.now() + liveWithinMs;
      const isLive = () =>
        status !== undefined && status.taps.filter(({ phase }) => phase === "live").length >= taps.length;
      while (!isLive()) {
        if (Date.now() > until) throw new Error(`The taps are not live: ${JSON.stringify(status?.taps)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async end(signal) {
      connection.close();
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exit = once(child, "exit");
      child.kill(signal);
      return ((await exit) as [number | null])[0];
    },
  };
}

/** The processes that a process started, as /proc tells. */
function childrenOf(pid: number): readonly number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(parent) === pid) found.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
