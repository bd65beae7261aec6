/** Installing Debian packages, where this user may; else a sentence that says what to run. */
import { spawn, spawnSync } from "node:child_process";
import { mkdir, rmdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { say } from "./say.ts";

/**
 * Installs packages by apt-get. Two set-ups at once take turns.
 *
 * @param purpose what they are for, as the user reads it
 * @param environment extra variables for apt-get, for example to keep a service from starting
 * @throws when apt-get is not there or this user is not root: the message says what to run
 */
export async function aptInstall(
  packages: readonly string[],
  purpose: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const hasApt = spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status === 0;
  if (!hasApt)
    throw new Error(
      `${purpose} is missing, and this system has no apt-get to install it. Install ${packages.join(", ")} by hand.`,
    );
  if (process.getuid?.() !== 0) throw new Error(`${purpose} is missing. Run: sudo ${command}`);
  say(`installing ${purpose}: ${command}`);
  await inTurn(async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", ...environment };
    await apt(["update", "-qq"], env);
    await apt(["install", "-y", "-qq", "--no-install-recommends", ...packages], env);
  });
}

async function apt(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn("apt-get", args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`apt-get ${args.join(" ")} failed:\n${output.slice(-2000)}`);
}

/** A folder is a lock that two processes cannot both make; one that is older than ten minutes was left behind. */
async function inTurn(work: () => Promise<void>): Promise<void> {
  const lock = join(tmpdir(), "contrail-apt.lock");
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch {
      const age = await stat(lock).then(
        (entry) => Date.now() - entry.mtimeMs,
        () => 0,
      );
      if (age > 600_000) await rmdir(lock).catch(() => undefined);
      await delay(500);
    }
  }
  try {
    await work();
  } finally {
    await rmdir(lock).catch(() => undefined);
  }
}
