/** The file by which a running daemon is found: who it is, where it listens, and the token that lets programs in. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

export interface ConnectionInfo {
  readonly version: string;
  readonly protocolVersion: number;
  readonly pid: number;
  readonly port: number;
  readonly token: string;
  readonly startedAt: number;
}

/** Written at once and whole, readable by its user alone. */
export function writeConnectionFile(file: string, info: ConnectionInfo): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(info)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, file);
}

/** `undefined` when there is none, or what is there is no connection file. */
export function readConnectionFile(file: string): ConnectionInfo | undefined {
  try {
    const info = JSON.parse(readFileSync(file, "utf8")) as Partial<ConnectionInfo>;
    const { version, protocolVersion, pid, port, token, startedAt } = info;
    if (typeof version !== "string" || typeof protocolVersion !== "number" || typeof pid !== "number") return undefined;
    if (typeof port !== "number" || typeof token !== "string" || typeof startedAt !== "number") return undefined;
    return { version, protocolVersion, pid, port, token, startedAt };
  } catch {
    return undefined;
  }
}

/** Removes the file if it is still the one of `pid`. */
export function removeConnectionFile(file: string, pid: number): void {
  if (readConnectionFile(file)?.pid === pid) rmSync(file, { force: true });
}

/** Whether a process with this number lives. It may be another one by now: only an answer at the port proves more. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
