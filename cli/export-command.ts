/** `contrail export`: a capture for other programs. */
import { createWriteStream, existsSync } from "node:fs";
import { once } from "node:events";
import { resolve } from "node:path";
import { exitCodes } from "./exit-codes.ts";
import { harmless } from "./terminal.ts";
import { UsageError, type Command } from "./usage.ts";

const formats = ["ndjson", "csv", "otlp"] as const;

export const exportCommand: Command = {
  name: "export",
  summary: "Write a recording as NDJSON, CSV or OpenTelemetry spans.",
  usage: "contrail export FILE [--format ndjson|csv|otlp] [--out FILE]",
  about: `
Writes what \`contrail tap --out\` recorded, or a capture of the live page, for other programs: every message with its
decoded body; in NDJSON also why messages belong together, exchanges, conversations and sagas with their states and
steps; in OTLP each conversation as a trace for Jaeger, Tempo or a collector. docs/export.md describes each format.

Bodies are decoded by the contracts below this folder as they are now.`,
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
    const file = resolve(args.positionals[0] ?? "");
    const contracts = resolve(args.text("contracts") ?? ".");
    for (const path of [file, contracts]) if (!existsSync(path)) throw new UsageError(`There is no "${path}".`);
    const out = args.text("out");
    if (out !== undefined && existsSync(out))
      throw new UsageError(`"${out}" is there already. Name a new file, or move it away.`);
    const { CaptureError, exportLines, openForReading } = await import("../daemon/index.ts");
    let reading: Awaited<ReturnType<typeof openForReading>>;
    try {
      reading = await openForReading(file, contracts);
    } catch (error) {
      if (error instanceof CaptureError) throw new UsageError(error.message);
      throw error;
    }
    for (const note of reading.notes) process.stderr.write(`${harmless(note)}\n`);
    // A capture has secrets masked, and yet it is somebody's traffic: readable by its owner, as the capture is.
    const stream = out === undefined ? process.stdout : createWriteStream(out, { flags: "wx", mode: 0o600 });
    const format = formats.find((name) => name === args.text("format")) ?? "ndjson";
    let lines = 0;
    let chunk = "";
    for (const line of exportLines(reading, format)) {
      chunk += `${line}\n`;
      lines++;
      if (chunk.length < 64 * 1024) continue;
      if (!stream.write(chunk)) await once(stream, "drain");
      chunk = "";
    }
    stream.write(chunk);
    reading.close();
    if (stream !== process.stdout) {
      stream.end();
      await once(stream, "finish");
      process.stderr.write(`${lines.toLocaleString("en-US")} lines are in ${out ?? ""}.\n`);
    }
    return exitCodes.clean;
  },
};
