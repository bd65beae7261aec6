/**
 * Where the tap stands in every partition, and what it could not see on the way. Takes in metadata, offsets and error
 * codes; hands out what to fetch from which node. No I/O.
 */
import { commitsTopic } from "./kafka-commits.ts";
import type { FoundOffset } from "./kafka-client.ts";
import { GoneTopics, madeAnew, unread, type Loss } from "./kafka-gone.ts";
import type { Metadata } from "./kafka-responses.ts";

/** Where to begin: at the ends, the beginnings, at a time, or at offsets. */
export type StartAt = PartitionStart | { readonly offsets: StartOffsets } | Resumption;

/** By topic and partition, the offset to read next; what is not named is read from now on. */
export type StartOffsets = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Where an earlier tap left off, by topic and partition, and where to begin in what it saw nothing of. */
export interface Resumption {
  readonly resume: ReadonlyMap<string, ReadonlyMap<number, bigint>>;
  readonly otherwise: StartAt;
  /** The topics that it knew, with their ids: others were made since, or made anew, and are read whole. */
  readonly topics?: ReadonlyMap<string, string>;
}

type PartitionStart = "now" | "beginning" | { readonly time: number };

export interface Position {
  readonly topic: string;
  readonly topicId: string | undefined;
  readonly partition: number;
  /** The node that leads the partition; -1 when none does. */
  leader: number;
  /** What to read next; `undefined` until the broker has told where `start` is. */
  offset: bigint | undefined;
  start: PartitionStart;
  /** When it was first known, and whether it could not be placed then: what came since is to be seen. */
  readonly knownAt: number;
  late: boolean;
  /** The offset that the user asked for, until something was read there. */
  asked?: bigint | undefined;
  /** Not before this time; set after an error that only concerns this partition. */
  notBefore: number;
  /** Where the tap began in this partition: what lies before it, it never saw. */
  begin?: bigint | undefined;
  /** The offset behind the last record, as the broker said it last. */
  end?: bigint;
  /** An offset that does not exist; where to go on instead is still to be found out. */
  missing?: bigint | undefined;
  /** The count of looks at metadata when the log was first found shorter than it was. */
  shorterSince?: number | undefined;
}

/** What to say of an offset that does not exist, once it is known what happened. */
export interface Gap {
  readonly note?: string;
  readonly lost: number;
  /** Metadata is to be looked at first. */
  readonly lookAgain?: boolean;
}

const deniedAgainMs = 30_000;
const notReadyAgainMs = 200;

export class Positions {
  readonly #wanted: (topic: string) => boolean;
  readonly #now: () => number;
  #positions = new Map<string, Position>();
  readonly #gone = new GoneTopics();
  #nodes: ReadonlySet<number> = new Set();
  readonly #createdAt: number;
  #first = true;
  #looks = 0;
  #turn = 0;
  #unauthorized = 0;
  readonly #topicIds = new Map<string, string>();
  /** Grows when `topicIds` changes. */
  topicChanges = 0;

  constructor(wanted: (topic: string) => boolean, now: () => number) {
    this.#wanted = wanted;
    this.#now = now;
    this.#createdAt = now();
  }

  /** Whether a topic is one that the tap was asked to read. */
  wants(topic: string): boolean {
    return this.#wanted(topic);
  }

  /**
   * Takes in what exists now. `start` holds for what is there the first time; what comes later is read whole. Hands out
   * what there is to say.
   */
  update(metadata: Metadata, start: StartAt): readonly Loss[] {
    const now = this.#now();
    const notes: Loss[] = [];
    /** Of topics that are others than before: how many records of the old one were not read. */
    const anew = new Map<string, number>();
    const present = new Map<string, Position>();
    const removed = new Map(this.#positions);
    this.#unauthorized = 0;
    this.#looks++;
    // What groups committed before is asked of the broker; that topic may be made while the tap runs.
    const commitsStart: StartAt = this.#first ? "now" : { time: this.#createdAt };
    for (const topic of metadata.topics) {
      this.#noteId(topic);
      if (topic.errorCode === 29) this.#unauthorized++;
      const isCommits = topic.name === commitsTopic;
      const tapped = isCommits || (!topic.internal && this.#wanted(topic.name));
      if (!tapped || (topic.errorCode !== 0 && topic.errorCode !== 5)) continue;
      for (const { index, leader } of topic.partitions) {
        const key = keyOf(topic.name, index);
        let position = this.#positions.get(key);
        let missed = position === undefined ? 0 : unread(position);
        if (position === undefined) {
          const back = this.#gone.takeBack(key);
          position = back?.position;
          missed = back?.unread ?? 0;
        }
        removed.delete(key);
        if (position !== undefined && position.topicId !== topic.id) {
          anew.set(topic.name, (anew.get(topic.name) ?? 0) + (isCommits ? 0 : missed));
          position = undefined;
        }
        if (position === undefined && this.#first && isAnotherThanKnown(topic, start)) anew.set(topic.name, 0);
        position ??= {
          topic: topic.name,
          topicId: topic.id,
          partition: index,
          leader,
          ...beginningOf(topic, index, isCommits ? commitsStart : this.#first ? start : "beginning"),
          notBefore: 0,
          knownAt: now,
          late: leader < 0,
        };
        position.leader = leader;
        present.set(key, position);
      }
    }
    for (const [topic, count] of anew) notes.push(madeAnew(topic, count));
    for (const [key, position] of removed) this.#gone.put(key, position, now);
    notes.push(...this.#gone.told(now));
    if (this.#first) notes.push(...absent(present, start));
    this.#positions = present;
    this.#nodes = new Set(metadata.nodes.map(({ id }) => id));
    this.#first = false;
    return notes;
  }

  /**
   * What can be fetched from a node now, each time with another partition first: a broker fills its answer in this
   * order, and a partition with much to read must not keep the others waiting.
   */
  readable(node: number): (Position & { offset: bigint })[] {
    const now = this.#now();
    const readable = [...this.#positions.values()].filter(
      (position): position is Position & { offset: bigint } =>
        position.leader === node && position.offset !== undefined && position.notBefore <= now,
    );
    const first = readable.length === 0 ? 0 : this.#turn++ % readable.length;
    return first === 0 ? readable : [...readable.slice(first), ...readable.slice(0, first)];
  }

  /** What a node must be asked for first: where to begin, or where to go on when an offset is `missing`. */
  unplaced(node: number): Position[] {
    const now = this.#now();
    return [...this.#positions.values()].filter(
      (position) => position.leader === node && position.offset === undefined && position.notBefore <= now,
    );
  }

  /** Whether a node is still to be asked where to begin, now or as soon as it is ready to say. */
  isSettling(node: number): boolean {
    const soon = this.#now() + deniedAgainMs / 2;
    return [...this.#positions.values()].some(
      ({ leader, offset, notBefore }) => leader === node && offset === undefined && notBefore <= soon,
    );
  }

  /** Where to begin in a partition that is asked for now: one that was not ready before begins when it was first known. */
  startOf(position: Position): PartitionStart {
    const { start, late, knownAt } = position;
    position.late = true;
    return start === "now" && late ? { time: knownAt } : start;
  }

  get(topic: string, partition: number): Position | undefined {
    return this.#positions.get(keyOf(topic, partition));
  }

  /** Every node there is, also one that leads nothing yet: that it cannot be reached should be known before it does. */
  get nodes(): ReadonlySet<number> {
    return this.#nodes;
  }

  /** Whether Kafka shows the topic in which it keeps what groups commit. */
  get showsCommits(): boolean {
    return this.#positions.has(keyOf(commitsTopic, 0));
  }

  count(node: number): number {
    let count = 0;
    for (const { leader, topic } of this.#positions.values()) if (leader === node && topic !== commitsTopic) count++;
    return count;
  }

  topicCount(): number {
    return new Set([...this.#positions.values()].map(({ topic }) => topic).filter((topic) => topic !== commitsTopic))
      .size;
  }

  #noteId({ name, id, errorCode }: Metadata["topics"][number]): void {
    if (id === undefined || errorCode !== 0 || this.#topicIds.get(name) === id) return;
    this.#topicIds.set(name, id);
    this.topicChanges++;
  }

  /** Every topic that was seen, tapped or not, with the id that it had last; of brokers that have no ids, none. */
  get topicIds(): ReadonlyMap<string, string> {
    return this.#topicIds;
  }

  /** Topics that the broker names but does not let the tap read. */
  get unauthorized(): number {
    return this.#unauthorized;
  }

  /** Takes in the answer to `unplaced`. */
  place(found: FoundOffset): void {
    const position = this.get(found.topic, found.partition);
    if (position === undefined || position.offset !== undefined) return;
    if (found.errorCode !== 0) {
      position.notBefore = this.#now() + (found.errorCode === 29 ? deniedAgainMs : notReadyAgainMs);
      return;
    }
    if (found.offset >= 0n) {
      position.offset = found.offset;
      position.begin ??= found.offset;
    }
    // Nothing is as young as the time asked for: begin at the end.
    else position.start = "now";
  }

  /** The broker says that the offset does not exist; why, `explain` finds out from where the log begins and ends. */
  outOfRange(position: Position): void {
    position.missing = position.offset;
    position.offset = undefined;
  }

  /**
   * Why an offset does not exist (any more). Retention may have overtaken the tap, then there is a gap to tell; or the
   * log is shorter than it was, then it is another one, or has lost its end.
   */
  explain(position: Position, logStart: bigint, end: bigint): Gap {
    const { asked, missing = 0n } = position;
    if (missing > end && asked === undefined && position.topicId !== undefined) {
      // Metadata tells a topic made anew from one that lost its end, and may be a moment behind.
      position.shorterSince ??= this.#looks;
      if (this.#looks < position.shorterSince + 2) {
        position.notBefore = this.#now() + 100;
        return { lost: 0, lookAgain: true };
      }
    }
    position.missing = undefined;
    position.asked = undefined;
    position.shorterSince = undefined;
    const place = `${position.topic}[${position.partition}]`;
    if (missing < logStart) {
      position.offset = logStart;
      if (asked !== undefined) {
        return {
          note: `${place} no longer has the offset ${asked}; it is read from its beginning, ${logStart}.`,
          lost: 0,
        };
      }
      const lost = Number(logStart - missing);
      return { note: `The broker deleted up to ${lost} records of ${place} before they could be read.`, lost };
    }
    if (missing <= end) {
      position.offset = missing;
      return { lost: 0 };
    }
    if (asked !== undefined) {
      position.offset = end;
      return { note: `${place} has no offset ${asked} yet; it is read from its end, ${end}, on.`, lost: 0 };
    }
    if (position.topicId !== undefined) {
      position.offset = end;
      return { note: `${place} lost its end at the broker, from ${end} on; it is read on from there.`, lost: 0 };
    }
    position.offset = logStart;
    return {
      note: `${place} is shorter than it was (made anew, or its end was lost); it is read from its beginning.`,
      lost: 0,
    };
  }
}

/** Where a partition is read from, when it is seen for the first time. */
function beginningOf(
  topic: Metadata["topics"][number],
  partition: number,
  start: StartAt,
): Pick<Position, "offset" | "begin" | "start" | "asked"> {
  if (typeof start === "object" && "offsets" in start) {
    const wanted = Object.hasOwn(start.offsets, topic.name) ? start.offsets[topic.name]?.[partition] : undefined;
    const asked = wanted === undefined ? undefined : BigInt(wanted);
    return { offset: asked, begin: asked, start: "now", asked };
  }
  if (typeof start === "object" && "resume" in start) {
    const next = start.resume.get(topic.name)?.get(partition);
    if (isAnotherThanKnown(topic, start)) return { offset: undefined, start: "beginning" };
    if (next === undefined && isNew(topic, start)) return { offset: undefined, start: "beginning" };
    if (next === undefined) return beginningOf(topic, partition, start.otherwise);
    // What the tap before it saw counts as seen.
    return { offset: next, begin: 0n, start: "beginning" };
  }
  return { offset: undefined, start };
}

/** A topic of this name was there when the tap before ran, and this is not it. */
function isAnotherThanKnown({ name, id }: Metadata["topics"][number], start: StartAt): boolean {
  if (typeof start !== "object" || !("resume" in start)) return false;
  const known = start.topics?.get(name);
  return known !== undefined && id !== undefined && known !== id;
}

/** The tap before knew which topics there are, and not of this one. */
function isNew({ name, id }: Metadata["topics"][number], { topics }: Resumption): boolean {
  return topics !== undefined && id !== undefined && !topics.has(name);
}

/** The first of the places named by offsets that are not there. */
function absent(present: ReadonlyMap<string, Position>, start: StartAt): readonly Loss[] {
  if (typeof start === "object" && "resume" in start) return absent(present, start.otherwise);
  if (typeof start !== "object" || !("offsets" in start)) return [];
  for (const [topic, partitions] of Object.entries(start.offsets)) {
    const partition = Object.keys(partitions).find((partition) => !present.has(keyOf(topic, Number(partition))));
    if (partition !== undefined)
      return [
        { note: `There is no ${topic}[${partition}] to read from its offset ${partitions[partition]}.`, lost: 0 },
      ];
  }
  return [];
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
