import type { Pipeline } from "../pipeline.ts";
import { type Board, type Entry, noCounts } from "./board.ts";
import type { Activity } from "./histogram.ts";
import type { ConversationFilter, ConversationRow, Histogram, ServerMessage } from "./protocol.ts";
import { mostFound, TextSearch } from "./text-search.ts";

/** How many rows one view may ask for at once. */
const mostRows = 500;
const mostPinned = 5;
const mostSlices = 200;
/** Words of one filter that are looked for in messages; nobody types more. */
const mostWords = 8;

/** Time in one round for conversations that no filter looked at yet; while correlation is behind, so much. */
const wordsBudgetMs = 40;
const wordsBudgetBehindMs = 10;

/** With many conversations that need a look, where they lie is not found anew for every round. */
const manyProblems = 2_000;
const rulerMs = 1_000;

type Snapshot = Extract<ServerMessage, { kind: "conversations" }>;
type Ruler = NonNullable<Snapshot["ruler"]>;

/** One view's cursor on the list of conversations: its filter, its window, and whether it stands still. */
export class ListView {
  private readonly board: Board;
  private readonly pipeline: Pipeline;
  private readonly activity: Activity;
  private filter: ConversationFilter = { text: "", states: [] };
  private first = 0;
  private count = 0;
  /** Each word of the filter; `lower` is looked for in what the row says, the search in its messages. */
  private words: ReadonlyArray<{ readonly lower: string; readonly isField: boolean; readonly search: TextSearch }> = [];
  /** The whole list as it was when the view was paused. Rows are values, so this costs a pointer each. */
  private frozen: { entries: readonly Entry[]; histogram: Histogram; revision: number; seen: number } | undefined;
  /** Conversations whose rows were not looked through for the filter's words yet, and until when this round may. */
  private unread = 0;
  private wordsUntil = 0;
  private ruler: { readonly at: number; readonly slices: Ruler } | undefined;

  constructor(board: Board, pipeline: Pipeline, activity: Activity) {
    this.board = board;
    this.pipeline = pipeline;
    this.activity = activity;
  }

  watch(filter: ConversationFilter, first: number, count: number, paused: boolean): void {
    this.filter = filter;
    this.unread = 0;
    this.first = Math.max(0, Math.floor(first));
    this.count = Math.max(0, Math.min(mostRows, Math.floor(count)));
    const texts = filter.text.split(/\s+/).filter((word) => word !== "");
    this.words = texts.slice(0, mostWords).map((text) => ({
      lower: text.toLowerCase(),
      isField: isFieldWord(text),
      search: this.words.find(({ search }) => search.isFor(text))?.search ?? new TextSearch(text, this.pipeline),
    }));
    if (!paused) this.frozen = undefined;
    else
      this.frozen ??= {
        entries: this.board.all,
        histogram: this.histogram(this.board.needsLook.toReversed()),
        revision: this.board.revision,
        seen: this.pipeline.shownCount,
      };
  }

  get paused(): boolean {
    return this.frozen !== undefined;
  }

  /** Whether messages wait to be looked through for the filter's words. */
  get searching(): boolean {
    return this.unread > 0 || this.words.some(({ search }) => search.behind > 0);
  }

  /** Conversations on screen whose rows speak of the time. */
  *ticking(): Iterable<string> {
    for (let i = this.first; i < this.first + this.count; i++) {
      const row = this.board.newest(i)?.row;
      if (row?.state === "stuck") yield row.id;
    }
  }

  snapshot(): Snapshot {
    this.lookForWords();
    const { text, states, needsLook, from, to } = this.filter;
    const isWhole = text.trim() === "" && from === undefined && to === undefined;
    const isPlain = isWhole && states.length === 0 && needsLook !== true && this.frozen === undefined;
    const parts = isPlain ? this.whole() : this.filtered(isWhole);
    return {
      kind: "conversations",
      revision: this.frozen?.revision ?? this.board.revision,
      first: this.first,
      ...parts,
      ...(this.words.some(({ search }) => search.isCut) ? { searchCut: mostFound } : {}),
      ...(this.searching
        ? { searchBehind: Math.max(this.unread, ...this.words.map(({ search }) => search.behind)) }
        : {}),
      ...(this.frozen === undefined ? {} : { behind: Math.max(0, this.pipeline.shownCount - this.frozen.seen) }),
    };
  }

  /** The list as it is, without looking through all of it. */
  private whole(): Omit<Snapshot, "kind" | "revision" | "first"> {
    const { board } = this;
    const onTop = this.pinned(board.needsLook);
    // A pinned row stands once, on top: the places below move up.
    const taken = onTop.map((entry) => board.rankOf(entry)).sort((a, b) => a - b);
    let at = this.first;
    for (const rank of taken) if (rank <= at) at++;
    const rows: ConversationRow[] = [];
    for (; rows.length < this.count && at < board.size; at++) {
      const entry = taken.includes(at) ? undefined : board.newest(at);
      const row = entry && board.rowOf(entry);
      if (row !== undefined) rows.push(row);
    }
    return {
      needsLook: onTop.map((entry) => board.rowOf(entry)).filter((row) => row !== undefined),
      needsLookTotal: board.needsLook.length,
      rows,
      total: board.size - taken.length,
      counts: board.counts,
      histogram: this.histogram(board.needsLook.toReversed()),
      ruler: this.rulerOfBoard(taken),
    };
  }

  private filtered(isWhole: boolean): Omit<Snapshot, "kind" | "revision" | "first"> {
    const { board } = this;
    const all = this.frozen?.entries ?? board.all;
    this.unread = 0;
    this.wordsUntil = performance.now() + (this.pipeline.isBehind ? wordsBudgetBehindMs : wordsBudgetMs);
    const inTextAndTime = isWhole ? all : all.filter((entry) => this.matches(entry));
    const counts = { ...noCounts, all: inTextAndTime.length };
    const needing: Entry[] = [];
    for (const entry of inTextAndTime) {
      if (entry.state !== undefined) counts[entry.state]++;
      if (entry.row?.needsLook === true) needing.push(entry);
    }
    const states = new Set(this.filter.states);
    const isChosen = states.size > 0 || this.filter.needsLook === true;
    const onTop = isChosen ? [] : needing.slice(0, mostPinned);
    const listed = isChosen
      ? inTextAndTime.filter(
          ({ state, row }) =>
            (states.size === 0 || (state !== undefined && states.has(state))) &&
            (this.filter.needsLook !== true || row?.needsLook === true),
        )
      : inTextAndTime.filter((entry) => !onTop.includes(entry));
    const rowOf = (entry: Entry) =>
      this.frozen !== undefined && entry.row !== undefined ? entry.row : board.rowOf(entry);
    const rowsOf = (entries: readonly Entry[]) => entries.map(rowOf).filter((row) => row !== undefined);
    return {
      needsLook: rowsOf(onTop),
      needsLookTotal: needing.length,
      rows: rowsOf(listed.slice(this.first, this.first + this.count)),
      total: listed.length,
      counts,
      histogram: this.frozen?.histogram ?? this.histogram(board.needsLook.toReversed()),
      ruler: rulerOf(listed.map(({ row }) => row)),
    };
  }

  private pinned(needing: Board["needsLook"]): Entry[] {
    const pinned: Entry[] = [];
    for (let i = 0; i < mostPinned; i++) {
      const entry = needing.fromEnd(i);
      if (entry !== undefined) pinned.push(entry);
    }
    return pinned;
  }

  /** Where problems lie among the rows that are not pinned. */
  private rulerOfBoard(taken: readonly number[]): Ruler {
    const { needsLook, size } = this.board;
    const now = performance.now();
    if (this.ruler !== undefined && needsLook.length > manyProblems && now - this.ruler.at < rulerMs) {
      return this.ruler.slices;
    }
    const total = size - taken.length;
    const slices = emptyRuler(total);
    const perSlice = Math.ceil(total / Math.max(1, slices.length));
    for (const entry of needsLook.toReversed()) {
      const rank = this.board.rankOf(entry);
      if (taken.includes(rank)) continue;
      const place = rank - taken.filter((other) => other < rank).length;
      const slice = slices[Math.floor(place / perSlice)];
      if (slice === undefined) continue;
      if ((entry.row?.errors ?? 0) > 0) slice.errors++;
      else slice.warnings++;
    }
    this.ruler = { at: now, slices };
    return slices;
  }

  private matches(entry: Entry): boolean {
    const { from, to } = this.filter;
    if (from !== undefined && entry.lastAt < from) return false;
    if (to !== undefined && entry.startedAt > to) return false;
    return this.words.every(({ lower, isField, search }) => {
      if (search.has(entry.id)) return true;
      return !isField && this.wordsOf(entry)?.includes(lower) === true;
    });
  }

  /** What the row of an entry says; `undefined` where this takes longer than one round has time for. */
  private wordsOf(entry: Entry): string | undefined {
    if (entry.words !== undefined) return entry.words;
    if (performance.now() < this.wordsUntil) return this.board.wordsOf(entry);
    this.unread++;
    return undefined;
  }

  private lookForWords(): void {
    // After contracts changed, or the view was cleared, everything is another message.
    this.words = this.words.map((word) =>
      word.search.isFor(word.search.text) ? word : { ...word, search: new TextSearch(word.search.text, this.pipeline) },
    );
    for (const { search } of this.words) search.look();
  }

  private histogram(needing: readonly Entry[]): Histogram {
    const warnedAt: number[] = [];
    for (const { row } of needing) {
      if (row?.errors === 0) warnedAt.push(row.lastAt);
      if (warnedAt.length >= 1000) break;
    }
    return this.activity.histogram(this.pipeline.now(), warnedAt);
  }
}

function isFieldWord(word: string): boolean {
  return /^[\w.-]+=./.test(word);
}

/** Where problems lie in the whole list, in at most 200 slices of equally many rows. */
function rulerOf(rows: ReadonlyArray<ConversationRow | undefined>): Ruler {
  const slices = emptyRuler(rows.length);
  const perSlice = Math.ceil(rows.length / Math.max(1, slices.length));
  rows.forEach((row, i) => {
    const slice = slices[Math.floor(i / perSlice)];
    if (slice === undefined || row?.needsLook !== true) return;
    if (row.errors > 0) slice.errors++;
    else slice.warnings++;
  });
  return slices;
}

function emptyRuler(rows: number): Array<{ errors: number; warnings: number }> {
  if (rows === 0) return [];
  const perSlice = Math.ceil(rows / mostSlices);
  return Array.from({ length: Math.ceil(rows / perSlice) }, () => ({ errors: 0, warnings: 0 }));
}
