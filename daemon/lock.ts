/** One daemon per user and workspace: whoever makes the lock file is it. */
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { isAlive, type ConnectionInfo } from "./client/index.ts";

export interface Lock {
  release(): void;
}

/** A daemon that starts may take so long until it answers at its port. */
const startsWithinMs = 15_000;

/** `undefined` when a living daemon holds the lock. What a dead one left is taken over. */
export async function takeLock(file: string, holder: () => ConnectionInfo | undefined): Promise<Lock | undefined> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeNew(file, String(process.pid));
      return { release: () => releaseIfOurs(file) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    }
    if (await isHeld(file, holder())) return undefined;
    rmSync(file, { force: true });
  }
  return undefined;
}

/** Throws, and leaves nothing behind, where the disk is full: an empty file would look like a daemon that starts. */
function writeNew(file: string, text: string): void {
  const handle = openSync(file, "wx", 0o600);
  try {
    writeSync(handle, text);
  } catch (cause) {
    rmSync(file, { force: true });
    throw cause;
  } finally {
    closeSync(handle);
  }
}

async function isHeld(file: string, info: ConnectionInfo | undefined): Promise<boolean> {
  let pid: number;
  let age: number;
  try {
    age = Date.now() - statSync(file).mtimeMs;
    pid = Number(readFileSync(file, "utf8"));
  } catch {
    return false;
  }
  // Between making the file and writing into it lies a moment.
  if (!Number.isInteger(pid) || pid <= 0) return age < 1_000;
  if (!isAlive(pid)) return false;
  // The number may belong to another program by now: only an answer at the port proves a daemon that started long ago.
  return age < startsWithinMs || (info !== undefined && info.pid === pid && (await answers(info.port)));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once("error", () => settle(false));
    socket.connect(port, "127.0.0.1", () => settle(true));
  });
}

function releaseIfOurs(file: string): void {
  try {
    if (readFileSync(file, "utf8") === String(process.pid)) rmSync(file, { force: true });
  } catch {
    // It is gone already.
  }
}
