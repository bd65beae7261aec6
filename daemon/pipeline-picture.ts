import type { CorrelationHints, Correlator } from "./correlate/model.ts";
import { DefinitionsSeen } from "./pipeline-definitions.ts";
import { makeFacts, type MessageFacts } from "./pipeline-facts.ts";
import type { Following, StoredEntry } from "./pipeline-follower.ts";
import { KnownFacts } from "./pipeline-known-facts.ts";
import { type ReadMessage, RecentMessages } from "./pipeline-recent.ts";
import { waitingEvent, type WaitingEvent, type WaitingInTurn, type WaitingMessage } from "./pipeline-waiting.ts";
import type { TapState } from "./tap/envelope.ts";

export interface PictureOptions {
  readonly createCorrelator: (hints: CorrelationHints) => Correlator;
  readonly hints: CorrelationHints;
  /** Reads a message that is stored, where what it means is not known yet. */
  readonly read: (entry: StoredEntry & { readonly event: { readonly kind: "message" } }) => ReadMessage;
  /** The most messages whose facts are kept at hand. */
  readonly maxFacts: number;
}

/** Event time goes in steps: between them, nothing is late. */
const tickMs = 25;

/**
 * What is made of the messages of a capture, entry by entry in their order: correlation, facts, what was seen. Each is
 * prepared first and taken in when its turn comes, so that what waits in between is small.
 */
export class Picture implements Following<WaitingInTurn> {
  readonly correlator: Correlator;
  readonly definitions = new DefinitionsSeen();
  /** The number of the last message of each tap. */
  readonly lastSeqOfTap = new Map<string, number>();
  readonly facts: KnownFacts;
  /** Messages that break their contract. */
  readonly broken = new Set<number>();
  recent = new RecentMessages();
  masked = 0;
  /** Messages taken in. */
  seen = 0;
  /** The newest and the oldest message taken in. */
  observedSeq = 0;
  firstSeq = 1;
  /** When the newest event that was taken in was seen. */
  at = 0;
  private readonly options: PictureOptions;
  private readonly interruptedAt = new Map<string, number>();
  private lastTick = 0;

  constructor(options: PictureOptions) {
    this.options = options;
    this.facts = new KnownFacts(options.maxFacts);
    this.correlator = options.createCorrelator(options.hints);
  }

  /** Of an event that is told of: what is to wait. */
  prepare(entry: StoredEntry): WaitingInTurn {
    const { n, masked, event } = entry;
    if (event.kind !== "delivery") return waitingEvent({ ...entry, event });
    const extracted = this.correlator.extractDelivery(event.delivery);
    return { kind: "delivery", n, bytes: 512, extracted, receivedAt: event.delivery.receivedAt, masked };
  }

  /** Of a message that was just read. One that waits for a schema may have it by its turn, and is read again then. */
  prepareRead(n: number, message: ReadMessage): WaitingInTurn {
    const { seq, envelope, decoded, masked } = message;
    this.recent.add(message);
    if (decoded.awaits === undefined) return this.readingOf(n, message);
    return waitingEvent({ n, seq, event: { kind: "message", envelope }, masked });
  }

  take(waiting: WaitingInTurn): void {
    switch (waiting.kind) {
      case "message":
        this.arriveAt(waiting.facts.receivedAt);
        this.observe(waiting);
        break;
      case "delivery":
        this.arriveAt(waiting.receivedAt);
        this.masked += waiting.masked;
        this.correlator.takeDelivery(waiting.extracted);
        break;
      default:
        this.takeEvent(waiting.entry);
    }
  }

  private takeEvent(entry: WaitingEvent["entry"]): void {
    const { event, n } = entry;
    switch (event.kind) {
      case "message": {
        this.arriveAt(event.envelope.receivedAt);
        const message = this.options.read({ ...entry, event });
        this.observe(this.readingOf(n, message));
        this.recent.add(message);
        break;
      }
      case "state":
        this.noteGap(event.state);
        break;
      case "connection":
        this.correlator.nameConnection(event.tap, event.connection, event.name);
        break;
      case "commit":
        this.correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
        break;
      default:
        this.correlator.transaction(event.topic, event.partition, event.producerId, event.offset, event.outcome);
    }
  }

  /** A message that was taken in before is read otherwise now. */
  replace({ seq, envelope, decoded, masked }: ReadMessage): void {
    if (this.facts.get(seq) === undefined) return;
    const facts = makeFacts(seq, envelope, decoded);
    this.keepFacts(facts);
    this.recent.replace({ seq, envelope, decoded, masked });
    if (decoded.definition !== undefined) this.definitions.note(decoded.definition, facts);
  }

  /** It is `now`: what was expected until then and did not come is late. */
  passTime(now: number): void {
    if (now - this.lastTick < tickMs && now >= this.lastTick) return;
    this.lastTick = now;
    this.correlator.tick(now);
  }

  private readingOf(n: number, message: ReadMessage): WaitingMessage {
    const { seq, envelope, decoded, masked } = message;
    const extracted = this.correlator.extract(message);
    const facts = makeFacts(seq, envelope, decoded);
    return { kind: "message", n, bytes: extracted.bytes, extracted, facts, definition: decoded.definition, masked };
  }

  /** What comes next was seen then. */
  private arriveAt(at: number): void {
    this.at = at;
    this.passTime(at);
  }

  private observe({ extracted, facts, definition, masked }: WaitingMessage): void {
    const { seq } = facts;
    this.seen++;
    this.masked += masked;
    if (this.observedSeq === 0) this.firstSeq = seq;
    this.observedSeq = seq;
    this.lastSeqOfTap.set(facts.tap, seq);
    this.correlator.take(extracted);
    this.keepFacts(facts);
    if (definition !== undefined) this.definitions.note(definition, facts);
  }

  private keepFacts(facts: MessageFacts): void {
    for (const seq of this.facts.set(facts)) this.broken.delete(seq);
    if (facts.check === "invalid") this.broken.add(facts.seq);
    else if (this.broken.size > 0) this.broken.delete(facts.seq);
  }

  /** No expectation runs while a tap could not see. */
  private noteGap(state: TapState): void {
    if (state.phase === "live") {
      const since = this.interruptedAt.get(state.tap);
      if (since !== undefined) this.correlator.gap(since, state.since);
      this.interruptedAt.delete(state.tap);
    } else if (state.phase === "reconnecting" && !this.interruptedAt.has(state.tap)) {
      this.interruptedAt.set(state.tap, state.since);
    }
  }
}
