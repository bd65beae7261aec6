/** What a daemon is told of its heap when it starts, and what its threads make of that. */
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

/** In MiB, of a process that runs with these flags and of a thread that it starts. */
async function heapLimits(flags: readonly string[]): Promise<{ readonly process: number; readonly thread: number }> {
  const threadModule = pathToFileURL(join(import.meta.dirname, "store", "thread.ts")).href;
  const program = `
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
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    "--no-warnings",
    "--input-type=module",
    "--eval",
    program,
  ]);
  return JSON.parse(stdout) as { readonly process: number; readonly thread: number };
}
