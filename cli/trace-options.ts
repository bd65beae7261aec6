/** What `tap` and `replay` have in common: this installation's parts, and an end in order on Ctrl-C. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunningTrace, TraceOptions } from "../daemon/index.ts";
import { UsageError } from "./usage.ts";
import { packageFolder } from "./version.ts";

/** Runs the daemon in this process; a capture file that cannot be had is the caller's to correct. */
export async function startTrace(options: TraceOptions): Promise<RunningTrace> {
  const { CaptureError, runTrace } = await import("../daemon/index.ts");
  try {
    return await runTrace(options);
  } catch (error) {
    if (error instanceof CaptureError) throw new UsageError(error.message);
    throw error;
  }
}

/** The parts of the daemon that stand beside this program, as far as they were built. */
export function installedParts(): { readonly webviewFolder?: string; readonly guardianPath?: string } {
  const dist = join(packageFolder(), "dist");
  const webviewFolder = join(dist, "webview");
  const guardianPath = join(dist, "node", "guardian.js");
  return {
    ...(existsSync(webviewFolder) ? { webviewFolder } : {}),
    ...(existsSync(guardianPath) ? { guardianPath } : {}),
  };
}

/**
 * Resolves at the first signal to end, or after `ms`, to which of both it was. The second signal ends the process at once, for whoever does not
 * want to wait the two seconds in which taps put back what they changed.
 */
export function untilEnd(ms?: number): Promise<"asked" | "time"> {
  return new Promise((resolve) => {
    let asked = false;
    const end = () => {
      if (asked) process.exit(130);
      asked = true;
      resolve("asked");
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
    if (ms !== undefined) setTimeout(() => resolve("time"), ms).unref();
  });
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `5m`, `1h` in milliseconds; `undefined` for anything else. */
export function durationOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * (units[match[2] ?? ""] ?? Number.NaN);
  return ms > 0 && ms <= 2_000_000_000 ? ms : undefined;
}
