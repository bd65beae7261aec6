/**
 * How many events the broker dropped at the bound of the tap's queue. Pure.
 *
 * RabbitMQ 3 numbers what enters a queue: what entered, less what came out and what waits, was dropped. RabbitMQ 4 does
 * not, and then the virtual host's own counts of publishes and deliveries say how many events there were to tell; they
 * are up to five seconds old. So the difference that there is while nothing can have been dropped is the measure, and
 * only while the queue was found full does a larger one count.
 */

/** `about`: from statistics of the broker; `at least`: there was a drop, and nothing says how large. */
export interface Dropped {
  readonly count: number;
  readonly known: "exactly" | "about" | "at least";
}

/** What there is to go by at one moment. */
export interface QueueLook {
  readonly now: number;
  /** Events that came out of the queue, and that wait in it. */
  readonly received: number;
  readonly ready: number;
  /** What ever entered it, where the broker says so, and what waited then. */
  readonly entered?: { readonly count: number; readonly ready: number };
  /** How many events there were to tell, by the broker's statistics. */
  readonly told?: number;
  /** The queue was found at its bound, or so near that it may have been there since the last look. */
  readonly full: "yes" | "maybe" | "no";
}

/** For so long after the queue was full, statistics still bring what happened then. */
const settleMs = 15_000;

export class DropCounter {
  #dropped: Dropped = { count: 0, known: "exactly" };
  #usual: number | undefined;
  #openUntil = Number.NEGATIVE_INFINITY;

  look(look: QueueLook): Dropped {
    const { entered, told, received, ready, full, now } = look;
    if (entered !== undefined) {
      // Our own numbers are newer than the broker's, so it may be told too low at first, but never too high.
      const count = entered.count - entered.ready - received;
      if (count > this.#dropped.count) this.#dropped = { count, known: "exactly" };
      return this.#dropped;
    }
    if (full !== "no") this.#openUntil = now + settleMs;
    if (told !== undefined) {
      const missing = told - ready - received;
      if (this.#usual === undefined || now >= this.#openUntil) {
        this.#usual = Math.max(this.#usual ?? Number.NEGATIVE_INFINITY, missing - this.#dropped.count);
      } else if (missing - this.#usual > this.#dropped.count) {
        this.#dropped = { count: missing - this.#usual, known: "about" };
      }
    }
    if (full === "yes" && this.#dropped.count === 0) this.#dropped = { count: 1, known: "at least" };
    return this.#dropped;
  }
}
