/** What a daemon is told of its heap when it starts, what its threads make of that, and that it gives memory back. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { daemonFlags } from "./client/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-threads-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("gives the daemon room, and its threads no more than their own", async () => {
  const limits = await heapLimits(daemonFlags);
  expect(limits.process).toBeGreaterThan(2_000);
  expect(limits.thread).toBeLessThan(64);
});

it("gives back what a load left, once it is at rest", async () => {
  const { loaded, atRest } = await residentAround(daemonFlags);
  expect(loaded).toBeGreaterThan(200);
  expect(atRest).toBeLessThan(loaded - 100);
});

/** In MiB, of a process with these flags that has made much and keeps nothing of it: then, and after half a minute. */
async function residentAround(flags: readonly string[]): Promise<{ readonly loaded: number; readonly atRest: number }> {
  const module = pathToFileURL(join(import.meta.dirname, "memory-at-rest.ts")).href;
  return run(
    flags,
    `
    import { mock } from "node:test";
    import { giveBackMemoryAtRest } from ${JSON.stringify(module)};
    mock.timers.enable({ apis: ["setInterval"] });
    giveBackMemoryAtRest();
    const resident = () => process.memoryUsage().rss / 2 ** 20;
    let work = 0;
    const until = performance.now() + 3_500;
    let kept = [];
    while (performance.now() < until) {
      if (kept.length < 300_000) kept.push({ made: work++ });
      else kept = kept.slice(150_000);
    }
    kept = undefined;
    const loaded = resident();
    for (let look = 0; look < 4; look++) mock.timers.tick(10_000);
    console.log(JSON.stringify({ loaded, atRest: resident() }));`,
  );
}

/** In MiB, of a process that runs with these flags and of a thread that it starts. */
async function heapLimits(flags: readonly string[]): Promise<{ readonly process: number; readonly thread: number }> {
  const threadModule = pathToFileURL(join(import.meta.dirname, "store", "thread.ts")).href;
  return run(
    flags,
    `
    import { getHeapStatistics } from "node:v8";
    import { startThread } from ${JSON.stringify(threadModule)};
    const file = ${JSON.stringify(join(folder, "some.contrail"))};
    const thread = startThread("write-worker", { file, control: new SharedArrayBuffer(8) });
    thread.ref();
    thread.once("online", async () => {
      const limits = [getHeapStatistics(), await thread.getHeapStatistics()];
      const [process, own] = limits.map((heap) => heap.heap_size_limit / 2 ** 20);
      console.log(JSON.stringify({ process, thread: own }));
      await thread.terminate();
    });`,
  );
}

/** What a program of some lines says, in JSON, in a process with these flags. */
async function run<T>(flags: readonly string[], program: string): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    "--no-warnings",
    "--input-type=module",
    "--eval",
    program,
  ]);
  return JSON.parse(stdout) as T;
}
