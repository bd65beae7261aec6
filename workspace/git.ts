/**
 * git, read only. The repository may be hostile, so nothing in it can make us run anything: arguments are a fixed
 * list, never a shell; hooks, file system monitors, pagers, prompts and every transport (a partial clone would fetch)
 * are off; each call has a time limit.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface GitResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly failure?: "missing" | "timeout" | "not-a-repository" | "dubious-ownership" | "other";
}

export interface TreeEntry {
  /** Relative to the folder in which git was asked. */
  readonly path: string;
  readonly object: string;
  readonly size: number;
}

export const gitTimeoutMs = 20_000;

const safeConfig = [
  "--no-pager",
  "--no-replace-objects",
  ...[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
  ].flatMap((setting) => ["-c", setting]),
];

/** Runs git in `folder`. Never throws; what went wrong is in `failure` and `stderr`. */
export function git(folder: string, args: readonly string[], timeoutMs = gitTimeoutMs): Promise<GitResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const errors: Buffer[] = [];
    const child = start(folder, args, timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      if (errors.length < 64) errors.push(chunk);
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end();
    child.on("error", (error: NodeJS.ErrnoException) => {
      resolve({ ok: false, stdout: "", stderr: error.message, failure: existsSync(folder) ? "missing" : "other" });
    });
    child.on("close", (code) => {
      const stdout = Buffer.concat(chunks).toString("utf8");
      const stderr = Buffer.concat(errors).toString("utf8").trim();
      if (code === 0) resolve({ ok: true, stdout, stderr });
      else resolve({ ok: false, stdout, stderr, failure: child.killed ? "timeout" : failureIn(stderr) });
    });
  });
}

/** All files below `folder` as they were in `commit`; symbolic links and submodules are left out. */
export async function listTree(folder: string, commit: string): Promise<TreeEntry[] | GitResult> {
  const result = await git(folder, ["ls-tree", "-r", "-z", "--long", commit]);
  if (!result.ok) return result;
  const entries: TreeEntry[] = [];
  for (const line of result.stdout.split("\0")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const [mode, type, object, size] = line.slice(0, tab).split(/ +/);
    if (type !== "blob" || mode === "120000" || object === undefined) continue;
    entries.push({ path: line.slice(tab + 1), object, size: Number(size) });
  }
  return entries;
}

/**
 * The contents of many objects through one `git cat-file --batch`. An object that is missing (partial clone) is
 * missing from the result. Callers bound the sum of sizes beforehand, from `listTree`.
 */
export function readObjects(folder: string, objects: readonly string[]): Promise<Map<string, Buffer> | GitResult> {
  if (objects.length === 0) return Promise.resolve(new Map());
  return new Promise((resolve) => {
    const child = start(folder, ["cat-file", "--batch"], 120_000);
    const reader = new BatchReader();
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      if (stderr.length < 10_000) stderr += chunk.toString("utf8");
    });
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => resolve({ ok: false, stdout: "", stderr: error.message, failure: "missing" }));
    child.on("close", (code) => {
      if (code === 0) resolve(reader.objects);
      else
        resolve({
          ok: false,
          stdout: "",
          stderr: stderr.trim(),
          failure: child.killed ? "timeout" : failureIn(stderr),
        });
    });
    child.stdin.end(`${objects.join("\n")}\n`);
  });
}

/** Reads the answer of `cat-file --batch`: `<object> SP <type> SP <size> LF <content> LF` or `<object> SP missing LF`. */
class BatchReader {
  readonly objects = new Map<string, Buffer>();
  private header = Buffer.alloc(0);
  private current: { object: string; content: Buffer; filled: number } | undefined;
  private skip = 0;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, chunk.length - at);
        this.skip -= skipped;
        at += skipped;
      } else if (this.current !== undefined) {
        const copied = chunk.copy(this.current.content, this.current.filled, at);
        this.current.filled += copied;
        at += copied;
        if (this.current.filled === this.current.content.length) this.finish(this.current);
      } else {
        const end = chunk.indexOf(10, at);
        if (end < 0) {
          this.header = Buffer.concat([this.header, chunk.subarray(at)]);
          return;
        }
        const line = Buffer.concat([this.header, chunk.subarray(at, end)]).toString("latin1");
        this.header = Buffer.alloc(0);
        at = end + 1;
        this.open(line);
      }
    }
  }

  private open(line: string): void {
    const [object, , size] = line.split(" ");
    if (object === undefined || size === undefined) return;
    const opened = { object, content: Buffer.allocUnsafe(Number(size)), filled: 0 };
    if (opened.content.length === 0) this.finish(opened);
    else this.current = opened;
  }

  private finish(read: { object: string; content: Buffer }): void {
    this.objects.set(read.object, read.content);
    this.current = undefined;
    this.skip = 1;
  }
}

function start(folder: string, args: readonly string[], timeoutMs: number) {
  const child = spawn(gitProgram(), [...safeConfig, ...args], {
    cwd: folder,
    env: environment(),
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
    shell: false,
  });
  // Not spawn's own time limit: where there is no git it would hold up the end of this process for all of it.
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  for (const event of ["error", "exit"] as const) child.once(event, () => clearTimeout(timer));
  return child;
}

/** On Windows a bare name would also be looked for in the current folder, which is the repository's. */
function gitProgram(): string {
  if (process.platform !== "win32") return "git";
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(folder, "git.exe");
    if (folder !== "" && existsSync(candidate)) return candidate;
  }
  return "git.exe";
}

/** The environment without what would point git elsewhere (a hook that runs us sets these), and with everything off. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("GIT_") || name.startsWith("GIT_CONFIG"),
  );
  return {
    ...Object.fromEntries(kept),
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "none",
    GIT_PAGER: "",
    LC_ALL: "C",
  };
}

function failureIn(stderr: string): NonNullable<GitResult["failure"]> {
  if (/not a git repository/i.test(stderr)) return "not-a-repository";
  if (/dubious ownership|unsafe repository/i.test(stderr)) return "dubious-ownership";
  return "other";
}
