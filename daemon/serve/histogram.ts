import type { Pipeline } from "../pipeline.ts";
import type { Histogram } from "./protocol.ts";

const mostBuckets = 180;
const widths = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200].map((seconds) => seconds * 1000);
/** Seconds that are counted one by one; older ones are forgotten first. */
const mostSeconds = 100_000;

interface Second {
  messages: number;
  errors: number;
  warnings: number;
  shed: boolean;
}

/** Messages by second, and from it the bars of the histogram. */
export class Activity {
  private seconds = new Map<number, Second>();
  private counted = 0;
  private generation = 0;
  private shedBefore = 0;

  /** Counts what came since the last call. */
  count(pipeline: Pipeline): void {
    if (this.generation !== pipeline.generation) {
      this.generation = pipeline.generation;
      this.seconds = new Map();
      this.counted = 0;
    }
    for (let seq = Math.max(this.counted + 1, pipeline.firstSeq); seq <= pipeline.observedSeq; seq++) {
      const facts = pipeline.recentFacts(seq);
      // Spans are no messages: the bars are of what brokers had to do.
      if (facts === undefined || facts.span !== undefined) continue;
      const second = this.second(facts.at);
      second.messages++;
      if (facts.check === "invalid") second.errors++;
    }
    this.counted = pipeline.observedSeq;
    if (pipeline.shed > this.shedBefore) this.second(pipeline.now()).shed = true;
    this.shedBefore = pipeline.shed;
  }

  /** At most 180 bars up to `now`; `warnedAt` are the times of conversations that need a look. */
  histogram(now: number, warnedAt: readonly number[]): Histogram {
    let first = Number.POSITIVE_INFINITY;
    for (const second of this.seconds.keys()) first = Math.min(first, second);
    if (!Number.isFinite(first)) return { from: now, bucketMs: 1000, buckets: [] };
    const until = Math.max(now, first + 1000);
    const bucketMs = widths.find((width) => (until - first) / width < mostBuckets - 1) ?? 7_200_000;
    const from = Math.floor(Math.max(first, until - bucketMs * (mostBuckets - 1)) / bucketMs) * bucketMs;
    const buckets = Array.from({ length: Math.min(mostBuckets, Math.floor((until - from) / bucketMs) + 1) }, () => ({
      messages: 0,
      errors: 0,
      warnings: 0,
      shed: false,
    }));
    for (const [at, second] of this.seconds) {
      const bucket = buckets[Math.floor((at - from) / bucketMs)];
      if (bucket === undefined) continue;
      bucket.messages += second.messages;
      bucket.errors += second.errors;
      bucket.shed ||= second.shed;
    }
    for (const at of warnedAt) {
      const bucket = buckets[Math.floor((at - from) / bucketMs)];
      if (bucket !== undefined) bucket.warnings++;
    }
    return { from, bucketMs, buckets };
  }

  private second(at: number): Second {
    const start = Math.floor(at / 1000) * 1000;
    let second = this.seconds.get(start);
    if (second === undefined) {
      second = { messages: 0, errors: 0, warnings: 0, shed: false };
      this.seconds.set(start, second);
      if (this.seconds.size > mostSeconds)
        for (const oldest of this.seconds.keys()) {
          this.seconds.delete(oldest);
          break;
        }
    }
    return second;
  }
}
