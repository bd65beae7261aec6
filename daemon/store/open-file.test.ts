/** A capture that somebody only looks at stays exactly as it was, and so does what stands beside it. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { kafka } from "../testing/scripted.ts";
import { Capture } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-open-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, "run.contrail");

function recorded(...bodies: readonly string[]): Capture {
  const capture = Capture.create(file(), "run", 0);
  for (const body of bodies) capture.addMessage(kafka("orders", body), 0);
  capture.flush();
  return capture;
}

it("opens from a folder that may not be written to, and leaves nothing beside it", () => {
  recorded("one", "two").close();
  const before = readFileSync(file());
  chmodSync(folder, 0o500);
  const seen = Capture.open(file(), { readOnly: true });
  expect(seen.lastSeq).toBe(2);
  // While it is open as well: SQLite would keep two files beside a log that it reads.
  expect(readdirSync(folder)).toEqual(["run.contrail"]);
  seen.close();
  expect(readdirSync(folder)).toEqual(["run.contrail"]);
  expect(readFileSync(file()).equals(before)).toBe(true);
});

it("is seen as it grows while somebody writes to it", () => {
  const written = recorded("one");
  const seen = Capture.open(file(), { readOnly: true });
  expect(seen.lastSeq).toBe(1);
  written.addMessage(kafka("orders", "two"), 0);
  written.flush();
  const again = Capture.open(file(), { readOnly: true });
  expect(again.lastSeq).toBe(2);
  for (const capture of [seen, again, written]) capture.close();
});

it("leaves nothing behind where no file can be made, and says so in a sentence", () => {
  expect(() => Capture.create(join(folder, "nowhere", "run.contrail"), "run", 0)).toThrow(/There is no folder for/);
  recorded("one").close();
  const before = readFileSync(file());
  expect(() => Capture.create(file(), "run", 0)).toThrow(/is there already/);
  expect(readFileSync(file()).equals(before)).toBe(true);
});
