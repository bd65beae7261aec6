/**
 * What consumer groups commit, read from Kafka's own topic `__consumer_offsets`. A record is a commit when its key
 * begins with version 0 or 1; other versions describe groups.
 *
 *   key:   version i16, group, topic, partition i32 (texts with an i16 length)
 *   value: version i16, offset i64, then what differs between versions and is not needed; null: Kafka forgot the commit
 *
 * Classic groups, KIP-848 groups and commits inside transactions all come by here; the last count only once their
 * transaction committed.
 */
import type { TapEvent } from "./envelope.ts";

export const commitsTopic = "__consumer_offsets";

export type CommitEvent = Extract<TapEvent, { kind: "commit" }>;

/** The most commits of open transactions that are kept waiting for their outcome. */
const waitingLimit = 10_000;

/** A group's commit that Kafka no longer keeps. */
export interface ForgottenCommit {
  readonly kind: "forgotten";
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** The commit that a record of `__consumer_offsets` tells, or that one is forgotten, if it tells either. Never throws. */
export function readCommit(
  tap: string,
  key: Uint8Array | null,
  value: Uint8Array | null,
  at: number,
): CommitEvent | ForgottenCommit | undefined {
  if (key === null) return undefined;
  try {
    const keyBytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
    if (keyBytes.readInt16BE(0) > 1) return undefined;
    let position = 2;
    const text = (): string => {
      const size = keyBytes.readInt16BE(position);
      position += 2 + size;
      if (size < 0 || position > keyBytes.length) throw new RangeError("cut short");
      return keyBytes.toString("utf8", position - size, position);
    };
    const group = text();
    const topic = text();
    const partition = keyBytes.readInt32BE(position);
    if (value === null) return { kind: "forgotten", group, topic, partition };
    const valueBytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { kind: "commit", tap, group, topic, partition, offset: valueBytes.readBigInt64BE(2), at };
  } catch {
    return undefined;
  }
}

/** Holds back commits of transactions until they are decided. */
export class TransactionalCommits {
  readonly #waiting = new Map<string, CommitEvent[]>();
  #count = 0;

  add(partition: number, producerId: bigint, commit: CommitEvent): void {
    if (this.#count >= waitingLimit) this.#forgetOldest();
    const key = `${partition} ${producerId}`;
    const list = this.#waiting.get(key);
    if (list === undefined) this.#waiting.set(key, [commit]);
    else list.push(commit);
    this.#count++;
  }

  /** What the end of a transaction makes true: its commits, or nothing. */
  decide(partition: number, producerId: bigint, outcome: "committed" | "aborted"): readonly CommitEvent[] {
    const key = `${partition} ${producerId}`;
    const list = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    this.#count -= list.length;
    return outcome === "committed" ? list : [];
  }

  #forgetOldest(): void {
    for (const [key, list] of this.#waiting) {
      this.#waiting.delete(key);
      this.#count -= list.length;
      return;
    }
  }
}
