/** `contrail export`: a capture for other programs. */
import { rmSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { once } from "node:events";
import type { CaptureReading } from "../daemon/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { contractsFolder, recordingFile } from "./recording-argument.ts";
import { harmless, Progress } from "./terminal.ts";
import { untilEnd } from "./trace-options.ts";
import { UsageError, type Command } from "./usage.ts";

const formats = ["ndjson", "csv", "otlp"] as const;
/** How a shell sees the end by Ctrl-C. */
const interrupted = 130;

export const exportCommand: Command = {
  name: "export",
  summary: "Write a recording as NDJSON, CSV or OpenTelemetry spans.",
  usage: "contrail export FILE [--format ndjson|csv|otlp] [--out FILE]",
  about: `
Writes what \`contrail tap --out\` recorded, or a capture of the live page, for other programs: every message with its
decoded body; in NDJSON also why messages belong together, exchanges, conversations and sagas with their states and
steps; in OTLP each conversation as a trace for Jaeger, Tempo or a collector. docs/export.md describes each format.

Bodies are decoded by the contracts below this folder as they are now. FILE may be the name of a capture, too; see
\`contrail captures\`. Ctrl-C ends a long export and leaves no half file behind.

Exit codes: 0 all is written, 2 it could not be done, 130 it was interrupted.`,
  positionals: { min: 1, max: 1, what: "a recording" },
  flags: {
    format: { type: "string", choices: formats, value: formats.join("|"), help: "What to write. Default: ndjson." },
    out: { type: "string", value: "FILE", help: "Write into this file, which must not be there yet." },
    contracts: { type: "string", value: "FOLDER", help: "Decode by the contracts below this folder instead." },
  },
  examples: [
    ["contrail export run.contrail | jq 'select(.kind == \"saga\") | .state'", "how each saga ended"],
    ["contrail export run.contrail --format csv --out run.csv", "a table of messages"],
    [
      "contrail export run.contrail --format otlp | while read -r trace; do curl -s -H 'content-type: application/json' -d \"$trace\" http://127.0.0.1:4318/v1/traces; done",
      "every conversation as a trace in Jaeger",
    ],
  ],
  async run(args) {
    const contracts = contractsFolder(args.text("contracts"));
    const file = await recordingFile(args.positionals[0] ?? "");
    const format = formats.find((name) => name === args.text("format")) ?? "ndjson";
    const { CaptureError, exportLines, openForReading } = await import("../daemon/index.ts");
    const stop = new AbortController();
    void untilEnd().then(() => stop.abort());
    const output = await openOutput(args.text("out"));
    const progress = new Progress();
    let lines = 0;
    let reading: CaptureReading | undefined;
    try {
      reading = await openForReading(file, contracts, {
        signal: stop.signal,
        onProgress: (done, all) => progress.say(`Correlating: ${share(done, all)} of ${count(all, "message")}`),
      });
      progress.end();
      for (const note of reading.notes) process.stderr.write(`${harmless(note)}\n`);
      let chunk = "";
      for (const line of exportLines(reading, format)) {
        if (isAborted(stop.signal)) break;
        chunk += `${line}\n`;
        lines++;
        if (chunk.length < 64 * 1024) continue;
        await output.write(chunk);
        chunk = "";
        if (output.name !== undefined) progress.say(`Writing: ${count(lines, "line")}`);
      }
      await output.write(chunk);
    } catch (error) {
      progress.end();
      await output.discard();
      throw error instanceof CaptureError ? new UsageError(error.message) : error;
    } finally {
      reading?.close();
    }
    progress.end();
    if (isAborted(stop.signal)) {
      await output.discard();
      process.stderr.write("Interrupted: nothing is left of the export.\n");
      return interrupted;
    }
    await output.close();
    if (output.name !== undefined) process.stderr.write(`${count(lines, "line")} are in ${output.name}.\n`);
    return exitCodes.clean;
  },
};

interface Output {
  /** The file; absent for standard output. */
  readonly name?: string;
  /** Resolves when there is room for more, and lets signals be heard in between. */
  write(text: string): Promise<void>;
  close(): Promise<void>;
  discard(): Promise<void>;
}

/** A capture has secrets masked, and yet it is somebody's traffic: readable by its owner, as the capture is. */
async function openOutput(name: string | undefined): Promise<Output> {
  if (name === undefined) {
    return {
      async write(text) {
        if (!process.stdout.write(text)) await once(process.stdout, "drain");
        await new Promise((resolve) => setImmediate(resolve));
      },
      close: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    };
  }
  let handle: FileHandle;
  try {
    handle = await open(name, "wx", 0o600);
  } catch (cause) {
    throw notWritten(name, cause);
  }
  return {
    name,
    async write(text) {
      await handle.writeFile(text).catch((cause: unknown) => {
        throw notWritten(name, cause);
      });
    },
    close: () => handle.close(),
    async discard() {
      await handle.close();
      rmSync(name, { force: true });
    },
  };
}

function notWritten(name: string, cause: unknown): UsageError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why: Readonly<Record<string, string>> = {
    EEXIST: `"${name}" is there already. Name a new file, or move it away.`,
    ENOENT: `There is no folder for "${name}". Make it first, or name another file.`,
    EACCES: `"${name}" may not be written here. Name another file.`,
    ENOSPC: `The disk is full, so "${name}" could not be written. Make room, or name a file on another disk.`,
  };
  return new UsageError(why[code ?? ""] ?? `"${name}" could not be written: ${message}`);
}

function share(done: number, all: number): string {
  return all === 0 ? "100 %" : `${Math.floor((100 * done) / all)} %`;
}

function count(of: number, what: string): string {
  return `${of.toLocaleString("en-US")} ${what}${of === 1 ? "" : "s"}`;
}

/** Asked anew each time: it changes while lines are written. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
