/** The correlator: takes messages and events in, keeps what belongs together, and builds conversations when asked. */
import type { Delivery } from "../tap/envelope.ts";
import { Arrivals } from "./arrivals.ts";
import { BySeq } from "./by-seq.ts";
import { Clocks } from "./clocks.ts";
import { Commits } from "./commits.ts";
import { Copies } from "./copies.ts";
import { Deadlines } from "./deadlines.ts";
import { Deliveries, type Handed, handedOf } from "./deliveries.ts";
import { Extracted, Extractor } from "./extract.ts";
import { Families } from "./families.ts";
import { Membership, type Conv } from "./groups.ts";
import { bounds, newCounters, thresholds, type Counters } from "./limits.ts";
import type {
  Change,
  Conversation,
  CorrelationHints,
  Correlator,
  ExtractedDelivery,
  ExtractedMessage,
  Journey,
  Parties,
  Seq,
  Standing,
  TracedMessage,
} from "./model.ts";
import { Figures } from "./figures.ts";
import { exchangesOf, type Exchanges } from "./exchanges.ts";
import { compareNodes, figuresPerNode, type Node } from "./node.ts";
import { Outcomes } from "./outcomes.ts";
import { Pairs } from "./pairs.ts";
import { Participants } from "./participants.ts";
import { Positions } from "./positions.ts";
import { spanFactsOf, type SpanFacts } from "./span-facts.ts";
import { spanNode } from "./span-node.ts";
import { Spans } from "./spans.ts";
import { Timers } from "./timers.ts";
import { Values } from "./values.ts";
import { Windows } from "./windows.ts";

export interface CorrelatorOptions {
  /** What the contracts say; without them everything is inferred from the wire. */
  readonly hints?: CorrelationHints;
  /** How many messages are kept at most; older conversations go first. */
  readonly maxMessages?: number;
  /** Whether spans are expected: then messages are remembered by their trace context from the first one on. */
  readonly spans?: boolean;
  /** How many of these are kept at most; those without a message go first. */
  readonly maxSpans?: number;
}

class CorrelatorState implements Correlator {
  private readonly counters: Counters = newCounters();
  private readonly membership = new Membership();
  private readonly values = new Values(this.membership, this.counters);
  private readonly pairs = new Pairs(this.membership, this.values);
  private readonly deliveries = new Deliveries(this.counters);
  private readonly commits = new Commits(this.counters);
  private readonly deadlines = new Deadlines(this.counters);
  private readonly copies = new Copies(this.membership, this.values, this.commits, this.deliveries, (node) =>
    this.changedMessages.add(node.seq),
  );
  private readonly clocks = new Clocks(this.counters);
  private readonly families = new Families();
  private readonly figures = new Figures(figuresPerNode);
  private readonly extractor = new Extractor(this.counters, this.figures);
  private readonly participants: Participants;
  private readonly spans: Spans;
  private readonly outcomes: Outcomes;
  private readonly windows = new Windows({
    // A connection without a name is as good as one with: what counts is that it is the same.
    writer: (node) => this.participants.writer(node)?.name,
    readers: (node) => {
      const groups = node.broker === "kafka" ? this.commits.groupsOf(node) : [];
      return this.participants.readers(node, undefined, groups).map((reader) => reader.name);
    },
    repliedAt: (node) => node.pairsAsked?.find((entry) => entry.replies.length > 0)?.replies[0]?.at,
    isReply: (node) => node.pairsAnswered?.some((entry) => entry.requests.length > 0) ?? false,
    apart: (a, b) => this.values.apart(a, b),
    join: (cause, effect) => this.membership.link(cause, effect),
  });
  private readonly nodes = new BySeq<Node>();
  private readonly arrivals = new Arrivals();
  private readonly settling = new Timers<Node>();
  private readonly changedMessages = new Set<Seq>();
  /** Producers that got a name since the last call of `takeChanges`. */
  private readonly renamed = new Set<string>();
  /** When these were last shown, and whether a message came since changes were last taken. */
  private namesShownAt = -Infinity;
  private isBusy = false;
  private pendingChanges: Conv[] = [];
  private readonly maxMessages: number;
  private now = 0;
  private newest = 0;

  constructor(options: CorrelatorOptions) {
    this.participants = new Participants(options.hints, this.counters);
    const apart = (a: Node, b: Node) => this.values.apart(a, b);
    this.spans = new Spans(
      { on: options.spans ?? false, most: options.maxSpans ?? bounds.spans, apart },
      this.membership,
      this.counters,
    );
    this.participants.spans = this.spans;
    this.maxMessages = options.maxMessages ?? bounds.messages;
    const { values, families, participants, commits, deadlines, copies, spans } = this;
    const know = { values, families, participants, commits, deadlines, copies, spans };
    this.outcomes = new Outcomes(this.membership, know, () => this.time());
  }

  observe(message: TracedMessage): void {
    this.take(this.extract(message));
  }

  extract(message: TracedMessage): Extracted {
    const { seq, envelope } = message;
    const { origin } = envelope;
    if (origin.broker === "otlp") {
      this.spans.expect();
      const node = spanNode(seq, envelope, origin, this.figures);
      return new Extracted(node, undefined, spanFactsOf(envelope, origin));
    }
    const spot = this.extractor.spotOf(envelope, origin);
    const node = this.extractor.read(message, origin, spot, this.participants.factsOf(spot));
    return new Extracted(node, this.spans.contextOf(envelope), undefined);
  }

  take(extracted: ExtractedMessage): void {
    if (!(extracted instanceof Extracted)) throw new TypeError("It was extracted by another correlator.");
    const { node, context, span } = extracted;
    if (this.nodes.has(node.seq)) return;
    this.isBusy = true;
    if (span !== undefined) return this.takeSpan(node, span);
    node.at = this.clocks.note(node);
    if (node.at > this.newest) this.newest = node.at;
    this.nodes.set(node.seq, node);
    this.arrivals.push(node.seq);
    this.membership.add(node);
    if (context !== undefined) this.spans.addMessage(node, context);
    this.commits.add(node);
    const early = this.deliveries.add(node);
    this.values.add(node);
    this.pairs.add(node, this.participants.factsOf(node.spot)?.reply?.address);
    this.copies.findDuplicate(node);
    this.copies.findOriginal(node);
    if (node.expectsReply) {
      const deadline = this.deadlines.of(node).at;
      this.outcomes.checkAt(node.group.conv, deadline + 1);
    }
    this.settling.add(node.at, node);
    const conv = node.group.conv;
    if (node.at > conv.lastAt) conv.lastAt = node.at;
    this.membership.touch(conv);
    for (const handed of early) this.hand(handed);
    if (this.nodes.size > this.maxMessages) this.forgetOldest();
  }

  /** A span belongs to messages and nothing else of what is known of them goes for it: no reply, no copy, no clock. */
  private takeSpan(node: Node, facts: SpanFacts): void {
    this.nodes.set(node.seq, node);
    this.membership.add(node);
    this.spans.addSpan(node, facts);
    for (const conv of this.spans.surplus()) this.forget(conv);
    if (this.nodes.size > this.maxMessages) this.forgetOldest();
  }

  deliver(delivery: Delivery): Seq | undefined {
    return this.takeDelivery(handedOf(delivery));
  }

  extractDelivery(delivery: Delivery): Handed {
    return handedOf(delivery);
  }

  takeDelivery(extracted: ExtractedDelivery): Seq | undefined {
    return this.hand(extracted as Handed);
  }

  private hand(handed: Handed): Seq | undefined {
    const node = this.deliveries.match(handed);
    if (!node) return undefined;
    this.changedMessages.add(node.seq);
    this.membership.touch(node.group.conv);
    return node.seq;
  }

  commit(group: string, topic: string, partition: number, offset: bigint, at: number): void {
    for (const node of this.commits.commit(group, topic, partition, offset, at)) this.changedMessages.add(node.seq);
  }

  transaction(
    topic: string,
    partition: number,
    producerId: bigint,
    offset: bigint,
    outcome: "committed" | "aborted",
  ): void {
    for (const node of this.commits.transaction(topic, partition, producerId, offset, outcome)) {
      this.changedMessages.add(node.seq);
    }
  }

  nameConnection(tap: string, connection: string, name: string): void {
    const producer = `${tap} ${connection}`;
    this.participants.nameProducer(producer, name);
    this.renamed.add(producer);
  }

  gap(from: number, to: number): void {
    if (!(to > from)) return;
    this.deadlines.addGap(from, to);
    for (const conv of this.membership.all())
      if (conv.lastAt >= from - thresholds.longestQuiet) this.outcomes.checkAt(conv, to);
  }

  tick(now: number): void {
    if (now > this.now) this.now = now;
    const watermark = Math.max(this.newest, this.now) - thresholds.lateness;
    for (let due = this.settling.takeDue(watermark); due; due = this.settling.takeDue(watermark)) {
      if (this.nodes.get(due.what.seq) === due.what) this.settle(due.what);
    }
    this.values.decide(watermark);
    this.spans.decide(this.time());
    this.collectTouched();
    this.outcomes.checkDue();
    this.collectTouched();
  }

  takeChanges(): readonly Change[] {
    const time = this.time();
    if (!this.isBusy || Math.abs(time - this.namesShownAt) >= thresholds.namesRest) this.showNames(time);
    this.isBusy = false;
    this.collectTouched();
    const changes: Change[] = this.membership.takeMoves();
    for (const conv of this.pendingChanges) {
      conv.isPending = false;
      if (conv.gone) continue;
      conv.announced = true;
      changes.push({ kind: "conversation", id: conv.id });
    }
    this.pendingChanges = [];
    for (const seq of this.changedMessages) changes.push({ kind: "message", seq });
    this.changedMessages.clear();
    return changes;
  }

  conversation(id: string): Conversation | undefined {
    const conv = this.convOf(id);
    return conv && this.outcomes.valueOf(conv);
  }

  standing(id: string): Standing | undefined {
    const conv = this.convOf(id);
    return conv && this.outcomes.standing(conv);
  }

  *seqsOf(id: string): Iterable<Seq> {
    for (const node of this.convOf(id)?.nodes() ?? []) yield node.seq;
  }

  *ids(): Iterable<string> {
    for (const conv of this.membership.all()) yield conv.id;
  }

  resolve(id: string): string | undefined {
    return this.nodeOfId(id)?.group.conv.id;
  }

  *conversations(): Iterable<Conversation> {
    for (const conv of this.membership.all()) yield this.outcomes.valueOf(conv);
  }

  get size(): number {
    return this.nodes.size;
  }

  startOf(id: string): number | undefined {
    const node = this.nodeOfId(id);
    if (!node || node.group.conv.id !== id || this.spans.isQuiet(node.group.conv)) return undefined;
    let first = node.at;
    // Of a long one the oldest message is near enough.
    if (node.group.conv.size > 16) return first;
    for (const other of node.group.conv.nodes()) if (other.at < first) first = other.at;
    return first;
  }

  conversationOf(seq: Seq): string | undefined {
    return this.nodes.get(seq)?.group.conv.id;
  }

  journey(seq: Seq): Journey {
    const node = this.nodes.get(seq);
    if (!node) return { deliveries: [], committedBy: [] };
    const transaction = this.commits.outcome(node);
    return {
      deliveries: (node.journey?.deliveries ?? []).map((delivery) => {
        const participant = this.participants.readerOf(node, delivery);
        return participant === undefined ? delivery : { ...delivery, participant };
      }),
      ...(node.journey?.deadLettered ? { deadLettered: node.journey.deadLettered } : {}),
      committedBy: this.commits.committedBy(node),
      ...(transaction === undefined ? {} : { transaction }),
      ...(node.duplicateOf ? { duplicateOf: node.duplicateOf.seq } : {}),
    };
  }

  parties(seq: Seq): Parties {
    const node = this.nodes.get(seq);
    if (!node) return { readers: [] };
    if (node.broker === "otlp") return this.partiesOfSpan(node);
    const answered = this.outcomes.build(node.group.conv).exchanges.ofReply.get(node)?.request;
    return this.participants.parties(
      node,
      answered,
      this.commits.committedBy(node).map((commit) => commit.group),
    );
  }

  private partiesOfSpan(node: Node): Parties {
    const { writer, readers } = this.spans.parties(node);
    const known = readers.map((reader) => this.participants.known(reader));
    return writer === undefined ? { readers: known } : { writer: this.participants.known(writer), readers: known };
  }

  nameOf(seq: Seq): string {
    return this.nodes.get(seq)?.name ?? "";
  }

  hintsChanged(): void {
    this.participants.forgetFacts();
  }

  boundsMet(): Readonly<Record<string, number>> {
    const met = { ...this.counters, slots: this.extractor.refused };
    return Object.fromEntries(Object.entries(met).filter(([, count]) => count > 0));
  }

  health(): CorrelatorHealth {
    return {
      messages: this.nodes.size,
      conversations: this.membership.count,
      values: this.values.size,
      deliveriesWithoutPublish: this.deliveries.orphans,
      bounds: { ...this.counters, slots: this.extractor.refused },
      setAside: [
        ...this.values.setAside.values(),
        ...[...this.values.fields.all()].flatMap((field) => {
          const reason = field.setAside();
          return reason === undefined ? [] : [`${field.name.replaceAll("_", " ")}: ${reason}`];
        }),
      ],
    };
  }

  /** One pass over all messages for all that got a name: many come at once, and where connections come and go, always some. */
  private showNames(time: number): void {
    if (this.renamed.size === 0) return;
    this.namesShownAt = time;
    for (const node of this.nodes.values()) {
      const took = node.journey?.deliveries.some(
        ({ connection }) => connection !== undefined && this.renamed.has(`${node.tap} ${connection}`),
      );
      if (took !== true && (node.producer === undefined || !this.renamed.has(node.producer))) continue;
      this.changedMessages.add(node.seq);
      this.membership.touch(node.group.conv);
    }
    this.renamed.clear();
  }

  private time(): number {
    return Math.max(this.now, this.newest);
  }

  private convOf(id: string): Conv | undefined {
    const conv = this.nodeOfId(id)?.group.conv;
    return conv?.id === id ? conv : undefined;
  }

  private nodeOfId(id: string): Node | undefined {
    return id.charCodeAt(0) === 99 ? this.nodes.get(Number(id.slice(1))) : undefined;
  }

  private settle(node: Node): void {
    const at = this.clocks.effective(node);
    if (at !== node.at) {
      node.at = at;
      this.membership.touch(node.group.conv);
    }
    node.settled = true;
    if ((node.original || node.purpose) && !node.duplicateOf) this.copies.findOriginal(node);
    this.values.settle(node);
    this.participants.learn(node);
    this.windows.settle(node);
    if (node.expectsReply) {
      // A guess may still give way to what is learned while the request is open; what was learned before stands.
      const patience = this.deadlines.patienceFor(node);
      if (patience.basis !== "default") node.deadline ??= patience;
      this.outcomes.checkAt(node.group.conv, this.deadlines.of(node).at + 1);
    }
    if (node.pairsAnswered?.some((entry) => entry.requests.length > 0)) {
      const exchange = this.exchangesAround(node).ofReply.get(node);
      if (exchange?.replies[0] === node) this.deadlines.learn(exchange.request, node);
    }
  }

  private collectTouched(): void {
    for (const conv of this.membership.takeTouched()) {
      if (!conv.isPending) this.pendingChanges.push(conv);
      conv.isPending = true;
      // Silence is what is waited for: whatever happened, look again when it may mean something.
      this.outcomes.checkAt(conv, Math.min(this.time(), conv.lastAt) + thresholds.instanceQuiet);
    }
  }

  /** The exchanges that a reply may belong to, without looking at the whole of its conversation. */
  private exchangesAround(reply: Node): Exchanges {
    const near = new Set([reply]);
    for (const entry of reply.pairsAnswered ?? []) {
      for (const node of [...entry.requests, ...entry.replies]) {
        if (node.group.conv === reply.group.conv) near.add(node);
      }
    }
    return exchangesOf(new Positions([...near].sort(compareNodes)), this.values);
  }

  private forgetOldest(): void {
    while (this.nodes.size > this.maxMessages) {
      const oldest = this.arrivals.oldestAtRest(
        (seq) => this.nodes.get(seq)?.group.conv,
        this.newest - thresholds.conversationSession,
      );
      if (!oldest) return;
      this.counters.messages++;
      this.forget(oldest);
    }
  }

  private forget(conv: Conv): void {
    const members = conv.nodes();
    for (const member of members) {
      this.nodes.delete(member.seq);
      this.values.remove(member);
      this.pairs.remove(member);
      this.deliveries.remove(member);
      this.commits.remove(member);
      this.spans.remove(member);
    }
    this.membership.forget(conv);
    conv.clear();
  }
}

/** What correlation holds and what it gave up; for `contrail doctor`. */
export interface CorrelatorHealth {
  readonly messages: number;
  readonly conversations: number;
  readonly values: number;
  readonly deliveriesWithoutPublish: number;
  /** How often each bound was met. */
  readonly bounds: Counters;
  /** Ids that join nothing, and why, in words. */
  readonly setAside: readonly string[];
}

/** Correlation as a value: nothing in it has a clock or does input or output. */
export function createCorrelator(options: CorrelatorOptions = {}): Correlator & {
  /** The contracts changed: facts are asked again. */
  hintsChanged(): void;
  health(): CorrelatorHealth;
} {
  return new CorrelatorState(options);
}
