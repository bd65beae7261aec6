/** A value that stands in several messages: its uses in their order, their sessions, and the links that it makes. */
import type { Figures } from "./figures.ts";
import type { Ends, Link } from "./groups.ts";
import type { Found, Node } from "./node.ts";

/** How many numbers a value keeps among figures. */
export const figuresPerEntry = 3;

export class Entry {
  readonly key: string;
  /** In effective order; at the bound the middle goes and the ends stay. */
  uses: Found[];
  count = 1;
  dirty = false;
  tooMuch = false;
  framework: boolean;
  /** Names of the fields that it was counted for. */
  fields: string | string[];
  /** The first of the links that it makes; each knows the next. */
  links: Link | undefined = undefined;
  private readonly page: number[];
  private readonly slot: number;

  constructor(key: string, first: Found, field: string, figures: Figures) {
    const { page, slot } = figures.next();
    this.page = page;
    this.slot = slot;
    this.key = key;
    this.uses = [first];
    this.framework = first.framework;
    this.fields = field;
  }

  get settledAt(): number {
    return this.page[this.slot] as number;
  }

  set settledAt(at: number) {
    this.page[this.slot] = at;
  }

  /** When its session is over; 0 where that is not waited for. */
  get timer(): number {
    return this.page[this.slot + 1] as number;
  }

  set timer(at: number) {
    this.page[this.slot + 1] = at;
  }

  /** When it is looked at for that; 0 for not at all. */
  get queued(): number {
    return this.page[this.slot + 2] as number;
  }

  set queued(at: number) {
    this.page[this.slot + 2] = at;
  }

  /** Whether this is the first time that a field counts it. */
  isNewFor(field: string): boolean {
    if (typeof this.fields === "string") {
      if (this.fields === field) return false;
      this.fields = [this.fields, field];
      return true;
    }
    if (this.fields.includes(field)) return false;
    this.fields.push(field);
    return true;
  }
}

/** The links that a value makes, in their order. */
export function linksOf(entry: Entry): Link[] {
  const links: Link[] = [];
  for (let link = entry.links; link; link = link.next) links.push(link);
  return links;
}

/** Puts a link behind the last one; returns it. */
export function append(entry: Entry, last: Link | undefined, link: Link): Link {
  link.next = undefined;
  if (last) last.next = link;
  else entry.links = link;
  return link;
}

/** Forgets the links that a message is an end of. */
export function dropLinksOf(entry: Entry, node: Node): void {
  const links = linksOf(entry);
  entry.links = undefined;
  let last: Link | undefined;
  for (const link of links) if (link.from !== node && link.to !== node) last = append(entry, last, link);
}

/** Whether a link is between these two. */
export function isSame(link: Ends, other: Ends | undefined): boolean {
  return link.from === other?.from && link.to === other.to;
}

/** Where a message stands among the uses already, under another role of the same value; -1 where it does not. */
export function indexOfSame(entry: Entry, use: Found): number {
  const { node, value } = use;
  // Only where it has the value more than once.
  if (!node.hasId((other) => other !== use && other.value === value)) return -1;
  return entry.uses.findLastIndex((other) => other.node === node);
}

/** The first use that joins by inference. */
export function softUse(entry: Entry): Found | undefined {
  for (const use of entry.uses) if (use.kind.soft) return use;
  return undefined;
}

/** Behind the last use of the session that begins at `start`. */
export function endOfSession(uses: readonly Found[], start: number, gap: number): number {
  let end = start + 1;
  while (end < uses.length && (uses[end] as Found).node.at - (uses[end - 1] as Found).node.at <= gap) end++;
  return end;
}

/** The uses since the last pause that is longer than `gap`. */
export function lastSession(uses: readonly Found[], gap: number): readonly Found[] {
  let start = 0;
  for (let end = 0; end < uses.length;) {
    start = end;
    end = endOfSession(uses, start, gap);
  }
  return uses.slice(start);
}

/** How many types of messages there are among the uses from `start` to below `end`. */
export function differentTypes(uses: readonly Found[], start: number, end: number): number {
  const types = new Set<string>();
  for (let i = start; i < end; i++) types.add((uses[i] as Found).node.type);
  return types.size;
}
