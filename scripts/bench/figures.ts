/** Samples into figures, and figures into lines. */

/** The `q`-quantile (0 to 1) of samples, by rank; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

/** `p50 12.3 ms, p95 20.1 ms, max 31.0 ms (60 samples)`. */
export function spread(samples: readonly number[]): string {
  const ms = (value: number) => `${value.toPrecision(3)} ms`;
  return `p50 ${ms(quantile(samples, 0.5))}, p95 ${ms(quantile(samples, 0.95))}, max ${ms(quantile(samples, 1))} (${samples.length} samples)`;
}

/** What took how long, and when it began. */
export interface Timed {
  /** Times on a clock of their own, in the order of `latencies`. */
  readonly sentAt: readonly number[];
  readonly latencies: readonly number[];
}

const parts = 10;

/**
 * `14/90 11/31 …`: p50 and p95 in milliseconds of each tenth of the run, by when things began, so that a slow start, a
 * pause and falling behind can be told apart.
 */
export function spreadByTenth({ sentAt, latencies }: Timed): string {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const at of sentAt) [from, to] = [Math.min(from, at), Math.max(to, at)];
  const tenths = Array.from({ length: parts }, (): number[] => []);
  for (const [i, at] of sentAt.entries()) {
    const tenth = Math.min(parts - 1, Math.floor(((at - from) / Math.max(1, to - from)) * parts));
    tenths[tenth]?.push(latencies[i] ?? Number.NaN);
  }
  return tenths.map((each) => [0.5, 0.95].map((q) => quantile(each, q).toFixed(0)).join("/")).join(" ");
}

/** One line of a bench: what was measured, its figure, and the goal when there is one. */
export function line(what: string, figure: string, goal?: string): void {
  console.log(`${what.padEnd(44)} ${figure}${goal === undefined ? "" : `   [goal: ${goal}]`}`);
}

export function heading(text: string): void {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}
