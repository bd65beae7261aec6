/** Points in a partition, each with what became known there: in the order of their offsets, one for each. */
import type { Offset } from "./offsets.ts";

export interface AtOffset {
  readonly offset: Offset;
}

/** With so few, none is let go of. */
const few = 128;

export class Marks<T extends AtOffset> {
  private readonly marks: T[] = [];
  /** From so many on, it is looked which of them are of no more use. */
  private room = few;

  get size(): number {
    return this.marks.length;
  }

  /** The one at this offset. */
  at(offset: Offset): T | undefined {
    const mark = this.marks[placeOf(this.marks, offset)];
    return mark?.offset === offset ? mark : undefined;
  }

  /** The last one before this offset. */
  before(offset: Offset): T | undefined {
    return this.marks[placeOf(this.marks, offset) - 1];
  }

  /** All above this offset, in order. */
  *above(offset: Offset): Iterable<T> {
    let place = placeOf(this.marks, offset);
    if (this.marks[place]?.offset === offset) place++;
    for (; place < this.marks.length; place++) yield this.marks[place] as T;
  }

  /** Puts one in, also in the place of another at its offset. */
  set(mark: T): void {
    const place = placeOf(this.marks, mark.offset);
    this.marks.splice(place, this.marks[place]?.offset === mark.offset ? 1 : 0, mark);
  }

  /** Whether there are so many that those of no use should go. */
  get isFull(): boolean {
    return this.marks.length > this.room;
  }

  /** Forgets all up to this offset but the last one, which says that there were some. */
  forgetUpTo(offset: Offset): void {
    let place = placeOf(this.marks, offset);
    if (this.marks[place]?.offset === offset) place++;
    this.marks.splice(0, Math.min(place, this.marks.length - 1));
    this.room = Math.max(few, 2 * this.marks.length);
  }

  /** Forgets the older half. */
  forgetHalf(): void {
    this.marks.splice(0, this.marks.length >> 1);
  }
}

/** The place of the first whose offset is at least this one. */
export function placeOf(items: readonly AtOffset[], offset: Offset): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as AtOffset).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
