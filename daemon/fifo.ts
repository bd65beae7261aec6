/**
 * First in, first out. What is taken out is let go of at once: were it still held until the list is tidied, the collector
 * would carry everything that only passes through to where it keeps what stays.
 */
export class Fifo<T> {
  private items: Array<T | undefined> = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** The oldest one, which stays; `undefined` where there is none. */
  peek(): T | undefined {
    return this.items[this.head];
  }

  /** The newest one, which stays. */
  get last(): T | undefined {
    return this.items[this.items.length - 1];
  }

  /** Takes the oldest one out. */
  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) this.clear();
    else if (this.head > 1_024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }
}
