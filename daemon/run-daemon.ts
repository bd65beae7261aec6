/** A daemon as a process: from its settings (config-line.ts) to its end. */
import { join } from "node:path";
import {
  isAlive,
  daemonFolder,
  readConnectionFile,
  removeConnectionFile,
  sweepCaptures,
  writeConnectionFile,
  type DaemonAnswer,
  type DaemonConfig,
} from "./client/index.ts";
import { takeLock, type Lock } from "./lock.ts";
import { giveBackMemoryAtRest } from "./memory-at-rest.ts";
import { protocolVersion } from "./serve/protocol.ts";
import { defaultLimits } from "./store/index.ts";
import type { RunningTrace } from "./trace-options.ts";
import { runTrace } from "./trace.ts";

const defaultIdleMs = 10_000;
/** The one who started it may take a while to come back. */
const firstClientWithinMs = 30_000;

function answer(line: DaemonAnswer): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Becomes the only daemon of its workspace, answers, and lives until its last client has left. */
export async function runDaemon(config: DaemonConfig | undefined): Promise<void> {
  if (config === undefined) {
    console.error(
      "This program is started by Contrail, with its settings on standard input. Use `contrail tap` in a terminal.",
    );
    process.exitCode = 2;
    return;
  }
  const folder = daemonFolder(config.workspaceFolder, config.stateDir);
  const file = join(folder, "daemon.json");
  let lock: Lock | undefined;
  try {
    lock = await takeLock(join(folder, "daemon.lock"), () => readConnectionFile(file));
  } catch (cause) {
    answer({ failed: whyNotStarted(cause) });
    process.exitCode = 1;
    return;
  }
  if (lock === undefined) {
    answer({ busy: true });
    return;
  }
  const leftover = readConnectionFile(file);
  if (leftover !== undefined && !isAlive(leftover.pid)) removeConnectionFile(file, leftover.pid);
  sweepCaptures(defaultLimits, Date.now(), config.stateDir);
  let trace: RunningTrace | undefined;
  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    // Whatever hangs, the process is gone within two seconds.
    setTimeout(() => process.exit(code), 1_900).unref();
    removeConnectionFile(file, process.pid);
    await trace?.stop();
    lock?.release();
    process.exit(code);
  };
  giveBackMemoryAtRest();
  const idle = idleTimer(config.idleMs ?? defaultIdleMs, () => void end(0));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void end(0));
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (cause: unknown) => {
      console.error(`contrail: ${event}:`, cause);
      void end(1);
    });
  }
  // Whoever started this process may be gone: nobody reads its output any more.
  process.stdout.on("error", () => undefined);
  try {
    trace = await runTrace({
      taps: config.taps,
      ...(config.workspaceFolder === undefined ? {} : { contractsFolder: config.workspaceFolder }),
      ...(config.allowRemote === undefined ? {} : { allowRemote: config.allowRemote }),
      ...(config.addressMap === undefined ? {} : { addressMap: config.addressMap }),
      ...(config.registry === undefined ? {} : { registry: config.registry }),
      ...(config.webviewFolder === undefined ? {} : { webviewFolder: config.webviewFolder }),
      ...(config.guardianPath === undefined ? {} : { guardianPath: config.guardianPath }),
      stateDir: config.stateDir,
      captureFolder: join(folder, "captures"),
      warmsUp: config.taps.length > 0,
      onViews: (views) => idle.views(views),
      onShutdown: () => void end(0),
    });
    writeConnectionFile(file, {
      version: config.version,
      protocolVersion,
      pid: process.pid,
      port: trace.port,
      token: trace.token,
      startedAt: Date.now(),
    });
  } catch (cause) {
    answer({ failed: whyNotStarted(cause) });
    await end(1);
    return;
  }
  answer({ ready: true });
}

function whyNotStarted(cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code === "ENOSPC")
    return "The disk that Contrail keeps its state on is full, so no trace can be started. Make room, then start it again.";
  return cause instanceof Error ? cause.message : String(cause);
}

function idleTimer(idleMs: number, end: () => void): { views(count: number): void } {
  let timer: NodeJS.Timeout | undefined = setTimeout(end, Math.max(idleMs, firstClientWithinMs));
  return {
    views(count) {
      clearTimeout(timer);
      timer = count === 0 ? setTimeout(end, idleMs) : undefined;
    },
  };
}
