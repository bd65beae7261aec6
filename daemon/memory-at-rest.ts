/** How often it is looked whether the process has work. */
const lookEveryMs = 10_000;
/** Of the time between two looks: with less work than this it is at rest. */
const restingShare = 0.05;
/** So many looks in a row at rest. */
const looksAtRest = 3;
/** After less work than this there is nothing to speak of to give back. */
const leastWorkMs = 3_000;

export interface AtRestOptions {
  /** Work of this process so far, in milliseconds of a processor. */
  readonly workMs?: () => number;
  /** Looks through the whole heap, and gives what is free back to the system. */
  readonly collect?: () => void;
}

/**
 * Gives memory back once a process has come to rest. The runtime collects as memory is asked for: after a heavy load a
 * daemon that is left on would keep what that took until the next one. Returns what ends it.
 */
export function giveBackMemoryAtRest({ workMs = ownWorkMs, collect = collectNow }: AtRestOptions = {}): () => void {
  let lookedAt = workMs();
  let collectedAt = lookedAt;
  let atRest = 0;
  const timer = setInterval(() => {
    const work = workMs();
    atRest = work - lookedAt < lookEveryMs * restingShare ? atRest + 1 : 0;
    lookedAt = work;
    if (atRest < looksAtRest || work - collectedAt < leastWorkMs) return;
    collect();
    collectedAt = lookedAt = workMs();
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function ownWorkMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Only this kind gives free pages back as well. A runtime that was started without `--expose-gc` has none. */
function collectNow(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
