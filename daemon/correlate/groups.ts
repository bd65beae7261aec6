/**
 * Who belongs to whom. Certain evidence puts messages into one group, which never comes apart. Inferred evidence links
 * groups, and a link can be taken away. A conversation is what hangs together by groups and links.
 */
import type { Change } from "./model.ts";
import { Figures } from "./figures.ts";
import type { Node } from "./node.ts";

/** Messages that belong together for good. There are nearly as many as messages: each knows the next, and no list does. */
export class Group {
  readonly first: Node;
  last: Node;
  size = 1;
  conv: Conv;
  /** The lowest number in it. */
  lowest: number;
  /** Its neighbours in its conversation. */
  previous: Group | undefined = undefined;
  next: Group | undefined = undefined;

  constructor(node: Node, figures: Figures) {
    this.first = node;
    this.last = node;
    this.lowest = node.seq;
    this.conv = new Conv(this, figures);
  }

  /** Takes over all messages of another. */
  take(other: Group): void {
    for (let node: Node | undefined = other.first; node; node = node.next) node.group = this;
    this.last.next = other.first;
    this.last = other.last;
    this.size += other.size;
    if (other.lowest < this.lowest) this.lowest = other.lowest;
  }
}

/** Two messages whose groups are joined by inference. */
export interface Ends {
  readonly from: Node;
  readonly to: Node;
}

/** An inferred join of the groups of two messages; what decided it may take it back. */
export class Link implements Ends {
  readonly from: Node;
  readonly to: Node;
  /** The next link of each of the two. */
  nextOfFrom: Link | undefined;
  nextOfTo: Link | undefined;
  /** The next one of whoever decided it, where that keeps several. */
  next: Link | undefined = undefined;

  constructor(from: Node, to: Node) {
    this.from = from;
    this.to = to;
    this.nextOfFrom = from.links;
    this.nextOfTo = to.links;
    from.links = this;
    to.links = this;
  }

  nextOf(node: Node): Link | undefined {
    return node === this.from ? this.nextOfFrom : this.nextOfTo;
  }

  remove(): void {
    this.leave(this.from);
    this.leave(this.to);
  }

  private leave(node: Node): void {
    const next = this.nextOf(node);
    let before: Link | undefined;
    for (let link = node.links; link !== this; link = link.nextOf(node)) {
      if (link === undefined) return;
      before = link;
    }
    if (before === undefined) node.links = next;
    else if (before.from === node) before.nextOfFrom = next;
    else before.nextOfTo = next;
  }
}

/** The living record of a conversation. What views see is built from it when they ask. */
export class Conv {
  private first: Group | undefined = undefined;
  private last: Group | undefined = undefined;
  /** The lowest number of its messages: its id. */
  number: number;
  size: number;
  revision = 0;
  /** Views have heard of it under its number. */
  announced = false;
  gone = false;
  /** It changed, and waits to be looked at; views are still to be told. */
  isTouched = false;
  isPending = false;
  /** Where it stands among all. */
  place = 0;
  /** Kept by whoever builds values: the last one, and, when it is gone, what it came to. */
  built: unknown = undefined;
  outcome: unknown = undefined;
  contribution: unknown = undefined;
  /** A digest of what views were last shown, to notice what time alone changes. */
  shown = 0;
  /** What it taught about its family stands for good. */
  final = false;
  private readonly page: number[];
  private readonly slot: number;

  constructor(group: Group, figures: Figures) {
    const { page, slot } = figures.next();
    this.page = page;
    this.slot = slot;
    this.nextCheck = Infinity;
    this.first = group;
    this.last = group;
    this.number = group.lowest;
    this.size = group.size;
  }

  get lastAt(): number {
    return this.page[this.slot] as number;
  }

  set lastAt(at: number) {
    this.page[this.slot] = at;
  }

  /** When its state must be looked at again; also how the timers know which of their entries is meant. */
  get nextCheck(): number {
    return this.page[this.slot + 1] as number;
  }

  set nextCheck(at: number) {
    this.page[this.slot + 1] = at;
  }

  get id(): string {
    return `c${this.number}`;
  }

  take(group: Group): void {
    group.conv = this;
    group.previous = this.last;
    group.next = undefined;
    if (this.last) this.last.next = group;
    else this.first = group;
    this.last = group;
  }

  /** All its groups become another's. */
  giveAllTo(other: Conv): void {
    for (let group = this.first; group;) {
      const { next } = group;
      other.take(group);
      group = next;
    }
  }

  /** Lets go of everything: whoever still waits for a conversation that is gone holds nothing more than its shell. */
  clear(): void {
    this.first = undefined;
    this.last = undefined;
    this.built = undefined;
    this.outcome = undefined;
    this.contribution = undefined;
  }

  drop({ previous, next }: Group): void {
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.last = previous;
  }

  /** Its groups in a list of their own, in no order. */
  groups(): Group[] {
    const all: Group[] = [];
    for (let group = this.first; group; group = group.next) all.push(group);
    return all;
  }

  /** All messages in a list of their own, in no order. */
  nodes(): Node[] {
    const all: Node[] = [];
    for (let group = this.first; group; group = group.next) {
      for (let node: Node | undefined = group.first; node; node = node.next) all.push(node);
    }
    return all;
  }

  every(test: (node: Node) => boolean): boolean {
    for (let group = this.first; group; group = group.next) {
      for (let node: Node | undefined = group.first; node; node = node.next) if (!test(node)) return false;
    }
    return true;
  }
}

/** Keeps groups and conversations, and says what changed. */
export class Membership {
  /** In no order; each knows its place, so that most come and go again without an index. */
  private readonly convs: Conv[] = [];
  private readonly figures = new Figures(2);
  private touched: Conv[] = [];
  private readonly moves: Change[] = [];
  private revision = 0;
  /** Told about conversations that no longer are: absorbed by another, or forgotten. */
  onGone: (conv: Conv) => void = () => {};

  get count(): number {
    return this.convs.length;
  }

  /** All conversations, the oldest first. */
  all(): Conv[] {
    return [...this.convs].sort((a, b) => a.number - b.number);
  }

  private enter(conv: Conv): void {
    conv.place = this.convs.length;
    this.convs.push(conv);
  }

  private leave(conv: Conv): void {
    const last = this.convs.pop();
    if (!last || last === conv) return;
    this.convs[conv.place] = last;
    last.place = conv.place;
  }

  /** A message on its own. */
  add(node: Node): void {
    const group = new Group(node, this.figures);
    node.group = group;
    this.enter(group.conv);
    group.conv.lastAt = node.at;
    this.touch(group.conv);
  }

  touch(conv: Conv): void {
    conv.revision = ++this.revision;
    if (conv.isTouched) return;
    conv.isTouched = true;
    this.touched.push(conv);
  }

  /** What was touched since the last call. */
  takeTouched(): Conv[] {
    const all = this.touched;
    this.touched = [];
    for (const conv of all) conv.isTouched = false;
    return all.filter((conv) => !conv.gone);
  }

  takeMoves(): Change[] {
    return this.moves.splice(0);
  }

  /** Certain: both are one group from now on. */
  join(a: Node, b: Node): void {
    const first = a.group;
    const second = b.group;
    if (first === second) return;
    if (first.conv !== second.conv) this.mergeConvs(first.conv, second.conv);
    const [big, small] = first.size >= second.size ? [first, second] : [second, first];
    big.conv.drop(small);
    big.take(small);
    this.touch(big.conv);
  }

  /** Inferred: links the groups until the link is taken away. */
  link(from: Node, to: Node): Link {
    if (from.group.conv !== to.group.conv) this.mergeConvs(from.group.conv, to.group.conv);
    return new Link(from, to);
  }

  unlink(link: Link): void {
    link.remove();
    const a = link.from.group;
    const b = link.to.group;
    if (a === b) return;
    const reached = reach(a);
    if (reached.has(b)) return;
    this.split(a.conv, reached);
  }

  /** Forgets a conversation and everything in it. */
  forget(conv: Conv): void {
    conv.gone = true;
    this.leave(conv);
    // Who asks for it now is told that it is no longer there.
    if (conv.announced) this.moves.push({ kind: "conversation", id: conv.id });
    this.onGone(conv);
  }

  private mergeConvs(a: Conv, b: Conv): void {
    const [big, small] = a.size >= b.size ? [a, b] : [b, a];
    small.giveAllTo(big);
    big.size += small.size;
    if (small.lastAt > big.lastAt) big.lastAt = small.lastAt;
    // The older number survives; the other goes, and whoever knew it is told.
    const [older, younger] = a.number < b.number ? [a, b] : [b, a];
    if (younger.announced) this.moves.push({ kind: "merged", id: younger.id, into: older.id });
    const { number, announced } = older;
    big.number = number;
    big.announced = announced;
    big.built = undefined;
    small.gone = true;
    this.leave(small);
    this.onGone(small);
    small.clear();
    this.touch(big);
  }

  private split(conv: Conv, part: Set<Group>): void {
    const inside = [...part];
    const rest = conv.groups().filter((group) => !part.has(group));
    const [stays, leaves] = lowestOf(inside) < lowestOf(rest) ? [inside, rest] : [rest, inside];
    const [first, ...others] = leaves;
    if (!first) return;
    for (const group of leaves) conv.drop(group);
    const young = new Conv(first, this.figures);
    first.conv = young;
    first.previous = undefined;
    first.next = undefined;
    for (const group of others) young.take(group);
    young.number = lowestOf(leaves);
    young.size = sizeOf(leaves);
    young.lastAt = lastOf(leaves);
    conv.size -= young.size;
    conv.lastAt = lastOf(stays);
    conv.built = undefined;
    this.enter(young);
    if (conv.announced) this.moves.push({ kind: "split", id: young.id, from: conv.id });
    this.touch(conv);
    this.touch(young);
  }
}

function reach(from: Group): Set<Group> {
  const reached = new Set([from]);
  const open = [from];
  for (let group = open.pop(); group; group = open.pop()) {
    for (let node: Node | undefined = group.first; node; node = node.next) {
      for (let link = node.links; link; link = link.nextOf(node)) {
        const other = (link.from === node ? link.to : link.from).group;
        if (reached.has(other)) continue;
        reached.add(other);
        open.push(other);
      }
    }
  }
  return reached;
}

function lowestOf(groups: readonly Group[]): number {
  let lowest = Infinity;
  for (const group of groups) if (group.lowest < lowest) lowest = group.lowest;
  return lowest;
}

function sizeOf(groups: readonly Group[]): number {
  let size = 0;
  for (const group of groups) size += group.size;
  return size;
}

function lastOf(groups: readonly Group[]): number {
  let last = 0;
  for (const group of groups) {
    for (let node: Node | undefined = group.first; node; node = node.next) if (node.at > last) last = node.at;
  }
  return last;
}
