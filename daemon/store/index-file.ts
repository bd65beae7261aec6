/**
 * The search index of a capture: an SQLite file of its own beside it (`run.contrail-index`), so that indexing never
 * waits for the writer and the writer never for indexing. It can be thrown away at any time and is then made again.
 *
 * Messages are in tables of 100,000 each: a search begins with the newest, and what the capture no longer keeps goes
 * with its whole table. What is written and how far it goes (`upTo`) is one transaction, so that a crash at any
 * moment leaves an index that is right as far as it says.
 */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export const perTable = 100_000;
/** Another number makes every index anew. */
const indexVersion = "1";

export function indexFileOf(captureFile: string): string {
  return `${captureFile}-index`;
}

export function tableOf(seq: number): number {
  return Math.floor((seq - 1) / perTable);
}

export function deleteIndex(file: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
}

/** How far an index goes that belongs to this capture; `undefined` when it is missing, damaged or another's. */
export function indexedUpTo(file: string, captureId: string): number | undefined {
  if (!existsSync(file)) return undefined;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    return upToOf(database, captureId);
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

/** Opens the index for writing; begins anew where it belongs to another capture, goes too far, or is damaged. */
export function openIndex(file: string, captureId: string, lastSeq: number): DatabaseSync {
  const upTo = indexedUpTo(file, captureId);
  if (upTo === undefined || upTo > lastSeq) {
    deleteIndex(file);
    closeSync(openSync(file, "wx", 0o600));
  }
  const database = new DatabaseSync(file);
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -8000;
     CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`,
  );
  const put = database.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)");
  for (const [name, value] of Object.entries({ capture: captureId, version: indexVersion, upTo: "0" }))
    put.run(name, value);
  return database;
}

/** A word index without positions and sizes: a third of the work and of the space of a full one. */
export function createTable(database: DatabaseSync, table: number, module: string): void {
  database.exec(
    `CREATE VIRTUAL TABLE IF NOT EXISTS words_${table} USING ${module}(words, content='', detail=none, columnsize=0,
       tokenize='unicode61 remove_diacritics 0')`,
  );
}

export function tablesOf(database: DatabaseSync): number[] {
  const rows = database
    .prepare("SELECT name FROM sqlite_master WHERE name GLOB 'words_*' AND sql LIKE 'CREATE VIRTUAL%'")
    .all();
  return rows.map(({ name }) => Number(String(name).slice("words_".length))).sort((a, b) => a - b);
}

export function upToOf(database: DatabaseSync, captureId: string): number | undefined {
  const rows = database.prepare("SELECT name, value FROM meta").all() as unknown as { name: string; value: string }[];
  const meta = new Map(rows.map(({ name, value }) => [name, value]));
  if (meta.get("capture") !== captureId || meta.get("version") !== indexVersion) return undefined;
  return Number(meta.get("upTo") ?? 0);
}
