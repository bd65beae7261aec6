/** Things to look at again at a moment of event time. A binary heap; entries are not taken out one by one, only outlived. */
export class Timers<T> {
  private readonly at: number[] = [];
  private readonly what: T[] = [];

  get size(): number {
    return this.at.length;
  }

  add(at: number, what: T): void {
    let i = this.at.length;
    this.at.push(at);
    this.what.push(what);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.at[parent] as number) <= at) break;
      this.at[i] = this.at[parent] as number;
      this.what[i] = this.what[parent] as T;
      i = parent;
    }
    this.at[i] = at;
    this.what[i] = what;
  }

  /** The earliest entry that is due at `now`, taken out; `undefined` when none is. */
  takeDue(now: number): { at: number; what: T } | undefined {
    const first = this.at[0];
    if (first === undefined || first > now) return undefined;
    const due = { at: first, what: this.what[0] as T };
    const lastAt = this.at.pop() as number;
    const lastWhat = this.what.pop() as T;
    if (this.size > 0) this.sink(0, lastAt, lastWhat);
    return due;
  }

  /** Forgets the entries that nobody waits for. */
  keep(isWaitedFor: (what: T, at: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.size; i++) {
      const at = this.at[i] as number;
      const what = this.what[i] as T;
      if (!isWaitedFor(what, at)) continue;
      this.at[kept] = at;
      this.what[kept++] = what;
    }
    this.at.length = kept;
    this.what.length = kept;
    for (let i = (kept >> 1) - 1; i >= 0; i--) this.sink(i, this.at[i] as number, this.what[i] as T);
  }

  /** Puts an entry at place `i`, or below it where earlier ones are. */
  private sink(i: number, at: number, what: T): void {
    const { size } = this;
    let place = i;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && (this.at[child + 1] as number) < (this.at[child] as number)) child++;
      if ((this.at[child] as number) >= at) break;
      this.at[place] = this.at[child] as number;
      this.what[place] = this.what[child] as T;
      place = child;
    }
    this.at[place] = at;
    this.what[place] = what;
  }
}
