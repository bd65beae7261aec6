import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "contrail-compiled-"));
});

afterEach(() => {
  rmSync(stateDir, { recursive: true, force: true });
});

/** A process that loads a program of ours after it said which version it is, and ends. */
function start(version: string): void {
  const program = (name: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href);
  const code = `
    const { keepCompiled } = await import(${program("compiled.ts")});
    keepCompiled(${JSON.stringify({ stateDir, version })});
    await import(${program("runtime.ts")});
    process.exit(0);`;
  execFileSync(process.execPath, ["--input-type=module", "-e", code], {
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: undefined },
  });
}

describe("what the runtime compiled", () => {
  it("is kept in the state folder for its user alone, of one version only", () => {
    rmSync(stateDir, { recursive: true });
    start("1.0.0");
    for (const folder of [stateDir, join(stateDir, "compiled")]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
    const kept = readdirSync(join(stateDir, "compiled", "1.0.0"), { recursive: true });
    expect(kept.length).toBeGreaterThan(1);
    start("2.0.0");
    expect(existsSync(join(stateDir, "compiled", "1.0.0"))).toBe(false);
    expect(existsSync(join(stateDir, "compiled", "2.0.0"))).toBe(true);
  });

  it("is done without where the folder cannot be written to", () => {
    rmSync(stateDir, { recursive: true });
    writeFileSync(stateDir, "");
    expect(() => start("1.0.0")).not.toThrow();
  });
});
