/** Things to look at again at a moment of event time. A binary heap; entries are never taken out, only outlived. */
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
    const size = this.at.length;
    if (size > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= size) break;
        if (child + 1 < size && (this.at[child + 1] as number) < (this.at[child] as number)) child++;
        if ((this.at[child] as number) >= lastAt) break;
        this.at[i] = this.at[child] as number;
        this.what[i] = this.what[child] as T;
        i = child;
      }
      this.at[i] = lastAt;
      this.what[i] = lastWhat;
    }
    return due;
  }
}
