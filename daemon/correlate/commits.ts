/** Which groups have committed past a Kafka record, and how its transaction ended. Answers are found when asked. */
import { nothing, placeOf } from "./common.ts";
import { offsetOf, type Offset } from "./offsets.ts";
import type { Journey } from "./model.ts";
import { bounds, type Counters } from "./limits.ts";
import type { Node } from "./node.ts";

interface Mark {
  readonly offset: Offset;
  readonly at: number;
}

export class Commits {
  private readonly groups = new Map<string, Map<string, Mark[]>>();
  private readonly transactions = new Map<string, { offset: Offset; outcome: "committed" | "aborted" }[]>();
  private readonly records = new Map<string, Node[]>();
  private readonly counters: Counters;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  add(node: Node): void {
    if (node.broker !== "kafka") return;
    const key = node.spot.place;
    const records = this.records.get(key);
    if (!records) {
      this.records.set(key, [node]);
      return;
    }
    let index = records.length;
    while (index > 0 && (records[index - 1] as Node).offset > node.offset) index--;
    records.splice(index, 0, node);
  }

  /** Forgets these messages: of each partition, only the stretch that they are in is looked through. */
  removeAll(nodes: ReadonlySet<Node>): void {
    const stretches = new Map<string, { first: number; last: number }>();
    for (const node of nodes) {
      if (node.broker !== "kafka") continue;
      const place = node.spot.place;
      const index = from(this.records.get(place) ?? [], node.offset);
      const known = stretches.get(place);
      if (known === undefined) stretches.set(place, { first: index, last: index });
      else {
        known.first = Math.min(known.first, index);
        known.last = Math.max(known.last, index);
      }
    }
    for (const [place, { first, last }] of stretches) {
      const records = this.records.get(place) ?? [];
      // Records may have one offset where a topic was made anew: those behind the last are looked at as well.
      let end = last + 1;
      while (end < records.length && records[end]?.offset === records[last]?.offset) end++;
      const left = records.slice(first, end).filter((node) => !nodes.has(node));
      records.splice(first, end - first, ...left);
      if (records.length === 0) this.records.delete(place);
    }
  }

  /** The record at one place of a topic, in any tap. */
  at(tap: string, topic: string, partition: number, exact: bigint): Node | undefined {
    const records = this.records.get(placeOf(tap, topic, partition));
    if (!records) return undefined;
    const offset = offsetOf(exact);
    const index = from(records, offset);
    const found = records[index];
    return found?.offset === offset ? found : undefined;
  }

  /** Notes a commit; returns the records that it newly covers. */
  commit(group: string, topic: string, partition: number, exact: bigint, at: number): Node[] {
    const offset = offsetOf(exact);
    const place = `${topic}\n${partition}`;
    let groups = this.groups.get(place);
    if (!groups) this.groups.set(place, (groups = new Map()));
    let marks = groups.get(group);
    if (!marks) groups.set(group, (marks = []));
    const index = from(marks, offset);
    const before = marks[index - 1]?.offset ?? -1;
    const known = marks[index];
    if (known?.offset === offset) {
      if (at < known.at) marks[index] = { offset, at };
    } else marks.splice(index, 0, { offset, at });
    if (marks.length > bounds.commitsPerPartition) {
      this.counters.commitsPerPartition++;
      marks.splice(0, marks.length >> 1);
    }
    return this.between(topic, partition, before, offset);
  }

  transaction(
    topic: string,
    partition: number,
    producerId: bigint,
    exact: bigint,
    outcome: "committed" | "aborted",
  ): Node[] {
    const offset = offsetOf(exact);
    const key = `${topic}\n${partition}\n${producerId}`;
    let ends = this.transactions.get(key);
    if (!ends) this.transactions.set(key, (ends = []));
    const index = from(ends, offset);
    const before = ends[index - 1]?.offset ?? -1;
    if (ends[index]?.offset !== offset) ends.splice(index, 0, { offset, outcome });
    if (ends.length > bounds.commitsPerPartition) {
      this.counters.commitsPerPartition++;
      ends.splice(0, ends.length >> 1);
    }
    return this.between(topic, partition, before, offset).filter((node) => this.producerOf(node) === `${producerId}`);
  }

  committedBy(node: Node): Journey["committedBy"] {
    const groups = this.groups.get(`${node.channel}\n${node.partition}`);
    if (!groups) return [];
    const by: { group: string; at: number }[] = [];
    for (const [group, marks] of groups) {
      let first: Mark | undefined;
      // A later commit may come with a higher offset and an earlier time; the earliest that covers it counts.
      for (let i = above(marks, node.offset); i < marks.length; i++) {
        const mark = marks[i] as Mark;
        if (!first || mark.at < first.at) first = mark;
        else break;
      }
      if (first) by.push({ group, at: first.at });
    }
    return by.sort((a, b) => a.at - b.at);
  }

  /** Groups that read the partition of a record, as far as they ever committed there. */
  groupsOf(node: Node): readonly string[] {
    if (this.groups.size === 0) return nothing;
    const groups = this.groups.get(`${node.channel}\n${node.partition}`);
    return groups ? [...groups.keys()] : nothing;
  }

  outcome(node: Node): Journey["transaction"] | undefined {
    if (!node.transactional) return undefined;
    const ends = this.transactions.get(`${node.channel}\n${node.partition}\n${this.producerOf(node)}`) ?? [];
    return ends[above(ends, node.offset)]?.outcome ?? "pending";
  }

  private producerOf(node: Node): string {
    return node.producer?.slice(node.producer.lastIndexOf(" ") + 1) ?? "";
  }

  /** Records from offset `low` to below `to`, in any tap; at most a thousand. */
  private between(topic: string, partition: number, low: Offset, to: Offset): Node[] {
    const found: Node[] = [];
    for (const [key, records] of this.records) {
      if (!key.endsWith(`\n${topic}\n${partition}`)) continue;
      for (let i = from(records, low); i < records.length; i++) {
        const node = records[i] as Node;
        if (node.offset >= to || found.length >= 1000) break;
        found.push(node);
      }
    }
    return found;
  }
}

/** The first whose offset is at least this one. */
function from(items: readonly { readonly offset: Offset }[], offset: Offset): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as Mark).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first whose offset is above this one. */
function above(items: readonly { readonly offset: Offset }[], offset: Offset): number {
  let index = from(items, offset);
  while (items[index]?.offset === offset) index++;
  return index;
}
