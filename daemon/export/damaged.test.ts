/** Captures that somebody damaged, by mistake or on purpose: what is whole in them is read, and nothing ends the reading. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exportFormats, exportLines, openForReading } from "./index.ts";

const recording = join(import.meta.dirname, "..", "..", "fixtures", "recordings", "shop.contrail");
let folder: string;
let whole: readonly Line[];

beforeAll(async () => {
  whole = await messagesOf(recording);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-damaged-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function damagedBy(sql: string): string {
  const file = join(folder, "run.contrail");
  copyFileSync(recording, file);
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
  return file;
}

type Line = Readonly<Record<string, unknown>>;

async function messagesOf(file: string): Promise<readonly Line[]> {
  const reading = await openForReading(file);
  try {
    const lines = exportFormats.map((format) => [...exportLines(reading, format)]);
    return (lines[0] ?? []).map((line) => JSON.parse(line) as Line).filter(({ kind }) => kind === "message");
  } finally {
    reading.close();
  }
}

describe("a damaged row", () => {
  it.each([
    ["a time beyond every calendar", "UPDATE message SET received_at = 1e300 WHERE seq = 5"],
    ["a time that is none", "UPDATE message SET timestamp = 'x' WHERE seq = 5"],
    ["an origin that is not JSON", "UPDATE message SET origin = 'x' WHERE seq = 5"],
    ["an origin of nothing", "UPDATE message SET origin = '{}' WHERE seq = 5"],
    ["headers of another shape", "UPDATE message SET headers = '[[1,2]]' WHERE seq = 5"],
    [
      "headers nested very deep",
      `UPDATE message SET headers = '[["a",{"list":[${'{"list":['.repeat(20_000)}${"]}".repeat(20_000)}]}]]' WHERE seq = 5`,
    ],
    ["a body that is text", "UPDATE message SET body = 'text', key = 5 WHERE seq = 5"],
    ["a size that is none", "UPDATE message SET body_size = 'x' WHERE seq = 5"],
  ])("of a message, %s, says so in a header, and the others are as they were", async (_, sql) => {
    const messages = await messagesOf(damagedBy(sql));
    expect(messages.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    const wire = ({ headers, body, origin, decoded }: Line) => ({ headers, body, origin, decoded });
    for (const [index, message] of messages.entries()) {
      if (message["id"] === 5) expect(JSON.stringify(message["headers"])).toMatch(/^\[\["damaged in this file",/);
      else expect(wire(message)).toEqual(wire(whole[index] ?? {}));
    }
  });

  it.each([
    ["nothing", "UPDATE happened SET data = 'null'"],
    ["an empty table", "UPDATE happened SET data = '{}'"],
    ["no JSON", "UPDATE happened SET data = 'x'"],
    ["times that are none", "UPDATE happened SET at = 'x'"],
    ["numbers that are none", "UPDATE happened SET n = -n"],
  ])("of what happened to messages, with %s, takes no message away", async (_, sql) => {
    expect((await messagesOf(damagedBy(sql))).map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
  });
});
