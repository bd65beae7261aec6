/** In which order messages came, to know what goes first when there are too many. */
import { Fifo } from "../fifo.ts";
import type { Conv } from "./groups.ts";
import type { Seq } from "./model.ts";

/** So many of the oldest are looked at for one that is at rest. */
const looked = 32;

export class Arrivals {
  private readonly order = new Fifo<Seq>();
  /** The oldest of all, which were looked at before. */
  private passed: Seq[] = [];

  push(seq: Seq): void {
    this.order.push(seq);
  }

  /**
   * The conversation that began first and said nothing from `since` on; when all of the oldest did, the very first.
   * `convOf` knows no conversation of what was forgotten.
   */
  oldestAtRest(convOf: (seq: Seq) => Conv | undefined, since: number): Conv | undefined {
    // What was forgotten since is passed for good.
    this.passed = this.passed.filter((seq) => convOf(seq) !== undefined);
    let first: Conv | undefined;
    for (const seq of this.passed) {
      const conv = convOf(seq) as Conv;
      first ??= conv;
      if (conv.lastAt < since) return conv;
    }
    while (this.passed.length < looked) {
      const seq = this.order.shift();
      if (seq === undefined) break;
      const conv = convOf(seq);
      if (conv === undefined) continue;
      this.passed.push(seq);
      first ??= conv;
      if (conv.lastAt < since) return conv;
    }
    return first;
  }
}
