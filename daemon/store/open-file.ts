/**
 * Opens a capture's file. A capture that only is looked at, and that nobody writes to, is opened as a file that does not
 * change: SQLite then makes no files beside it, so it opens from a folder that may not be written to as well.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

export function openFile(file: string, readOnly: boolean): DatabaseSync {
  return (readOnly ? openStill(file) : undefined) ?? new DatabaseSync(file, { readOnly });
}

/** `undefined` where somebody may write to it, now or later: one that was left open is gone on with. */
function openStill(file: string): DatabaseSync | undefined {
  // What was written last is in the log beside the file.
  if (existsSync(`${file}-wal`)) return undefined;
  const address = pathToFileURL(file);
  address.searchParams.set("immutable", "1");
  const database = new DatabaseSync(address, { readOnly: true });
  try {
    const state = database.prepare("SELECT value FROM meta WHERE name = 'state'").get();
    if (state?.["value"] === "closed" || !isAllowed(dirname(file), constants.W_OK)) return database;
  } catch {
    // No capture, or a damaged one: whoever asked finds out what is wrong with it.
  }
  database.close();
  return undefined;
}

export function isReadable(file: string): boolean {
  return isAllowed(file, constants.R_OK);
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
