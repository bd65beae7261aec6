/** A whole process, measured from outside: its time, its processor time, and the most memory that it had. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface Measured {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** The peak of its largest process, in bytes. */
  readonly peakBytes: number;
  readonly exitCode: number;
  readonly output: string;
}

const timeProgram = "/usr/bin/time";

/** Runs a program to its end. Peaks of memory are GNU time's to tell: Node knows them of itself only. */
export async function measured(program: string, args: readonly string[], folder: string): Promise<Measured> {
  const scratch = await mkdtemp(join(tmpdir(), "contrail-measured-"));
  const report = join(scratch, "time");
  const outputPath = join(scratch, "output");
  try {
    const child = spawn(timeProgram, ["-q", "-f", "%e %U %S %M", "-o", report, program, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.on("error", () => reject(new Error(`${timeProgram} did not start. Install GNU time (Debian: time).`)));
      child.on("close", (code) => resolve(code ?? -1));
    });
    const [exitCode] = await Promise.all([ended, pipeline(child.stdout, createWriteStream(outputPath))]);
    const [seconds = Number.NaN, user = 0, system = 0, kilobytes = Number.NaN] = (await readFile(report, "utf8"))
      .trim()
      .split(" ")
      .map(Number);
    return {
      seconds,
      processorSeconds: user + system,
      peakBytes: kilobytes * 1024,
      exitCode,
      output: await readFile(outputPath, "utf8"),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `8.3 s (7.9 s of processor), 540 MB`. */
export function measuredFigure({ seconds, processorSeconds, peakBytes }: Measured): string {
  return `${seconds.toFixed(1)} s (${processorSeconds.toFixed(1)} s of processor), ${Math.round(peakBytes / 1e6)} MB at most`;
}
