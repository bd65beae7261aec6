import type { Pipeline } from "../pipeline.ts";
import type { Board, Entry } from "./board.ts";
import type { Activity } from "./histogram.ts";
import type { ConversationFilter, ConversationRow, ConversationState, Histogram, ServerMessage } from "./protocol.ts";
import { TextSearch } from "./text-search.ts";

/** How many rows one view may ask for at once. */
const mostRows = 500;
const mostPinned = 5;
const mostSlices = 200;
/** Words of one filter that are looked for in messages; nobody types more. */
const mostWords = 8;

const emptyCounts: Readonly<Record<ConversationState | "all", number>> = {
  all: 0,
  running: 0,
  completed: 0,
  failed: 0,
  compensating: 0,
  compensated: 0,
  stuck: 0,
  late: 0,
};

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

  constructor(board: Board, pipeline: Pipeline, activity: Activity) {
    this.board = board;
    this.pipeline = pipeline;
    this.activity = activity;
  }

  watch(filter: ConversationFilter, first: number, count: number, paused: boolean): void {
    this.filter = filter;
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
        entries: [...this.board.all],
        histogram: this.histogram(this.board.all),
        revision: this.board.revision,
        seen: this.pipeline.shownCount,
      };
  }

  get paused(): boolean {
    return this.frozen !== undefined;
  }

  /** Whether messages wait to be looked through for the filter's words. */
  get searching(): boolean {
    return this.words.some(({ search }) => search.behind > 0);
  }

  /** Conversations on screen whose rows speak of the time. */
  *ticking(): Iterable<string> {
    const window = this.board.all.slice(this.first, this.first + this.count);
    for (const { row } of window) if (row.state === "stuck") yield row.id;
  }

  snapshot(): Extract<ServerMessage, { kind: "conversations" }> {
    const all = this.frozen?.entries ?? this.board.all;
    this.lookForWords();
    const inTextAndTime =
      this.words.length === 0 && this.filter.from === undefined && this.filter.to === undefined
        ? all
        : all.filter((entry) => this.matches(entry));
    const counts = { ...emptyCounts, all: inTextAndTime.length };
    const pinned: ConversationRow[] = [];
    let needsLookTotal = 0;
    for (const { row } of inTextAndTime) {
      counts[row.state]++;
      if (!row.needsLook) continue;
      needsLookTotal++;
      if (pinned.length < mostPinned) pinned.push(row);
    }
    const states = new Set(this.filter.states);
    // A pinned row stands once: on top, unless the filter asks for it where it belongs by its start.
    const onTop = new Set(pinned);
    const listed =
      states.size === 0 && this.filter.needsLook !== true
        ? onTop.size === 0
          ? inTextAndTime
          : inTextAndTime.filter(({ row }) => !onTop.has(row))
        : inTextAndTime.filter(
            ({ row }) =>
              (states.size === 0 || states.has(row.state)) && (this.filter.needsLook !== true || row.needsLook),
          );
    return {
      kind: "conversations",
      revision: this.frozen?.revision ?? this.board.revision,
      needsLook: states.size === 0 && this.filter.needsLook !== true ? pinned : [],
      needsLookTotal,
      first: this.first,
      rows: listed.slice(this.first, this.first + this.count).map(({ row }) => row),
      total: listed.length,
      counts,
      histogram: this.frozen?.histogram ?? this.histogram(all),
      ruler: rulerOf(listed),
      ...(this.searching ? { searchBehind: Math.max(...this.words.map(({ search }) => search.behind)) } : {}),
      ...(this.frozen === undefined ? {} : { behind: Math.max(0, this.pipeline.shownCount - this.frozen.seen) }),
    };
  }

  private matches({ row, words }: Entry): boolean {
    const { from, to } = this.filter;
    if (from !== undefined && row.lastAt < from) return false;
    if (to !== undefined && row.startedAt > to) return false;
    return this.words.every(({ lower, isField, search }) => search.has(row.id) || (!isField && words.includes(lower)));
  }

  private lookForWords(): void {
    // After contracts changed, or the view was cleared, everything is another message.
    this.words = this.words.map((word) =>
      word.search.isFor(word.search.text) ? word : { ...word, search: new TextSearch(word.search.text, this.pipeline) },
    );
    for (const { search } of this.words) search.look();
  }

  private histogram(entries: readonly Entry[]): Histogram {
    const warnedAt: number[] = [];
    for (const { row } of entries) {
      if (row.needsLook && row.errors === 0) warnedAt.push(row.lastAt);
      if (warnedAt.length >= 1000) break;
    }
    return this.activity.histogram(this.pipeline.now(), warnedAt);
  }
}

function isFieldWord(word: string): boolean {
  return /^[\w.-]+=./.test(word);
}

/** Where problems lie in the whole list, in at most 200 slices of equally many rows. */
function rulerOf(entries: readonly Entry[]): ReadonlyArray<{ readonly errors: number; readonly warnings: number }> {
  if (entries.length === 0) return [];
  const perSlice = Math.ceil(entries.length / mostSlices);
  const slices = Array.from({ length: Math.ceil(entries.length / perSlice) }, () => ({ errors: 0, warnings: 0 }));
  entries.forEach(({ row }, i) => {
    const slice = slices[Math.floor(i / perSlice)];
    if (slice === undefined || !row.needsLook) return;
    if (row.errors > 0) slice.errors++;
    else slice.warnings++;
  });
  return slices;
}
