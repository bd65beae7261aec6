/** Messages of a mebibyte: however many there are, memory is bounded and nothing is missed. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LargeMessagesRead } from "./testing/large-messages.ts";

/** Half a gigabyte with their deliveries: held in memory, any part of the way would be seen. */
const count = 250;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-large-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("are recorded, indexed, correlated, searched and exported a few at a time", { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, "testing", "large-messages.ts"),
    String(count),
    join(folder, "large.contrail"),
  ]);
  const { mebibytesBefore, mebibytesAtMost, ...read } = JSON.parse(stdout) as LargeMessagesRead;
  expect(read).toEqual({ indexed: count, correlated: count, exported: count, found: 1 });
  expect(mebibytesAtMost - mebibytesBefore).toBeLessThan(350);
});
