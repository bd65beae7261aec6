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
  /** None of these conversations said its last before this moment. */
  private restless = -Infinity;

  push(seq: Seq): void {
    this.order.push(seq);
  }

  /**
   * The conversation that began first and said nothing from `since` on; when all of the oldest did, the very first.
   * `convOf` knows no conversation of what was forgotten.
   */
  oldestAtRest(convOf: (seq: Seq) => Conv | undefined, since: number): Conv | undefined {
    if (since > this.restless) {
      const found = this.lookAgain(convOf, since);
      if (found) return found;
    }
    const { passed } = this;
    // What was forgotten since is passed for good.
    while (passed.length > 0 && convOf(passed[0] as Seq) === undefined) passed.shift();
    while (passed.length < looked) {
      const seq = this.order.shift();
      if (seq === undefined) break;
      const conv = convOf(seq);
      if (conv === undefined) continue;
      passed.push(seq);
      if (conv.lastAt < this.restless) this.restless = conv.lastAt;
      if (conv.lastAt < since) return conv;
    }
    const [first] = passed;
    return first === undefined ? undefined : convOf(first);
  }

  /** Looks at those again that were passed: silence is what makes them come to rest. */
  private lookAgain(convOf: (seq: Seq) => Conv | undefined, since: number): Conv | undefined {
    this.passed = this.passed.filter((seq) => convOf(seq) !== undefined);
    this.restless = Infinity;
    for (const seq of this.passed) {
      const { lastAt } = convOf(seq) as Conv;
      if (lastAt < this.restless) this.restless = lastAt;
      if (lastAt < since) return convOf(seq);
    }
    return undefined;
  }
}
