/**
 * From fetched record sets to events. `take` moves the positions on by the headers of the batches alone, so that the next
 * fetch can be under way; `portions` then decodes batch by batch, as fast as the sink takes what comes of it. So there
 * is never more in memory than what was fetched and one portion, and a portion ends at `portionEvents` or
 * `portionBytes`, or with the one batch that is larger.
 */
import { preciseNow } from "./clock.ts";
import type { Envelope, TapEvent } from "./envelope.ts";
import { commitsTopic, readCommit, TransactionalCommits, type CommitEvent } from "./kafka-commits.ts";
import type { Loss } from "./kafka-gone.ts";
import type { GroupOffsets } from "./kafka-groups.ts";
import type { Position, Positions } from "./kafka-positions.ts";
import type { FetchedPartition } from "./kafka-responses.ts";
import {
  readBatch,
  splitRecordSet,
  tellBroken,
  type Limits,
  type RecordSet,
  type RecordVisitor,
} from "./record-batch.ts";

const portionEvents = 2_000;
const portionBytes = 8 << 20;
const deniedAgainMs = 30_000;
const movedAgainMs = 100;

/** What lies ready of one partition. */
export interface Taken extends RecordSet {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
}

export interface Surroundings {
  readonly tap: string;
  readonly positions: Positions;
  readonly groups: GroupOffsets;
  readonly limits: Limits;
  /** There is something new that the user should know. */
  tell(): void;
  /** A partition is not where it was: metadata is to be looked at again. */
  lookAgain(): void;
}

export class KafkaReading {
  messages = 0;
  bytes = 0;
  /** Records that the broker deleted before they could be read. */
  lost = 0;
  /** The last thing that could not be seen, as a sentence. */
  note: string | undefined;
  /** Whether `__consumer_offsets` may be read; `undefined` until that was tried. */
  mayReadCommits: boolean | undefined;
  /** Set when commits went by unseen: groups are to be asked where they are. */
  missedCommits = false;
  readonly #around: Surroundings;
  readonly #transactional = new TransactionalCommits();
  #unreadable = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Notes where each partition stands behind what was fetched, and what went wrong; hands out what there is to decode. */
  take(fetched: readonly FetchedPartition[]): readonly Taken[] {
    const taken: Taken[] = [];
    for (const part of fetched) {
      const position = this.#around.positions.get(part.topic, part.partition);
      if (position?.offset === undefined) continue;
      // An answer about a topic that was made anew meanwhile says nothing of the new one.
      if (part.topicId !== undefined && part.topicId !== position.topicId) continue;
      if (part.errorCode !== 0) {
        this.#failed(part);
        continue;
      }
      if (part.topic === commitsTopic) this.mayReadCommits = true;
      position.end = part.highWatermark;
      position.shorterSince = undefined;
      if (part.records.length === 0) continue;
      const set = splitRecordSet(part.records, position.offset);
      taken.push({ ...set, topic: part.topic, partition: part.partition, from: position.offset });
      position.offset = set.next;
      position.asked = undefined;
    }
    return taken;
  }

  /** Decodes what was taken; each portion is decoded when it is asked for. */
  *portions(taken: readonly Taken[]): Generator<readonly TapEvent[]> {
    const receivedAt = preciseNow();
    const portion: Portion = { events: [], bytes: 0 };
    for (const { topic, partition, from, batches, brokenAt } of taken) {
      const visitor =
        topic === commitsTopic
          ? this.#commitVisitor(partition, receivedAt, portion)
          : this.#visitor(topic, partition, receivedAt, portion);
      for (const batch of batches) {
        readBatch(batch, from, this.#around.limits, visitor);
        if (portion.events.length < portionEvents && portion.bytes < portionBytes) continue;
        yield portion.events;
        portion.events = [];
        portion.bytes = 0;
      }
      if (brokenAt !== undefined) tellBroken(brokenAt, visitor);
    }
    if (portion.events.length > 0) yield portion.events;
  }

  /** Takes in what will never be seen. */
  noteLoss({ note, lost }: Loss): void {
    this.lost += lost;
    this.note = note;
  }

  /** Takes in where a log begins and ends that does not have the offset asked for. */
  noteRange(position: Position, logStart: bigint, end: bigint): void {
    const { note, lost, lookAgain } = this.#around.positions.explain(position, logStart, end);
    if (lookAgain === true) this.#around.lookAgain();
    if (note === undefined) return;
    if (position.topic === commitsTopic) {
      this.missedCommits = true;
      return;
    }
    this.noteLoss({ note, lost });
    this.#around.tell();
  }

  #failed({ topic, partition, errorCode }: FetchedPartition): void {
    const { positions } = this.#around;
    const position = positions.get(topic, partition);
    if (position === undefined) return;
    const isCommits = topic === commitsTopic;
    if (errorCode === 1) {
      positions.outOfRange(position);
    } else if (errorCode === 29) {
      position.notBefore = preciseNow() + deniedAgainMs;
      if (isCommits) this.mayReadCommits = false;
      else this.note = `Kafka does not permit reading ${topic}: grant the user Read on it.`;
      this.#around.tell();
    } else {
      // Moved, deleted or not ready: the metadata loop finds out which; not this partition until then.
      position.notBefore = preciseNow() + movedAgainMs;
      this.#around.lookAgain();
    }
  }

  #visitor(topic: string, partition: number, receivedAt: number, portion: Portion): RecordVisitor {
    const { tap } = this.#around;
    return {
      record: (batch, record) => {
        const { timestamp, key, value, valueSize } = record;
        this.messages++;
        this.bytes += valueSize;
        portion.bytes += (value?.length ?? 0) + (key?.length ?? 0) + 200;
        const envelope: Envelope = {
          tap,
          receivedAt,
          ...(isPlausibleTime(timestamp) ? { timestamp } : undefined),
          headers: record.headers,
          key,
          body: value,
          bodySize: valueSize,
          origin: {
            broker: "kafka",
            topic,
            partition,
            offset: record.offset,
            timestampType: batch.timestampType,
            ...(batch.producerId >= 0n ? { producerId: batch.producerId } : undefined),
            transactional: batch.transactional,
          },
        };
        portion.events.push({ kind: "message", envelope });
      },
      marker: (producerId, offset, outcome) => {
        portion.events.push({ kind: "transaction", tap, topic, partition, producerId, offset, outcome });
      },
      unreadable: (first, count, reason) => {
        this.#unreadable += count;
        this.note = `${this.#unreadable} ${this.#unreadable === 1 ? "record" : "records"} could not be read, last at ${topic}[${partition}] ${first}: ${reason}.`;
        this.#around.tell();
      },
    };
  }

  #commitVisitor(partition: number, receivedAt: number, portion: Portion): RecordVisitor {
    const { tap, positions, groups } = this.#around;
    const count = (commit: CommitEvent): void => {
      groups.commit(commit.group, commit.topic, commit.partition, commit.offset, commit.at);
      portion.events.push(commit);
    };
    return {
      record: (batch, { key, value, timestamp }) => {
        const told = readCommit(tap, key, value, isPlausibleTime(timestamp) ? timestamp : receivedAt);
        if (told === undefined || !positions.wants(told.topic)) return;
        if (told.kind === "forgotten") groups.forget(told.group, told.topic, told.partition);
        else if (batch.transactional) this.#transactional.add(partition, batch.producerId, told);
        else count(told);
      },
      marker: (producerId, _, outcome) => {
        for (const commit of this.#transactional.decide(partition, producerId, outcome)) count(commit);
      },
      unreadable: () => {
        this.missedCommits = true;
      },
    };
  }
}

interface Portion {
  events: TapEvent[];
  bytes: number;
}

/** Producers may write anything: a time before 2000 or after 2100 is none. */
function isPlausibleTime(milliseconds: number): boolean {
  return milliseconds >= 946_684_800_000 && milliseconds < 4_102_444_800_000;
}
