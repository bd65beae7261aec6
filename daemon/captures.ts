/** Which file a trace is kept in: a new one, or the one that a daemon which died left open; old ones go. */
import { chmodSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { deleteCapture } from "./client/index.ts";
import { Capture, captureFailed, CaptureError, defaultLimits } from "./store/index.ts";

const ending = ".contrail";

/**
 * The capture to go on with in `folder`, which nobody else writes to: the newest one of this source that was not closed
 * and is young enough, else a new one; `say` hears of one that cannot be read any more. Captures older than a day are deleted, unless they were given a name by moving them away.
 */
export function openCapture(
  folder: string,
  now: number,
  source: string,
  say: (note: string) => void = () => undefined,
): Capture {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  let leftOpen: Capture | undefined;
  for (const name of readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .reverse()) {
    const file = join(folder, name);
    if (now - statSync(file).mtimeMs > defaultLimits.ageMs) {
      deleteCapture(file);
      continue;
    }
    if (leftOpen !== undefined) continue;
    leftOpen = reopen(file, source, say);
  }
  if (leftOpen !== undefined) return leftOpen;
  const capture = newCapture(folder, now);
  capture.setMeta("source", source);
  return capture;
}

/** `trace 2026-11-21 10:46` */
export function captureName(now: number): string {
  const date = new Date(now);
  const two = (part: number) => String(part).padStart(2, "0");
  return `trace ${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Where no file can be made, the trace goes on without one. */
function newCapture(folder: string, now: number): Capture {
  try {
    return Capture.create(join(folder, fileName(now)), captureName(now), now);
  } catch (cause) {
    if (!(cause instanceof CaptureError)) throw cause;
    const capture = Capture.create(undefined, captureName(now), now);
    capture.problem = captureFailed(cause.cause);
    return capture;
  }
}

function reopen(file: string, source: string, say: (note: string) => void): Capture | undefined {
  try {
    const seen = Capture.open(file, { readOnly: true });
    const same = seen.wasLeftOpen && seen.meta("source") === source;
    seen.close();
    return same ? Capture.open(file, { readOnly: false }) : undefined;
  } catch (cause) {
    if (!(cause instanceof CaptureError)) throw cause;
    say(`An earlier trace cannot be gone on with. ${cause.message}`);
    return undefined;
  }
}

function fileName(now: number): string {
  return `${new Date(now).toISOString().replace(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}${ending}`;
}
