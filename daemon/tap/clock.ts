/**
 * The wall clock in milliseconds with fractions. `Date.now()` alone is too coarse to order messages, the monotonic
 * clock alone does not follow a clock that is set forward or a machine that slept; so the second is anchored to the
 * first. A wall clock that is set back it does not follow: replies would come before their requests, and whoever waits
 * for a time would wait all that time once more.
 */
let anchor = Date.now() - performance.now();

/** Milliseconds since the epoch, with fractions; never goes back, and is never more than 20 ms behind `Date.now()`. */
export function preciseNow(): number {
  const precise = anchor + performance.now();
  const wall = Date.now();
  if (wall - precise <= 20) return precise;
  anchor = wall - performance.now();
  return wall;
}

/** How far the wall clock was set back since, in milliseconds; 0 when it was not. */
export function wallClockBehind(): number {
  const behind = preciseNow() - Date.now();
  return behind > 1_000 ? behind : 0;
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

/** Waits for a promise, but no longer than until the signal fires; rejects only with the promise's own reason. */
export function beforeEnd(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = (): void => resolve();
    signal.addEventListener("abort", end, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}
