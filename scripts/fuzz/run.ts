/**
 * Gives changed inputs to every target, and says which of them broke one: it threw what it may not, took too long, or
 * kept memory. The same seed and number of runs give the same inputs.
 */
import { mutate, randomOf } from "./mutate.ts";
import type { Target } from "./targets.ts";

export interface Broken {
  readonly target: string;
  readonly why: string;
  readonly input: Uint8Array;
}

export interface FuzzResult {
  readonly target: string;
  readonly inputs: number;
  readonly slowestMs: number;
  readonly ms: number;
  readonly broken: readonly Broken[];
}

/** No small input may take longer; a slow one is tried again, as machines stop for other reasons too. */
const longestMs = 500;
const mostHeapGrowth = 300 * 1024 * 1024;
/** Inputs that grew beyond this begin anew: long ones only take time. */
const largestInput = 16 * 1024;
const mostBroken = 5;

export async function fuzz(target: Target, runs: number, seed: number): Promise<FuzzResult> {
  const random = randomOf(seed);
  const pool = [...target.seeds];
  const broken: Broken[] = [];
  let slowestMs = 0;
  const before = process.memoryUsage();
  const began = performance.now();
  let inputs = 0;
  for (; inputs < runs && broken.length < mostBroken; inputs++) {
    const from = pool[random(pool.length)] ?? new Uint8Array();
    const input = mutate(from, pool[random(pool.length)] ?? new Uint8Array(), random);
    let took = timed(target, input, broken);
    for (let again = 0; took > longestMs && again < 2; again++) took = Math.min(took, timed(target, input, []));
    if (took > longestMs) broken.push({ target: target.name, why: `it took ${Math.round(took)} ms`, input });
    slowestMs = Math.max(slowestMs, took);
    // Changes of changes reach further than changes of what was right.
    if (random(8) === 0 && input.length <= largestInput) pool[target.seeds.length + random(64)] = input;
    if (pool.length > target.seeds.length) for (let i = target.seeds.length; i < pool.length; i++) pool[i] ??= from;
    // Decompressors give their memory back when the event loop turns, as it does between a tap's batches.
    if (inputs % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
    if (inputs % 5000 === 4999 && grown(before) > mostHeapGrowth) {
      broken.push({ target: target.name, why: `it keeps ${Math.round(grown(before) / 1e6)} MB`, input });
    }
  }
  return { target: target.name, inputs, slowestMs, ms: performance.now() - began, broken };
}

function timed(target: Target, input: Uint8Array, broken: Broken[]): number {
  const began = performance.now();
  try {
    target.read(input);
  } catch (error) {
    const isRefusal = target.refusesByThrowing === true && error instanceof Error && !isOfEngine(error);
    if (!isRefusal) broken.push({ target: target.name, why: `it threw ${String(error)}`, input });
  }
  return performance.now() - began;
}

/** What says that a bound is missing. */
function isOfEngine(error: Error): boolean {
  return /call stack|array length|string length|array buffer allocation|heap/i.test(error.message);
}

function grown(before: NodeJS.MemoryUsage): number {
  const now = process.memoryUsage();
  const all = (usage: NodeJS.MemoryUsage) => usage.heapUsed + usage.external;
  if (all(now) - all(before) <= mostHeapGrowth) return 0;
  globalThis.gc?.();
  return all(process.memoryUsage()) - all(before);
}
