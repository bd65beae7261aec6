/**
 * Lists that mostly stay short. A list that `push` grows keeps room for sixteen more, which is most of what such a list
 * would cost; these are made anew with the exact size while they are short.
 */

const few = 12;

/** The list with one more at `index`: the same list or another. */
export function withInserted<T>(list: T[], index: number, item: T): T[] {
  if (list.length >= few) {
    list.splice(index, 0, item);
    return list;
  }
  // `concat` makes it exactly as long as it has to be.
  return index === list.length ? list.concat([item]) : list.slice(0, index).concat([item], list.slice(index));
}
