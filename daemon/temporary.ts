import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "./client/index.ts";

const ownName = /^contrail-trace-(\d+)-/;

/**
 * A folder for a capture that nobody keeps; whoever asks removes it. What processes left behind that were killed is
 * removed first: it holds what they saw.
 */
export function temporaryFolder(inside = tmpdir()): string {
  for (const name of readdirSync(inside)) {
    const [, pid] = ownName.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(inside, name);
    try {
      if (process.getuid === undefined || lstatSync(folder).uid === process.getuid())
        rmSync(folder, { recursive: true });
    } catch {
      // Another process removes it at the same time, or it is not ours.
    }
  }
  return mkdtempSync(join(inside, `contrail-trace-${process.pid}-`));
}
