/**
 * What a bench has started outside of its own process: ended where it is done, and, where it is told to end, all of it,
 * the last first. Takes in: how each is ended. Hands out: the same, to be called at any time and more than once.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { endSignal } from "../end-signal.ts";

/** As shells say that a program was interrupted. */
const interruptedCode = 130;

interface Started {
  readonly end: () => Promise<void>;
  ended?: Promise<void>;
}

const started: Started[] = [];
let signal: AbortSignal | undefined;

/** From now on Ctrl-C ends this as well. */
export function toBeEnded(end: () => Promise<void>): () => Promise<void> {
  if (signal === undefined) {
    signal = endSignal();
    signal.addEventListener("abort", () => void endAll());
  }
  const one: Started = { end };
  started.push(one);
  // Once all is being ended, each has its turn: whoever wants to end it as well waits for that.
  return () => one.ended ?? (signal?.aborted === true ? new Promise(() => undefined) : ended(one));
}

function ended(one: Started): Promise<void> {
  one.ended ??= one.end().finally(() => started.splice(started.indexOf(one), 1));
  return one.ended;
}

/** The same for a process, which may end by itself before. */
export function processToBeEnded(child: ChildProcess): void {
  const end = toBeEnded(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill();
    await exit;
  });
  child.on("exit", () => void end());
}

/** Does the work; where it was told to end, what fails of it since is not the news, and the process ends by itself. */
export async function orEnded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted !== true) throw cause;
    return await new Promise<never>(() => undefined);
  }
}

async function endAll(): Promise<never> {
  console.error("\nInterrupted: what was started is being ended.");
  // Whoever waited for something that is ended here learns that it failed.
  process.on("unhandledRejection", () => undefined);
  for (let last = started.at(-1); last !== undefined; last = started.at(-1)) {
    try {
      await ended(last);
    } catch (cause) {
      console.error(cause instanceof Error ? cause.message : String(cause));
    }
  }
  process.exit(interruptedCode);
}
