/**
 * Which value stands in which messages, and what follows. Known ids act at once and for good; everything else is
 * decided on a tick, for the values that were touched, and may be taken back when more is known.
 */
import type { EvidenceKind, Strength } from "./model.ts";
import { withInserted, withMore } from "./few.ts";
import { Fields, type Field } from "./fields.ts";
import type { Group, Link, Membership } from "./groups.ts";
import { bounds, thresholds, type Counters } from "./limits.ts";
import { compareNodes, type Found, type Node } from "./node.ts";
import { Timers } from "./timers.ts";

interface DecidedLink {
  readonly from: Node;
  readonly to: Node;
  readonly link: Link;
}

/** A value that stands in several messages. Arrays that most never need are made when they are. */
class Entry {
  readonly key: string;
  /** In effective order; at the bound the middle goes and the ends stay. */
  uses: Found[];
  count = 1;
  dirty = false;
  tooMuch = false;
  framework: boolean;
  /** Names of the fields that it was counted for. */
  fields: string | string[];
  links: DecidedLink[] | undefined = undefined;
  settledAt = 0;
  timer = 0;

  constructor(key: string, first: Found, field: string) {
    this.key = key;
    this.uses = [first];
    this.framework = first.framework;
    this.fields = field;
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

export class Values {
  readonly fields = new Fields();
  private readonly entries = new Map<string, Found | Entry>();
  private readonly dirty = new Set<Entry>();
  private readonly ending = new Timers<Entry>();
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
    const known = this.entries.get(keyOf(found));
    if (known === undefined) return [];
    return known instanceof Entry ? known.uses : [known];
  }

  /** The same, but nothing where no other message has it: the usual case of a message's own id. */
  several(found: Found): readonly Found[] {
    const known = this.entries.get(keyOf(found));
    return known instanceof Entry ? known.uses : nothing;
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

  /** How many messages carry it. */
  count(found: Found): number {
    const known = this.entries.get(keyOf(found));
    return known === undefined ? 0 : known instanceof Entry ? known.count : 1;
  }

  /** Takes in all ids of a message; those with a known meaning join at once. */
  add(node: Node): void {
    this.messages++;
    for (const found of node.found) {
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
        entry = new Entry(key, known, this.fieldOf(known).name);
        this.entries.set(key, entry);
      }
      this.addUse(entry, found);
    }
  }

  /** Forgets what a forgotten message held. */
  remove(node: Node): void {
    for (const found of node.found) {
      if (found.strength === "weak") continue;
      const key = keyOf(found);
      const known = this.entries.get(key);
      if (known === undefined) continue;
      if (known instanceof Entry) {
        known.uses = known.uses.filter((use) => use.node !== node);
        known.links = known.links?.filter((link) => link.from !== node && link.to !== node);
        if (known.uses.length === 0) {
          this.entries.delete(key);
          this.dirty.delete(known);
        }
      } else if (known.node === node) this.entries.delete(key);
    }
  }

  /** The watermark has passed a message: its times count for what is learned. */
  settle(node: Node): void {
    for (const found of node.found) {
      if (!isSoft(found) || found.strength === "weak") continue;
      const known = this.entries.get(keyOf(found));
      if (!(known instanceof Entry)) continue;
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
    this.dirty.clear();
    for (let due = this.ending.takeDue(watermark); due; due = this.ending.takeDue(watermark)) {
      const entry = due.what;
      if (due.at !== entry.timer || entry.uses.length === 0) continue;
      entry.timer = 0;
      this.decideEntry(entry);
      this.closeSession(entry);
    }
  }

  private addUse(entry: Entry, use: Found): void {
    const again = entry.uses.findLastIndex((other) => other.node === use.node);
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
    const soft = isSoft(use);
    this.countField(use, entry);
    this.judge(entry);
    if (!entry.tooMuch) this.joinKnown(entry, use, index);
    if (!entry.dirty && (soft || entry.uses.some((other) => isSoft(other)))) {
      entry.dirty = true;
      this.dirty.add(entry);
    }
  }

  private fieldOf(found: Found): Field {
    const slot = found.slot;
    if (found.role === "correlation") return (slot.asCorrelation ??= this.fields.of(`correlation ${slot.where}`));
    return (slot.asField ??= this.fields.of(slot.field));
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
      if (this.setAside.size < 1000)
        this.setAside.set(entry.key, `${where}: the same value on ${entry.count} messages`);
    }
  }

  /** Causation by the id itself; belonging by a known id within its session. */
  private joinKnown(entry: Entry, use: Found, index: number): void {
    if (isSoft(use)) return;
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
      if (!neighbour || isSoft(neighbour) || neighbour.node.group === use.node.group) continue;
      if (role === "self" && neighbour.role === "self") continue;
      if (Math.abs(neighbour.node.at - use.node.at) > thresholds.conversationSession) continue;
      this.membership.join(neighbour.node, use.node);
    }
  }

  /** When the session of a value that joins by inference will be over. */
  private plan(entry: Entry): void {
    const last = entry.uses[entry.uses.length - 1];
    const soft = entry.uses.find((use) => isSoft(use));
    if (!last || !soft) return;
    const at = last.node.at + this.fieldOf(soft).gap(soft.strength === "strong");
    if (at === entry.timer) return;
    entry.timer = at;
    this.ending.add(at, entry);
  }

  private decideEntry(entry: Entry): void {
    const wanted = entry.tooMuch || entry.count > thresholds.valueMessagesInferred ? [] : this.wanted(entry);
    if (wanted.length === 0 && !entry.links) return;
    let keep: DecidedLink[] | undefined;
    const missing = [...wanted];
    const dropped: DecidedLink[] = [];
    for (const decided of entry.links ?? []) {
      const index = missing.findIndex((want) => want.from === decided.from && want.to === decided.to);
      if (index >= 0) {
        missing.splice(index, 1);
        keep = withMore(keep, decided);
      } else dropped.push(decided);
    }
    // New links first: then nothing comes apart only to come together again.
    for (const want of missing) {
      const link = this.membership.link(want.from, want.to, want.kind, want.strength);
      keep = withMore(keep, { from: want.from, to: want.to, link });
    }
    for (const decided of dropped) this.membership.unlink(decided.link);
    entry.links = keep;
  }

  /** The links that a value should make, by all that is known now. */
  private wanted(entry: Entry): { from: Node; to: Node; kind: EvidenceKind; strength: Strength }[] {
    const soft = entry.uses.find((use) => isSoft(use));
    if (!soft) return [];
    const trace = soft.role === "trace";
    const strong = soft.strength === "strong";
    const field = this.fieldOf(soft);
    if (!trace && field.setAside() !== undefined) return [];
    const gap = trace ? thresholds.strongSession : field.gap(strong);
    const links: { from: Node; to: Node; kind: EvidenceKind; strength: Strength }[] = [];
    for (const session of sessionsOf(entry.uses, gap)) {
      const types = new Set(session.map((use) => use.node.type));
      if (session.length > 16 && session.length / types.size > 8) continue;
      const company: Found[] = [];
      for (const use of session) {
        // The nearest earlier message that keeps company with this one and is not about something finer of its own.
        for (let i = company.length - 1; i >= 0; i--) {
          const earlier = company[i] as Found;
          if (earlier.node.group === use.node.group) break;
          if (!trace && !field.keepCompany(earlier.node.type, use.node.type)) continue;
          const first = company[0] as Found;
          if (this.contradict(first.node.group, use.node.group, field, trace)) break;
          if (earlier !== first && this.contradict(earlier.node.group, use.node.group, field, trace)) continue;
          links.push({
            from: earlier.node,
            to: use.node,
            kind: trace ? "trace-id" : use.role === "learned" ? "learned-id" : "business-id",
            strength: "inferred",
          });
          break;
        }
        company.push(use);
      }
    }
    return links;
  }

  /**
   * Whether two groups say of themselves that they are different flows: by two conversation ids of one name, or by a
   * field that is finer than the one they share (for a trace: any field) and has another single value in each.
   */
  private contradict(a: Group, b: Group, shared: Field | undefined, trace: boolean): boolean {
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
    const nodes = group.nodes.length > 64 ? group.nodes.slice(0, 64) : group.nodes;
    for (const node of nodes) {
      for (const found of node.found) {
        const name = singleName(found);
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
    const soft = entry.uses.find((use) => isSoft(use));
    if (!soft || soft.role === "trace") return;
    const field = this.fieldOf(soft);
    const sessions = sessionsOf(entry.uses, field.gap(soft.strength === "strong"));
    const session = sessions[sessions.length - 1] ?? [];
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

const nothing: readonly Found[] = [];

/** Digits alone mean nothing without their field; a trace is named by half of its id and is kept apart. */
function keyOf(found: Found): string {
  if (found.role === "trace") return `trace ${found.value}`;
  const code = found.value.charCodeAt(0);
  if (found.strength === "medium" && code >= 48 && code <= 57 && /^\d+$/.test(found.value)) {
    return `${isSoft(found) || found.role === "contract" ? found.slot.stem : found.role} ${found.value}`;
  }
  return found.value;
}

/** Decided on a tick, and revisable. */
export function isSoft(found: Found): boolean {
  const role = found.role;
  return role === "learned" || role === "business" || role === "key" || role === "trace" || role === "idempotency";
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

/** Under what name an id tells groups apart; `undefined` where it does not. */
function singleName(found: Found): string | undefined {
  if (found.strength === "weak") return undefined;
  if (found.role === "conversation") return `conversation ${found.slot.where}`;
  if (found.role === "correlation") return `correlation ${found.slot.where}`;
  return found.role === "business" ? found.slot.field : undefined;
}

function sessionsOf(uses: readonly Found[], gap: number): Found[][] {
  const sessions: Found[][] = [];
  let last: Found | undefined;
  for (const use of uses) {
    const session = sessions[sessions.length - 1];
    if (session && last && use.node.at - last.node.at <= gap) session.push(use);
    else sessions.push([use]);
    last = use;
  }
  return sessions;
}
