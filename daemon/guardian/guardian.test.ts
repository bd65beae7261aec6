import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLeaseKeeper, guard, Management, ManagementError, restoreLeftovers } from "./index.ts";
import { FakeManagement, type FakeVhost } from "./testing/fake-management.ts";

const guardianPath = join(import.meta.dirname, "..", "guardian-main.ts");

let broker: FakeManagement;
let stateDir: string;

beforeEach(async () => {
  broker = new FakeManagement();
  await broker.start();
  broker.vhosts.set("shop", found());
  stateDir = await mkdtemp(join(tmpdir(), "contrail-guardian-"));
});

afterEach(async () => {
  await broker.stop();
  await rm(stateDir, { recursive: true });
});

function found(): FakeVhost {
  return { description: "the shop", tags: ["a", "b"], default_queue_type: "quorum", tracing: false };
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - begun;
}

/** Whether a process runs. One whose parent has gone may stay in the table for seconds until somebody looks after it. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return true;
  }
}

/** Starts a daemon that switches tracing on under a lease; resolves once it has. */
async function startDaemon(guardian: string | undefined): Promise<{ daemon: ChildProcess; guardian: number }> {
  const program = join(import.meta.dirname, "testing", "dying-daemon.ts");
  const args = [program, stateDir, broker.baseUrl, "shop", ...(guardian === undefined ? [] : [guardian])];
  const daemon = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(daemon.stdout ?? daemon, "data")) as [Buffer];
  return { daemon, guardian: (JSON.parse(line.toString()) as { guardian: number }).guardian };
}

describe("switching tracing", () => {
  test("keeps description, tags and default queue type", async () => {
    const management = new Management(broker.access);
    expect(await management.setTracing("shop", true)).toBe(true);
    expect(broker.vhosts.get("shop")).toEqual({ ...found(), tracing: true });
    expect(await management.setTracing("shop", true)).toBe(false);
    expect(await management.setTracing("shop", false)).toBe(true);
    expect(broker.vhosts.get("shop")).toEqual(found());
    management.close();
  });

  test("does not invent a default queue type where there is none", async () => {
    const bare = { description: "", tags: [], tracing: false };
    broker.vhosts.set("bare", bare);
    const management = new Management(broker.access);
    await management.setTracing("bare", true);
    expect(broker.vhosts.get("bare")).toEqual({ ...bare, tracing: true });
    management.close();
  });

  test("whether it is on, a user without the administrator tag can see too", async () => {
    broker.tags = ["management"];
    const management = new Management(broker.access);
    expect(await management.vhost("shop")).toMatchObject({ tracing: false, tags: ["a", "b"] });
    await expect(management.setTracing("shop", true)).rejects.toThrow(ManagementError);
    management.close();
  });
});

describe("a lease", () => {
  test("is readable by its owner only, and gone once released", async () => {
    const leases = createLeaseKeeper({ stateDir });
    const lease = await leases.takeTracing(broker.access, "shop");
    const names = await readdir(stateDir);
    expect(names).toHaveLength(1);
    const path = join(stateDir, names[0] ?? "");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ vhost: "shop", pid: process.pid });
    await lease.release();
    expect(await readdir(stateDir)).toEqual([]);
    await leases.close();
  });

  test("of a daemon that lives is nobody else's to put back", async () => {
    const leases = createLeaseKeeper({ stateDir });
    const lease = await leases.takeTracing(broker.access, "shop");
    await new Management(broker.access).setTracing("shop", true);
    expect(await restoreLeftovers(stateDir)).toEqual([]);
    expect(broker.vhosts.get("shop")?.tracing).toBe(true);
    await lease.release();
    await leases.close();
  });

  test("that is garbage harms nobody", async () => {
    await writeFile(join(stateDir, `lease-${"0".repeat(24)}.json`), "{ half");
    await writeFile(join(stateDir, "other.json"), "{}");
    expect(await restoreLeftovers(stateDir)).toEqual([]);
    expect(await restoreLeftovers(join(stateDir, "missing"))).toEqual([]);
  });
});

describe("when the daemon is killed", () => {
  test("its guardian puts everything back within two seconds, and goes", async () => {
    const { daemon, guardian } = await startDaemon(guardianPath);
    expect(broker.vhosts.get("shop")?.tracing).toBe(true);
    expect(alive(guardian)).toBe(true);
    const commandLine = await readFile(`/proc/${guardian}/cmdline`, "utf8").catch(() => "");
    expect(commandLine).not.toContain("s3cret");
    daemon.kill("SIGKILL");
    expect(await until(() => broker.vhosts.get("shop")?.tracing === false, 2_000)).toBeLessThan(2_000);
    expect(broker.vhosts.get("shop")).toEqual(found());
    await until(async () => !alive(guardian) && (await readdir(stateDir)).length === 0, 2_000);
  });

  test("and its guardian too, the next start does", async () => {
    const { daemon, guardian } = await startDaemon(guardianPath);
    process.kill(guardian, "SIGKILL");
    await until(() => !alive(guardian), 2_000);
    daemon.kill("SIGKILL");
    await once(daemon, "exit");
    expect(broker.vhosts.get("shop")?.tracing).toBe(true);
    expect(await restoreLeftovers(stateDir)).toEqual([]);
    expect(broker.vhosts.get("shop")).toEqual(found());
    expect(await readdir(stateDir)).toEqual([]);
  });

  test("and the next one starts while the guardian is at it, it waits: nobody switches off what it switches on", async () => {
    const { daemon, guardian } = await startDaemon(guardianPath);
    const release = broker.holdNextChange();
    daemon.kill("SIGKILL");
    await until(() => broker.requests.filter((request) => request.startsWith("PUT")).length === 2, 2_000);
    // The guardian's change is under way; a start does first what this does, then its tap what follows.
    const leases = createLeaseKeeper({ stateDir });
    const start = restoreLeftovers(stateDir).then(async () => {
      await leases.takeTracing(broker.access, "shop");
      await new Management(broker.access).setTracing("shop", true);
    });
    await Promise.race([start, new Promise((resolve) => setTimeout(resolve, 300))]);
    release();
    await start;
    await until(() => !alive(guardian), 2_000);
    expect(broker.vhosts.get("shop")).toEqual({ ...found(), tracing: true });
    await leases.close();
  });

  test("a guardian that is killed while it is at it leaves it to the next start", async () => {
    const { daemon, guardian } = await startDaemon(guardianPath);
    const release = broker.holdNextChange();
    daemon.kill("SIGKILL");
    await until(() => broker.requests.filter((request) => request.startsWith("PUT")).length === 2, 2_000);
    process.kill(guardian, "SIGKILL");
    await until(() => !alive(guardian), 2_000);
    expect(await restoreLeftovers(stateDir)).toEqual([]);
    release();
    expect(broker.vhosts.get("shop")).toEqual(found());
    expect(await readdir(stateDir)).toEqual([]);
  });

  test("after its guardian was, another guardian stood by and puts it back", async () => {
    const leases = createLeaseKeeper({ stateDir, guardianPath });
    await leases.takeTracing(broker.access, "shop");
    await new Management(broker.access).setTracing("shop", true);
    await leases.guardianReady;
    const first = leases.guardianPid ?? 0;
    process.kill(first, "SIGKILL");
    await until(() => leases.guardianPid !== first, 2_000);
    expect(await leases.guardianReady).toBe(true);
    // Its pipe ends, as it does when the daemon is killed.
    await leases.close();
    expect(broker.vhosts.get("shop")).toEqual(found());
    expect(await readdir(stateDir)).toEqual([]);
  });

  test("and the broker does not answer, it is said, and tried again later", async () => {
    const { daemon } = await startDaemon(undefined);
    daemon.kill("SIGKILL");
    await once(daemon, "exit");
    broker.broken = true;
    const [failure, ...more] = await restoreLeftovers(stateDir);
    expect(more).toEqual([]);
    expect(failure?.code).toBe("restore-failed");
    expect(failure?.message).toContain("rabbitmqctl trace_off -p shop");
    expect(failure?.message).not.toContain("s3cret");
    // Said once; the next starts go on trying without a word.
    expect(await restoreLeftovers(stateDir)).toEqual([]);
    expect(await readdir(stateDir)).toHaveLength(1);
    broker.broken = false;
    expect(await restoreLeftovers(stateDir)).toEqual([]);
    expect(broker.vhosts.get("shop")).toEqual(found());
  });
});

test("what could not be put back for a week is given up: said once more, and the file with the password is gone", async () => {
  const { daemon } = await startDaemon(undefined);
  daemon.kill("SIGKILL");
  await once(daemon, "exit");
  broker.broken = true;
  const [name = ""] = await readdir(stateDir);
  const touched = (daysAgo: number) => new Date(Date.now() - daysAgo * 24 * 3_600_000);
  await utimes(join(stateDir, name), touched(6), touched(6));
  expect(await restoreLeftovers(stateDir)).toHaveLength(1);
  expect(await restoreLeftovers(stateDir)).toEqual([]);
  await utimes(join(stateDir, name), touched(8), touched(8));
  const [failure] = await restoreLeftovers(stateDir);
  expect(failure?.message).toMatch(/for a week, and Contrail no longer tries\. .*rabbitmqctl trace_off -p shop\.$/);
  expect(await readdir(stateDir)).toEqual([]);
  expect(await restoreLeftovers(stateDir)).toEqual([]);
});

test("virtual hosts of one broker are switched one after the other, whoever asks", async () => {
  broker.vhosts.set("other", found());
  const [one, two] = [new Management(broker.access), new Management(broker.access)];
  await Promise.all([one.setTracing("shop", true), two.setTracing("other", true), one.setTracing("shop", false)]);
  expect(broker.requests.filter((request) => request.startsWith("PUT"))).toEqual([
    "PUT /api/vhosts/shop",
    "PUT /api/vhosts/other",
    "PUT /api/vhosts/shop",
  ]);
  expect(broker.mostAtOnce).toBe(1);
  expect(broker.vhosts.get("shop")?.tracing).toBe(false);
  expect(broker.vhosts.get("other")?.tracing).toBe(true);
  one.close();
  two.close();
});

describe("the guardian", () => {
  test("ignores the signals that end the daemon's terminal", async () => {
    const { daemon, guardian } = await startDaemon(guardianPath);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(guardian, signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(alive(guardian)).toBe(true);
    daemon.kill("SIGKILL");
    await until(() => broker.vhosts.get("shop")?.tracing === false, 2_000);
  });

  test("goes on trying while the broker restarts, and gives up in the end", async () => {
    const leases = createLeaseKeeper({ stateDir });
    await leases.takeTracing(broker.access, "shop");
    await new Management(broker.access).setTracing("shop", true);
    const owner = (
      JSON.parse(await readFile(join(stateDir, (await readdir(stateDir))[0] ?? ""), "utf8")) as { owner: string }
    ).owner;
    const charged = (): PassThrough => {
      const input = new PassThrough();
      input.end(`${JSON.stringify({ stateDir, owner })}\n`);
      return input;
    };
    broker.broken = true;
    expect(await guard(charged(), { giveUpAfterMs: 60, retryEveryMs: 10 })).toEqual({ left: 1 });
    setTimeout(() => (broker.broken = false), 60);
    expect(await guard(charged(), { giveUpAfterMs: 5_000, retryEveryMs: 10 })).toEqual({ left: 0 });
    expect(broker.vhosts.get("shop")).toEqual(found());
    await leases.close();
  });

  test("has nothing to do where it was told nothing", async () => {
    for (const text of ["", "garbage", "{}"]) {
      const input = new PassThrough();
      input.end(text);
      expect(await guard(input)).toEqual({ left: 0 });
    }
    expect(broker.requests).toEqual([]);
  });

  test("goes home when the daemon ends in good order", async () => {
    const leases = createLeaseKeeper({ stateDir, guardianPath });
    const lease = await leases.takeTracing(broker.access, "shop");
    const pid = leases.guardianPid ?? 0;
    expect(alive(pid)).toBe(true);
    await lease.release();
    await leases.close();
    expect(alive(pid)).toBe(false);
    expect(broker.requests).toEqual([]);
  });
});
