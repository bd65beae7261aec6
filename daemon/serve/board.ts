import type { Change } from "../correlate/model.ts";
import type { Pipeline } from "../pipeline.ts";
import { conversationRow } from "./present-row.ts";
import type { ConversationRow } from "./protocol.ts";
import { Subject } from "./subject.ts";

/** A conversation in the list: its row, and the words a filter looks through. */
export interface Entry {
  readonly row: ConversationRow;
  readonly words: string;
}

/** Time for making rows in one round; the rest waits for the next, so that a burst never holds up the taps. */
const roundBudgetMs = 20;
/** Conversations beyond this number leave the list, the oldest first. */
const mostEntries = 200_000;

/**
 * All conversations in their order: newest start first, never by activity. Rows are values; a change makes a new one
 * with the revision of its round.
 */
export class Board {
  revision = 0;
  /** Conversations that left the list because there were too many. */
  dropped = 0;
  private readonly pipeline: Pipeline;
  private readonly entries = new Map<string, Entry>();
  private order: Entry[] = [];
  private readonly stale = new Set<string>();
  private readonly dismissed = new Set<string>();
  private readonly merged = new Map<string, string>();
  private generation = 0;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  /** Takes in the changes of a round; returns the conversations whose rows are new or gone. */
  apply(changes: readonly Change[]): ReadonlySet<string> {
    const changed = new Set<string>();
    if (this.generation !== this.pipeline.generation) {
      this.generation = this.pipeline.generation;
      for (const id of this.entries.keys()) changed.add(id);
      this.entries.clear();
      this.order = [];
      this.stale.clear();
      this.merged.clear();
    }
    for (const change of changes) {
      if (change.kind === "message") {
        const id = this.pipeline.correlator.conversationOf(change.seq);
        if (id !== undefined) this.stale.add(id);
      } else if (change.kind === "merged") {
        this.remove(change.id);
        this.stale.delete(change.id);
        this.merged.set(change.id, change.into);
        changed.add(change.id);
        this.stale.add(change.into);
      } else {
        this.stale.add(change.id);
        if (change.kind === "split") this.stale.add(change.from);
      }
    }
    if (this.stale.size > 0 || changed.size > 0) this.revision++;
    const until = performance.now() + roundBudgetMs;
    for (const id of this.stale) {
      if (performance.now() > until) break;
      this.stale.delete(id);
      this.refresh(id);
      changed.add(id);
    }
    return changed;
  }

  /** Makes these rows anew: they say something about the time. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) if (this.entries.has(id)) this.stale.add(id);
  }

  dismiss(id: string, dismissed: boolean): void {
    if (dismissed) this.dismissed.add(id);
    else this.dismissed.delete(id);
    this.touch([id]);
  }

  /** Newest start first. Do not change it. */
  get all(): readonly Entry[] {
    return this.order;
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  /** Where a conversation went that is no longer there by itself. */
  into(id: string): string | undefined {
    return this.merged.get(id);
  }

  private refresh(id: string): void {
    const conversation = this.pipeline.correlator.conversation(id);
    this.remove(id);
    if (conversation === undefined || conversation.seqs.length === 0) return;
    const subject = new Subject(conversation, this.pipeline, this.pipeline.now());
    const row = conversationRow(subject, this.revision, this.dismissed.has(id));
    const entry = { row, words: wordsOf(subject, row) };
    this.entries.set(id, entry);
    this.order.splice(this.placeOf(row), 0, entry);
    if (this.order.length > mostEntries) {
      const oldest = this.order.pop();
      if (oldest !== undefined) this.entries.delete(oldest.row.id);
      this.dropped++;
    }
  }

  private remove(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    const place = this.placeOf(entry.row);
    if (this.order[place] === entry) this.order.splice(place, 1);
    else this.order = this.order.filter((other) => other !== entry);
  }

  /** The first place whose row does not come before `row`. */
  private placeOf(row: ConversationRow): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.order[middle]?.row;
      if (other !== undefined && comesBefore(other, row)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function comesBefore(a: ConversationRow, b: ConversationRow): boolean {
  if (a.startedAt !== b.startedAt) return a.startedAt > b.startedAt;
  const difference = Number(a.id.slice(1)) - Number(b.id.slice(1));
  return Number.isNaN(difference) ? a.id > b.id : difference > 0;
}

function wordsOf(subject: Subject, row: ConversationRow): string {
  const words = new Set([row.name, row.key, row.id, row.state, row.kind, ...row.participants]);
  const { seqs } = subject.conversation;
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
