/** What the daemon needs of the runtime it was started on; in VS Code that is the editor's own. */
import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";
import type * as zlibModule from "node:zlib";

const requireBuiltIn = createRequire(import.meta.url);

/**
 * One sentence about what is missing; `undefined` when nothing is. Full-text search is not asked for here: without it
 * searches take longer, and the status says so.
 */
export function probeRuntime(
  version: string = process.versions.node,
  require: (name: string) => unknown = requireBuiltIn,
): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 15)) {
    return `Contrail's daemon needs Node 22.15 or newer and was started on ${version}. Update VS Code, or Node.`;
  }
  try {
    const { DatabaseSync } = require("node:sqlite") as typeof sqlite;
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE TABLE probe (words)");
    database.close();
  } catch {
    return "This runtime has no SQLite, which captures are kept in. Update VS Code, or Node.";
  }
  const zlib = require("node:zlib") as Partial<typeof zlibModule>;
  if (zlib.zstdDecompressSync === undefined) {
    return "This runtime cannot read zstd, which Kafka producers use. Update VS Code, or Node.";
  }
  return undefined;
}
