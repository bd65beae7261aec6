import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResidueWatch } from "./residue.ts";

/** A program and all it starts, as one process group that is ended as one. */
export interface ProcessGroup {
  readonly pid: number;
  readonly alive: () => boolean;
  /** Asks the group to end, and after `patience` milliseconds ends it. Resolves when none of it is left. */
  end(patience: number): Promise<void>;
  /** The last lines that the program wrote. */
  tail(): string;
}

export interface ProcessGroupOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly log: string;
  readonly watch: ResidueWatch;
}

/** Starts a program in a group of its own, so that a Ctrl-C in the terminal reaches us and not the broker. */
export async function startProcessGroup(
  command: string,
  args: readonly string[],
  options: ProcessGroupOptions,
): Promise<ProcessGroup> {
  const log = openSync(options.log, "a");
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`Could not start ${command}.`, { cause })));
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
  child.unref();
  const residue = { kind: "group", pid } as const;
  options.watch.add(residue);
  return {
    pid,
    alive: () => groupAlive(pid),
    async end(patience) {
      if (patience > 0) {
        signal(pid, "SIGTERM");
        await gone(pid, patience);
      }
      signal(pid, "SIGKILL");
      if (!(await gone(pid, 5_000))) throw new Error(`Process group ${pid} (${command}) did not end.`);
      options.watch.remove(residue);
    },
    tail: () => lastLines(options.log),
  };
}

/** Whether anything of the group still runs. The dead that nobody has collected yet do not count. */
function groupAlive(group: number): boolean {
  if (!signal(group, 0)) return false;
  if (!existsSync("/proc/self/stat")) return true;
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      // "pid (command) state parent group ...": the command may hold anything, a closing bracket included.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, , itsGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(itsGroup) === group && state !== "Z" && state !== "X";
    } catch {
      return false;
    }
  });
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number, patience: number): Promise<boolean> {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(25)) if (!groupAlive(pid)) return true;
  return !groupAlive(pid);
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, "utf8").trim().split("\n").slice(-8).join("\n");
  } catch {
    return "";
  }
}
