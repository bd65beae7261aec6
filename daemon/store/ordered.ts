/** Rows of several tables, or of several databases, in one order. */

/** One that has its rows in order already, and gives them one by one. */
export interface OrderedRows<T> {
  readonly rows: Iterator<T>;
  readonly orderOf: (row: T) => number;
}

/** The rows of all sources, lowest first; of those with the same place, the earlier source's first. One of each is in memory. */
export function* inOrder<T>(sources: ReadonlyArray<OrderedRows<T>>): Generator<T> {
  const heads = sources.map((source) => ({ ...source, next: source.rows.next() }));
  try {
    for (;;) {
      let lowest: (typeof heads)[number] | undefined;
      for (const head of heads) {
        if (head.next.done === true) continue;
        if (lowest === undefined || placeOf(head) < placeOf(lowest)) lowest = head;
      }
      if (lowest === undefined) return;
      yield lowest.next.value as T;
      lowest.next = lowest.rows.next();
    }
  } finally {
    // A statement that is not read to its end would keep what it looks at from leaving the log.
    for (const { rows } of sources) rows.return?.();
  }
}

function placeOf<T>({ next, orderOf }: OrderedRows<T> & { readonly next: IteratorResult<T, unknown> }): number {
  return orderOf(next.value as T);
}
