/** `contrail doctor`: what Contrail finds here, and what it lacks, one line each. */
import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";
import type * as zlib from "node:zlib";
import { listCaptures, stateFolder } from "../daemon/client/index.ts";
import { findRoot, loadSides } from "../workspace/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { styleFor } from "./terminal.ts";
import type { Command } from "./usage.ts";
import { version } from "./version.ts";

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Say what Contrail finds in this folder and on this machine.",
  usage: "contrail doctor",
  about: `
Looks at what Contrail needs: the runtime, git, the contracts below this folder, their settings, and the
version they would be compared with; and how much it has recorded. Changes nothing, connects to nothing.

Exit codes: 0 all is there, 1 something is missing.`,
  flags: {},
  examples: [["contrail doctor", "before asking why nothing is found"]],
  async run() {
    const style = styleFor(process.stdout);
    let bad = 0;
    const say = (ok: boolean, text: string) => {
      if (!ok) bad++;
      process.stdout.write(`${ok ? style.green("✔") : style.red("✖")} ${text}\n`);
    };
    say(true, `Contrail ${version()} on Node ${process.versions.node}`);
    say(hasSearch(), "SQLite with full-text search, for captures");
    say(hasZstd(), "zstd, for compressed Kafka messages");

    const captures = listCaptures();
    const megabytes = captures.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000;
    say(true, `Captures: ${captures.length}, ${megabytes.toFixed(1)} MB, in ${stateFolder()}`);

    const root = findRoot(process.cwd());
    const sides = await loadSides({ root });
    const counts = new Map<string, number>();
    for (const format of sides.formats.values()) counts.set(format, (counts.get(format) ?? 0) + 1);
    const found = [...counts].map(([format, count]) => `${count} ${format}`).join(", ");
    say(
      counts.size > 0,
      `Contracts below ${root}: ${found === "" ? "none. Look at .gitignore, and at `ignore` in contrail.yaml" : found}`,
    );
    const settings = [...sides.settings.keys()].join(", ");
    say(true, `Settings: ${settings === "" ? "no buf.yaml, no contrail.yaml; defaults hold" : settings}`);
    say(true, `Compared with: ${sides.baseline.label}`);
    for (const { directory } of sides.after.protoModules)
      say(true, `Imports of .proto files are relative to: ${directory === "" ? "." : directory}`);
    for (const { path, message } of sides.problems) say(false, `${path}: ${message}`);
    for (const { severity, message } of sides.notes) say(severity === "info", message);
    for (const { message } of sides.unreadable) say(false, message);
    return bad === 0 ? exitCodes.clean : exitCodes.found;
  },
};

const require = createRequire(import.meta.url);

function hasSearch(): boolean {
  try {
    const { DatabaseSync } = require("node:sqlite") as typeof sqlite;
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE VIRTUAL TABLE probe USING fts5(words)");
    database.close();
    return true;
  } catch {
    return false;
  }
}

function hasZstd(): boolean {
  return (require("node:zlib") as Partial<typeof zlib>).zstdDecompressSync !== undefined;
}
