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

/** One line of a bench: what was measured, its figure, and the goal when there is one. */
export function line(what: string, figure: string, goal?: string): void {
  console.log(`${what.padEnd(44)} ${figure}${goal === undefined ? "" : `   [goal: ${goal}]`}`);
}

export function heading(text: string): void {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}
