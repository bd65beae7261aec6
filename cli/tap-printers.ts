/** Messages to the terminal: as they come, or, where states of conversations are asked for, conversation by conversation. */
import type { RunningTrace } from "../daemon/index.ts";
import type { ConversationState } from "../daemon/client/index.ts";
import { writeLine } from "./output.ts";
import type { TapFilter } from "./tap-filter.ts";
import { conversationJsonLine, conversationTextLine, readMessage, textLine, type SeenMessage } from "./tap-lines.ts";
import type { Style } from "./terminal.ts";

type Pipeline = RunningTrace["pipeline"];

/** What happened to conversations since the last look, the last by each id. */
export type Changes = Map<string, { readonly kind: string; readonly into?: string; readonly id: string }>;

const readAtOnce = 500;
/** So many conversations are remembered of which something was printed; of older ones a message may come twice. */
const mostRemembered = 10_000;

/** A message as the JSON object that docs/tap-json.md describes; absent: lines are for people. */
export type JsonOf = (message: NonNullable<ReturnType<Pipeline["message"]>>) => string;

class Lines {
  private readonly style: Style;
  private readonly jsonOf: JsonOf | undefined;

  constructor(style: Style, jsonOf: JsonOf | undefined) {
    this.style = style;
    this.jsonOf = jsonOf;
  }

  get json(): boolean {
    return this.jsonOf !== undefined;
  }

  /** Below the line of its conversation, where that is given. */
  ofMessage(message: SeenMessage, conversation?: string): string {
    if (this.jsonOf !== undefined) return this.jsonOf(message.message);
    const indent = conversation === undefined ? "" : "  ";
    return indent + textLine(message, this.style, (process.stdout.columns ?? 10_000) - indent.length);
  }

  ofConversation(conversation: NonNullable<ReturnType<Pipeline["conversation"]>>, at: number): string {
    return this.json ? conversationJsonLine(conversation, at) : conversationTextLine(conversation, at, this.style);
  }

  /** Waits where the reader is slower; what comes meanwhile is in the capture. */
  write(line: string): Promise<void> {
    return writeLine(line);
  }
}

/** Every message once, in order. */
export class MessagePrinter {
  private readonly pipeline: Pipeline;
  private readonly filter: TapFilter;
  private readonly lines: Lines;
  private last = 0;

  constructor(pipeline: Pipeline, filter: TapFilter, style: Style, jsonOf: JsonOf | undefined) {
    this.pipeline = pipeline;
    this.filter = filter;
    this.lines = new Lines(style, jsonOf);
  }

  /** What came by now, until `deadline` of the process's own clock; resolves to how many are left. */
  async print(deadline = Number.POSITIVE_INFINITY): Promise<number> {
    const { pipeline, filter, lines } = this;
    for (const end = pipeline.observedSeq; this.last < end;) {
      const messages = pipeline.messagesAfter(this.last, Math.min(readAtOnce, end - this.last));
      if (messages.length === 0 || performance.now() > deadline) return end - this.last;
      // Taps and signals are heard between two batches, also where the lines go into a file that takes all at once.
      await new Promise((resolve) => setImmediate(resolve));
      for (const message of messages) {
        this.last = message.seq;
        const seen = readMessage(pipeline, message.seq, message);
        if (seen === undefined || !filter.wants(seen)) continue;
        const line = lines.ofMessage(seen);
        if (filter.wantsLine(line)) await lines.write(line);
      }
    }
    return 0;
  }
}

/** Conversations that got into a state that is asked for: a line that says so, then their messages, each once. */
export class ConversationPrinter {
  private readonly pipeline: Pipeline;
  private readonly filter: TapFilter;
  private readonly states: ReadonlySet<ConversationState>;
  private readonly changes: Changes;
  private readonly lines: Lines;
  /** The conversation of the line that was printed last. */
  private latest = "";
  private readonly printed = new Map<string, { state: ConversationState; readonly seqs: Set<number> }>();

  constructor(
    pipeline: Pipeline,
    filter: TapFilter,
    states: ReadonlySet<ConversationState>,
    changes: Changes,
    style: Style,
    jsonOf: JsonOf | undefined,
  ) {
    this.pipeline = pipeline;
    this.filter = filter;
    this.states = states;
    this.changes = changes;
    this.lines = new Lines(style, jsonOf);
  }

  async print(): Promise<number> {
    const changes = [...this.changes.values()];
    this.changes.clear();
    for (const { id, into } of changes) if (into !== undefined) this.merge(id, into);
    for (const { id, into } of changes) if (into === undefined) await this.printConversation(id);
    return 0;
  }

  /** What was printed of a conversation was printed of the one that it became part of. */
  private merge(id: string, into: string): void {
    const old = this.printed.get(id);
    if (old === undefined) return;
    this.printed.delete(id);
    this.remember(into, { state: old.state, seqs: new Set([...old.seqs, ...(this.printed.get(into)?.seqs ?? [])]) });
  }

  private async printConversation(id: string): Promise<void> {
    const { pipeline, filter, lines } = this;
    const conversation = pipeline.conversation(id);
    const known = this.printed.get(id);
    if (conversation === undefined) return;
    if (!this.states.has(conversation.state)) {
      if (known !== undefined) known.state = conversation.state;
      return;
    }
    const messages = conversation.seqs
      .filter((seq) => known?.seqs.has(seq) !== true)
      .map((seq) => readMessage(pipeline, seq))
      .filter((message) => message !== undefined)
      .filter((message) => filter.wants(message))
      .map((message) => ({ seq: message.seq, line: lines.ofMessage(message, id) }))
      .filter(({ line }) => filter.wantsLine(line));
    // Where something of it was printed, its state belongs to it; else it is only of interest for what is asked for.
    if (messages.length === 0 && known === undefined) return;
    const printed = known ?? { state: conversation.state, seqs: new Set<number>() };
    const isNew = known?.state !== conversation.state;
    // To a person who reads on, a message that comes later says nothing without its conversation.
    if (isNew || (!lines.json && this.latest !== id && messages.length > 0)) {
      printed.state = conversation.state;
      await lines.write(lines.ofConversation(conversation, conversation.lastAt));
    }
    this.latest = id;
    this.remember(id, printed);
    for (const { seq, line } of messages) {
      printed.seqs.add(seq);
      await lines.write(line);
    }
  }

  private remember(id: string, printed: { state: ConversationState; readonly seqs: Set<number> }): void {
    this.printed.delete(id);
    this.printed.set(id, printed);
    for (const oldest of this.printed.keys()) {
      if (this.printed.size <= mostRemembered) return;
      this.printed.delete(oldest);
    }
  }
}
