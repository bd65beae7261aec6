import type { Contracts } from "./contracts.ts";
import { bounds } from "./correlate/index.ts";
import type { Change, Conversation, CorrelationHints, Correlator } from "./correlate/model.ts";
import { Masker } from "./mask/index.ts";
import type { DefinitionsSeen } from "./pipeline-definitions.ts";
import { makeFacts, type MessageFacts } from "./pipeline-facts.ts";
import { Awaiting } from "./pipeline-awaiting.ts";
import { Follower } from "./pipeline-follower.ts";
import { Picture } from "./pipeline-picture.ts";
import { PipelineQueue, type QueueLimits } from "./pipeline-queue.ts";
import { type MaskedMessage, readMasked, readStored } from "./pipeline-reader.ts";
import { type ReadMessage, RecentMessages } from "./pipeline-recent.ts";
import { Twins } from "./pipeline-twins.ts";
import type { WaitingInTurn } from "./pipeline-waiting.ts";
import type { Capture, StoredMessage } from "./store/index.ts";
import type { Delivery, Envelope, TapEvent, TapSink, TapState } from "./tap/envelope.ts";

export interface PipelineOptions {
  readonly capture: Capture;
  readonly contracts: Contracts;
  readonly createCorrelator: (hints: CorrelationHints) => Correlator;
  /** The time that expectations run by: this machine's while live, the recording's own when one is shown. */
  readonly now: () => number;
  readonly masker?: Masker;
  /** Tells whether events should wait a moment for a schema that they name. */
  readonly schemas?: { readonly isHolding: boolean; holds(events: readonly TapEvent[]): boolean };
  readonly limits?: QueueLimits;
  /** The most messages whose facts are kept at hand. */
  readonly maxFacts?: number;
}

/** Events that are taken in before others have a turn. */
const sliceSize = 250;
/** Time for correlating in one turn; while events wait to be stored, only so often. */
const busyFollowMs = 0.5;
const busyFollowEveryMs = 10;
const idleFollowMs = 4;
/**
 * With more than this waiting to be stored, storing goes first, and what is stored is read again for the rest. That is
 * more work: what comes while views are told, for a moment, must not lead to it.
 */
const mostHurried = 2_000;
/** With more than this stored and not correlated, views tell less often: at 10,000 a second it is a fifth of one. */
const manyBehind = 2_000;
/** A message that was this old when it came is history: while such come, storing them goes first. */
const historyMs = 2_000;
/** Who asked for messages one after the other is expected to go on for so long. */
const takenForMs = 2_000;
/** While events wait for a schema, it is looked so often whether it came. */
const heldMs = 5;
/** A schema that comes has everything computed anew up to this many messages; beyond, only those that name it. */
const schemaRebuildLimit = 20_000;
/** Contracts that change re-decode everything up to this many messages; beyond, only what comes and what is opened. */
const rebuildLimit = 100_000;
/** Of a capture with many messages, so many of the newest are shown before all others are read. */
const previewSize = 2_000;
/** Correlation keeps so many; a capture with more is read from there on. */
const mostCorrelated = bounds.messages;

/**
 * From taps to views, in two steps that run at their own speed. What comes is masked, read by the contracts, numbered
 * and stored: that is what taps wait for. Correlation follows behind what is stored, in pieces of time; when it falls
 * behind, the capture is what waits. Views hear only of what it has taken in, so what is shown is on disk.
 */
export class Pipeline implements TapSink {
  readonly capture: Capture;
  readonly taps = new Map<string, TapState>();
  contracts: Contracts;
  /** How many of those the last round has shown. */
  shownCount = 0;
  /** When something was shed first; `undefined` when nothing was. */
  shedSince: number | undefined;
  /** Grows when everything is computed anew, since a contract changed or the trace was cleared. */
  generation = 0;
  private readonly options: PipelineOptions;
  private readonly masker: Masker;
  private readonly queue: PipelineQueue;
  private readonly follower: Follower<WaitingInTurn>;
  private readonly twins = new Twins();
  private readonly awaiting = new Awaiting();
  /**
   * What is shown, and what is being made to be shown instead. The follower begins again whenever another one grows: what
   * waits was prepared by the one that takes it.
   */
  private picture: Picture;
  private nextPicture: Picture | undefined;
  private turnIsDue = false;
  private tookInHistory = false;
  private followedLast = 0;
  private messagesTakenAt = -takenForMs;
  private roundHadNews = false;
  private hasRewritten = false;
  private dead = false;
  private clearedUpTo: number;
  private clearedSeq: number;
  /** What is up to this message is not read: it was cleared, or is too old for correlation. */
  private unreadUpTo: number;
  private builds = 0;

  constructor(options: PipelineOptions) {
    this.options = options;
    this.capture = options.capture;
    this.contracts = options.contracts;
    this.masker = options.masker ?? new Masker();
    this.queue = new PipelineQueue(options.limits);
    this.clearedUpTo = Number(options.capture.meta("clearedUpTo") ?? 0);
    this.clearedSeq = this.clearedUpTo === 0 ? 0 : options.capture.lastSeqUpTo(this.clearedUpTo);
    this.unreadUpTo = this.clearedSeq;
    this.picture = this.newPicture();
    this.follower = new Follower(options.capture, options.capture.lastN, {
      prepare: (entry) => this.growing.prepare(entry),
      take: (waiting) => this.growing.take(waiting),
    });
    options.capture.onStored = () => this.takeTurn();
  }

  get correlator(): Correlator {
    return this.picture.correlator;
  }

  get definitions(): DefinitionsSeen {
    return this.picture.definitions;
  }

  /** The number of the last message of each tap. */
  get lastSeqOfTap(): ReadonlyMap<string, number> {
    return this.picture.lastSeqOfTap;
  }

  get masked(): number {
    return this.picture.masked;
  }

  /** Messages that correlation has taken in. */
  get seen(): number {
    return this.picture.seen;
  }

  /** The newest message that views may know of; 0 where there is none. */
  get observedSeq(): number {
    return this.picture.observedSeq;
  }

  /** The oldest message that views may know of. */
  get firstSeq(): number {
    return this.picture.firstSeq;
  }

  /** Messages that are stored and not correlated yet, and for how long the oldest of them has been waiting. */
  get behind(): { readonly messages: number; readonly ms: number } {
    const { observedSeq, at } = this.growing;
    const messages = this.capture.lastSeq - Math.max(observedSeq, this.unreadUpTo);
    return messages <= 0 || !this.follower.hasWork
      ? { messages: 0, ms: 0 }
      : { messages, ms: Math.max(0, this.now() - (at === 0 ? this.now() : at)) };
  }

  /** Whether correlation is so far behind that views should leave it the time. */
  get isBehind(): boolean {
    return this.behind.messages > manyBehind;
  }

  /** Whether the last round brought no message, and none waits. */
  get isQuiet(): boolean {
    return !this.roundHadNews && !this.follower.hasWork;
  }

  /** Messages that are in the capture and in no conversation: correlation keeps the newest. */
  get uncorrelated(): number {
    const unread = Math.max(0, this.unreadUpTo - Math.max(this.clearedSeq, this.capture.oldestSeq - 1));
    return unread + this.seen - this.correlator.size;
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
    const isHeld = this.options.schemas?.holds(events) === true;
    if (this.queue.size === 0 && events.length <= sliceSize && !this.capture.isFull && !isHeld) {
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
    this.roundHadNews = this.shownCount !== this.seen;
    this.shownCount = this.seen;
    this.picture.recent.areTaken = performance.now() - this.messagesTakenAt < takenForMs;
    // Time is what was seen: while much waits to be correlated, nothing of it is late.
    if (!this.follower.hasWork) this.picture.passTime(this.now());
    return this.correlator.takeChanges();
  }

  /** Resolves when everything that was accepted so far is stored and correlated. */
  async caughtUp(): Promise<void> {
    while (this.queue.size > 0 && !this.dead) await pause();
    await this.followTo(this.capture.lastN, this.builds);
  }

  /** Whether one of these messages breaks its contract. */
  hasBroken(seqs: Iterable<number>): boolean {
    const { broken } = this.picture;
    if (broken.size === 0) return false;
    for (const seq of seqs) if (broken.has(seq)) return true;
    return false;
  }

  /** Facts of a message that came lately; `undefined` for one that would have to be read again. */
  recentFacts(seq: number): MessageFacts | undefined {
    return this.picture.facts.get(seq);
  }

  factsOf(seq: number): MessageFacts | undefined {
    const known = this.picture.facts.get(seq);
    if (known !== undefined) return known;
    const stored = this.capture.message(seq);
    return stored === undefined ? undefined : makeFacts(seq, stored.envelope, this.readAgain(stored).decoded);
  }

  /** A stored message, read by the contracts of now. */
  message(seq: number): ReadMessage | undefined {
    const recent = seq <= this.observedSeq ? this.picture.recent.get(seq) : undefined;
    if (recent !== undefined) return recent;
    const stored = this.capture.message(seq);
    return stored && this.readAgain(stored);
  }

  /** Up to `limit` stored messages with numbers above `afterSeq`, in order, read by the contracts of now. */
  messagesAfter(afterSeq: number, limit: number): readonly ReadMessage[] {
    this.messagesTakenAt = performance.now();
    const count = Math.min(limit, this.observedSeq - afterSeq);
    if (count > 0 && this.picture.recent.get(afterSeq + 1) !== undefined) {
      const seqs = Array.from({ length: count }, (_, i) => afterSeq + 1 + i);
      return seqs.map((seq) => this.message(seq)).filter((message) => message !== undefined);
    }
    if (count <= 0) return [];
    return this.capture.messages(afterSeq, count).map((stored) => this.readAgain(stored));
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
      if (this.picture.facts.get(seq)?.definition === definition) found.push(seq);
    }
    return found;
  }

  /** Reads everything again, by other contracts. */
  async setContracts(contracts: Contracts): Promise<void> {
    const same = contracts.catalog.revision === this.contracts.catalog.revision;
    this.contracts = contracts;
    this.picture.recent = new RecentMessages();
    if (same || this.capture.lastSeq - this.capture.oldestSeq >= rebuildLimit) return;
    await this.rebuild();
    await this.forgetRewritten();
  }

  /**
   * Schemas came, or are known not to come: the messages that named them are read again. In a large capture these alone:
   * what their bodies say of conversations then counts from the next time that the capture is read.
   */
  async readAwaiting(keys: readonly string[]): Promise<void> {
    const messages = this.awaiting.take(keys);
    if (messages?.length === 0 || this.dead) return;
    this.capture.flush();
    await this.capture.stored();
    for (const { seq, n } of messages ?? []) {
      const stored = this.capture.message(seq);
      if (stored === undefined) continue;
      const message = this.readFromCapture(n, stored);
      if (message.decoded.awaits !== undefined) continue;
      this.capture.saveDecoded(seq, message.decoded, message.envelope.body);
      this.picture.replace(message);
    }
    await this.forgetRewritten();
    this.generation++;
    const isSmall = this.capture.lastSeq - this.capture.oldestSeq < schemaRebuildLimit;
    if (messages === undefined || isSmall) await this.rebuild();
  }

  /**
   * Computes everything anew from the capture: after a restart, for a capture file, by changed contracts. What was shown
   * is shown until then; where nothing was, the newest messages are shown at once and the whole when it is read.
   */
  async rebuild(): Promise<void> {
    const build = ++this.builds;
    const { capture, follower } = this;
    const lastSeq = capture.lastSeq;
    const oldest = Math.max(capture.oldestSeq, this.clearedSeq + 1);
    this.unreadUpTo = Math.max(this.clearedSeq, lastSeq - mostCorrelated);
    const from = this.unreadUpTo >= oldest ? capture.numberOf(this.unreadUpTo) : this.clearedUpTo;
    if (this.seen === 0 && lastSeq - oldest > 2 * previewSize) {
      this.show(this.newPicture());
      follower.restart(capture.numberOf(lastSeq - previewSize));
      await this.followTo(capture.lastN, build);
    }
    const next = this.newPicture();
    if (build === this.builds) {
      this.nextPicture = next;
      follower.restart(from);
      await this.followTo(capture.lastN, build);
    }
    if (build !== this.builds || this.dead) return;
    this.nextPicture = undefined;
    this.show(next);
    if (!follower.hasWork) next.passTime(this.now());
  }

  /** How many messages were read by now, while everything is computed anew and after. */
  get readSoFar(): number {
    return this.growing.seen;
  }

  /** Forgets what was seen so far in views; the capture keeps it. */
  clear(): void {
    this.builds++;
    this.nextPicture = undefined;
    this.clearedUpTo = this.capture.lastN;
    this.clearedSeq = this.capture.lastSeq;
    this.unreadUpTo = this.clearedSeq;
    this.capture.setMeta("clearedUpTo", String(this.clearedUpTo));
    this.show(this.newPicture());
    this.follower.restart(this.clearedUpTo);
  }

  /** Takes no more events. */
  stop(): void {
    this.dead = true;
    this.capture.onStored = () => undefined;
    this.queue.take(Number.POSITIVE_INFINITY);
  }

  /** The picture that takes in what comes. */
  private get growing(): Picture {
    return this.nextPicture ?? this.picture;
  }

  private show(picture: Picture): void {
    this.picture = picture;
    this.generation++;
  }

  private newPicture(): Picture {
    const { createCorrelator, maxFacts = mostCorrelated } = this.options;
    return new Picture({
      createCorrelator,
      hints: { channel: (broker, address) => this.contracts.catalog.channel(broker, address) },
      read: ({ n, seq = 0, event, masked }) => this.readFromCapture(n, { seq, envelope: event.envelope, masked }),
      maxFacts,
    });
  }

  private async followTo(n: number, build: number): Promise<void> {
    while (this.follower.upTo < n && build === this.builds && !this.dead) {
      this.capture.flush();
      if (!this.follower.work(idleFollowMs)) await new Promise((resolve) => setTimeout(resolve, 1));
      await pause();
    }
  }

  /** Takes in what waits, and correlates what is stored, in pieces: others have their turns in between. */
  private takeTurn(): void {
    if (this.turnIsDue || this.dead) return;
    this.turnIsDue = true;
    setImmediate(() => {
      this.turnIsDue = false;
      if (this.dead) return;
      const isHeld = this.options.schemas?.isHolding === true;
      if (!this.capture.isFull && !isHeld) for (const event of this.queue.take(sliceSize)) this.takeIn(event);
      this.capture.flush();
      const canTakeIn = this.queue.size > 0 && !this.capture.isFull && !isHeld;
      if (isHeld) setTimeout(() => this.takeTurn(), heldMs).unref();
      if (this.followInTurn(canTakeIn) || canTakeIn) this.takeTurn();
    });
  }

  /** Correlates for a moment, or not at all where storing goes first; returns whether there is more to do. */
  private followInTurn(canTakeIn: boolean): boolean {
    const isStoringFirst = canTakeIn || this.tookInHistory;
    this.tookInHistory = false;
    const now = performance.now();
    if (isStoringFirst && now - this.followedLast < busyFollowEveryMs) return this.follower.hasWork;
    this.followedLast = now;
    return this.follower.work(isStoringFirst ? busyFollowMs : idleFollowMs);
  }

  /** The first step: everything is numbered and stored, without its secrets. */
  private takeIn(event: TapEvent): void {
    const { capture } = this;
    switch (event.kind) {
      case "message": {
        const { envelope, decoded, masked } = readMasked(event.envelope, this.masker, this.contracts);
        // History is read again from the capture: keeping all of it at hand meanwhile costs more than that.
        const isHistory = envelope.receivedAt - (envelope.timestamp ?? envelope.receivedAt) > historyMs;
        if (isHistory) this.tookInHistory = true;
        const seq = capture.addMessage(envelope, masked);
        capture.saveDecoded(seq, decoded, envelope.body);
        if (decoded.awaits !== undefined) this.awaiting.note(decoded.awaits, { seq, n: capture.lastN });
        this.twins.add(seq, envelope, masked === 0);
        if (isHistory || !this.mayWait) this.follower.leaveOut();
        else this.follower.push(this.growing.prepareRead(capture.lastN, { seq, envelope, decoded, masked }));
        break;
      }
      case "delivery": {
        const { message } = event.delivery;
        const clean = this.twins.cleanOf(message);
        const { envelope, masked } = this.maskDelivered(message, clean?.envelope.body ?? null);
        const delivery: Delivery = {
          ...event.delivery,
          queue: this.masker.name(event.delivery.queue),
          message: { ...envelope, origin: { ...message.origin, ...envelope.origin } as typeof message.origin },
        };
        const twin = clean ?? this.twins.of(delivery.message);
        capture.addDelivery(delivery, twin?.seq, twin?.envelope);
        this.follow({ kind: "delivery", delivery }, masked);
        break;
      }
      case "state":
        capture.addEvent(event);
        this.onState(event.state);
        this.follow(event, 0);
        break;
      default:
        capture.addEvent(event);
        this.follow(event, 0);
    }
  }

  /** Whether what was just added may wait at hand; not while storing lags, since preparing it takes time as well. */
  private get mayWait(): boolean {
    return this.queue.size <= mostHurried && this.follower.hasRoom;
  }

  /** What was just added to the capture has its turn when it is on disk. */
  private follow(event: TapEvent, masked: number): void {
    if (!this.mayWait) this.follower.leaveOut();
    else this.follower.push(this.growing.prepare({ n: this.capture.lastN, event, masked }));
  }

  /** Masks a message that is handed out; `clean` is its body where that was read before and holds no secret. */
  private maskDelivered(message: Envelope, clean: Uint8Array | null): Pick<MaskedMessage, "envelope" | "masked"> {
    if (clean === null) return readMasked(message, this.masker, this.contracts);
    const { envelope, count } = this.masker.envelope({ ...message, body: null });
    return { envelope: { ...envelope, body: clean }, masked: count };
  }

  /** A message whose turn came after it left the memory. What only the contracts of now show is masked for good. */
  private readFromCapture(n: number, stored: StoredMessage): ReadMessage {
    const message = this.readAgain(stored);
    const { awaits } = message.decoded;
    if (awaits !== undefined) this.awaiting.note(awaits, { seq: stored.seq, n });
    if (message.masked > stored.masked) {
      this.hasRewritten = true;
      this.capture.rewriteMessage(stored.seq, n, message.envelope, message.masked);
      this.capture.saveDecoded(stored.seq, message.decoded, message.envelope.body);
    }
    return message;
  }

  /** A secret that was masked late leaves the log and the index of the capture too. */
  private async forgetRewritten(): Promise<void> {
    if (!this.hasRewritten || this.dead) return;
    this.hasRewritten = false;
    await this.capture.stored();
    this.capture.forgetRewritten();
  }

  /** A stored message by the contracts of now; what they show to be a secret is masked before anybody sees it. */
  private readAgain({ seq, envelope, masked }: StoredMessage): ReadMessage {
    const read = readStored(envelope, this.masker, this.contracts);
    return { seq, envelope: read.envelope, decoded: read.decoded, masked: masked + read.masked };
  }

  private onState(state: TapState): void {
    const before = this.taps.get(state.tap);
    if (state.shed > (before?.shed ?? 0)) this.shedSince ??= this.now();
    this.taps.set(state.tap, state);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
