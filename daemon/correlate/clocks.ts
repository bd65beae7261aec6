/**
 * Kafka stamps records with the producer's clock, RabbitMQ's firehose with the tap's. Before they are compared,
 * Kafka's times are moved to the tap's clock: by the smallest delay seen lately, per producer or else per partition.
 */
import type { Node } from "./node.ts";

const EPOCH = 1_000;
const WINDOW = 60;
const OLD = 86_400_000;

class Clock {
  private readonly least = new Map<number, number>();

  note(receivedAt: number, delay: number): void {
    const epoch = Math.floor(receivedAt / EPOCH);
    const known = this.least.get(epoch);
    if (known === undefined || delay < known) this.least.set(epoch, delay);
    if (this.least.size > 2 * WINDOW)
      for (const old of this.least.keys()) if (old < epoch - WINDOW) this.least.delete(old);
  }

  offset(receivedAt: number): number {
    const epoch = Math.floor(receivedAt / EPOCH);
    let least = Infinity;
    for (const [at, delay] of this.least) {
      if (at >= epoch - WINDOW && at <= epoch + 2 && delay < least) least = delay;
    }
    return least;
  }
}

export class Clocks {
  private readonly clocks = new Map<string, Clock>();

  /** Notes a message's times and gives its effective time by what is known so far. */
  note(node: Node): number {
    if (node.timestamp === undefined) return node.receivedAt;
    const key = node.producer ?? `${node.tap} ${node.channel} ${node.partition}`;
    let clock = this.clocks.get(key);
    if (!clock) {
      if (this.clocks.size >= 20_000) return this.plain(node);
      this.clocks.set(key, (clock = new Clock()));
    }
    clock.note(node.receivedAt, node.receivedAt - node.timestamp);
    return this.effective(node);
  }

  /** The effective time of a message, by all that is known now. */
  effective(node: Node): number {
    if (node.timestamp === undefined) return node.receivedAt;
    const offset = this.clocks
      .get(node.producer ?? `${node.tap} ${node.channel} ${node.partition}`)
      ?.offset(node.receivedAt);
    if (offset === undefined || !Number.isFinite(offset)) return this.plain(node);
    // A topic read from its beginning is late by its age, which says nothing about clocks.
    if (offset > 5_000) return node.timestamp;
    return Math.abs(offset) > OLD ? node.receivedAt : node.timestamp + offset;
  }

  private plain(node: Node): number {
    return node.timestamp === undefined || Math.abs(node.timestamp - node.receivedAt) > OLD
      ? node.receivedAt
      : node.timestamp;
  }
}
