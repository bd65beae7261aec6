/**
 * Kafka stamps records with the producer's clock, RabbitMQ's firehose with the tap's. Before they are compared,
 * Kafka's times are moved to the tap's clock: by the smallest delay seen lately, per producer or else per partition.
 */
import { OldestFirst } from "../oldest-first.ts";
import { bounds, type Counters } from "./limits.ts";
import type { Node } from "./node.ts";

const EPOCH = 1_000;
const WINDOW = 60;
const OLD = 86_400_000;

/** The smallest delays of one source, by second. */
export class Clock {
  private readonly least = new Map<number, number>();
  private newest = 0;
  private best = Infinity;
  private bestEpoch = 0;

  note(receivedAt: number, delay: number): void {
    const epoch = Math.floor(receivedAt / EPOCH);
    const known = this.least.get(epoch);
    if (known === undefined || delay < known) this.least.set(epoch, delay);
    if (delay <= this.best) {
      this.best = delay;
      this.bestEpoch = epoch;
    }
    if (epoch > this.newest) {
      this.newest = epoch;
      // Where the smallest delay is always a new one, nothing has to be searched for, and what is old goes as well.
      if (this.bestEpoch < epoch - WINDOW || this.least.size > 2 * WINDOW) this.search();
    }
  }

  /** Seconds of which something is known. */
  get size(): number {
    return this.least.size;
  }

  /** The smallest delay of the last minute. */
  offset(): number {
    return this.best;
  }

  private search(): void {
    this.best = Infinity;
    for (const [epoch, delay] of this.least) {
      if (epoch < this.newest - WINDOW) this.least.delete(epoch);
      else if (delay <= this.best) {
        this.best = delay;
        this.bestEpoch = epoch;
      }
    }
  }
}

export class Clocks {
  private readonly clocks = new OldestFirst<string, Clock>();
  private readonly counters: Counters;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** Notes a message's times and gives its effective time by what is known so far. */
  note(node: Node): number {
    if (node.timestamp === undefined) return node.receivedAt;
    const key = node.producer ?? node.spot.place;
    let clock = this.clocks.get(key);
    if (!clock) {
      this.clocks.set(key, (clock = new Clock()));
      // Producers come and go: one that is still there is known again in a moment.
      if (this.clocks.size > bounds.clocks) {
        this.clocks.shift();
        this.counters.clocks++;
      }
    }
    node.clock = clock;
    clock.note(node.receivedAt, node.receivedAt - node.timestamp);
    return this.effective(node);
  }

  /** The effective time of a message, by all that is known now. */
  effective(node: Node): number {
    if (node.timestamp === undefined) return node.receivedAt;
    const offset = node.clock?.offset();
    if (offset === undefined || !Number.isFinite(offset)) {
      return Math.abs(node.timestamp - node.receivedAt) > OLD ? node.receivedAt : node.timestamp;
    }
    // A topic read from its beginning is late by its age, which says nothing about clocks.
    if (offset > 5_000) return node.timestamp;
    return Math.abs(offset) > OLD ? node.receivedAt : node.timestamp + offset;
  }
}
