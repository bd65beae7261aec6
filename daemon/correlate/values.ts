/**
 * Which value stands in which messages, and what follows. Known ids act at once and for good; everything else is
 * decided on a tick, for the values that were touched, and may be taken back when more is known.
 */
import { nothing } from "./common.ts";
import { withInserted } from "./few.ts";
import { Fields, type Field } from "./fields.ts";
import { Figures } from "./figures.ts";
import type { Ends, Group, Link, Membership } from "./groups.ts";
import { bounds, thresholds, type Counters } from "./limits.ts";
import { compareNodes, type Found, type Node } from "./node.ts";
import { Timers } from "./timers.ts";
import {
  append,
  differentTypes,
  dropLinksOf,
  endOfSession,
  Entry,
  figuresPerEntry,
  indexOfSame,
  isSame,
  lastSession,
  linksOf,
  softUse,
} from "./value-entry.ts";

/** So many messages of a group say what it is about. */
const groupSample = 64;

/** Up to so many sessions that nobody waits for any more are not worth a search. */
const fewEnding = 10_000;

export class Values {
  readonly fields = new Fields();
  private readonly entries = new Map<string, Found | Entry>();
  private dirty: Entry[] = [];
  private readonly ending = new Timers<Entry>();
  private readonly figures = new Figures(figuresPerEntry);
  private readonly membership: Membership;
  private readonly counters: Counters;
  private messages = 0;
  /** Values that stopped joining because they were everywhere. */
  readonly setAside = new Map<string, string>();

  constructor(membership: Membership, counters: Counters) {
    this.membership = membership;
    this.counters = counters;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Every use of the value that a message names at `found`. */
  uses(found: Found): readonly Found[] {
    if (found.entry && found.entry.uses.length > 0) return found.entry.uses;
    const known = this.entries.get(keyOf(found));
    if (known === undefined) return [];
    return known instanceof Entry ? known.uses : [known];
  }

  /** The same, but nothing where no other message has it: the usual case of a message's own id. */
  several(found: Found): readonly Found[] {
    return this.entryOf(found)?.uses ?? nothing;
  }

  /** Whether values of this kind come again; a few are not enough to deny it. */
  recurs(found: Found): boolean {
    const field = this.fieldOf(found);
    return field.messages < 2 * thresholds.fewSupport || field.recurs();
  }

  /** Whether two messages are of flows that tell themselves apart by any id. */
  apart(a: Node, b: Node): boolean {
    return this.contradict(a.group, b.group, undefined, false);
  }

  private entryOf(found: Found): Entry | undefined {
    // One without uses was given up; there may be another by now.
    if (found.entry === undefined || found.entry.uses.length > 0) return found.entry;
    const known = this.entries.get(keyOf(found));
    return known instanceof Entry ? known : undefined;
  }

  /** Takes in all ids of a message; those with a known meaning join at once. */
  add(node: Node): void {
    this.messages++;
    for (let found = node.found; found; found = found.next) {
      if (found.strength === "weak") continue;
      const key = keyOf(found);
      const known = this.entries.get(key);
      if (known === undefined) {
        this.entries.set(key, found);
        this.countField(found, undefined);
        continue;
      }
      let entry: Entry;
      if (known instanceof Entry) entry = known;
      else {
        if (known.node === node) {
          // The same value under two roles of one message: the more telling role is the one that counts.
          if (rank(found) > rank(known)) this.entries.set(key, found);
          continue;
        }
        entry = new Entry(key, known, this.fieldOf(known).name, this.figures);
        this.entries.set(key, entry);
        for (let other = known.node.found; other; other = other.next)
          if (keyOf(other) === key && other.strength !== "weak") other.entry = entry;
      }
      found.entry = entry;
      const [first] = entry.uses;
      if (first?.value === found.value) {
        if (node.key === found.value) node.key = first.value;
        found.value = first.value;
      }
      this.addUse(entry, found);
    }
  }

  /** Forgets what a forgotten message held. */
  remove(node: Node): void {
    for (let found = node.found; found; found = found.next) {
      if (found.strength === "weak") continue;
      const key = keyOf(found);
      const known = this.entries.get(key);
      if (known === undefined) continue;
      if (known instanceof Entry) {
        known.uses = known.uses.filter((use) => use.node !== node);
        if (known.links !== undefined) dropLinksOf(known, node);
        if (known.uses.length === 0) this.entries.delete(key);
      } else if (known.node === node) this.entries.delete(key);
    }
  }

  /** The watermark has passed a message: its times count for what is learned. */
  settle(node: Node): void {
    for (let found = node.found; found; found = found.next) {
      if (!found.kind.soft || found.strength === "weak") continue;
      const known = this.entryOf(found);
      if (known === undefined) continue;
      const field = this.fieldOf(found);
      if (known.settledAt > 0 && node.at > known.settledAt) field.gaps.add(node.at - known.settledAt);
      if (node.at > known.settledAt) known.settledAt = node.at;
    }
  }

  /** Decides what was touched, provisionally; what is over by `watermark`, for good. */
  decide(watermark: number): void {
    for (const entry of this.dirty) {
      entry.dirty = false;
      this.decideEntry(entry);
      this.plan(entry);
    }
    this.dirty = [];
    for (let due = this.ending.takeDue(watermark); due; due = this.ending.takeDue(watermark)) {
      const entry = due.what;
      const wasQueued = due.at === entry.queued;
      if (wasQueued) entry.queued = 0;
      if (entry.timer === 0 || entry.uses.length === 0) continue;
      if (due.at !== entry.timer) {
        // The session went on since: this was too early.
        if (wasQueued) this.queue(entry);
        continue;
      }
      entry.timer = 0;
      this.decideEntry(entry);
      this.closeSession(entry);
    }
    // Where sessions are long, most of what waits for their end may have been forgotten since.
    if (this.ending.size > 1.25 * this.entries.size + fewEnding) {
      this.ending.keep((entry, at) => entry.uses.length > 0 && at === entry.queued);
    }
  }

  private addUse(entry: Entry, use: Found): void {
    const again = indexOfSame(entry, use);
    const before = entry.uses[again];
    if (before) {
      // The same value under two roles of one message: the more telling role is the one that counts.
      if (rank(use) <= rank(before)) return;
      entry.uses[again] = use;
      this.joinKnown(entry, use, again);
      return;
    }
    entry.count++;
    entry.framework ||= use.framework;
    let index = entry.uses.length;
    while (index > 0 && compareNodes((entry.uses[index - 1] as Found).node, use.node) > 0) index--;
    entry.uses = withInserted(entry.uses, index, use);
    if (entry.uses.length > bounds.occurrencesPerValue) {
      this.counters.occurrencesPerValue++;
      const middle = bounds.occurrencesPerValue >> 1;
      entry.uses.splice(middle, 1);
      if (index > middle) index--;
    }
    const { soft } = use.kind;
    this.countField(use, entry);
    this.judge(entry);
    if (!entry.tooMuch) this.joinKnown(entry, use, index);
    if (!entry.dirty && (soft || entry.uses.some((other) => other.kind.soft))) {
      entry.dirty = true;
      this.dirty.push(entry);
    }
  }

  private fieldOf(found: Found): Field {
    const { kind } = found;
    if (kind.field) return kind.field;
    const { slot, role } = kind;
    return (kind.field = this.fields.of(role === "correlation" ? `correlation ${slot.where}` : slot.field));
  }

  private countField(found: Found, entry: Entry | undefined): void {
    const field = this.fieldOf(found);
    field.messages++;
    if (entry === undefined) field.distinct++;
    else if (entry.isNewFor(field.name)) field.distinct++;
  }

  /** A value that is everywhere names no flow. */
  private judge(entry: Entry): void {
    if (entry.tooMuch) return;
    const everywhere =
      entry.count > thresholds.valueMessages && entry.count > thresholds.valueShare * this.messages && !entry.framework;
    if (everywhere || entry.count > bounds.joinedMessages) {
      entry.tooMuch = true;
      const where = entry.uses[0]?.slot.where ?? "";
      if (entry.count > bounds.joinedMessages) this.counters.joinedMessages++;
      if (this.setAside.size < bounds.setAside)
        this.setAside.set(entry.key, `${where}: the same value on ${entry.count} messages`);
    }
  }

  /** Causation by the id itself; belonging by a known id within its session. */
  private joinKnown(entry: Entry, use: Found, index: number): void {
    if (use.kind.soft) return;
    const role = use.role;
    if (role === "self" || role === "cause" || role === "in reply to") {
      for (const other of entry.uses) {
        if (other.node === use.node || other.node.group === use.node.group) continue;
        const pair = other.role;
        const caused =
          (role === "self" && (pair === "cause" || pair === "in reply to")) ||
          (pair === "self" && role !== "self") ||
          (role === "self" &&
            pair === "self" &&
            (use.strength === "strong" || other.node.channelClass === use.node.channelClass));
        if (caused) this.membership.join(other.node, use.node);
      }
    }
    for (const neighbour of [entry.uses[index - 1], entry.uses[index + 1]]) {
      if (!neighbour || neighbour.kind.soft || neighbour.node.group === use.node.group) continue;
      if (role === "self" && neighbour.role === "self") continue;
      if (Math.abs(neighbour.node.at - use.node.at) > thresholds.conversationSession) continue;
      this.membership.join(neighbour.node, use.node);
    }
  }

  /** When the session of a value that joins by inference will be over. */
  private plan(entry: Entry): void {
    const last = entry.uses[entry.uses.length - 1];
    const soft = softUse(entry);
    if (!last || !soft) return;
    const at = last.node.at + this.fieldOf(soft).gap(soft.strength === "strong");
    if (at === entry.timer) return;
    entry.timer = at;
    if (entry.queued === 0 || at < entry.queued) this.queue(entry);
  }

  private queue(entry: Entry): void {
    entry.queued = entry.timer;
    this.ending.add(entry.timer, entry);
  }

  private decideEntry(entry: Entry): void {
    const wanted = entry.tooMuch || entry.count > thresholds.valueMessagesInferred ? [] : this.wanted(entry);
    if (wanted.length === 0 && !entry.links) return;
    // Mostly all of them stay, and at most some come behind them.
    let last: Link | undefined;
    let stays = 0;
    let link = entry.links;
    for (; link && isSame(link, wanted[stays]); link = link.next, stays++) last = link;
    if (link === undefined) {
      for (const { from, to } of wanted.slice(stays)) last = append(entry, last, this.membership.link(from, to));
      return;
    }
    const before = linksOf(entry);
    entry.links = undefined;
    last = undefined;
    // New links first: then nothing comes apart only to come together again.
    for (const want of wanted) {
      const known = before.findIndex((one) => isSame(one, want));
      const [one] = known < 0 ? [] : before.splice(known, 1);
      last = append(entry, last, one ?? this.membership.link(want.from, want.to));
    }
    for (const dropped of before) this.membership.unlink(dropped);
  }

  /** The links that a value should make, by all that is known now. */
  private wanted(entry: Entry): Ends[] {
    const soft = softUse(entry);
    if (!soft) return [];
    const trace = soft.role === "trace";
    const strong = soft.strength === "strong";
    const field = this.fieldOf(soft);
    if (!trace && field.setAside() !== undefined) return [];
    const gap = trace ? thresholds.strongSession : field.gap(strong);
    const links: Ends[] = [];
    const { uses } = entry;
    for (let start = 0; start < uses.length;) {
      const end = endOfSession(uses, start, gap);
      const from = start;
      start = end;
      if (end - from > 16 && (end - from) / differentTypes(uses, from, end) > 8) continue;
      const first = uses[from] as Found;
      for (let at = from + 1; at < end; at++) {
        const use = uses[at] as Found;
        // The nearest earlier message that keeps company with this one and is not about something finer of its own.
        for (let i = at - 1; i >= from; i--) {
          const earlier = uses[i] as Found;
          if (earlier.node.group === use.node.group) break;
          if (!trace && !field.keepCompany(earlier.node.type, use.node.type)) continue;
          if (this.contradict(first.node.group, use.node.group, field, trace)) break;
          if (earlier !== first && this.contradict(earlier.node.group, use.node.group, field, trace)) continue;
          links.push({ from: earlier.node, to: use.node });
          break;
        }
      }
    }
    return links;
  }

  /**
   * Whether two groups say of themselves that they are different flows: by two conversation ids of one name, or by a
   * field that is finer than the one they share (for a trace: any field) and has another single value in each.
   */
  private contradict(a: Group, b: Group, shared: Field | undefined, trace: boolean): boolean {
    if (!tellsMore(a, shared)) return false;
    const first = this.singles(a);
    const second = this.singles(b);
    for (const [name, value] of first) {
      const other = second.get(name);
      if (other === undefined || other === value || value === "" || other === "") continue;
      if (name.startsWith("conversation ")) return true;
      if (name === shared?.name) continue;
      const field = this.fields.of(name);
      if (!field.recurs() || field.setAside() !== undefined) continue;
      // A general correlation id may be one of a single exchange; only one that holds whole flows tells them apart.
      if (name.startsWith("correlation ") ? field.holdsFlows() : trace || !shared || field.distinct > shared.distinct)
        return true;
    }
    return false;
  }

  /** Each field's value in a group, empty where it has several. */
  private singles(group: Group): Map<string, string> {
    const singles = new Map<string, string>();
    let left = groupSample;
    for (let node: Node | undefined = group.first; node && left > 0; node = node.next, left--) {
      for (let found = node.found; found; found = found.next) {
        const name = found.kind.tells;
        if (name === undefined) continue;
        const known = singles.get(name);
        if (known === undefined) singles.set(name, found.value);
        else if (known !== found.value) singles.set(name, "");
      }
    }
    return singles;
  }

  /** A session is over: what it shows of its field is learned. */
  private closeSession(entry: Entry): void {
    const soft = softUse(entry);
    if (!soft || soft.role === "trace") return;
    const field = this.fieldOf(soft);
    const session = lastSession(entry.uses, field.gap(soft.strength === "strong"));
    if (session.length < 2) return;
    const types = new Map<string, number>();
    for (const use of session) {
      if (use.node.typed && !use.node.duplicateOf) types.set(use.node.type, (types.get(use.node.type) ?? 0) + 1);
    }
    if (types.size === 0 || types.size > bounds.sharedValueTypes) return;
    let sum = 0;
    for (const n of types.values()) sum += n;
    field.addSession([...types.keys()], sum / types.size);
  }
}

/** Digits alone mean nothing without their field; a trace is named by half of its id and is kept apart. */
function keyOf(found: Found): string {
  if (found.role === "trace") return `trace ${found.value}`;
  const code = found.value.charCodeAt(0);
  if (found.strength === "medium" && code >= 48 && code <= 57 && /^\d+$/.test(found.value)) {
    return `${found.kind.soft || found.role === "contract" ? found.slot.stem : found.role} ${found.value}`;
  }
  return found.value;
}

const ranks: Record<Found["role"], number> = {
  "in reply to": 10,
  cause: 9,
  self: 8,
  conversation: 7,
  contract: 6,
  pair: 5,
  correlation: 4,
  business: 3,
  learned: 2,
  idempotency: 1,
  trace: 1,
  key: 0,
};

function rank(found: Found): number {
  return ranks[found.role];
}

/** Whether a group has an id that may tell it apart from another, beside the one that both share. */
function tellsMore(group: Group, shared: Field | undefined): boolean {
  let left = groupSample;
  for (let node: Node | undefined = group.first; node && left > 0; node = node.next, left--) {
    for (let found = node.found; found; found = found.next) {
      const { kind } = found;
      if (kind.tells !== undefined && kind.tells !== shared?.name) return true;
    }
  }
  return false;
}
