/** The captures in the user's state folder, as files: to list them and to delete them. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./connection-file.ts";
import { stateFolder } from "./folders.ts";

export interface CaptureFile {
  readonly file: string;
  /** With its search index and what SQLite keeps beside it. */
  readonly bytes: number;
  readonly changedAt: number;
  /** A running daemon may be writing to it. */
  readonly inUse: boolean;
}

const besides = ["", "-wal", "-shm", "-journal", "-index", "-index-wal", "-index-shm", "-index-journal"];

/** Every capture of every workspace, newest first. */
export function listCaptures(stateDir: string = stateFolder()): readonly CaptureFile[] {
  const daemons = join(stateDir, "daemons");
  return namesIn(daemons)
    .flatMap((workspace) => {
      const inUse = isLocked(join(daemons, workspace, "daemon.lock"));
      const captures = join(daemons, workspace, "captures");
      return namesIn(captures)
        .filter((name) => name.endsWith(".contrail"))
        .map((name) => describeCapture(join(captures, name), inUse));
    })
    .sort((a, b) => b.changedAt - a.changedAt);
}

/** Deletes these captures, by default all that no running daemon writes to; returns those that were deleted. */
export function deleteCaptures(captures: readonly CaptureFile[] = listCaptures()): readonly CaptureFile[] {
  const free = captures.filter(({ inUse }) => !inUse);
  for (const { file } of free) deleteCapture(file);
  return free;
}

/** Deletes one capture with its search index and what SQLite keeps beside it. */
export function deleteCapture(file: string): void {
  for (const suffix of besides) rmSync(file + suffix, { force: true });
}

function describeCapture(file: string, inUse: boolean): CaptureFile {
  const parts = besides.map((suffix) => file + suffix).filter((part) => existsSync(part));
  const stats = parts.map((part) => statSync(part));
  return {
    file,
    bytes: stats.reduce((sum, { size }) => sum + size, 0),
    changedAt: Math.max(0, ...stats.map(({ mtimeMs }) => mtimeMs)),
    inUse,
  };
}

function isLocked(lock: string): boolean {
  try {
    return isAlive(Number(readFileSync(lock, "utf8")));
  } catch {
    return false;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
