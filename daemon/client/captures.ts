/**
 * The captures in the user's state folder, as files: to list them, to keep one by a name, and to delete them.
 *
 * Those of traces lie in the folder of their workspace's daemon, for a day or until they are a gigabyte together;
 * those that were given a name lie in a folder of their own, until somebody deletes them.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, join } from "node:path";
import { isAlive } from "./connection-file.ts";
import { stateFolder } from "./folders.ts";

export interface CaptureFile {
  readonly file: string;
  /** The name it was kept by, else the name of its file. */
  readonly name: string;
  /** With its search index and what SQLite keeps beside it. */
  readonly bytes: number;
  readonly changedAt: number;
  /** It was given a name, and stays. */
  readonly kept: boolean;
  /** A running daemon has it open. */
  readonly inUse: boolean;
}

const ending = ".contrail";
const besides = ["", "-wal", "-shm", "-journal", "-index", "-index-wal", "-index-shm", "-index-journal"];

/** Every capture of every workspace, newest first. */
export function listCaptures(stateDir: string = stateFolder()): readonly CaptureFile[] {
  const daemons = join(stateDir, "daemons");
  const traces = namesIn(daemons).flatMap((workspace) => {
    const hasDaemon = isLocked(join(daemons, workspace, "daemon.lock"));
    const captures = join(daemons, workspace, "captures");
    return capturesIn(captures).map((file) => describeCapture(file, false, hasDaemon && existsSync(`${file}-wal`)));
  });
  const kept = capturesIn(keptFolder(stateDir)).map((file) => describeCapture(file, true, existsSync(`${file}-wal`)));
  return [...traces, ...kept].sort((a, b) => b.changedAt - a.changedAt);
}

/** The capture that is meant by a file name, by the name it was kept by, or by `latest`; `undefined` for none. */
export function captureNamed(text: string, captures: readonly CaptureFile[] = listCaptures()): CaptureFile | undefined {
  if (text === "latest") return captures[0];
  return captures.find(({ file, name }) => file === text || basename(file) === text || name === text);
}

/** Deletes these captures, except those that a running daemon has open; returns those that were deleted. */
export function deleteCaptures(captures: readonly CaptureFile[]): readonly CaptureFile[] {
  const free = captures.filter(({ inUse }) => !inUse);
  for (const { file } of free) deleteCapture(file);
  return free;
}

/** Deletes one capture with its search index and what SQLite keeps beside it. */
export function deleteCapture(file: string): void {
  for (const suffix of besides) rmSync(file + suffix, { force: true });
}

/**
 * Deletes captures that nobody kept and that are older than the limit; and the oldest, where all together are larger.
 * Every start of a daemon does so, for the captures of all workspaces. Returns those that were deleted.
 */
export function sweepCaptures(
  limits: { readonly ageMs: number; readonly bytes: number },
  now: number,
  stateDir: string = stateFolder(),
): readonly CaptureFile[] {
  let bytes = 0;
  const over = listCaptures(stateDir).filter((capture) => {
    if (capture.kept) return false;
    bytes += capture.bytes;
    return now - capture.changedAt > limits.ageMs || bytes > limits.bytes;
  });
  return deleteCaptures(over);
}

/**
 * Gives a capture a name and keeps it: where a daemon has it open a copy of how it is now, else the capture itself.
 * Returns its new place; throws one sentence when the name is taken or is none.
 */
export async function keepCapture(
  capture: CaptureFile,
  name: string,
  stateDir: string = stateFolder(),
): Promise<string> {
  const problem = keptNameProblem(name, stateDir);
  if (problem !== undefined) throw new Error(problem);
  const target = join(keptFolder(stateDir), name + ending);
  mkdirSync(keptFolder(stateDir), { recursive: true, mode: 0o700 });
  const { DatabaseSync } = await import("node:sqlite");
  if (capture.inUse) {
    closeSync(openSync(target, "wx", 0o600));
    const source = new DatabaseSync(capture.file, { readOnly: true });
    try {
      source.prepare("VACUUM INTO ?").run(target);
    } catch (cause) {
      rmSync(target, { force: true });
      throw cause;
    } finally {
      source.close();
    }
  } else {
    // What a daemon that died left in the log becomes part of the file, and the log goes.
    const source = new DatabaseSync(capture.file);
    source.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    source.close();
    renameSync(capture.file, target);
    if (existsSync(`${capture.file}-index`)) renameSync(`${capture.file}-index`, `${target}-index`);
    deleteCapture(capture.file);
  }
  chmodSync(target, 0o600);
  const kept = new DatabaseSync(target);
  const set = kept.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)");
  set.run("name", name);
  set.run("state", "closed");
  if (capture.inUse) set.run("ended", String(Date.now()));
  kept.close();
  return target;
}

/** Why a capture cannot be kept by this name, in a sentence; `undefined` when it can. */
export function keptNameProblem(name: string, stateDir: string = stateFolder()): string | undefined {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name) || name.endsWith(ending) || name === "latest")
    return `"${name}" cannot be a capture's name. Begin with a letter or digit, and use letters, digits, spaces, dots, - and _.`;
  return existsSync(join(keptFolder(stateDir), name + ending))
    ? `A capture "${name}" is kept already. Choose another name, or delete that one.`
    : undefined;
}

function keptFolder(stateDir: string): string {
  return join(stateDir, "captures");
}

function capturesIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

function describeCapture(file: string, kept: boolean, inUse: boolean): CaptureFile {
  const stats = besides
    .map((suffix) => statSync(file + suffix, { throwIfNoEntry: false }))
    .filter((stat) => stat !== undefined);
  return {
    file,
    name: basename(file, ending),
    bytes: stats.reduce((sum, { size }) => sum + size, 0),
    changedAt: Math.max(0, ...stats.map(({ mtimeMs }) => mtimeMs)),
    kept,
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
