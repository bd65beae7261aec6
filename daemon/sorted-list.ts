/** As many items stand in one piece at most: small enough to move some by one place, large enough to be few. */
const mostInPiece = 512;

/**
 * A long list that is in order, in pieces: what is put in or taken out moves the rest of its piece only, and nothing of
 * the size of the whole list is ever made anew. What comes is mostly the last, and what goes among the first.
 */
export class SortedList<T> {
  private readonly compare: (a: T, b: T) => number;
  /** None is empty. */
  private pieces: T[][] = [];
  private count = 0;

  /** `compare` is below 0 where `a` stands before `b`; equal ones stand in the order in which they came. */
  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare;
  }

  get length(): number {
    return this.count;
  }

  get first(): T | undefined {
    return this.pieces[0]?.[0];
  }

  /** Counted from the last, which is 0. */
  fromEnd(i: number): T | undefined {
    let left = i;
    for (let p = this.pieces.length - 1; p >= 0; p--) {
      const piece = this.pieces[p] as T[];
      if (left < piece.length) return piece[piece.length - 1 - left];
      left -= piece.length;
    }
    return undefined;
  }

  /** All of them, the last first. */
  toReversed(): T[] {
    return this.pieces.flat().reverse();
  }

  add(item: T): void {
    this.count++;
    const { pieces, compare } = this;
    const last = pieces.at(-1);
    if (last === undefined || compare(last.at(-1) as T, item) <= 0) {
      if (last !== undefined && last.length < mostInPiece) last.push(item);
      else pieces.push([item]);
      return;
    }
    const isAfter = (other: T) => compare(other, item) > 0;
    const p = firstWhere(pieces, (piece) => isAfter(piece.at(-1) as T));
    const piece = pieces[p] as T[];
    piece.splice(firstWhere(piece, isAfter), 0, item);
    if (piece.length > mostInPiece) pieces.splice(p + 1, 0, piece.splice(mostInPiece / 2));
  }

  /** Takes one out; returns whether it was there. */
  remove(item: T): boolean {
    const place = this.placeOf(item);
    if (place === undefined) return false;
    const piece = this.pieces[place.piece] as T[];
    if (piece.length === 1) this.pieces.splice(place.piece, 1);
    else piece.splice(place.at, 1);
    this.count--;
    return true;
  }

  /** Puts `item` where `before` is, or, where it has another place, there. */
  replace(before: T, item: T): void {
    const place = this.compare(before, item) === 0 ? this.placeOf(before) : undefined;
    if (place !== undefined) (this.pieces[place.piece] as T[])[place.at] = item;
    else {
      this.remove(before);
      this.add(item);
    }
  }

  /** How many stand behind this one; of one that is not here, behind its place. */
  behind(item: T): number {
    const isNotBefore = (other: T) => this.compare(other, item) >= 0;
    const p = firstWhere(this.pieces, (piece) => isNotBefore(piece.at(-1) as T));
    let behind = -1;
    for (let i = p; i < this.pieces.length; i++) behind += (this.pieces[i] as T[]).length;
    return behind - firstWhere(this.pieces[p] ?? [], isNotBefore);
  }

  /** Takes out the first so many and returns them. */
  dropFirst(count: number): T[] {
    const dropped: T[] = [];
    while (dropped.length < count) {
      const piece = this.pieces[0];
      if (piece === undefined) break;
      const left = count - dropped.length;
      if (piece.length <= left) this.pieces.shift();
      dropped.push(...(piece.length <= left ? piece : piece.splice(0, left)));
    }
    this.count -= dropped.length;
    return dropped;
  }

  clear(): void {
    this.pieces = [];
    this.count = 0;
  }

  /** In order, from the first on for which `isBefore` does not hold; it holds for all that stand before. */
  *from(isBefore: (item: T) => boolean): Iterable<T> {
    const { pieces } = this;
    let p = firstWhere(pieces, (piece) => !isBefore(piece.at(-1) as T));
    let at = firstWhere(pieces[p] ?? [], (item) => !isBefore(item));
    for (; p < pieces.length; p++, at = 0) {
      const piece = pieces[p] as T[];
      for (; at < piece.length; at++) yield piece[at] as T;
    }
  }

  private placeOf(item: T): { readonly piece: number; readonly at: number } | undefined {
    const { pieces, compare } = this;
    const isNotBefore = (other: T) => compare(other, item) >= 0;
    let p = firstWhere(pieces, (piece) => isNotBefore(piece.at(-1) as T));
    let at = firstWhere(pieces[p] ?? [], isNotBefore);
    for (; p < pieces.length; p++, at = 0) {
      const piece = pieces[p] as T[];
      for (; at < piece.length; at++) {
        if (piece[at] === item) return { piece: p, at };
        if (compare(piece[at] as T, item) > 0) return undefined;
      }
    }
    return undefined;
  }
}

/** The place of the first for which `test` holds, as it does for all behind it; the length where it holds for none. */
function firstWhere<T>(items: readonly T[], test: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
