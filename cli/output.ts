/**
 * What happens when nobody takes our output any more: whoever reads it stopped (`contrail tap | head`), which is no
 * error of ours, or the disk that it goes to is full, which is said.
 */
import { exitCodes } from "./exit-codes.ts";

let inOrder: ((code: number) => void) | undefined;
let lost: number | undefined;

/** From now on the process ends when its output cannot be written, at once unless `untilOutputEnds` was called. */
export function endWithOutput(): void {
  process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
    // What was on its way fails as well: one error is enough.
    if (lost !== undefined) return;
    lost = cause.code === "EPIPE" ? exitCodes.clean : exitCodes.failed;
    if (lost !== exitCodes.clean) process.stderr.write(`${notWritten(cause)}\n`);
    if (inOrder === undefined) process.exit(lost);
    inOrder(lost);
  });
}

/** For a command that has something to put back first. Resolves to the exit code once the output is lost. */
export function untilOutputEnds(): Promise<number> {
  return new Promise((resolve) => {
    inOrder = resolve;
    if (lost !== undefined) resolve(lost);
  });
}

export function isOutputLost(): boolean {
  return lost !== undefined;
}

/** Waits where the reader is slower; without one it does nothing. */
export async function writeLine(line: string): Promise<void> {
  const { stdout } = process;
  if (lost !== undefined || stdout.write(`${line}\n`)) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      stdout.off("drain", go);
      stdout.off("error", go);
      resolve();
    };
    stdout.on("drain", go);
    stdout.on("error", go);
  });
}

function notWritten({ code, message }: NodeJS.ErrnoException): string {
  return code === "ENOSPC"
    ? "The disk is full, so what is printed could not be written. Make room, or write it to another disk."
    : `What is printed could not be written: ${message}.`;
}
