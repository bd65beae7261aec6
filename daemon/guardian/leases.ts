/**
 * A lease says, in a file, what was changed on a broker and has to be put back. It is written before the change and
 * removed after it was undone, so whatever dies in between, somebody can still put it back: the guardian process
 * within moments, or the next start.
 *
 * A lease holds the credentials that restoring takes, so it is readable by its owner only (0600, in a folder of 0700)
 * and never appears in an argument or an environment.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Management, ManagementError, type ManagementAccess } from "./management.ts";

/** What has to be put back. One kind so far: tracing of a virtual host, which was off. */
export interface Lease {
  readonly version: 1;
  readonly kind: "rabbitmq-tracing";
  /** Which daemon took it, and its process. */
  readonly owner: string;
  readonly pid: number;
  readonly vhost: string;
  readonly management: ManagementAccess;
  /** A start could not put it back and has said so; absent until then. */
  readonly mentioned?: true;
}

/** An owner touches its leases this often; one that was not touched for long has no owner any more. */
export const touchEveryMs = 15_000;
const staleAfterMs = 60_000;
/**
 * A lease that nobody could put back for so long is given up. Its broker is gone for good, or was restarted, which ends
 * tracing; and the file holds a password.
 */
const givenUpAfterMs = 7 * 24 * 3_600_000;

const leaseName = /^lease-[0-9a-f]{24}\.json$/;

export async function writeLease(folder: string, lease: Lease): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const path = join(folder, `lease-${randomBytes(12).toString("hex")}.json`);
  const draft = `${path}.draft`;
  await writeFile(draft, JSON.stringify(lease), { mode: 0o600, flag: "wx" });
  await rename(draft, path);
  return path;
}

export async function removeLease(path: string): Promise<void> {
  await rm(path, { force: true });
}

export async function touchLease(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

export interface FoundLease {
  readonly path: string;
  readonly lease: Lease;
  /** Whether its process still lives and has touched it lately. */
  readonly alive: boolean;
  /** It has been left so long that it is not tried again after this time. */
  readonly givenUp: boolean;
}

/** Every readable lease of a folder; what is no lease is passed over. */
export async function findLeases(folder: string): Promise<readonly FoundLease[]> {
  const names = await readdir(folder).catch(() => []);
  const found: FoundLease[] = [];
  for (const name of names) {
    if (!leaseName.test(name)) continue;
    const path = join(folder, name);
    try {
      const lease = JSON.parse(await readFile(path, "utf8")) as Lease;
      if (lease.version !== 1 || lease.kind !== "rabbitmq-tracing") continue;
      const age = Date.now() - (await stat(path)).mtimeMs;
      found.push({
        path,
        lease,
        alive: age < staleAfterMs && isAlive(lease.pid),
        givenUp: age > givenUpAfterMs,
      });
    } catch {
      // Half written or gone meanwhile: the change that it would tell of was not made, or is undone.
    }
  }
  return found;
}

/**
 * Puts back what a lease tells, and removes it. `undefined` when that is done; otherwise why not, and the lease stays.
 * A broker that no longer knows the virtual host, or was restarted meanwhile (which ends tracing), counts as done.
 */
export async function restore({ path, lease }: FoundLease): Promise<string | undefined> {
  const management = new Management(lease.management);
  try {
    await management.setTracing(lease.vhost, false);
  } catch (error) {
    if (!(error instanceof ManagementError && error.status === 404)) {
      return error instanceof Error ? error.message : String(error);
    }
  } finally {
    management.close();
  }
  await removeLease(path);
  return undefined;
}

/** Notes in a lease that its failure was mentioned. Its age, which is that of its last touch, stays as it was. */
export async function markMentioned({ path, lease }: FoundLease): Promise<void> {
  const { atime, mtime } = await stat(path);
  const draft = `${path}.draft`;
  await writeFile(draft, JSON.stringify({ ...lease, mentioned: true }), { mode: 0o600 });
  await utimes(draft, atime, mtime);
  await rename(draft, path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: the number was given anew.
    return (error as NodeJS.ErrnoException).code !== "ESRCH" && (error as NodeJS.ErrnoException).code !== "EPERM";
  }
}
