import type { Contracts } from "./contracts.ts";
import type { Change, Conversation, CorrelationHints, Correlator } from "./correlate/model.ts";
import { Masker } from "./mask/index.ts";
import { DefinitionsSeen } from "./pipeline-definitions.ts";
import { makeFacts, type MessageFacts } from "./pipeline-facts.ts";
import { Follower, type StoredEntry } from "./pipeline-follower.ts";
import { PipelineQueue, type QueueLimits } from "./pipeline-queue.ts";
import { readMasked, readStored } from "./pipeline-reader.ts";
import { dropOldest, type ReadMessage, RecentMessages } from "./pipeline-recent.ts";
import { Twins } from "./pipeline-twins.ts";
import type { Capture, StoredMessage } from "./store/index.ts";
import type { Delivery, TapEvent, TapSink, TapState } from "./tap/envelope.ts";

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

/** Events that are taken in before others have a turn. */
const sliceSize = 250;
/** Time for correlating in one turn: while events wait to be stored, and while none do. */
const busyFollowMs = 2;
const idleFollowMs = 10;
const tickMs = 100;
/** Contracts that change re-decode everything up to this many messages; beyond, only what comes and what is opened. */
const rebuildLimit = 100_000;

/**
 * From taps to views, in two steps that run at their own speed. What comes is masked, read by the contracts, numbered
 * and stored: that is what taps wait for. Correlation follows behind what is stored, in pieces of time; when it falls
 * behind, the capture is what waits. Views hear only of what it has taken in, so what is shown is on disk.
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
  /** Messages that correlation has taken in. */
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
  private readonly follower: Follower;
  private readonly twins = new Twins();
  private facts = new Map<number, MessageFacts>();
  private recent = new RecentMessages();
  private readonly interruptedAt = new Map<string, number>();
  private lastTick = 0;
  /** When the newest event that correlation has taken in was seen. */
  private followedAt = 0;
  private turnIsDue = false;
  private dead = false;
  private clearedUpTo: number;
  private clearedSeq = 0;

  constructor(options: PipelineOptions) {
    this.options = options;
    this.capture = options.capture;
    this.contracts = options.contracts;
    this.masker = options.masker ?? new Masker();
    this.queue = new PipelineQueue(options.limits);
    this.clearedUpTo = Number(options.capture.meta("clearedUpTo") ?? 0);
    this.correlator = this.newCorrelator();
    this.follower = new Follower(options.capture, options.capture.lastN, (entry) => this.follow(entry));
    options.capture.onStored = () => this.takeTurn();
  }

  /** Messages that are stored and not correlated yet, and for how long the oldest of them has been waiting. */
  get behind(): { readonly messages: number; readonly ms: number } {
    const messages = this.capture.lastSeq - Math.max(this.observedSeq, this.clearedSeq);
    return messages <= 0 || !this.follower.hasWork
      ? { messages: 0, ms: 0 }
      : { messages, ms: Math.max(0, this.now() - this.followedAt) };
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
    if (this.queue.size === 0 && events.length <= sliceSize && !this.capture.isFull) {
      for (const event of events) this.takeIn(event);
      this.takeTurn();
      return undefined;
    }
    const before = this.queue.shed.messages + this.queue.shed.bodies;
    this.queue.push(events);
    if (this.queue.shed.messages + this.queue.shed.bodies > before) this.shedSince ??= this.now();
    this.takeTurn();
    return this.queue.room();
  }

  /** Ends a round: lets expectations run, and says what changed since the last round. */
  cycle(): readonly Change[] {
    if (this.dead) return [];
    this.capture.flush();
    this.follower.work(busyFollowMs);
    this.shownCount = this.seen;
    // Time is what was seen: while much waits to be correlated, nothing of it is late.
    if (!this.follower.hasWork) this.passTime(this.now());
    return this.correlator.takeChanges();
  }

  /** Resolves when everything that was accepted so far is stored and correlated. */
  async caughtUp(): Promise<void> {
    while (this.queue.size > 0 && !this.dead) await pause();
    const wanted = this.capture.lastN;
    while (this.follower.upTo < wanted && !this.dead) {
      this.capture.flush();
      if (!this.follower.work(idleFollowMs)) await new Promise((resolve) => setTimeout(resolve, 1));
      await pause();
    }
  }

  /** Facts of a message that came lately; `undefined` for one that would have to be read again. */
  recentFacts(seq: number): MessageFacts | undefined {
    return this.facts.get(seq);
  }

  factsOf(seq: number): MessageFacts | undefined {
    const known = this.facts.get(seq);
    if (known !== undefined) return known;
    const stored = this.capture.message(seq);
    return stored === undefined ? undefined : makeFacts(seq, stored.envelope, this.readAgain(stored).decoded);
  }

  /** A stored message, read by the contracts of now. */
  message(seq: number): ReadMessage | undefined {
    const recent = this.recent.get(seq);
    if (recent !== undefined) return recent;
    const stored = this.capture.message(seq);
    return stored && this.readAgain(stored);
  }

  /** Up to `limit` stored messages with numbers above `afterSeq`, in order, read by the contracts of now. */
  messagesAfter(afterSeq: number, limit: number): readonly ReadMessage[] {
    const count = Math.min(limit, this.observedSeq - afterSeq);
    if (count > 0 && this.recent.get(afterSeq + 1) !== undefined) {
      const seqs = Array.from({ length: count }, (_, i) => afterSeq + 1 + i);
      return seqs.map((seq) => this.message(seq)).filter((message) => message !== undefined);
    }
    return this.capture.messages(afterSeq, limit).map((stored) => this.readAgain(stored));
  }

  conversation(id: string): Conversation | undefined {
    const alive = this.correlator.resolve(id);
    return alive === undefined ? undefined : this.correlator.conversation(alive);
  }

  /** The numbers of messages that were read by `definition`, newest first, at most `limit`. */
  seqsOf(definition: string, limit: number): number[] {
    const found: number[] = [];
    let budget = 50_000;
    for (let seq = this.observedSeq; seq > 0 && found.length < limit && budget > 0; seq--, budget--) {
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
    this.startOver();
    const { generation } = this;
    this.follower.restart(this.clearedUpTo);
    const wanted = this.capture.lastN;
    while (this.follower.upTo < wanted && generation === this.generation && !this.dead) {
      this.capture.flush();
      this.follower.work(idleFollowMs);
      await pause();
    }
    if (generation === this.generation && !this.dead) this.passTime(this.now());
  }

  /** Forgets what was seen so far in views; the capture keeps it. */
  clear(): void {
    this.clearedUpTo = this.capture.lastN;
    this.capture.setMeta("clearedUpTo", String(this.clearedUpTo));
    this.startOver();
    this.clearedSeq = this.capture.lastSeq;
    this.follower.restart(this.clearedUpTo);
  }

  /** Takes no more events. */
  stop(): void {
    this.dead = true;
    this.capture.onStored = () => undefined;
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
    this.followedAt = 0;
    this.correlator = this.newCorrelator();
  }

  private newCorrelator(): Correlator {
    return this.options.createCorrelator({
      channel: (broker, address) => this.contracts.catalog.channel(broker, address),
    });
  }

  /** Takes in what waits, and correlates what is stored, in pieces: others have their turns in between. */
  private takeTurn(): void {
    if (this.turnIsDue || this.dead) return;
    this.turnIsDue = true;
    setImmediate(() => {
      this.turnIsDue = false;
      if (this.dead) return;
      if (!this.capture.isFull) for (const event of this.queue.take(sliceSize)) this.takeIn(event);
      this.capture.flush();
      const canTakeIn = this.queue.size > 0 && !this.capture.isFull;
      const canFollow = this.follower.work(canTakeIn ? busyFollowMs : idleFollowMs);
      if (canTakeIn || canFollow) this.takeTurn();
    });
  }

  /** The first step: everything is numbered and stored, without its secrets. */
  private takeIn(event: TapEvent): void {
    const { capture } = this;
    switch (event.kind) {
      case "message": {
        const { envelope, decoded, masked } = readMasked(event.envelope, this.masker, this.contracts);
        const seq = capture.addMessage(envelope, masked);
        capture.saveDecoded(seq, decoded, envelope.body);
        this.twins.add(seq, envelope);
        this.follower.push({ n: capture.lastN, seq, event: { kind: "message", envelope }, masked, decoded });
        break;
      }
      case "delivery": {
        const { message } = event.delivery;
        const { envelope, masked } = readMasked(message, this.masker, this.contracts);
        const delivery: Delivery = {
          ...event.delivery,
          message: { ...envelope, origin: { ...message.origin, ...envelope.origin } as typeof message.origin },
        };
        const twin = this.twins.of(delivery.message);
        capture.addDelivery(delivery, twin?.seq, twin?.envelope);
        this.follower.push({ n: capture.lastN, event: { kind: "delivery", delivery }, masked });
        break;
      }
      case "state":
        capture.addEvent(event);
        this.onState(event.state);
        this.follower.push({ n: capture.lastN, event, masked: 0 });
        break;
      default:
        capture.addEvent(event);
        this.follower.push({ n: capture.lastN, event, masked: 0 });
    }
  }

  /** The second step: what is stored is correlated, and may be shown. */
  private follow({ n, seq = 0, event, masked, decoded }: StoredEntry): void {
    const at = timeOf(event);
    if (at !== undefined) {
      this.followedAt = at;
      this.passTime(at);
    }
    switch (event.kind) {
      case "message": {
        const { envelope } = event;
        if (decoded !== undefined) this.observe({ seq, envelope, decoded, masked });
        else {
          const message = this.readAgain({ seq, envelope, masked });
          if (message.masked > masked) {
            this.capture.rewriteMessage(seq, n, message.envelope, message.masked);
            this.capture.saveDecoded(seq, message.decoded, message.envelope.body);
          }
          this.observe(message);
        }
        break;
      }
      case "delivery":
        this.masked += masked;
        this.correlator.deliver(event.delivery);
        break;
      case "state":
        this.noteGap(event.state);
        break;
      default:
        this.tell(event);
    }
  }

  /** A stored message by the contracts of now; what they show to be a secret is masked before anybody sees it. */
  private readAgain({ seq, envelope, masked }: StoredMessage): ReadMessage {
    const read = readStored(envelope, this.masker, this.contracts);
    return { seq, envelope: read.envelope, decoded: read.decoded, masked: masked + read.masked };
  }

  private observe(message: ReadMessage): void {
    const { seq, envelope, decoded, masked } = message;
    this.seen++;
    this.masked += masked;
    if (this.observedSeq === 0) this.firstSeq = seq;
    this.observedSeq = seq;
    this.lastSeqOfTap.set(envelope.tap, seq);
    this.correlator.observe(message);
    this.facts.set(seq, makeFacts(seq, envelope, decoded));
    if (this.facts.size > (this.options.maxFacts ?? 200_000)) dropOldest(this.facts);
    this.recent.add(message);
    if (decoded.definition !== undefined) {
      this.definitions.note(decoded.definition, decoded, seq, envelope.timestamp ?? envelope.receivedAt);
    }
  }

  private tell(event: Extract<TapEvent, { kind: "commit" | "transaction" | "connection" }>): void {
    if (event.kind === "connection") {
      this.correlator.nameConnection(event.tap, event.connection, event.name);
    } else if (event.kind === "commit") {
      this.correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
    } else {
      this.correlator.transaction(event.topic, event.partition, event.producerId, event.offset, event.outcome);
    }
  }

  private onState(state: TapState): void {
    const before = this.taps.get(state.tap);
    if (state.shed > (before?.shed ?? 0)) this.shedSince ??= this.now();
    this.taps.set(state.tap, state);
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

  /** Time goes in steps, and never faster than by steps. */
  private passTime(now: number): void {
    if (now - this.lastTick < tickMs && now >= this.lastTick) return;
    this.lastTick = now;
    this.correlator.tick(now);
  }
}

/** When a tap saw a message or its delivery; what else is told has times of the broker. */
function timeOf(event: TapEvent): number | undefined {
  if (event.kind === "message") return event.envelope.receivedAt;
  return event.kind === "delivery" ? event.delivery.receivedAt : undefined;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
