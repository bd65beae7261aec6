/**
 * Cleans up after a run that could not do it itself. It is started beside the brokers, hears through its standard
 * input what was started, one JSON line each, and when that input ends (also by SIGKILL of the run) it ends process
 * groups, runs commands and removes folders that were not taken back.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";

/** Something that must not outlive the run. */
export type Residue =
  | { readonly kind: "group"; readonly pid: number }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "command"; readonly command: string; readonly args: readonly string[] };

export type GuardianOrder = { readonly add: Residue } | { readonly remove: Residue };

if (import.meta.main) {
  const watched = new Map<string, Residue>();
  // A terminal's Ctrl-C and hang-up are meant for the run, which then ends our input.
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line) as GuardianOrder;
    if ("add" in order) watched.set(JSON.stringify(order.add), order.add);
    else watched.delete(JSON.stringify(order.remove));
  }
  const left = [...watched.values()];
  for (const residue of left)
    if (residue.kind === "command") spawnSync(residue.command, residue.args, { stdio: "ignore" });
  for (const residue of left) if (residue.kind === "group") endGroup(residue.pid);
  for (const residue of left) {
    if (residue.kind === "folder")
      rmSync(residue.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended by itself.
  }
}
