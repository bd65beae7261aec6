/**
 * The daemon's side of the guardian: takes leases, and sees to it that a process stands by that outlives the daemon.
 *
 * The guardian's standard input is a pipe from the daemon. It carries one line that says where the leases lie and whose
 * they are; its end means that the daemon is gone, however it went. The guardian is started with the first lease, so a
 * daemon that changes nothing starts nothing.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { restoreFailed, restoreGivenUp, type Failure } from "../errors.ts";
import { inShell } from "../rabbitmqctl.ts";
import {
  beingRestored,
  findLeases,
  markMentioned,
  removeLease,
  restore,
  touchEveryMs,
  touchLease,
  writeLease,
  type Lease,
} from "./leases.ts";
import type { ManagementAccess } from "./management.ts";

export interface LeaseKeeperOptions {
  /** Where leases lie: the user's own folder, the same at every start. */
  readonly stateDir: string;
  /** The guardian's program, `dist/node/guardian.js`; without it leases only serve the next start. */
  readonly guardianPath?: string;
}

/** A change that will be undone. */
export interface LeaseHandle {
  /** To be called once it was undone. */
  release(): Promise<void>;
}

export interface LeaseKeeper {
  /** To be called, and awaited, before tracing is switched on. */
  takeTracing(management: ManagementAccess, vhost: string): Promise<LeaseHandle>;
  /** The process that stands by, once there is one; and whether it has told that it does. */
  readonly guardianPid: number | undefined;
  readonly guardianReady: Promise<boolean>;
  /** Sends the guardian home. Leases that were not released by then, it still puts back. */
  close(): Promise<void>;
}

export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const owner = randomBytes(12).toString("hex");
  const held = new Set<string>();
  let guardian: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ready = Promise.resolve(false);

  function standBy(): void {
    if (
      options.guardianPath === undefined ||
      (guardian !== undefined && guardian.exitCode === null && guardian.signalCode === null)
    ) {
      return;
    }
    const child = spawn(process.execPath, [options.guardianPath], {
      detached: true,
      windowsHide: true,
      stdio: ["pipe", "pipe", "ignore"],
      // In VS Code execPath is the editor; this makes it a plain Node. Nothing else of the environment is needed.
      env: { ELECTRON_RUN_AS_NODE: "1", ...pick(process.env, ["PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR"]) },
    });
    ready = new Promise((resolve) => {
      child.stdout.once("data", () => resolve(true));
      child.once("exit", () => resolve(false));
      child.once("error", () => resolve(false));
    });
    let stoodBy = false;
    child.stdout.once("data", () => (stoodBy = true));
    child.once("exit", () => {
      // Killed, while there is something to put back: another takes its place. One that never ran is not tried again.
      if (stoodBy && child === guardian && held.size > 0) standBy();
    });
    child.stdin.on("error", () => undefined);
    child.stdin.write(`${JSON.stringify({ stateDir: options.stateDir, owner })}\n`);
    // The guardian waits for the daemon, not the other way round.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as Socket).unref();
    guardian = child;
  }

  return {
    get guardianPid() {
      return guardian?.pid;
    },
    get guardianReady() {
      return ready;
    },
    async takeTracing(management, vhost) {
      standBy();
      const lease: Lease = { version: 1, kind: "rabbitmq-tracing", owner, pid: process.pid, vhost, management };
      const path = await writeLease(options.stateDir, lease);
      held.add(path);
      timer ??= setInterval(() => {
        for (const path of held) void touchLease(path);
      }, touchEveryMs).unref();
      return {
        async release() {
          held.delete(path);
          await removeLease(path);
        },
      };
    },
    async close() {
      clearInterval(timer);
      timer = undefined;
      const child = guardian;
      guardian = undefined;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.ref();
      child.stdin?.end();
      const late = setTimeout(() => child.unref(), 1_500);
      await Promise.race([gone, new Promise<void>((resolve) => setTimeout(resolve, 1_500).unref())]);
      clearTimeout(late);
    },
  };
}

/**
 * Puts back what an earlier daemon and its guardian left, both having been killed. To be called at every start, before
 * any tap. Returns a sentence for each thing that could not be put back. It is tried again at every start for a week;
 * the first failure is told, and the last.
 */
export async function restoreLeftovers(stateDir: string): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const found of await findLeases(stateDir)) {
    if (found.alive) continue;
    const why = await restore(found);
    if (why === undefined || why === beingRestored) continue;
    const { vhost, management, mentioned } = found.lease;
    const what = `Tracing of the virtual host "${vhost}" at ${new URL(management.baseUrl).host}, which an earlier Contrail switched on,`;
    const byHand = `rabbitmqctl trace_off -p ${inShell(vhost)}`;
    if (found.givenUp) {
      await removeLease(found.home);
      failures.push(restoreGivenUp(what, byHand));
    } else if (mentioned !== true) {
      await markMentioned(found).catch(() => undefined);
      failures.push(restoreFailed(what, why, byHand));
    }
  }
  return failures;
}

function pick(from: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
}
