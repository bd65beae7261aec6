import { bounds } from "../correlate/index.ts";
import type { Change } from "../correlate/model.ts";
import type { Pipeline } from "../pipeline.ts";
import { Dismissals } from "./dismissals.ts";
import { conversationRow, participantsOf } from "./present-row.ts";
import type { ConversationRow, ConversationState } from "./protocol.ts";
import { SortedList } from "../sorted-list.ts";
import { Subject } from "./subject.ts";

/** A conversation in the list: what it came to, and, where it was looked at, its row. */
export interface Entry {
  readonly id: string;
  /** The one behind the letter of its id. */
  readonly number: number;
  readonly startedAt: number;
  readonly lastAt: number;
  /** Absent for one that has just begun. */
  readonly state?: ConversationState;
  /** Absent where nothing is wrong and nobody has looked. */
  readonly row?: ConversationRow;
  /** What a filter looks through, from when one first asked. */
  words: string | undefined;
}

/** Time in one round for what nobody looks at: while messages wait to be correlated, while some come, while none do. */
const busyBudgetMs = 5;
const liveBudgetMs = 10;
const idleBudgetMs = 40;
/** Behind by so many messages, what is found out now would soon be found out again. */
const farBehind = 10_000;
const leastBudgetMs = 1;
/** With more than this that changed, those that nobody looks at wait until their conversation has come to rest. */
const manyStale = 200;
const restMs = 1_500;
/** Correlation keeps so many messages, and a conversation has one at least: beyond, the oldest leave the list, some at a time. */
const mostEntries = bounds.messages;
const leaveAtOnce = 2_000;

export const noCounts: Readonly<Record<ConversationState | "all", number>> = {
  all: 0,
  running: 0,
  completed: 0,
  failed: 0,
  compensating: 0,
  compensated: 0,
  stuck: 0,
  late: 0,
};

/**
 * All conversations in their order: newest start first, never by activity. Rows are values; a change makes a new one
 * with the revision of its round. Rows are made of what somebody looks at, when it is looked at, and of what needs a
 * look, soon after it changed; of all others it is known what they came to.
 */
export class Board {
  revision = 0;
  /** Conversations that left the list because there were too many. */
  dropped = 0;
  private readonly pipeline: Pipeline;
  private readonly entries = new Map<string, Entry>();
  /** The newest start last. */
  private readonly order = new SortedList<Entry>(byStart);
  private readonly needing = new SortedList<Entry>(byStart);
  private readonly byState = { ...noCounts };
  /** What changed since it was last looked into, and since when; the oldest first. */
  private readonly stale = new Map<string, number>();
  private readonly dismissals: Dismissals;
  private generation = 0;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
    this.dismissals = new Dismissals(pipeline.capture);
  }

  /** Takes in the changes of a round; returns the conversations that are not what they were. */
  apply(changes: readonly Change[]): ReadonlySet<string> {
    const changed = new Set<string>();
    const now = performance.now();
    if (this.generation !== this.pipeline.generation) {
      this.generation = this.pipeline.generation;
      for (const id of this.entries.keys()) changed.add(id);
      this.clear();
      for (const id of this.pipeline.correlator.ids()) this.mark(id, now, changed);
    }
    for (const change of changes) {
      if (change.kind === "message") {
        const id = this.pipeline.correlator.conversationOf(change.seq);
        if (id !== undefined) this.mark(id, now, changed);
      } else if (change.kind === "merged") {
        this.leave(change.id);
        changed.add(change.id);
        this.mark(change.into, now, changed);
      } else {
        this.mark(change.id, now, changed);
        if (change.kind === "split") this.mark(change.from, now, changed);
        else if (this.pipeline.correlator.resolve(change.id) !== change.id) this.leave(change.id);
      }
    }
    if (this.order.length > mostEntries) this.dropOldest();
    if (changed.size > 0) this.revision++;
    this.lookIntoStale(now);
    return changed;
  }

  /** Makes these rows anew when they are looked at: they say something about the time. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) if (this.entries.has(id) && !this.stale.has(id)) this.stale.set(id, performance.now());
  }

  dismiss(id: string, dismissed: boolean): void {
    this.dismissals.set(id, dismissed);
    this.touch([id]);
    this.revision++;
  }

  get size(): number {
    return this.order.length;
  }

  /** How many there are in each state, as far as that is known: of many that have just come it is found out soon. */
  get counts(): Readonly<Record<ConversationState | "all", number>> {
    return { ...this.byState, all: this.size };
  }

  /** Counted from the newest start, which is 0. */
  newest(i: number): Entry | undefined {
    return this.order.fromEnd(i);
  }

  /** The place in the list of one that is in it. */
  rankOf(entry: Entry): number {
    return this.order.behind(entry);
  }

  /** Newest start first, as it is now. */
  get all(): Entry[] {
    return this.order.toReversed();
  }

  /** Those that need a look, in the order in which they began. */
  get needsLook(): Pick<SortedList<Entry>, "length" | "fromEnd" | "toReversed"> {
    return this.needing;
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  /** The row of an entry as it is now. */
  rowOf(entry: Entry): ConversationRow | undefined {
    const known = this.entries.get(entry.id);
    if (known !== undefined && (known.row === undefined || this.stale.has(entry.id))) this.makeRow(known);
    return this.entries.get(entry.id)?.row ?? entry.row;
  }

  /** The words of an entry that a filter looks through, in lower case. */
  wordsOf(entry: Entry): string {
    if (entry.words !== undefined) return entry.words;
    // A list that stands still has conversations that are part of others by now.
    const conversation = this.pipeline.conversation(entry.id);
    // For a filter alone no row is made: most conversations are not what is looked for.
    const words =
      conversation === undefined ? "" : wordsOf(new Subject(conversation, this.pipeline, this.pipeline.now()));
    entry.words = words;
    return words;
  }

  private mark(id: string, now: number, changed: Set<string>): void {
    changed.add(id);
    // Whatever waits to be looked into is in the list.
    if (this.stale.has(id)) return;
    if (!this.entries.has(id)) {
      const startedAt = this.pipeline.correlator.startOf(id);
      if (startedAt === undefined) return;
      const entry: Entry = { id, number: Number(id.slice(1)), startedAt, lastAt: startedAt, words: undefined };
      this.entries.set(id, entry);
      this.order.add(entry);
    }
    this.stale.set(id, now);
  }

  private leave(id: string): void {
    this.stale.delete(id);
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    this.count(entry, -1);
    this.order.remove(entry);
    if (entry.row?.needsLook === true) this.needing.remove(entry);
  }

  private lookIntoStale(now: number): void {
    const until = now + this.budget();
    const rest = this.stale.size > manyStale ? restMs : 0;
    for (const [id, since] of this.stale) {
      if (since + rest > now || performance.now() > until) break;
      const entry = this.entries.get(id);
      if (entry === undefined) this.stale.delete(id);
      else this.lookInto(entry);
    }
  }

  private budget(): number {
    const { behind, isQuiet } = this.pipeline;
    if (behind.messages > 0) return behind.messages > farBehind ? leastBudgetMs : busyBudgetMs;
    return isQuiet ? idleBudgetMs : liveBudgetMs;
  }

  /** Finds out what a conversation came to, and makes its row where something is wrong. */
  private lookInto(before: Entry): void {
    const { id, number } = before;
    const { correlator } = this.pipeline;
    const standing = correlator.standing(id);
    if (standing === undefined) this.leave(id);
    else if (standing.isTroubled || this.pipeline.hasBroken(correlator.seqsOf(id))) this.makeRow(before);
    else {
      const { startedAt, lastAt, state } = standing;
      this.replace(before, { id, number, startedAt, lastAt, state, words: undefined });
    }
  }

  private makeRow(before: Entry): void {
    const { id, number } = before;
    const conversation = this.pipeline.correlator.conversation(id);
    if (conversation === undefined || conversation.seqs.length === 0) return this.leave(id);
    const subject = new Subject(conversation, this.pipeline, this.pipeline.now());
    const row = conversationRow(subject, this.revision, this.dismissals.has(id));
    const { startedAt, lastAt, state } = row;
    this.replace(before, { id, number, startedAt, lastAt, state, row, words: undefined });
  }

  private replace(before: Entry, entry: Entry): void {
    this.stale.delete(entry.id);
    this.entries.set(entry.id, entry);
    this.order.replace(before, entry);
    if (before.row?.needsLook === true) this.needing.remove(before);
    if (entry.row?.needsLook === true) this.needing.add(entry);
    this.count(before, -1);
    this.count(entry, 1);
  }

  private count({ state }: Entry, by: 1 | -1): void {
    if (state === undefined) return;
    this.byState.all += by;
    this.byState[state] += by;
  }

  private dropOldest(): void {
    const leaving = this.order.dropFirst(this.order.length - mostEntries + leaveAtOnce);
    for (const { id } of leaving) this.leave(id);
    this.dropped += leaving.length;
  }

  private clear(): void {
    this.entries.clear();
    this.order.clear();
    this.needing.clear();
    this.stale.clear();
    Object.assign(this.byState, noCounts);
  }
}

function byStart(a: Entry, b: Entry): number {
  return a.startedAt - b.startedAt || a.number - b.number;
}

function wordsOf(subject: Subject): string {
  const { name, key, id, state, kind, seqs } = subject.conversation;
  const words = new Set([name, key, id, state, kind, ...participantsOf(subject)]);
  for (const seq of seqs.length > 200 ? seqs.slice(-200) : seqs) {
    const facts = subject.facts(seq);
    words.add(subject.name(seq));
    if (facts === undefined) continue;
    words.add(facts.channel);
    words.add(facts.key);
  }
  // Ids by which messages were joined can be looked for as well.
  for (const { because } of subject.conversation.edges.slice(0, 200)) for (const { value } of because) words.add(value);
  return [...words].join("\n").toLowerCase();
}
