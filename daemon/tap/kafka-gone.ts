/**
 * Where the tap stood in topics that metadata no longer shows. A broker that has just started may show none for a
 * moment, so a topic counts as deleted only after a while; then what could not be read of it any more is told. No I/O.
 */
import { commitsTopic } from "./kafka-commits.ts";
import type { Position } from "./kafka-positions.ts";

/** Something that was not seen, as a sentence, and how many records of it at most. */
export interface Loss {
  readonly note: string;
  readonly lost: number;
}

const believedMs = 2_000;
/** One that comes back so much later, under its old id, is read from its beginning. */
const keptMs = 600_000;

interface Gone {
  readonly position: Position;
  readonly since: number;
  told: boolean;
}

export class GoneTopics {
  readonly #gone = new Map<string, Gone>();

  /** It is not shown any more. */
  put(key: string, position: Position, now: number): void {
    this.#gone.set(key, { position, since: now, told: false });
  }

  /** It is shown again, or another of its name; `unread`: what was not told yet. */
  takeBack(key: string): { readonly position: Position; readonly unread: number } | undefined {
    const gone = this.#gone.get(key);
    this.#gone.delete(key);
    return gone && { position: gone.position, unread: gone.told ? 0 : unread(gone.position) };
  }

  /** What is known by now to be deleted and was not read to its end, each topic once. */
  told(now: number): readonly Loss[] {
    const lost = new Map<string, number>();
    for (const [key, gone] of this.#gone) {
      const { position, since } = gone;
      if (now - since > keptMs) this.#gone.delete(key);
      if (gone.told || now - since < believedMs) continue;
      gone.told = true;
      const count = position.topic === commitsTopic ? 0 : unread(position);
      if (count > 0) lost.set(position.topic, (lost.get(position.topic) ?? 0) + count);
    }
    return [...lost].map(([topic, count]) => ({
      note: `The topic ${topic} was deleted before up to ${count} of its records could be read.`,
      lost: count,
    }));
  }
}

/** How many records lie between what was read and what is known to be there. */
export function unread({ offset, end }: Position): number {
  return offset === undefined || end === undefined || end < offset ? 0 : Number(end - offset);
}

/** What is said of a topic that is another one than before, of which so many records were not read. */
export function madeAnew(topic: string, count = 0): Loss {
  const loss = count === 0 ? "" : ` before up to ${count} of its old records could be read`;
  return { note: `The topic ${topic} was deleted and made anew${loss}.`, lost: count };
}
