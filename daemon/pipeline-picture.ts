import type { CorrelationHints, Correlator } from "./correlate/model.ts";
import { DefinitionsSeen } from "./pipeline-definitions.ts";
import { makeFacts, type MessageFacts } from "./pipeline-facts.ts";
import type { StoredEntry } from "./pipeline-follower.ts";
import { KnownFacts } from "./pipeline-known-facts.ts";
import { type ReadMessage, RecentMessages } from "./pipeline-recent.ts";
import type { TapEvent, TapState } from "./tap/envelope.ts";

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

/** What is made of the messages of a capture, entry by entry in their order: correlation, facts, what was seen. */
export class Picture {
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

  take(entry: StoredEntry): void {
    const { event, masked, decoded, seq = 0 } = entry;
    const at = timeOf(event);
    if (at !== undefined) {
      this.at = at;
      this.passTime(at);
    }
    switch (event.kind) {
      case "message":
        this.observe(
          // What waited for a schema may have it by now.
          decoded === undefined || decoded.awaits !== undefined
            ? this.options.read({ ...entry, event })
            : { seq, envelope: event.envelope, decoded, masked },
        );
        break;
      case "delivery":
        this.masked += masked;
        this.correlator.deliver(event.delivery);
        break;
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
    this.keepFacts(makeFacts(seq, envelope, decoded));
    this.recent.replace({ seq, envelope, decoded, masked });
    if (decoded.definition !== undefined) {
      this.definitions.note(decoded.definition, decoded, seq, envelope.timestamp ?? envelope.receivedAt);
    }
  }

  /** It is `now`: what was expected until then and did not come is late. */
  passTime(now: number): void {
    if (now - this.lastTick < tickMs && now >= this.lastTick) return;
    this.lastTick = now;
    this.correlator.tick(now);
  }

  private observe(message: ReadMessage): void {
    const { seq, envelope, decoded, masked } = message;
    this.seen++;
    this.masked += masked;
    if (this.observedSeq === 0) this.firstSeq = seq;
    this.observedSeq = seq;
    this.lastSeqOfTap.set(envelope.tap, seq);
    this.correlator.observe(message);
    this.keepFacts(makeFacts(seq, envelope, decoded));
    this.recent.add(message);
    if (decoded.definition !== undefined) {
      this.definitions.note(decoded.definition, decoded, seq, envelope.timestamp ?? envelope.receivedAt);
    }
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

/** When a tap saw a message or its delivery; what else is told has times of the broker. */
function timeOf(event: TapEvent): number | undefined {
  if (event.kind === "message") return event.envelope.receivedAt;
  return event.kind === "delivery" ? event.delivery.receivedAt : undefined;
}
