/**
 * The wall clock in milliseconds with fractions. `Date.now()` alone is too coarse to order messages, the monotonic
 * clock alone does not follow a clock that is set or a machine that slept; so the second is anchored to the first.
 */
let anchor = Date.now() - performance.now();

/** Milliseconds since the epoch, with fractions; never more than 20 ms away from `Date.now()`. */
export function preciseNow(): number {
  const precise = anchor + performance.now();
  const wall = Date.now();
  if (Math.abs(wall - precise) <= 20) return precise;
  anchor = wall - performance.now();
  return wall;
}

/** A pause that ends early when the signal fires; it never rejects. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
