/** Runs the mocha suite inside a real VS Code and shows each of its tests as one of ours. */
import { build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { format } from "node:util";
import { describe, expect, it } from "vitest";
import { cacheFolder, repositoryRoot } from "../../scripts/setup/paths.ts";
import { contracts } from "./contracts.ts";
import { createRepository } from "./repository.ts";
import { eventually, startVscode } from "./vscode.ts";

interface Result {
  readonly title: string;
  readonly duration: number;
  readonly failure: string | null;
}

const { results, log } = await runSuite();

describe("inside VS Code", () => {
  it("the suite ran", () => {
    expect(results.length, log).toBeGreaterThan(0);
  });
  for (const result of results) {
    it(`${result.title} (${result.duration} ms)`, () => {
      if (result.failure !== null) throw new Error(result.failure);
    });
  }
});

async function runSuite(): Promise<{ results: Result[]; log: string }> {
  const host = join(cacheFolder, "e2e-host");
  await rm(host, { recursive: true, force: true });
  await mkdir(host, { recursive: true });
  await cp(join(repositoryRoot, "test", "e2e", "host"), host, { recursive: true });
  await build({
    entryPoints: [join(repositoryRoot, "test", "e2e", "suite", "index.ts")],
    outfile: join(host, "suite", "index.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
    logLevel: "error",
  });
  const repository = await createRepository(contracts);
  const results: Result[] = [];
  const lines: string[] = [];
  let ended = false;
  const take = (args: unknown[]) => {
    const text = format(...args);
    lines.push(text);
    for (const line of text.split("\n")) {
      const at = line.indexOf("contrail-test-result ");
      if (at !== -1) results.push(JSON.parse(line.slice(at + "contrail-test-result ".length)) as Result);
    }
  };
  const remote = (path: string) => `vscode-remote://HOST${path}`;
  const vscode = await startVscode({
    workspace: repository.folder,
    payload: [
      ["extensionDevelopmentPath", remote(host)],
      ["extensionTestsPath", remote(join(host, "suite", "index.js"))],
      ["enableProposedApi", ""],
      ["skipWelcome", "true"],
    ],
    prepare: async (page) => {
      await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => take(args));
      await page.exposeFunction("codeAutomationExit", (_code: number) => (ended = true));
    },
  });
  try {
    await eventually("the suite to end", () => ended, 120_000);
  } catch (error) {
    lines.push(String(error));
  } finally {
    await vscode.stop();
    await repository.remove();
  }
  return { results, log: lines.slice(-60).join("\n") };
}
