/**
 * Runs a mocha suite inside a real VS Code with the built .vsix installed, and hands out each test's result. The suite
 * is one module that exports `run`; it reports each test by `console.log(resultMark + JSON)`.
 */
import { build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { format } from "node:util";
import { cacheFolder, repositoryRoot } from "../setup/paths.ts";
import { resultMark, type SuiteResult } from "./suite-result.ts";
import { eventually, startVscode } from "./vscode.ts";

/** Bundles a suite into a small extension of its own, whose folder it returns: a host for tests, not Contrail itself. */
export async function bundleSuite(suite: string): Promise<string> {
  const host = join(cacheFolder, "e2e-host");
  await rm(host, { recursive: true, force: true });
  await mkdir(host, { recursive: true });
  await cp(join(repositoryRoot, "scripts", "drive", "host"), host, { recursive: true });
  await build({
    entryPoints: [suite],
    outfile: join(host, "suite", "index.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
    logLevel: "error",
  });
  return host;
}

export async function runSuiteInVscode(
  suite: string,
  workspace: string,
): Promise<{ results: SuiteResult[]; log: string }> {
  const host = await bundleSuite(suite);
  const results: SuiteResult[] = [];
  const lines: string[] = [];
  let ended = false;
  const take = (args: unknown[]) => {
    const text = format(...args);
    lines.push(text);
    for (const line of text.split("\n")) {
      const at = line.indexOf(resultMark);
      if (at !== -1) results.push(JSON.parse(line.slice(at + resultMark.length)) as SuiteResult);
    }
  };
  const vscode = await startVscode({
    workspace,
    payload: [
      ["extensionDevelopmentPath", `vscode-remote://HOST${host}`],
      ["extensionTestsPath", `vscode-remote://HOST${join(host, "suite", "index.js")}`],
      ["enableProposedApi", ""],
      ["skipWelcome", "true"],
    ],
    prepare: async (page) => {
      await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => take(args));
      await page.exposeFunction("codeAutomationExit", () => (ended = true));
    },
  });
  try {
    await eventually("the suite to end", () => ended, 120_000);
  } catch (error) {
    lines.push(String(error));
  } finally {
    await vscode.stop();
  }
  return { results, log: lines.slice(-60).join("\n") };
}
