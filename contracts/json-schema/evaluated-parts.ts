/** Which parts of a value were evaluated, for the `unevaluated*` keywords. */
export interface Seen {
  names: Set<string>;
  allNames: boolean;
  items: number;
  marked: Set<number>;
}

export function newSeen(): Seen {
  return { names: new Set(), allNames: false, items: 0, marked: new Set() };
}

export function mergeSeen(into: Seen, from: Seen): void {
  for (const name of from.names) into.names.add(name);
  for (const index of from.marked) into.marked.add(index);
  into.allNames ||= from.allNames;
  into.items = Math.max(into.items, from.items);
}
