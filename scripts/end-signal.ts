/**
 * When a script should end. Takes in: signals, and the fate of npm where npm started us. Hands out: an AbortSignal.
 */

/**
 * Aborts on Ctrl-C, SIGTERM and hang-up. Where npm started this process it also aborts when npm is gone: npm hands
 * SIGTERM to the shell between us, which dies of it without handing it on.
 */
export function endSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => ending.abort());
  if (process.env["npm_command"] !== undefined) {
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      ending.abort();
    }, 100);
    watch.unref();
  }
  return ending.signal;
}
