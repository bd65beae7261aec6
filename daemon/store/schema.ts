/**
 * The tables of a capture, version by version. A capture is one SQLite file: `PRAGMA application_id` says that it is
 * ours, `PRAGMA user_version` which version it has.
 *
 * `message` has what was written to brokers; `happened` everything else that taps saw (deliveries, commits, ends of
 * transactions, states of taps). `n` counts through both in the order in which the tap saw them. `decoded` is a cache
 * for other tools and for searching: what a message meant by the contracts of that time. `contract` has the texts of
 * these contracts, so that somebody who has only the file sees it as it was seen.
 */
import type { DatabaseSync } from "node:sqlite";

/** "CTRL" */
export const applicationId = 0x4354524c;
export const schemaVersion = 2;

const version1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE message (
  seq INTEGER PRIMARY KEY,
  n INTEGER NOT NULL,
  tap TEXT NOT NULL,
  received_at REAL NOT NULL,
  timestamp REAL,
  channel TEXT NOT NULL,
  key BLOB,
  headers TEXT NOT NULL,
  origin TEXT NOT NULL,
  body BLOB,
  body_size INTEGER NOT NULL,
  masked INTEGER NOT NULL
);
CREATE TABLE happened (
  n INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at REAL NOT NULL,
  seq INTEGER,
  data TEXT NOT NULL,
  body BLOB
);
CREATE TABLE decoded (
  seq INTEGER PRIMARY KEY,
  format TEXT NOT NULL,
  name TEXT,
  verdict TEXT NOT NULL,
  value TEXT
);
`;

/** What makes each version out of the one before it; the first makes version 2. */
const migrations: readonly string[] = ["CREATE TABLE contract (path TEXT PRIMARY KEY, text TEXT NOT NULL)"];

/** Makes the tables in an empty file. */
export function createSchema(database: DatabaseSync): void {
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1;`);
  database.exec(version1);
  migrate(database);
}

/** Makes an older capture one of this version, wholly or not at all. A file that is only read stays as it is. */
export function migrate(database: DatabaseSync): void {
  for (let version = versionOf(database); version < schemaVersion; version++) {
    database.exec(`BEGIN; ${migrations[version - 1] ?? ""}; PRAGMA user_version = ${version + 1}; COMMIT;`);
  }
}

export function versionOf(database: DatabaseSync): number {
  return (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}

/** What stands in the way of reading a file as a capture; `undefined` when nothing does. */
export function schemaProblem(database: DatabaseSync): "not a capture" | "newer" | undefined {
  const { application_id: id } = database.prepare("PRAGMA application_id").get() as { application_id: number };
  if (id !== applicationId) return "not a capture";
  return versionOf(database) > schemaVersion ? "newer" : undefined;
}

/** How a file that is written to is written. */
export function tune(database: DatabaseSync): void {
  // NORMAL in WAL mode survives the death of the process at any moment; only a power cut may take the last commits.
  // The thread that writes rows and the one that notes what a capture is about take turns: who comes second waits.
  database.exec(
    "PRAGMA busy_timeout = 10000; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;",
  );
}
