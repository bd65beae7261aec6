import { Fifo } from "./fifo.ts";

/**
 * A map that gives up its oldest entries. A Map of its own would do, but finding its first entry again costs as much as
 * there were entries before it, so here the order of keys stands beside it.
 */
export class OldestFirst<K, V> {
  private readonly values = new Map<K, V>();
  private readonly keys = new Fifo<K>();

  get size(): number {
    return this.values.size;
  }

  get(key: K): V | undefined {
    return this.values.get(key);
  }

  has(key: K): boolean {
    return this.values.has(key);
  }

  /** Puts a value in; one that is there already keeps its place in the order. */
  set(key: K, value: V): void {
    if (!this.values.has(key)) this.keys.push(key);
    this.values.set(key, value);
  }

  /** All entries, the oldest first. */
  entries(): Iterable<readonly [K, V]> {
    return this.values.entries();
  }

  /** Takes the oldest entry out and returns its value; `undefined` where there is none. */
  shift(): V | undefined {
    if (this.values.size === 0) return undefined;
    const key = this.keys.shift() as K;
    const value = this.values.get(key);
    this.values.delete(key);
    return value;
  }
}
