import type { DecodedBody } from "../contracts/codec/index.ts";
import type { Contracts } from "./contracts.ts";
import type { Change, Conversation, CorrelationHints, Correlator } from "./correlate/model.ts";
import { Masker } from "./mask/index.ts";
import { DefinitionsSeen } from "./pipeline-definitions.ts";
import { makeFacts, type MessageFacts } from "./pipeline-facts.ts";
import { messageInput } from "./pipeline-input.ts";
import { dropOldest, type ReadMessage, RecentMessages } from "./pipeline-recent.ts";
import { PipelineQueue, type QueueLimits } from "./pipeline-queue.ts";
import type { Capture } from "./store/index.ts";
import type { Delivery, Envelope, TapEvent, TapSink, TapState } from "./tap/envelope.ts";

export interface PipelineOptions {
  readonly capture: Capture;
  readonly contracts: Contracts;
  readonly createCorrelator: (hints: CorrelationHints) => Correlator;
  /** The time that expectations run by: this machine's while live, the recording's own when one is shown. */
  readonly now: () => number;
  readonly masker?: Masker;
  readonly limits?: QueueLimits;
  /** The most messages whose facts are kept at hand. */
  readonly maxFacts?: number;
}

const sliceSize = 250;
const tickMs = 250;
/** Contracts that change re-decode everything up to this many messages; beyond, only what comes and what is opened. */
const rebuildLimit = 100_000;
const binaryFormats: ReadonlySet<DecodedBody["format"]> = new Set(["protobuf", "avro", "messagepack", "cbor"]);

/**
 * From taps to views: each event is masked, read by the contracts, numbered and stored, and told to the correlator.
 * `cycle` ends a round: what it returns is on disk and may be shown.
 */
export class Pipeline implements TapSink {
  readonly capture: Capture;
  readonly taps = new Map<string, TapState>();
  /** The number of the last message of each tap when it was last interrupted. */
  readonly lastSeqOfTap = new Map<string, number>();
  contracts: Contracts;
  correlator: Correlator;
  definitions = new DefinitionsSeen();
  masked = 0;
  seen = 0;
  /** How many of those the last round has shown. */
  shownCount = 0;
  /** When something was shed first; `undefined` when nothing was. */
  shedSince: number | undefined;
  /** The newest and the oldest message that views may know of. */
  observedSeq = 0;
  firstSeq = 1;
  /** Grows when everything is computed anew, since a contract changed or the trace was cleared. */
  generation = 0;
  private readonly options: PipelineOptions;
  private readonly masker: Masker;
  private readonly queue: PipelineQueue;
  private facts = new Map<number, MessageFacts>();
  private recent = new RecentMessages();
  private readonly interruptedAt = new Map<string, number>();
  private lastTick = 0;
  private draining = false;
  private rebuilding = false;
  private dead = false;
  private clearedUpTo: number;

  constructor(options: PipelineOptions) {
    this.options = options;
    this.capture = options.capture;
    this.contracts = options.contracts;
    this.masker = options.masker ?? new Masker();
    this.queue = new PipelineQueue(options.limits);
    this.clearedUpTo = Number(options.capture.meta("clearedUpTo") ?? 0);
    this.correlator = this.newCorrelator();
  }

  /** The number of bodies and of messages that were given up for lack of speed, in taps and here. */
  get shed(): number {
    let inTaps = 0;
    for (const state of this.taps.values()) inTaps += state.shed;
    return inTaps + this.queue.shed.messages + this.queue.shed.bodies;
  }

  get shedHere(): Readonly<PipelineQueue["shed"]> {
    return this.queue.shed;
  }

  now(): number {
    return this.options.now();
  }

  accept(events: readonly TapEvent[]): void | Promise<void> {
    if (this.dead) return undefined;
    if (!this.draining && !this.rebuilding && this.queue.size === 0 && events.length <= sliceSize) {
      for (const event of events) this.process(event);
      return undefined;
    }
    const before = this.queue.shed.messages + this.queue.shed.bodies;
    this.queue.push(events);
    if (this.queue.shed.messages + this.queue.shed.bodies > before) this.shedSince ??= this.now();
    this.drain();
    return this.queue.room();
  }

  /** Ends a round: stores what came, lets expectations run, and says what changed since the last round. */
  cycle(): readonly Change[] {
    if (this.dead) return [];
    this.capture.flush();
    this.shownCount = this.seen;
    const now = this.now();
    if (now - this.lastTick >= tickMs || now < this.lastTick) this.tick(now);
    return this.correlator.takeChanges();
  }

  /** Facts of a message that came lately; `undefined` for one that would have to be read again. */
  recentFacts(seq: number): MessageFacts | undefined {
    return this.facts.get(seq);
  }

  factsOf(seq: number): MessageFacts | undefined {
    const known = this.facts.get(seq);
    if (known !== undefined) return known;
    const stored = this.capture.message(seq);
    return stored === undefined ? undefined : makeFacts(seq, stored.envelope, this.decode(stored.envelope));
  }

  /** A stored message, read by the contracts of now. */
  message(seq: number): ReadMessage | undefined {
    const recent = this.recent.get(seq);
    if (recent !== undefined) {
      // What is shown is on disk first.
      this.capture.flush();
      return recent;
    }
    const stored = this.capture.message(seq);
    return stored && { ...stored, decoded: this.decode(stored.envelope) };
  }

  /** Up to `limit` stored messages with numbers above `afterSeq`, in order, read by the contracts of now. */
  messagesAfter(afterSeq: number, limit: number): readonly ReadMessage[] {
    const count = Math.min(limit, this.observedSeq - afterSeq);
    if (count > 0 && this.recent.get(afterSeq + 1) !== undefined) {
      const seqs = Array.from({ length: count }, (_, i) => afterSeq + 1 + i);
      return seqs.map((seq) => this.message(seq)).filter((message) => message !== undefined);
    }
    return this.capture
      .messages(afterSeq, limit)
      .map((stored) => ({ ...stored, decoded: this.decode(stored.envelope) }));
  }

  conversation(id: string): Conversation | undefined {
    const alive = this.correlator.resolve(id);
    return alive === undefined ? undefined : this.correlator.conversation(alive);
  }

  /** The numbers of messages that were read by `definition`, newest first, at most `limit`. */
  seqsOf(definition: string, limit: number): number[] {
    const found: number[] = [];
    let budget = 50_000;
    for (let seq = this.capture.lastSeq; seq > 0 && found.length < limit && budget > 0; seq--, budget--) {
      if (this.facts.get(seq)?.definition === definition) found.push(seq);
    }
    return found;
  }

  /** Reads everything again, by other contracts. */
  async setContracts(contracts: Contracts): Promise<void> {
    const same = contracts.catalog.revision === this.contracts.catalog.revision;
    this.contracts = contracts;
    this.recent = new RecentMessages();
    if (!same && this.capture.lastSeq - this.capture.oldestSeq < rebuildLimit) await this.rebuild();
  }

  /** Computes everything anew from the capture: after a restart, for a capture file, by changed contracts. */
  async rebuild(): Promise<void> {
    while (this.rebuilding) await pause();
    this.rebuilding = true;
    try {
      this.startOver();
      let after = this.clearedUpTo;
      for (;;) {
        const events = this.capture.events(after, sliceSize * 2);
        const last = events.at(-1);
        if (last === undefined || this.dead) break;
        for (const { seq, event, masked } of events) this.replay(event, seq, masked);
        after = last.n;
        await pause();
      }
      this.tick(this.now());
    } finally {
      this.rebuilding = false;
      this.drain();
    }
  }

  /** Forgets what was seen so far in views; the capture keeps it. */
  clear(): void {
    this.clearedUpTo = this.capture.lastN;
    this.capture.setMeta("clearedUpTo", String(this.clearedUpTo));
    this.startOver();
  }

  /** Takes no more events. */
  stop(): void {
    this.dead = true;
    this.queue.take(Number.POSITIVE_INFINITY);
  }

  private startOver(): void {
    this.generation++;
    this.facts = new Map();
    this.recent = new RecentMessages();
    this.definitions = new DefinitionsSeen();
    this.seen = 0;
    this.masked = 0;
    this.observedSeq = 0;
    this.firstSeq = 1;
    this.lastTick = 0;
    this.correlator = this.newCorrelator();
  }

  private newCorrelator(): Correlator {
    return this.options.createCorrelator({
      channel: (broker, address) => this.contracts.catalog.channel(broker, address),
    });
  }

  private drain(): void {
    if (this.draining || this.rebuilding) return;
    this.draining = true;
    const slice = () => {
      if (!this.rebuilding) for (const event of this.queue.take(sliceSize)) this.process(event);
      if (this.queue.size > 0 && !this.rebuilding) setImmediate(slice);
      else this.draining = false;
    };
    setImmediate(slice);
  }

  private process(event: TapEvent): void {
    switch (event.kind) {
      case "message": {
        const { envelope, decoded, masked } = this.read(event.envelope);
        const seq = this.capture.addMessage(envelope, masked);
        this.capture.saveDecoded(seq, decoded);
        this.observe(seq, envelope, decoded, masked);
        break;
      }
      case "delivery": {
        const { message } = event.delivery;
        const { envelope, masked } = this.read(message);
        this.masked += masked;
        const delivery: Delivery = {
          ...event.delivery,
          message: { ...envelope, origin: { ...message.origin, ...envelope.origin } as typeof message.origin },
        };
        const seq = this.correlator.deliver(delivery);
        this.capture.addDelivery(delivery, seq, seq === undefined ? undefined : this.recent.get(seq)?.envelope);
        break;
      }
      case "state":
        this.capture.addEvent(event);
        this.onState(event.state);
        break;
      default:
        this.capture.addEvent(event);
        this.tell(event);
    }
  }

  /** An event that was stored before. */
  private replay(event: TapEvent, seq: number | undefined, masked: number): void {
    switch (event.kind) {
      case "message": {
        const { envelope } = event;
        if (envelope.receivedAt - this.lastTick >= tickMs) this.tick(envelope.receivedAt);
        this.observe(seq ?? 0, envelope, this.decode(envelope), masked);
        break;
      }
      case "delivery":
        this.correlator.deliver(event.delivery);
        break;
      case "state":
        this.noteGap(event.state);
        break;
      default:
        this.tell(event);
    }
  }

  private observe(seq: number, envelope: Envelope, decoded: DecodedBody, masked: number): void {
    this.seen++;
    this.masked += masked;
    if (this.observedSeq === 0) this.firstSeq = seq;
    this.observedSeq = seq;
    this.lastSeqOfTap.set(envelope.tap, seq);
    this.correlator.observe({ seq, envelope, decoded });
    this.facts.set(seq, makeFacts(seq, envelope, decoded));
    if (this.facts.size > (this.options.maxFacts ?? 200_000)) dropOldest(this.facts);
    this.recent.add({ seq, envelope, decoded, masked });
    if (decoded.definition !== undefined) {
      this.definitions.note(decoded.definition, decoded, seq, envelope.timestamp ?? envelope.receivedAt);
    }
  }

  private tell(event: Extract<TapEvent, { kind: "commit" | "transaction" }>): void {
    if (event.kind === "commit") {
      this.correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
    } else {
      this.correlator.transaction(event.topic, event.partition, event.producerId, event.offset, event.outcome);
    }
  }

  private onState(state: TapState): void {
    const before = this.taps.get(state.tap);
    if (state.shed > (before?.shed ?? 0)) this.shedSince ??= this.now();
    this.taps.set(state.tap, state);
    this.noteGap(state);
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

  private read(raw: Envelope): { envelope: Envelope; decoded: DecodedBody; masked: number } {
    const { envelope, count } = this.masker.envelope(raw);
    const decoded = this.decode(envelope);
    if (envelope.body !== null && decoded.value !== undefined) {
      const marked = decoded.definition?.secretPaths ?? [];
      const isBinary = binaryFormats.has(decoded.format);
      const again = isBinary
        ? this.masker.decodedBody(envelope.body, decoded.value, marked)
        : decoded.format === "json"
          ? this.masker.markedJson(envelope.body, marked)
          : undefined;
      if (again !== undefined) {
        const clean = { ...envelope, body: again.body };
        return { envelope: clean, decoded: this.decode(clean), masked: count + again.count };
      }
    }
    return { envelope, decoded, masked: count };
  }

  private decode(envelope: Envelope): DecodedBody {
    try {
      return this.contracts.catalog.decode(messageInput(envelope));
    } catch (cause) {
      // The codec promises not to throw; one message that makes it do so must not stop the tap.
      const failure = cause instanceof Error ? cause.message : String(cause);
      return { format: "binary", check: "unchecked", violations: [], attempts: [{ format: "binary", failure }] };
    }
  }

  private tick(now: number): void {
    this.lastTick = now;
    this.correlator.tick(now);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
