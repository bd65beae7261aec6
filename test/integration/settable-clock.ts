/**
 * Loaded into a process before anything else: SIGUSR2 sets its wall clock back by an hour, as somebody who corrects the
 * machine's clock would. Timers and the monotonic clock go on, as they do then.
 */
const RealDate = Date;
/** How far it was set back, as everything else in the process sees it. */
let shift = 0;

export class SettableDate extends RealDate {
  constructor(...parts: readonly [] | readonly [number | string | Date]) {
    super(parts.length === 0 ? RealDate.now() + shift : parts[0]);
  }

  static override now(): number {
    return RealDate.now() + shift;
  }
}

globalThis.Date = SettableDate as DateConstructor;

process.on("SIGUSR2", () => {
  shift -= 60 * 60 * 1000;
});
