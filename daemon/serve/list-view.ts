import type { Pipeline } from "../pipeline.ts";
import type { Board, Entry } from "./board.ts";
import type { Activity } from "./histogram.ts";
import type { ConversationFilter, ConversationRow, ConversationState, Histogram, ServerMessage } from "./protocol.ts";

/** How many rows one view may ask for at once. */
const mostRows = 500;
const mostPinned = 5;
const mostSlices = 200;
const mostFound = 10_000;

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
  private words: readonly string[] = [];
  private fields: FieldSearch[] = [];
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
    const words = filter.text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    this.words = words.filter((word) => !isFieldWord(word));
    const wanted = filter.text.split(/\s+/).filter(isFieldWord);
    this.fields = wanted.map(
      (text) => this.fields.find((known) => known.text === text) ?? new FieldSearch(text, this.pipeline),
    );
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

  /** Conversations on screen whose rows speak of the time. */
  *ticking(): Iterable<string> {
    const window = this.board.all.slice(this.first, this.first + this.count);
    for (const { row } of window) if (row.state === "stuck") yield row.id;
  }

  snapshot(): Extract<ServerMessage, { kind: "conversations" }> {
    const all = this.frozen?.entries ?? this.board.all;
    for (const field of this.fields) field.lookAtNewer();
    const inTextAndTime =
      this.words.length === 0 &&
      this.fields.length === 0 &&
      this.filter.from === undefined &&
      this.filter.to === undefined
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
      ...(this.frozen === undefined ? {} : { behind: Math.max(0, this.pipeline.shownCount - this.frozen.seen) }),
    };
  }

  private matches({ row, words }: Entry): boolean {
    const { from, to } = this.filter;
    if (from !== undefined && row.lastAt < from) return false;
    if (to !== undefined && row.startedAt > to) return false;
    return this.words.every((word) => words.includes(word)) && this.fields.every((field) => field.has(row.id));
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

/** `orderId=ORD-1042`: conversations with a message whose decoded body says so. */
class FieldSearch {
  readonly text: string;
  private readonly pipeline: Pipeline;
  private readonly seqs: number[] = [];
  private ids = new Set<string>();
  private lookedUpTo = 0;

  constructor(text: string, pipeline: Pipeline) {
    this.text = text;
    this.pipeline = pipeline;
  }

  lookAtNewer(): void {
    const { lastSeq } = this.pipeline.capture;
    if (lastSeq > this.lookedUpTo && this.seqs.length < mostFound) {
      const [field, value] = splitOnce(this.text);
      this.seqs.push(...this.pipeline.capture.withField(field, value, this.lookedUpTo, mostFound));
      this.lookedUpTo = lastSeq;
    }
    this.ids = new Set(
      this.seqs.map((seq) => this.pipeline.correlator.conversationOf(seq)).filter((id) => id !== undefined),
    );
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }
}

function isFieldWord(word: string): boolean {
  return /^[\w.-]+=./.test(word);
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at).split(".").at(-1) ?? "", text.slice(at + 1)];
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
