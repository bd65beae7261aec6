/**
 * Causes where no id goes across: a service reads A, and writes B soon after, every time. Learned per pair of types
 * and participant, from messages that begin a group of their own although their writer was just handed something.
 * A pair is believed when B nearly always comes while an A is open, A is mostly followed by a B, and B comes closer
 * behind A than chance would have it. Then a B with a single open A belongs to it, inferred; with several it belongs
 * to none, since a guess would be wrong too often.
 */
import { thresholds } from "./limits.ts";
import type { Node } from "./node.ts";
import { LogHistogram } from "./stats.ts";

interface Open {
  readonly node: Node;
  /** Types of B that it was already followed by. */
  followed: string[] | undefined;
}

interface Reader {
  open: Open[];
}

interface Pair {
  /** Beginnings of type B that came while an A was open, and As that were followed by one. */
  covered: number;
  followed: number;
  /** Moments beside a B, and those at which an A was as near by chance. */
  moments: number;
  chance: number;
  readonly delays: LogHistogram;
  /** What would have been joined, had the pair been believed already. */
  waiting: { from: Node; to: Node }[];
}

/** What a message needs to be looked at here. */
export interface WindowKnowledge {
  writer(node: Node): string | undefined;
  readers(node: Node): readonly string[];
  /** When the reply to a request came; `undefined` while it has none. */
  repliedAt(node: Node): number | undefined;
  isReply(node: Node): boolean;
  /** Whether both say of themselves that they are about different flows. */
  apart(a: Node, b: Node): boolean;
  join(cause: Node, effect: Node): void;
}

/** After so many messages, what can no longer be a cause is let go of everywhere. */
const sweptEvery = 20_000;

export class Windows {
  private readonly readers = new Map<string, Reader>();
  private readonly pairs = new Map<string, Pair>();
  private readonly seen = new Map<string, { times: number[]; count: number }>();
  private readonly beginnings = new Map<string, number>();
  private readonly know: WindowKnowledge;
  private sinceSweep = 0;

  constructor(know: WindowKnowledge) {
    this.know = know;
  }

  /** A message has settled; they come in effective order. */
  settle(node: Node): void {
    if (++this.sinceSweep >= sweptEvery) this.sweep(node.at);
    if (node.duplicateOf || node.original) return;
    const writer = this.know.writer(node);
    if (writer !== undefined && begins(node) && !this.know.isReply(node)) this.begin(node, writer);
    this.open(node);
  }

  private open(node: Node): void {
    // A client that asks again after each answer looks just like one that acts on it: only a shared id tells.
    if (this.know.isReply(node)) return;
    const readers = this.know.readers(node);
    if (readers.length === 0 || readers.length > 8) return;
    const known = this.seen.get(node.type);
    if (known) {
      known.count++;
      known.times.push(node.at);
      if (known.times.length > thresholds.windowTimes) known.times.splice(0, thresholds.windowTimes >> 1);
    } else if (this.seen.size < thresholds.windowTypes) this.seen.set(node.type, { times: [node.at], count: 1 });
    for (const name of readers) {
      let reader = this.readers.get(name);
      if (!reader) {
        if (this.readers.size >= thresholds.windowTypes) continue;
        this.readers.set(name, (reader = { open: [] }));
      }
      reader.open.push({ node, followed: undefined });
      if (reader.open.length > thresholds.windowOpen) reader.open.shift();
    }
  }

  private begin(node: Node, writer: string): void {
    const begun = this.beginnings.get(node.type);
    if (begun === undefined && this.beginnings.size >= thresholds.windowTypes) return;
    this.beginnings.set(node.type, (begun ?? 0) + 1);
    const reader = this.readers.get(writer);
    if (!reader) return;
    reader.open = reader.open.filter((one) => mayCause(one, node.at));
    const byType = new Map<string, Open[]>();
    for (const one of reader.open) {
      const closes = this.know.repliedAt(one.node) ?? one.node.at + thresholds.window;
      if (node.at < one.node.at || node.at > closes + thresholds.crossBroker) continue;
      if (one.node.group.conv === node.group.conv) return; // known otherwise
      const of = byType.get(one.node.type);
      if (of) of.push(one);
      else byType.set(one.node.type, [one]);
    }
    let best: { pair: Pair; candidates: Open[] } | undefined;
    for (const [type, candidates] of byType) {
      const pair = this.pairOf(type, node.type);
      if (!pair) continue;
      const nearest = candidates[candidates.length - 1] as Open;
      const delay = Math.max(1, node.at - nearest.node.at);
      pair.covered++;
      pair.delays.add(delay);
      this.chance(pair, type, node.at);
      const free = candidates.filter((one) => !one.followed?.includes(node.type));
      if (free.length > 0) pair.followed++;
      if (!best || pair.delays.quantile(0.5) < best.pair.delays.quantile(0.5)) best = { pair, candidates: free };
    }
    if (!best) return;
    const sole = best.candidates[0];
    if (!sole || best.candidates.length > 1 || this.know.apart(sole.node, node)) return;
    (sole.followed ??= []).push(node.type);
    best.pair.waiting.push({ from: sole.node, to: node });
    if (!this.believed(sole.node.type, node.type, best.pair)) {
      if (best.pair.waiting.length > thresholds.windowWaiting) best.pair.waiting.shift();
      return;
    }
    for (const { from, to } of best.pair.waiting.splice(0)) {
      if (from.group.conv.gone || to.group.conv.gone) continue;
      // Something better may have come since.
      if (from.group.conv === to.group.conv || to.windowCause || !begins(to)) continue;
      to.windowCause = from;
      this.know.join(from, to);
    }
  }

  /** Who reads and never writes, or is no longer there, would hold what it read for good. */
  private sweep(at: number): void {
    this.sinceSweep = 0;
    for (const [name, reader] of this.readers) {
      reader.open = reader.open.filter((one) => mayCause(one, at));
      if (reader.open.length === 0) this.readers.delete(name);
    }
    for (const pair of this.pairs.values()) {
      pair.waiting = pair.waiting.filter(({ from, to }) => !from.group.conv.gone && !to.group.conv.gone);
    }
  }

  private believed(a: string, b: string, pair: Pair): boolean {
    const beginnings = this.beginnings.get(b) ?? 0;
    const as = this.seen.get(a)?.count ?? 0;
    return (
      pair.covered >= thresholds.fewSupport &&
      pair.covered >= thresholds.windowCover * beginnings &&
      pair.followed >= thresholds.windowRegular * as &&
      pair.chance <= thresholds.windowChance * pair.moments
    );
  }

  /** Whether an A stands as close before moments at which nothing of it happened. */
  private chance(pair: Pair, type: string, at: number): void {
    const times = this.seen.get(type)?.times ?? [];
    const near = pair.delays.quantile(0.5);
    for (const shift of thresholds.windowShifts) {
      const moment = at - shift;
      if (moment < (times[0] ?? Infinity)) continue;
      pair.moments++;
      if (times.some((time) => time <= moment && moment - time <= near)) pair.chance++;
    }
  }

  private pairOf(a: string, b: string): Pair | undefined {
    const key = `${a}\n${b}`;
    let pair = this.pairs.get(key);
    if (!pair) {
      if (this.pairs.size >= thresholds.windowTypes) return undefined;
      pair = { covered: 0, followed: 0, moments: 0, chance: 0, delays: new LogHistogram(), waiting: [] };
      this.pairs.set(key, pair);
    }
    return pair;
  }
}

/** Whether what was handed to a reader may still be the cause of what it writes at this moment. */
function mayCause({ node }: Open, at: number): boolean {
  return at - node.at <= thresholds.windowLongest && !node.group.conv.gone;
}

/** Whether a message is the first of all that is known to belong to it: nothing says what caused it. */
function begins(node: Node): boolean {
  const conv = node.group.conv;
  if (conv.size > thresholds.windowOpen) return false;
  return conv.every((other) => other.at >= node.at);
}
