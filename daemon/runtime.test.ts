import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { probeRuntime } from "./runtime.ts";

const require = createRequire(import.meta.url);

/** This runtime without one of its modules. */
const without = (missing: string) => (name: string) => {
  if (name === missing) throw new Error(`No such built-in module: ${name}`);
  return require(name) as unknown;
};

describe("what the daemon is started on", () => {
  it("lacks nothing where the tests run", () => {
    expect(probeRuntime()).toBeUndefined();
  });

  it.each([
    ["20.19.2", require, "needs Node 22.15 or newer and was started on 20.19.2. Update VS Code, or Node."],
    ["22.14.0", require, "needs Node 22.15 or newer"],
    ["24.0.0", without("node:sqlite"), "has no SQLite, which captures are kept in. Update VS Code, or Node."],
    ["24.0.0", (name: string) => (name === "node:zlib" ? {} : (require(name) as unknown)), "cannot read zstd"],
  ])("is told to the user in a sentence: Node %s", (version, runtime, sentence) => {
    expect(probeRuntime(version, runtime)).toContain(sentence);
  });

  it("is looked at before anything is loaded that may be missing", () => {
    const program = readFileSync(join(import.meta.dirname, "main.ts"), "utf8");
    const loadedFirst = [...program.matchAll(/^import .* from "(.*)";/gm)].map(([, name]) => name);
    expect(loadedFirst).toEqual(["./runtime.ts"]);
    const probe = readFileSync(join(import.meta.dirname, "runtime.ts"), "utf8");
    expect([...probe.matchAll(/^import (?!type ).* from "(.*)";/gm)].map(([, name]) => name)).toEqual(["node:module"]);
  });
});
