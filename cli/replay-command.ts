/** `contrail replay`: a recording through the very pipeline that live taps use, on the live page. */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { exitCodes } from "./exit-codes.ts";
import { installedParts, startTrace, untilEnd } from "./trace-options.ts";
import { UsageError, type Command } from "./usage.ts";

export const replayCommand: Command = {
  name: "replay",
  summary: "Play a recording again on the live page.",
  usage: "contrail replay FILE [--pace N] [--still]",
  about: `
Plays a file that \`contrail tap --out\` recorded, at its pace, decoded by the contracts below this folder as they
are now, and prints the address of the live page. Nothing is sent to any broker.`,
  positionals: { min: 1, max: 1, what: "a recording" },
  flags: {
    pace: { type: "string", value: "N", help: "How many times as fast: 1, the default, is as recorded." },
    still: { type: "boolean", help: "Show the whole recording at once, as it was, instead of playing it." },
    contracts: { type: "string", value: "FOLDER", help: "Decode by the contracts below this folder instead." },
  },
  examples: [
    ["contrail replay run.contrail", "as recorded"],
    ["contrail replay run.contrail --pace 10", "ten times as fast"],
  ],
  async run(args) {
    const file = resolve(args.positionals[0] ?? "");
    const contracts = resolve(args.text("contracts") ?? ".");
    for (const path of [file, contracts]) if (!existsSync(path)) throw new UsageError(`There is no "${path}".`);
    const pace = Number(args.text("pace") ?? "1");
    if (!(pace > 0 && pace <= 1000)) throw new UsageError(`--pace takes a number above 0, such as 1 or 10.`);
    const ended = untilEnd();
    const trace = await startTrace({
      taps: [
        args.flag("still")
          ? { kind: "capture", file, as: "capture" }
          : { kind: "capture", file, as: "recording", pace },
      ],
      contractsFolder: contracts,
      source: `the recording ${basename(file)}`,
      ...installedParts(),
    });
    process.stdout.write(`${trace.browserAddress()}\n`);
    process.stderr.write("The address opens one browser, once. Ctrl-C ends it.\n");
    await ended;
    await trace.stop();
    return exitCodes.clean;
  },
};
