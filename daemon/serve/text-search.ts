import type { Pipeline } from "../pipeline.ts";
import { matcher, type SearchableMessage, type SearchTerm } from "../store/index.ts";

/** A word that is on more messages than this finds the newest of them. */
export const mostFound = 10_000;
/** Time for reading what is not indexed yet, in one round; the rest waits for the next. */
const roundBudgetMs = 20;
const readAtOnce = 200;

/** One term of a filter: the messages that have it, found through the index, and by reading what it has not reached. */
export class TextSearch {
  readonly text: string;
  private readonly term: SearchTerm;
  private readonly matches: ReturnType<typeof matcher>;
  private readonly pipeline: Pipeline;
  private readonly generation: number;
  private seqs: number[] = [];
  private ids = new Set<string>();
  private lookedUpTo = 0;

  constructor(text: string, pipeline: Pipeline) {
    this.text = text;
    this.term = termOf(text);
    this.matches = matcher(this.term);
    this.pipeline = pipeline;
    this.generation = pipeline.generation;
    this.lookedUpTo = Math.max(0, pipeline.firstSeq - 1);
  }

  /** Whether this is about what is shown now; after contracts changed everything is looked at again. */
  isFor(text: string): boolean {
    return this.text === text && this.generation === this.pipeline.generation;
  }

  /** How many messages have not been looked at yet. */
  get behind(): number {
    return Math.max(0, this.pipeline.observedSeq - this.lookedUpTo);
  }

  /** Looks at what came since, for a moment; then knows the conversations as they are now. */
  look(): void {
    const { capture, correlator } = this.pipeline;
    if (capture.indexedUpTo > this.lookedUpTo) {
      const upTo = capture.indexedUpTo;
      const found = capture.searchIndexed(this.term, this.lookedUpTo, mostFound);
      // What an index found that failed at it is not all there is: then these messages are read.
      if (capture.indexedUpTo >= upTo) {
        this.found([...found].reverse());
        this.lookedUpTo = upTo;
      }
    }
    const until = performance.now() + roundBudgetMs;
    while (this.behind > 0 && performance.now() < until) {
      const messages = capture.searchable(this.lookedUpTo, readAtOnce);
      const last = messages.at(-1);
      if (last === undefined) break;
      this.found(messages.filter((message) => this.isMatch(message)).map(({ seq }) => seq));
      this.lookedUpTo = last.seq;
    }
    this.ids = new Set(this.seqs.map((seq) => correlator.conversationOf(seq)).filter((id) => id !== undefined));
  }

  has(conversation: string): boolean {
    return this.ids.has(conversation);
  }

  /** Whether there are more messages than are found: then these are the newest. */
  get isCut(): boolean {
    return this.seqs.length >= mostFound;
  }

  private found(seqs: readonly number[]): void {
    // Not spread into arguments: there may be more than a call takes.
    this.seqs = this.seqs.concat(seqs).slice(-mostFound);
  }

  private isMatch(message: SearchableMessage): boolean {
    if (this.matches(message)) return true;
    const { seq, isRead } = message;
    if (isRead) return false;
    // A recording that is sent around has no decoded bodies; the contracts here may know what they mean.
    const value = this.pipeline.message(seq)?.decoded.value;
    const json = value === undefined ? undefined : JSON.stringify(value);
    return json !== undefined && this.matches({ text: json, decoded: json });
  }
}

/** `orderId=ORD-1042` asks for a member of a body, everything else for a word anywhere in a message. */
function termOf(text: string): SearchTerm {
  const field = /^([\w.-]+)=(.+)$/s.exec(text);
  return field === null ? { word: text } : { field: field[1] ?? "", value: field[2] ?? "" };
}
