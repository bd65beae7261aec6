import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "./temporary.ts";

let inside: string;

beforeEach(() => {
  inside = mkdtempSync(join(tmpdir(), "contrail-temporary-"));
});

afterEach(() => rmSync(inside, { recursive: true, force: true }));

it("removes what a killed process left, and nothing of one that lives or of others", () => {
  const { pid: dead } = spawnSync(process.execPath, ["-e", ""]);
  const left = `contrail-trace-${dead}-abcdef`;
  const used = `contrail-trace-${process.pid}-abcdef`;
  for (const name of [left, used, "contrail-brokers-1", "other"]) {
    mkdirSync(join(inside, name));
    writeFileSync(join(inside, name, "1.contrail"), "");
  }
  const made = basename(temporaryFolder(inside));
  expect(made).toMatch(new RegExp(`^contrail-trace-${process.pid}-`));
  expect(readdirSync(inside).sort()).toEqual([made, used, "contrail-brokers-1", "other"].sort());
});
