/** Which groups have committed past a Kafka record, and how its transaction ended. Answers are found when asked. */
import { OldestFirst } from "../oldest-first.ts";
import { SortedList } from "../sorted-list.ts";
import { nothing, placeOf } from "./common.ts";
import { bounds, type Counters } from "./limits.ts";
import { type AtOffset, Marks } from "./marks.ts";
import type { Journey } from "./model.ts";
import type { Node } from "./node.ts";
import { offsetOf, type Offset } from "./offsets.ts";

interface Commit extends AtOffset {
  readonly at: number;
}

interface End extends AtOffset {
  readonly outcome: "committed" | "aborted";
}

export class Commits {
  /** By partition and group. */
  private readonly groups = new OldestFirst<string, OldestFirst<string, Marks<Commit>>>();
  /** By partition and producer. */
  private readonly transactions = new OldestFirst<string, Marks<End>>();
  /** By tap and partition; and the same lists by partition alone, as commits name it. */
  private readonly records = new Map<string, SortedList<Node>>();
  private readonly lists = new Map<string, Array<SortedList<Node>>>();
  private readonly counters: Counters;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  add(node: Node): void {
    if (node.broker !== "kafka") return;
    const key = node.spot.place;
    const records = this.records.get(key);
    if (records) return records.add(node);
    const list = new SortedList<Node>(byOffset);
    list.add(node);
    this.records.set(key, list);
    const place = partitionOf(node);
    this.lists.set(place, [...(this.lists.get(place) ?? nothing), list]);
  }

  remove(node: Node): void {
    if (node.broker !== "kafka") return;
    const { place } = node.spot;
    const records = this.records.get(place);
    if (records === undefined) return;
    records.remove(node);
    if (records.length > 0) return;
    this.records.delete(place);
    const partition = partitionOf(node);
    const others = (this.lists.get(partition) ?? nothing).filter((other) => other !== records);
    if (others.length > 0) this.lists.set(partition, others);
    else this.lists.delete(partition);
  }

  /** The record at one place of a topic, in any tap. */
  at(tap: string, topic: string, partition: number, exact: bigint): Node | undefined {
    const records = this.records.get(placeOf(tap, topic, partition));
    const offset = offsetOf(exact);
    for (const found of records?.from((record) => record.offset < offset) ?? nothing) {
      return found.offset === offset ? found : undefined;
    }
    return undefined;
  }

  /** Notes a commit; returns the records that it newly covers. */
  commit(group: string, topic: string, partition: number, exact: bigint, at: number): Node[] {
    const offset = offsetOf(exact);
    const marks = this.marksOf(`${topic}\n${partition}`, group);
    const before = marks.before(offset)?.offset ?? -1;
    const known = marks.at(offset);
    if (known === undefined || at < known.at) marks.set({ offset, at });
    this.tidy(marks, topic, partition);
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
    if (!ends) {
      this.transactions.set(key, (ends = new Marks()));
      if (this.transactions.size > bounds.transactions) {
        this.transactions.shift();
        this.counters.transactions++;
      }
    }
    const before = ends.before(offset)?.offset ?? -1;
    if (ends.at(offset) === undefined) ends.set({ offset, outcome });
    this.tidy(ends, topic, partition);
    return this.between(topic, partition, before, offset).filter((node) => this.producerOf(node) === `${producerId}`);
  }

  committedBy(node: Node): Journey["committedBy"] {
    const groups = this.groups.get(partitionOf(node));
    if (!groups) return [];
    const by: { group: string; at: number }[] = [];
    for (const [group, marks] of groups.entries()) {
      let first: Commit | undefined;
      // A later commit may come with a higher offset and an earlier time; the earliest that covers it counts.
      for (const mark of marks.above(node.offset)) {
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
    const groups = this.groups.get(partitionOf(node));
    return groups ? [...groups.entries()].map(([group]) => group) : nothing;
  }

  outcome(node: Node): Journey["transaction"] | undefined {
    if (!node.transactional) return undefined;
    const ends = this.transactions.get(`${partitionOf(node)}\n${this.producerOf(node)}`);
    for (const end of ends?.above(node.offset) ?? nothing) return end.outcome;
    return "pending";
  }

  private marksOf(place: string, group: string): Marks<Commit> {
    let groups = this.groups.get(place);
    if (!groups) {
      this.groups.set(place, (groups = new OldestFirst()));
      if (this.groups.size > bounds.committedPartitions) {
        this.groups.shift();
        this.counters.committedPartitions++;
      }
    }
    let marks = groups.get(group);
    if (!marks) {
      groups.set(group, (marks = new Marks()));
      if (groups.size > bounds.groupsPerPartition) {
        groups.shift();
        this.counters.groupsPerPartition++;
      }
    }
    return marks;
  }

  /** Whatever lies before the first record that is kept says nothing of any. */
  private tidy(marks: Marks<AtOffset>, topic: string, partition: number): void {
    if (!marks.isFull) return;
    let lowest: Offset = Infinity;
    for (const records of this.lists.get(`${topic}\n${partition}`) ?? nothing) {
      const { first } = records;
      if (first !== undefined && first.offset < lowest) lowest = first.offset;
    }
    marks.forgetUpTo(lowest);
    if (marks.size <= bounds.commitsPerPartition) return;
    this.counters.commitsPerPartition++;
    marks.forgetHalf();
  }

  private producerOf(node: Node): string {
    return node.producer?.slice(node.producer.lastIndexOf(" ") + 1) ?? "";
  }

  /** Records from offset `low` to below `to`, in any tap; bounded. */
  private between(topic: string, partition: number, low: Offset, to: Offset): Node[] {
    const found: Node[] = [];
    for (const records of this.lists.get(`${topic}\n${partition}`) ?? nothing) {
      for (const node of records.from(({ offset }) => offset < low)) {
        if (node.offset >= to || found.length >= bounds.recordsPerCommit) break;
        found.push(node);
      }
    }
    return found;
  }
}

/** A partition as commits name it: in every tap. */
function partitionOf({ channel, partition }: Node): string {
  return `${channel}\n${partition}`;
}

function byOffset(a: Node, b: Node): number {
  return a.offset === b.offset ? 0 : a.offset < b.offset ? -1 : 1;
}
