/** The recording that `replay` and `export` are given: a file, or the name of a capture on this machine. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { captureNamed } from "../daemon/client/index.ts";
import { UsageError } from "./usage.ts";

/** Its path; a file wins over a name. Throws a UsageError where there is neither, or the file is no capture. */
export async function recordingFile(text: string): Promise<string> {
  const path = resolve(text);
  const file = existsSync(path) ? path : captureNamed(text)?.file;
  if (file === undefined)
    throw new UsageError(
      `There is no file "${text}", and no capture of that name. \`contrail captures\` lists those of this machine.`,
    );
  const { Capture, CaptureError } = await import("../daemon/index.ts");
  try {
    Capture.open(file, { readOnly: true }).close();
  } catch (error) {
    throw error instanceof CaptureError ? new UsageError(error.message) : error;
  }
  return file;
}

/** The folder of --contracts, else this one. */
export function contractsFolder(text: string | undefined): string {
  const folder = resolve(text ?? ".");
  if (!existsSync(folder)) throw new UsageError(`There is no folder "${text ?? folder}". Correct --contracts.`);
  return folder;
}
