/** Sums that do not care for the order in which they were made: log histograms that can also forget. */

const BUCKETS = 64;
const LOW = Math.log(1);
const HIGH = Math.log(7 * 86_400_000);
const WIDTH = (HIGH - LOW) / (BUCKETS - 1);

/** Times from 1 ms to 7 days in 64 buckets of equal ratio (about 1.38). */
export class LogHistogram {
  /** The counts from the bucket `low` on; there are many histograms, and most have seen few different times. */
  private readonly counts: number[] = [];
  private low = 0;
  /** The last two quantiles that were asked for: they are asked for again and again. */
  private median: number | undefined;
  private high: number | undefined;
  /** The same for the last cut; `undefined` is an answer as well. */
  private lastCut: number | undefined;
  private isCutKnown = false;
  count = 0;

  add(ms: number, weight = 1): void {
    this.addBucket(bucketOf(ms), weight);
  }

  /** The same for a time of which only the bucket is known. */
  addBucket(index: number, weight: number): void {
    const { counts } = this;
    if (counts.length === 0) this.low = index;
    for (; this.low > index; this.low--) counts.unshift(0);
    while (counts.length <= index - this.low) counts.push(0);
    counts[index - this.low] = this.at(index) + weight;
    this.count += weight;
    this.median = undefined;
    this.high = undefined;
    this.isCutKnown = false;
  }

  private at(bucket: number): number {
    return this.counts[bucket - this.low] ?? 0;
  }

  /** The upper end of the bucket that holds the quantile; 0 when nothing was counted. */
  quantile(q: number): number {
    if (q === 0.5) return (this.median ??= this.find(q));
    if (q === 0.99) return (this.high ??= this.find(q));
    return this.find(q);
  }

  private find(q: number): number {
    if (this.count <= 0) return 0;
    let left = q * this.count;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.at(i);
      if (left <= 1e-9) return upperEnd(i);
    }
    return upperEnd(BUCKETS - 1);
  }

  /** The longest time counted, as the upper end of its bucket. */
  largest(): number {
    for (let i = BUCKETS - 1; i >= 0; i--) if (this.at(i) > 0) return upperEnd(i);
    return 0;
  }

  /**
   * Where the times fall apart into short and long ones: the middle of the widest empty stretch of at least `ratio`,
   * with `support` counts on each side, the upper side at 1 s or more. `undefined` when there is none.
   */
  cut(ratio: number, support: number): number | undefined {
    if (!this.isCutKnown) {
      this.lastCut = this.findCut(ratio, support);
      this.isCutKnown = true;
    }
    return this.lastCut;
  }

  private findCut(ratio: number, support: number): number | undefined {
    let best: { at: number; width: number } | undefined;
    let below = 0;
    let last = -1;
    for (let i = 0; i < BUCKETS; i++) {
      const here = this.at(i);
      if (here <= 0) continue;
      if (last >= 0) {
        const width = (i - last - 1) * WIDTH;
        const enough = below >= support && this.count - below >= support;
        if (enough && width >= Math.log(ratio) && lowerEnd(i) >= 1000 && width > (best?.width ?? 0)) {
          best = { at: Math.sqrt(upperEnd(last) * lowerEnd(i)), width };
        }
      }
      below += here;
      last = i;
    }
    return best?.at;
  }
}

/** The bucket of a time; of a negative one as well as of none the first. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor((Math.log(ms) - LOW) / WIDTH));
}

function upperEnd(bucket: number): number {
  return Math.exp(LOW + bucket * WIDTH);
}

function lowerEnd(bucket: number): number {
  return bucket === 0 ? 0 : Math.exp(LOW + (bucket - 1) * WIDTH);
}

/** 53 bits of a body's content, to recognise the same content again. */
export function hashOf(bytes: Uint8Array | null): number {
  if (bytes === null) return 0;
  let a = 0x811c9dc5 ^ bytes.length;
  let b = 0x01000193;
  const step = bytes.length > 8192 ? Math.ceil(bytes.length / 8192) : 1;
  for (let i = 0; i < bytes.length; i += step) {
    const byte = bytes[i] ?? 0;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
}

/** 53 bits of a hash together with texts. */
export function hashWith(hash: number, texts: readonly string[]): number {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b + code, 0x85ebca6b) ^ (b >>> 13);
    }
    // Where one ends and the next begins counts.
    a = Math.imul(a ^ 0x1f, 0x01000193);
    b = Math.imul(b + text.length, 0x85ebca6b);
  }
  return (hash + (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff)) % 0x20000000000000;
}
