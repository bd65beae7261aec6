/**
 * Asks Kafka which groups there are and what they have committed (ListGroups at every node, OffsetFetch at the node that
 * coordinates a group; both change nothing): once at the start, again when commits went by unseen, and every few seconds
 * where `__consumer_offsets` cannot be read. Hands out a commit for whatever is new and lies behind where the tap began.
 */
import { pause, preciseNow } from "./clock.ts";
import type { TapEvent } from "./envelope.ts";
import type { KafkaClient } from "./kafka-client.ts";
import type { GroupOffsets } from "./kafka-groups.ts";
import type { Positions } from "./kafka-positions.ts";
import type { KafkaReading } from "./kafka-reading.ts";

export const pollEveryMs = 5_000;
/** Soon enough that a group which was not ready is not missed for long. */
const againMs = 1_000;
const lookMs = 250;
/** The most groups that a node is asked about in one round. */
const mostGroups = 5_000;

export interface GroupWatchOptions {
  readonly tap: string;
  readonly client: KafkaClient;
  readonly positions: Positions;
  readonly groups: GroupOffsets;
  readonly reading: KafkaReading;
  readonly signal: AbortSignal;
  emit(events: readonly TapEvent[]): Promise<void>;
  tell(): void;
}

export class GroupWatch {
  readonly #options: GroupWatchOptions;
  #asked = false;
  /** Whether any group has committed anything. */
  #committed = false;

  constructor(options: GroupWatchOptions) {
    this.#options = options;
  }

  /** Whether the user may not read `__consumer_offsets`: where something is committed there is one, shown or not. */
  get denied(): boolean {
    const { reading, positions } = this.#options;
    return reading.mayReadCommits === false || (this.#committed && !positions.showsCommits);
  }

  /** Ends with the signal. Never rejects: what cannot be asked now is asked again later. */
  async run(): Promise<void> {
    const { signal, reading, positions } = this.#options;
    while (!signal.aborted) {
      const tailing = positions.showsCommits && reading.mayReadCommits !== false;
      if (this.#asked && tailing && !reading.missedCommits) {
        await pause(lookMs, signal);
        continue;
      }
      reading.missedCommits = false;
      const begun = preciseNow();
      const complete = await this.#ask(tailing);
      if (signal.aborted) break;
      if (complete) this.#asked = true;
      else reading.missedCommits = true;
      const period = complete ? (tailing ? 0 : pollEveryMs) : againMs;
      await pause(Math.max(period, (preciseNow() - begun) * 10), signal);
    }
  }

  /** One round over all nodes; whether every node and group answered. */
  async #ask(tailing: boolean): Promise<boolean> {
    const { client, positions, groups, signal } = this.#options;
    const listed = new Set<string>();
    let complete = true;
    for (const node of positions.nodes) {
      try {
        const list = await client.groups(node);
        if (list.errorCode !== 0) complete &&= isFinal(list.errorCode);
        for (const group of list.groups.slice(0, mostGroups)) {
          if (signal.aborted) return false;
          const answer = await client.committed(node, group);
          if (answer.errorCode !== 0) complete &&= isFinal(answer.errorCode);
          listed.add(group);
          this.#committed ||= answer.offsets.length > 0;
          await this.#note(group, answer.offsets, tailing);
        }
      } catch {
        // The node does not answer; the loop that reads from it says so.
        complete = false;
      }
    }
    if (complete && !tailing) groups.keepOnly(listed);
    this.#options.tell();
    return complete;
  }

  async #note(
    group: string,
    offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[],
    tailing: boolean,
  ): Promise<void> {
    const { tap, positions, groups } = this.#options;
    const events: TapEvent[] = [];
    const at = preciseNow();
    for (const { topic, partition, offset } of offsets) {
      if (!positions.wants(topic)) continue;
      // What was seen since the tap began is newer than this answer.
      if (tailing && !this.#asked && groups.has(group, topic, partition)) continue;
      if (!groups.answered(group, topic, partition, offset)) continue;
      // Of nothing that was seen does this say anything: a group that reads no more is not made a reader by it.
      const begin = positions.get(topic, partition)?.begin;
      if (begin === undefined || offset <= begin) continue;
      events.push({ kind: "commit", tap, group, topic, partition, offset, at });
    }
    if (events.length > 0) await this.#options.emit(events);
  }
}

/** Errors that asking again does not change: not permitted, no such group. */
function isFinal(errorCode: number): boolean {
  return errorCode === 30 || errorCode === 31 || errorCode === 69;
}
