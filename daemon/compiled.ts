/**
 * What the runtime makes of the daemon's programs before it can run them is kept in the user's state folder: the next
 * start reads it there, which takes a third of the time. The runtime itself sees to it that it fits the programs.
 */
import { enableCompileCache, flushCompileCache } from "node:module";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DaemonConfig } from "./client/index.ts";

/** A daemon that is killed keeps nothing at its end; by now everything was loaded that it runs by. */
const keepAfterMs = 10_000;

/** Whatever is loaded from now on is read from what an earlier start kept, and kept for the next one. */
export function keepCompiled({ stateDir, version }: Pick<DaemonConfig, "stateDir" | "version">): void {
  const folder = join(stateDir, "compiled");
  try {
    // Whoever can write here can have this user run what they like.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    enableCompileCache(join(folder, version));
    // Of other versions nothing is asked for again.
    for (const name of readdirSync(folder)) if (name !== version) rmSync(join(folder, name), { recursive: true });
  } catch {
    // Without it a start takes longer.
  }
  setTimeout(flushCompileCache, keepAfterMs).unref();
}
