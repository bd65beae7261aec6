/** Runs the command as a user does: bundled, a process of its own, in a git repository made of texts. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { TestRepository } from "../../workspace/testing/repository.ts";

export interface CliCase {
  /** Committed, then `after` is laid over it; `null` deletes a file. */
  readonly before?: Readonly<Record<string, string>>;
  readonly after?: Readonly<Record<string, string | null>>;
  readonly args: readonly string[];
  /** Where it is called, below the repository. */
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Something else to be done to the repository before the call. */
  readonly prepare?: (repository: TestRepository) => void;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = join(import.meta.dirname, "..", "..");
let bundle: { readonly main: string; readonly folder: string } | undefined;

/** Bundles the command as it is now, near enough to how scripts/build.ts does it; TypeScript as it stands starts slowly. */
export async function bundleCli(): Promise<void> {
  const folder = join(root, ".cache", `cli-test-${process.pid}`);
  await build({
    absWorkingDir: root,
    entryPoints: { contrail: "cli/main.ts" },
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "es2023",
    mainFields: ["module", "main"],
    logLevel: "warning",
    banner: {
      js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`,
    },
  });
  bundle = { main: join(folder, "contrail.js"), folder };
}

export function removeBundle(): void {
  if (bundle !== undefined) rmSync(bundle.folder, { recursive: true, force: true });
}

/** The repository's own Node, whatever runs the tests. */
export const nodeProgram = createRequire(import.meta.url).resolve("node/bin/node");

/** What changes from run to run is replaced: the commit's short id by `COMMIT`, the folder by `ROOT`, times by `TIME`. */
export async function checkCli(test: CliCase): Promise<CliResult> {
  const repository = new TestRepository(test.before ?? {});
  try {
    if (test.before !== undefined) repository.commit("before");
    for (const [path, text] of Object.entries(test.after ?? {})) {
      if (text === null) repository.remove(path);
      else repository.write(path, text);
    }
    test.prepare?.(repository);
    const result = await runCli(test.args, join(repository.root, test.folder ?? ""), test.env);
    const stable = (text: string) =>
      text
        .replaceAll(repository.root, "ROOT")
        .replaceAll(/\b[0-9a-f]{7}\b/g, "COMMIT")
        .replaceAll(/\(\d+\.\d+ s\)/g, "(TIME)");
    return { code: result.code, stdout: stable(result.stdout), stderr: stable(result.stderr) };
  } finally {
    repository.dispose();
  }
}

/** How to start the command with `args`. */
export function commandLine(args: readonly string[]): { readonly program: string; readonly args: readonly string[] } {
  if (bundle === undefined) throw new Error("call bundleCli() first");
  return { program: nodeProgram, args: [bundle.main, ...args] };
}

export function runCli(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const { FORCE_COLOR: _, CONTRAIL_KAFKA: __, CONTRAIL_RABBITMQ: ___, ...inherited } = process.env;
    const { program, args: all } = commandLine(args);
    const child = spawn(program, all, {
      cwd,
      env: { ...inherited, NO_COLOR: "1", NODE_NO_WARNINGS: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
