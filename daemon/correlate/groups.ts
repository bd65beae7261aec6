/**
 * Who belongs to whom. Certain evidence puts messages into one group, which never comes apart. Inferred evidence links
 * groups, and a link can be taken away. A conversation is what hangs together by groups and links.
 */
import type { Change } from "./model.ts";
import { withMore } from "./few.ts";
import type { Node } from "./node.ts";

export class Group {
  nodes: Node[];
  conv: Conv;
  links: Link[] | undefined;
  /** The lowest number in it. */
  lowest: number;
  /** Where it stands in its conversation's list. */
  index = 0;

  constructor(node: Node) {
    this.nodes = [node];
    this.lowest = node.seq;
    this.conv = new Conv(this);
  }
}

/** An inferred join of the groups of two messages; what decided it may take it back. */
export interface Link {
  readonly from: Node;
  readonly to: Node;
}

/** The living record of a conversation. What views see is built from it when they ask. */
export class Conv {
  groups: Group[];
  /** The lowest number of its messages: its id. */
  number: number;
  size: number;
  revision = 0;
  lastAt = 0;
  /** Views have heard of it under its number. */
  announced = false;
  gone = false;
  /** It changed, and waits to be looked at; views are still to be told. */
  isTouched = false;
  isPending = false;
  /** Where it stands among all. */
  place = 0;
  /** When its state must be looked at again; also how the timers know which of their entries is meant. */
  nextCheck = Infinity;
  /** Kept by whoever builds values: the last one, and, when it is gone, what it came to. */
  built: unknown = undefined;
  outcome: unknown = undefined;
  contribution: unknown = undefined;
  /** A digest of what views were last shown, to notice what time alone changes. */
  shown = 0;
  /** What it taught about its family stands for good. */
  final = false;

  constructor(group: Group) {
    this.groups = [group];
    this.number = group.lowest;
    this.size = group.nodes.length;
  }

  get id(): string {
    return `c${this.number}`;
  }

  take(group: Group): void {
    group.conv = this;
    group.index = this.groups.length;
    this.groups = withMore(this.groups, group);
  }

  /** Lets go of everything: whoever still waits for a conversation that is gone holds nothing more than its shell. */
  clear(): void {
    this.groups = [];
    this.built = undefined;
    this.outcome = undefined;
    this.contribution = undefined;
  }

  drop(group: Group): void {
    const last = this.groups.pop();
    if (!last || last === group) return;
    this.groups[group.index] = last;
    last.index = group.index;
  }

  /** All messages in a list of their own, in no order. */
  nodes(): Node[] {
    const all: Node[] = [];
    for (const group of this.groups) for (const node of group.nodes) all.push(node);
    return all;
  }
}

/** Keeps groups and conversations, and says what changed. */
export class Membership {
  /** In no order; each knows its place, so that most come and go again without an index. */
  private readonly convs: Conv[] = [];
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
    const group = new Group(node);
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
    const [big, small] = first.nodes.length >= second.nodes.length ? [first, second] : [second, first];
    for (const node of small.nodes) {
      node.group = big;
      big.nodes = withMore(big.nodes, node);
    }
    if (small.links) {
      big.links = big.links ? [...new Set([...big.links, ...small.links])] : small.links;
    }
    if (small.lowest < big.lowest) big.lowest = small.lowest;
    big.conv.drop(small);
    this.touch(big.conv);
  }

  /** Inferred: links the groups until the link is taken away. */
  link(from: Node, to: Node): Link {
    const link: Link = { from, to };
    const a = from.group;
    const b = to.group;
    a.links = withMore(a.links, link);
    if (a !== b) b.links = withMore(b.links, link);
    if (a.conv !== b.conv) this.mergeConvs(a.conv, b.conv);
    return link;
  }

  unlink(link: Link): void {
    const a = link.from.group;
    const b = link.to.group;
    removeLink(a, link);
    removeLink(b, link);
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
    const [big, small] = a.groups.length >= b.groups.length ? [a, b] : [b, a];
    for (const group of small.groups) big.take(group);
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
    const rest = conv.groups.filter((group) => !part.has(group));
    const [stays, leaves] = lowestOf(inside) < lowestOf(rest) ? [inside, rest] : [rest, inside];
    const first = leaves[0];
    if (!first) return;
    const young = new Conv(first);
    young.groups = [];
    for (const group of leaves) young.take(group);
    young.number = lowestOf(leaves);
    young.size = sizeOf(leaves);
    young.lastAt = lastOf(leaves);
    conv.groups = [];
    for (const group of stays) conv.take(group);
    conv.size -= young.size;
    conv.lastAt = lastOf(stays);
    conv.built = undefined;
    this.enter(young);
    if (conv.announced) this.moves.push({ kind: "split", id: young.id, from: conv.id });
    this.touch(conv);
    this.touch(young);
  }
}

function removeLink(group: Group, link: Link): void {
  const index = group.links?.indexOf(link) ?? -1;
  if (index >= 0) group.links?.splice(index, 1);
}

function reach(from: Group): Set<Group> {
  const reached = new Set([from]);
  const open = [from];
  for (let group = open.pop(); group; group = open.pop()) {
    for (const link of group.links ?? []) {
      const other = link.from.group === group ? link.to.group : link.from.group;
      if (!reached.has(other)) {
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
  for (const group of groups) size += group.nodes.length;
  return size;
}

function lastOf(groups: readonly Group[]): number {
  let last = 0;
  for (const group of groups) for (const node of group.nodes) if (node.at > last) last = node.at;
  return last;
}
