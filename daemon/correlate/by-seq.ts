/**
 * What is kept of messages, by their numbers. These follow one another, so lists of some at a time take a fraction of
 * the room of a map, and need not be built anew as a whole when it has seen many come and go.
 */
import type { Seq } from "./model.ts";

const perPage = 256;

interface Page<T> {
  readonly items: Array<T | undefined>;
  count: number;
}

export class BySeq<T> {
  private readonly pages = new Map<number, Page<T>>();
  size = 0;

  get(seq: Seq): T | undefined {
    return this.pages.get(Math.floor(seq / perPage))?.items[seq % perPage];
  }

  has(seq: Seq): boolean {
    return this.get(seq) !== undefined;
  }

  set(seq: Seq, item: T): void {
    const number = Math.floor(seq / perPage);
    let page = this.pages.get(number);
    if (page === undefined) {
      page = { items: Array.from<T | undefined>({ length: perPage }), count: 0 };
      this.pages.set(number, page);
    }
    if (page.items[seq % perPage] === undefined) {
      page.count++;
      this.size++;
    }
    page.items[seq % perPage] = item;
  }

  delete(seq: Seq): void {
    const number = Math.floor(seq / perPage);
    const page = this.pages.get(number);
    if (page?.items[seq % perPage] === undefined) return;
    page.items[seq % perPage] = undefined;
    page.count--;
    this.size--;
    if (page.count === 0) this.pages.delete(number);
  }

  /** In no order but of pages. */
  *values(): Iterable<T> {
    for (const { items } of this.pages.values()) for (const item of items) if (item !== undefined) yield item;
  }
}
