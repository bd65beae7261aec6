/** What an order needs of its items: they may change places only by being taken out and put in again. */
export interface Placed {
  readonly startedAt: number;
  /** The number behind the letter of a conversation's id. */
  readonly number: number;
}

/** Items from the oldest start to the newest: new ones come at the end, where putting them in costs nothing. */
export class Sorted<T extends Placed> {
  private items: T[] = [];

  get length(): number {
    return this.items.length;
  }

  /** Counted from the newest, which is 0. */
  newest(i: number): T | undefined {
    return this.items[this.items.length - 1 - i];
  }

  /** All of them, the newest first, as they are now. */
  toNewestFirst(): T[] {
    return this.items.toReversed();
  }

  /** How many are newer than this one, which is among them. */
  rankOf(item: T): number {
    return this.items.length - 1 - this.placeOf(item);
  }

  add(item: T): void {
    this.items.splice(this.placeOf(item), 0, item);
  }

  /** Puts `item` where `before` is; both have one place. */
  replace(before: T, item: T): void {
    const place = this.placeOf(before);
    if (this.items[place] === before && before.startedAt === item.startedAt) this.items[place] = item;
    else {
      this.remove(before);
      this.add(item);
    }
  }

  remove(item: T): void {
    const place = this.placeOf(item);
    if (this.items[place] === item) this.items.splice(place, 1);
  }

  /** Takes out all of these in one pass. */
  removeAll(gone: ReadonlySet<T>): void {
    if (gone.size < 4) for (const item of gone) this.remove(item);
    else this.items = this.items.filter((item) => !gone.has(item));
  }

  /** Takes out the oldest so many and returns them. */
  dropOldest(count: number): T[] {
    return this.items.splice(0, count);
  }

  clear(): void {
    this.items = [];
  }

  private placeOf(item: T): number {
    const { items } = this;
    let low = 0;
    let high = items.length;
    // What is put in is mostly the newest.
    const last = items[high - 1];
    if (last !== undefined && comesBefore(last, item)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comesBefore(items[middle] as T, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function comesBefore(a: Placed, b: Placed): boolean {
  return a.startedAt === b.startedAt ? a.number < b.number : a.startedAt < b.startedAt;
}
