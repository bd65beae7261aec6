/**
 * How far consumer groups have committed, and so how far each is behind. Takes in commits as they are seen or asked
 * for; hands out what is new in them and the lag of each group in each topic. No I/O.
 */
import type { GroupLag } from "./envelope.ts";

/** The most partitions of groups that are kept; a group beyond that is not counted. */
const mostOffsets = 100_000;

interface Committed {
  readonly offset: bigint;
  /** When it was committed, where that is known. */
  readonly at: number | undefined;
}

export class GroupOffsets {
  /** By group, by topic, by partition. */
  readonly #groups = new Map<string, Map<string, Map<number, Committed>>>();
  #count = 0;

  /** Takes in a commit that was seen as it happened. */
  commit(group: string, topic: string, partition: number, offset: bigint, at: number): void {
    this.#set(group, topic, partition, { offset, at });
  }

  /** Takes in what the broker says when it is asked; returns whether that is news. */
  answered(group: string, topic: string, partition: number, offset: bigint): boolean {
    const known = this.#groups.get(group)?.get(topic)?.get(partition);
    if (known?.offset === offset) return false;
    this.#set(group, topic, partition, { offset, at: undefined });
    return true;
  }

  has(group: string, topic: string, partition: number): boolean {
    return this.#groups.get(group)?.get(topic)?.has(partition) ?? false;
  }

  /** Kafka has forgotten a commit: its group was deleted, or did not read for too long. */
  forget(group: string, topic: string, partition: number): void {
    const topics = this.#groups.get(group);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions?.delete(partition) !== true) return;
    this.#count--;
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) this.#groups.delete(group);
  }

  /** Forgets every group that is not named. */
  keepOnly(groups: ReadonlySet<string>): void {
    for (const [group, topics] of this.#groups) {
      if (groups.has(group)) continue;
      for (const partitions of topics.values()) this.#count -= partitions.size;
      this.#groups.delete(group);
    }
  }

  /**
   * How many records each group has not committed past, the furthest behind first. `endOf`: the offset behind the last
   * record of a partition, where the tap knows it. Partitions in which a group never committed do not count.
   */
  lags(endOf: (topic: string, partition: number) => bigint | undefined): readonly GroupLag[] {
    const lags: GroupLag[] = [];
    for (const [group, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        let lag = 0n;
        let known = false;
        let committedAt: number | undefined;
        for (const [partition, { offset, at }] of partitions) {
          const end = endOf(topic, partition);
          if (end === undefined) continue;
          known = true;
          if (end > offset) lag += end - offset;
          if (at !== undefined && (committedAt === undefined || at > committedAt)) committedAt = at;
        }
        if (known) lags.push({ group, topic, lag: Number(lag), ...(committedAt === undefined ? {} : { committedAt }) });
      }
    }
    return lags.sort((a, b) => b.lag - a.lag || (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
  }

  #set(group: string, topic: string, partition: number, committed: Committed): void {
    let topics = this.#groups.get(group);
    if (topics === undefined) this.#groups.set(group, (topics = new Map()));
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = new Map()));
    if (!partitions.has(partition)) {
      if (this.#count >= mostOffsets) return;
      this.#count++;
    }
    partitions.set(partition, committed);
  }
}
