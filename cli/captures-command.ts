/** `contrail captures`: what was recorded on this machine, and away with it. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type * as daemonModule from "../daemon/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { UsageError, type Command } from "./usage.ts";

export const capturesCommand: Command = {
  name: "captures",
  summary: "List what was recorded on this machine, or delete it.",
  usage: "contrail captures [rm FILE... | rm --all]",
  about: `
Traces in VS Code are kept in your own state folder for 24 hours, up to 1 GB, readable by you alone. This lists
them, and deletes them. What \`contrail tap --out\` recorded lies where you put it.`,
  positionals: { min: 0, max: Infinity, what: "" },
  flags: { all: { type: "boolean", help: "With rm: delete all of them." } },
  examples: [
    ["contrail captures", "what is there"],
    ["contrail captures rm --all", "delete everything"],
  ],
  async run(args) {
    const { Capture } = await import("../daemon/index.ts");
    const { deleteCapture, stateFolder } = await import("../daemon/client/index.ts");
    const [verb, ...names] = args.positionals;
    const all = args.flag("all");
    const files = captureFiles(stateFolder());
    if (verb === undefined) {
      for (const file of files) process.stdout.write(`${file}\n  ${describe(file, Capture)}\n`);
      if (files.length === 0) process.stdout.write("There are no captures.\n");
      return exitCodes.clean;
    }
    if (verb !== "rm") throw new UsageError(`contrail captures knows "rm", not "${verb}".`);
    if (names.length === 0 && !all) throw new UsageError("Name the captures to delete, or say --all.");
    const asked = all ? files : names.map((name) => fileNamed(files, name));
    for (const file of asked) {
      deleteCapture(file);
      process.stdout.write(`Deleted ${file}\n`);
    }
    return exitCodes.clean;
  },
};

/** Only files in the state folder are ever deleted. */
function fileNamed(files: readonly string[], name: string): string {
  const found = files.find((file) => file === name || basename(file) === name);
  if (found === undefined) throw new UsageError(`There is no capture "${name}". \`contrail captures\` lists them.`);
  return found;
}

function captureFiles(state: string): string[] {
  const daemons = join(state, "daemons");
  if (!existsSync(daemons)) return [];
  return readdirSync(daemons).flatMap((name) => {
    const folder = join(daemons, name, "captures");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => file.endsWith(".contrail"))
      .sort()
      .map((file) => join(folder, file));
  });
}

function describe(file: string, Capture: (typeof daemonModule)["Capture"]): string {
  const size = `${(statSync(file).size / 1_000_000).toFixed(1)} MB`;
  try {
    const capture = Capture.open(file, { readOnly: true });
    const text = `${capture.name}, ${capture.lastSeq} messages, ${size}${capture.wasLeftOpen ? ", being recorded or left open" : ""}`;
    capture.close();
    return text;
  } catch (error) {
    return `${size}, cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
