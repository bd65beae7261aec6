/**
 * A real VS Code for tests, from packages only: the `code-server` package carries VS Code's own web server, which
 * serves the whole workbench and a Node extension host. Started directly, without the wrapper around it, it needs no
 * native build. The desktop build that @vscode/test-electron downloads is used instead where that is asked for.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./paths.ts";
import { say } from "./say.ts";

const run = promisify(execFile);

const version = "4.139.1";
const checksum =
  "7d462f255773e19a1525f6a41a21965c532917c2b539bb2ba46bd7d7b67136928ecdd347b3b940353ebbd094ebe19840f039d6ab2bef9851bf7771d5f58cba7b";

/** Loaded lazily by the server for features a test host never asks for: assistants, Windows, containers. */
const unneeded = [
  "@github/copilot-sdk",
  "@microsoft/mxc-sdk",
  "@devcontainers/cli",
  "@vscode/sandbox-runtime",
  "@vscode/copilot-api",
  "@vscode/windows-process-tree",
  "@vscode/windows-registry",
];

export interface VscodeHost {
  /** The server's main module, to be run with Node 24. */
  readonly serverMain: string;
  readonly folder: string;
}

/** Makes sure that VS Code's web server is in the cache (about 385 MB); tells where. */
export async function ensureVscodeHost(): Promise<VscodeHost> {
  const folder = join(cacheFolder, `vscode-${version}`);
  const serverMain = join(folder, "out", "server-main.js");
  if (await exists(join(folder, "ready"))) return { serverMain, folder };

  say(`fetching VS Code ${version} (the code-server package, about 385 MB unpacked)`);
  const scratch = join(cacheFolder, `vscode-${version}.making-${process.pid}`);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await run("npm", ["pack", "--silent", "--ignore-scripts", `code-server@${version}`], { cwd: scratch });
  const tarball = join(scratch, `code-server-${version}.tgz`);
  const actual = await sha512(tarball);
  if (actual !== checksum) {
    throw new Error(
      `The package code-server ${version} is not the one that was checked (sha512 ${actual}). Delete it from npm's cache and try again.`,
    );
  }
  await run("tar", [
    "xzf",
    tarball,
    "-C",
    scratch,
    "--strip-components=3",
    "--exclude=package/lib/vscode/extensions/copilot",
    "--exclude=package/lib/vscode/extensions/mermaid-markdown-features",
    "package/lib/vscode",
  ]);
  await rm(tarball);
  const manifestPath = join(scratch, "package.json");
  const manifest = JSON.parse(await readFile(manifestPath, "utf8")) as { dependencies: Record<string, string> };
  for (const name of unneeded) delete manifest.dependencies[name];
  await writeFile(manifestPath, JSON.stringify(manifest, null, 2));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--omit=dev"];
  await run("npm", ["install", ...quiet], { cwd: scratch, maxBuffer: 1 << 26 });
  await keepOnly(join(scratch, "node_modules", "node-pty", "prebuilds"), `${process.platform}-${process.arch}`);
  await keepOnly(
    join(scratch, "node_modules", "@vscode", "ripgrep-universal", "bin"),
    `${process.platform}-${process.arch}`,
  );
  await writeFile(join(scratch, "ready"), version);
  await rm(folder, { recursive: true, force: true });
  await rename(scratch, folder).catch(async (error: unknown) => {
    if (!(await exists(join(folder, "ready")))) throw error;
    await rm(scratch, { recursive: true, force: true });
  });
  return { serverMain, folder };
}

async function keepOnly(folder: string, name: string): Promise<void> {
  if (!(await exists(folder))) return;
  for (const entry of await readdir(folder)) {
    if (entry !== name) await rm(join(folder, entry), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function sha512(path: string): Promise<string> {
  const hash = createHash("sha512");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
