/**
 * A lease says, in a file, what was changed on a broker and has to be put back. It is written before the change and
 * removed after it was undone, so whatever dies in between, somebody can still put it back: the guardian process
 * within moments, or the next start.
 *
 * Two may want to put it back at once: the guardian of a daemon that was killed, and the daemon that comes after. Whoever
 * does it first gives the file another name, which only one can do, and the other waits until it is done. Else the
 * slower one would switch off what the new daemon has switched on.
 *
 * A lease holds the credentials that restoring takes, so it is readable by its owner only (0600, in a folder of 0700)
 * and never appears in an argument or an environment.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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

/** Behind the name, who puts it back just now, and since when. */
const leaseName = /^(lease-[0-9a-f]{24}\.json)(?:\.restoring-(\d+)-(\d+))?$/;
/** A start waits so long for another process to put something back. */
const othersPatienceMs = 3_000;
const lookEveryMs = 20;
const mostLooks = 20;

/** Why `restore` did not: another process is at it and goes on. */
export const beingRestored = "Another process is putting it back.";

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
  /** Its path when nobody puts it back. */
  readonly home: string;
  /** A process that lives is putting it back. */
  readonly claimed: boolean;
  readonly lease: Lease;
  /** Whether its process still lives and has touched it lately. */
  readonly alive: boolean;
  /** It has been left so long that it is not tried again after this time. */
  readonly givenUp: boolean;
}

/** Every readable lease of a folder; what is no lease is passed over. */
export async function findLeases(folder: string): Promise<readonly FoundLease[]> {
  for (let attempt = 0; attempt < mostLooks; attempt++) {
    const found = await tryFindLeases(folder);
    // One had got another name, or had gone, before it was read.
    if (found !== undefined) return found;
  }
  return [];
}

async function tryFindLeases(folder: string): Promise<readonly FoundLease[] | undefined> {
  const names = await readdir(folder).catch(() => []);
  const found: FoundLease[] = [];
  for (const name of names) {
    const [, home, claimer, claimedAt] = leaseName.exec(name) ?? [];
    if (home === undefined) continue;
    const path = join(folder, name);
    try {
      const lease = JSON.parse(await readFile(path, "utf8")) as Lease;
      if (lease.version !== 1 || lease.kind !== "rabbitmq-tracing") continue;
      const age = Date.now() - (await stat(path)).mtimeMs;
      found.push({
        path,
        home: join(folder, home),
        claimed: claimer !== undefined && Date.now() - Number(claimedAt) < staleAfterMs && isAlive(Number(claimer)),
        lease,
        alive: age < staleAfterMs && isAlive(lease.pid),
        givenUp: age > givenUpAfterMs,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      // Half written: the change that it would tell of was not made.
    }
  }
  return found;
}

/**
 * Puts back what a lease tells, and removes it. `undefined` when that is done; otherwise why not, and the lease stays.
 * A broker that no longer knows the virtual host, or was restarted meanwhile (which ends tracing), counts as done.
 * Where another process is at it, waits for that one.
 */
export async function restore(found: FoundLease): Promise<string | undefined> {
  const claim = found.claimed ? undefined : await claimFor(found);
  if (claim === undefined) return othersRestore(found);
  const why = await putBack(found.lease);
  await (why === undefined ? removeLease(claim) : rename(claim, found.home));
  return why;
}

/** `undefined` when another process was quicker. */
async function claimFor({ path, home }: FoundLease): Promise<string | undefined> {
  const claim = `${home}.restoring-${process.pid}-${Date.now()}`;
  try {
    await rename(path, claim);
    return claim;
  } catch {
    return undefined;
  }
}

async function othersRestore({ home }: FoundLease): Promise<string | undefined> {
  const until = Date.now() + othersPatienceMs;
  while (Date.now() < until) {
    const now = (await findLeases(dirname(home))).find((lease) => lease.home === home);
    if (now === undefined) return undefined;
    if (!now.claimed) return restore(now);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  return beingRestored;
}

async function putBack(lease: Lease): Promise<string | undefined> {
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
  return undefined;
}

/** Notes in a lease that its failure was mentioned. Its age, which is that of its last touch, stays as it was. */
export async function markMentioned({ home, lease }: FoundLease): Promise<void> {
  const { atime, mtime } = await stat(home);
  const draft = `${home}.draft`;
  await writeFile(draft, JSON.stringify({ ...lease, mentioned: true }), { mode: 0o600 });
  await utimes(draft, atime, mtime);
  await rename(draft, home);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process: the number was given anew.
    return (error as NodeJS.ErrnoException).code !== "ESRCH" && (error as NodeJS.ErrnoException).code !== "EPERM";
  }
  try {
    // One that was killed stays in the table until its parent has looked after it, in some containers for ever.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return true;
  }
}
