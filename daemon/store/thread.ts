/** The threads of a capture: one writes it, one its search index. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

/** What the daemon is told of its heap when it starts (client/start.ts) is told to every thread, before its own limits. */
const heapFlags = ["--max-semi-space-size", "--max-old-space-size", "--initial-old-space-size"];

/** Starts a thread that keeps no process alive by itself. Throws when its program is missing or there can be none. */
export function startThread(program: "index-worker" | "write-worker", workerData: unknown): Worker {
  // The heap that runs has taken them in; from now on each new one goes by its own limits.
  for (const flag of heapFlags) setFlagsFromString(`${flag}=0`);
  const worker = new Worker(installed(program), {
    workerData,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // Little lives longer than a batch here; with the room of the daemon itself, it would be cleared away that much later.
    // What is in memory at a time is bounded (packing.ts, index-worker.ts) at about half of this.
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 12 },
  });
  worker.unref();
  return worker;
}

/** Beside the bundle, above its chunks, or, from source, the TypeScript file. */
function installed(program: string): string {
  const candidates = [`./${program}.js`, `../${program}.js`, `./${program}.ts`].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${program}.js is missing from this installation`);
  return found;
}
