/** In which order messages came, to know what goes first when there are too many. */
import type { Conv } from "./groups.ts";
import type { Seq } from "./model.ts";

/** So many of the oldest are looked at for one that is at rest. */
const looked = 32;

export class Arrivals {
  /** What is before `head` was forgotten. */
  private order: Seq[] = [];
  private head = 0;

  push(seq: Seq): void {
    this.order.push(seq);
  }

  /**
   * The conversation that began first and said nothing from `since` on; when all of the oldest did, the very first.
   * `convOf` knows no conversation of what was forgotten.
   */
  oldestAtRest(convOf: (seq: Seq) => Conv | undefined, since: number): Conv | undefined {
    const { order } = this;
    const passed: Seq[] = [];
    let found: Conv | undefined;
    while (passed.length < looked && this.head < order.length) {
      const seq = order[this.head++] as Seq;
      const conv = convOf(seq);
      // What was forgotten since is passed for good.
      if (conv === undefined) continue;
      passed.push(seq);
      found ??= conv;
      if (conv.lastAt >= since) continue;
      found = conv;
      break;
    }
    this.head -= passed.length;
    passed.forEach((seq, i) => (order[this.head + i] = seq));
    if (this.head > 10_000 && this.head * 2 > order.length) {
      this.order = order.slice(this.head);
      this.head = 0;
    }
    return found;
  }
}
