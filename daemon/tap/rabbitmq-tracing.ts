/**
 * Tracing of one virtual host: switched on under a lease when it was off, kept on while the tap runs, and put back as
 * it was found. Somebody who switches it off meanwhile is told apart from a broker that was restarted: the first is
 * heard after the third time within a minute, the second only lost what it does not keep.
 */
import type { LeaseHandle, LeaseKeeper, Management } from "../guardian/index.ts";

const heardAfter = 3;
const withinMs = 60_000;

/** `on`: it was on. `switched`: it was off when the tap came. `again`: it had been on, and somebody switched it off. */
export type TracingFound = "on" | "switched" | "again" | "refused";

export class Tracing {
  readonly #vhost: string;
  readonly #leases: LeaseKeeper | undefined;
  readonly #touched: (sentence: string) => void;
  #lease: LeaseHandle | undefined;
  #ours = false;
  #wasOn = false;
  #offAt: number[] = [];
  #stopped = false;

  constructor(vhost: string, leases: LeaseKeeper | undefined, touched: (sentence: string) => void) {
    this.#vhost = vhost;
    this.#leases = leases;
    this.#touched = touched;
  }

  /** When somebody switched it off last, if anybody did. */
  get offAt(): number | undefined {
    return this.#offAt.at(-1);
  }

  /** Somebody wants it off: it is left so until the tap is asked to try again. */
  get refused(): boolean {
    return this.#offAt.length >= heardAfter;
  }

  /** A new connection: that tracing is off then is the broker's own doing. */
  begin(): void {
    this.#wasOn = false;
  }

  /** The user asked to try again. */
  forgive(): void {
    this.#offAt = [];
  }

  /** Switches it on if it is off; `onOff` hears of it before, when somebody had switched it off. */
  async keepOn(management: Management, now: number, onOff?: () => void): Promise<TracingFound> {
    if (this.#stopped) return "on";
    if ((await management.vhost(this.#vhost)).tracing) {
      this.#wasOn = true;
      return "on";
    }
    const again = this.#wasOn;
    if (again) {
      this.#offAt = [...this.#offAt.filter((at) => now - at < withinMs), now];
      this.#wasOn = false;
      if (this.refused) {
        this.#ours = false;
        await this.#release();
        return "refused";
      }
      onOff?.();
    }
    this.#lease ??= await this.#leases?.takeTracing(management.access, this.#vhost);
    // Asked to stop meanwhile: what comes after is `restore`, which finds nothing to do.
    if (this.#stopped) return "on";
    const changed = await management.setTracing(this.#vhost, true);
    if (changed) {
      this.#ours = true;
      this.#touched(
        `Tracing of virtual host ${this.#vhost} was off and is on while the tap runs; it is switched off at its end.`,
      );
    } else if (!this.#ours) {
      // Somebody else was quicker, and it is theirs to switch off.
      await this.#release();
    }
    this.#wasOn = true;
    return again ? "again" : "switched";
  }

  /** Puts it back and takes no more orders. */
  async restore(management: Management | undefined): Promise<void> {
    this.#stopped = true;
    if (this.#ours && management !== undefined) {
      try {
        await management.setTracing(this.#vhost, false);
        this.#ours = false;
        this.#touched(`Tracing of virtual host ${this.#vhost} is off again.`);
      } catch {
        // The lease stays: the guardian goes on trying, and the next start too.
        return;
      }
    }
    await this.#release();
  }

  async #release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.release();
  }
}
