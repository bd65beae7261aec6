/**
 * Lists that mostly stay short. A list that `push` grows keeps room for sixteen more, which is most of what such a list
 * would cost; these are made anew with the exact size while they are short.
 */

const few = 12;

/** The list with one more at its end: the same list or another. */
export function withMore<T>(list: T[] | undefined, item: T): T[] {
  if (list === undefined) return [item];
  if (list.length >= few) {
    list.push(item);
    return list;
  }
  // `concat` makes it exactly as long as it has to be.
  return list.concat([item]);
}

/** The list with one more at `index`. */
export function withInserted<T>(list: T[], index: number, item: T): T[] {
  if (index === list.length) return withMore(list, item);
  if (list.length >= few) {
    list.splice(index, 0, item);
    return list;
  }
  return list.slice(0, index).concat([item], list.slice(index));
}
