/** The contracts in a capture: the texts by which its messages were read, and which .proto files belong together. */
import type { DatabaseSync } from "node:sqlite";
import type { ContractSet, ProtoModule } from "../../contracts/compat/index.ts";
import { isRegisteredPath } from "../../contracts/codec/index.ts";
import { versionOf } from "./schema.ts";

/** Beyond so many characters a folder of contracts is not kept: whoever needs it has it. */
const mostText = 16 * 1024 * 1024;

/** Replaces what is there; a set that is too large leaves none but what a registry gave, which nobody else may have. */
export function writeContracts(database: DatabaseSync, { files, protoModules }: ContractSet): void {
  const size = [...files.values()].reduce((sum, text) => sum + text.length, 0);
  const insert = database.prepare("INSERT INTO contract (path, text) VALUES (?, ?)");
  database.exec("BEGIN; DELETE FROM contract;");
  try {
    for (const [path, text] of files) if (size <= mostText || isRegisteredPath(path)) insert.run(path, text);
    database
      .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('protoModules', ?)")
      .run(JSON.stringify(protoModules));
    database.exec("COMMIT");
  } catch (cause) {
    database.exec("ROLLBACK");
    throw cause;
  }
}

/** Adds one, or replaces what is there under its path. */
export function writeContract(database: DatabaseSync, path: string, text: string): void {
  database.prepare("INSERT OR REPLACE INTO contract (path, text) VALUES (?, ?)").run(path, text);
}

/** `undefined` where the capture is of a version before them, has none, or what it has is damaged. */
export function readStoredContracts(database: DatabaseSync): ContractSet | undefined {
  try {
    if (versionOf(database) < 2) return undefined;
    const { size } = database.prepare("SELECT sum(length(text)) AS size FROM contract").get() as {
      size: number | null;
    };
    if (size === null || size > mostText) return undefined;
    const rows = database.prepare("SELECT path, text FROM contract ORDER BY path").all();
    const meta = database.prepare("SELECT value FROM meta WHERE name = 'protoModules'").get();
    const protoModules = JSON.parse(String(meta?.["value"] ?? "[]")) as readonly ProtoModule[];
    return { files: new Map(rows.map(({ path, text }) => [String(path), String(text)])), protoModules };
  } catch {
    return undefined;
  }
}
