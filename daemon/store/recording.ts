import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "./schema.ts";

/**
 * Writes a small copy of the capture `file` to `target`, to be kept and sent: one file without a log beside it, without
 * the decoded cache (contracts decode it again) and without contracts, named `name`. `rename` replaces what a tap is called, so that ports
 * of one run do not stay in it.
 */
export function exportRecording(
  file: string,
  target: string,
  name: string,
  rename: (text: string) => string = (text) => text,
): void {
  rmSync(target, { force: true });
  const source = new DatabaseSync(file, { readOnly: true });
  source.prepare("VACUUM INTO ?").run(target);
  source.close();
  const copy = new DatabaseSync(target);
  copy.exec("PRAGMA journal_mode = DELETE; DELETE FROM decoded;");
  migrate(copy);
  copy.exec("DELETE FROM contract; DELETE FROM meta WHERE name = 'protoModules';");
  copy.prepare("UPDATE meta SET value = ? WHERE name = 'name'").run(name);
  copy.prepare("UPDATE meta SET value = 'closed' WHERE name = 'state'").run();
  copy.function("renamed", { deterministic: true }, (text) => (typeof text === "string" ? rename(text) : text));
  copy.exec(
    "UPDATE message SET tap = renamed(tap), origin = renamed(origin); UPDATE happened SET data = renamed(data);",
  );
  copy.exec("VACUUM");
  copy.close();
}
