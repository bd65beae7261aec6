/** The correlator: takes messages and events in, keeps what belongs together, and builds conversations when asked. */
import type { Delivery } from "../tap/envelope.ts";
import { causesOf, type CauseKnowledge, type Causes } from "./causes.ts";
import { Clocks } from "./clocks.ts";
import { Commits } from "./commits.ts";
import { Deliveries } from "./deliveries.ts";
import { exchangesOf, type Exchanges } from "./exchanges.ts";
import { Extractor } from "./extract.ts";
import { Families, learnedDeadline, type Contribution } from "./families.ts";
import { Membership, type Conv } from "./groups.ts";
import { displayId } from "./ids.ts";
import { bounds, newCounters, thresholds, type Counters } from "./limits.ts";
import type {
  Change,
  Conversation,
  CorrelationHints,
  Correlator,
  Journey,
  Parties,
  Seq,
  TracedMessage,
} from "./model.ts";
import { compareNodes, type Node } from "./node.ts";
import { Pairs } from "./pairs.ts";
import { Participants } from "./participants.ts";
import { shapeOf, type Deadline, type Shape } from "./sagas.ts";
import { LogHistogram } from "./stats.ts";
import { Timers } from "./timers.ts";
import { Values } from "./values.ts";

export interface CorrelatorOptions {
  /** What the contracts say; without them everything is inferred from the wire. */
  readonly hints?: CorrelationHints;
  /** How many messages are kept at most; older conversations go first. */
  readonly maxMessages?: number;
}

/** What is built for a conversation, and until when it is right. */
interface Built {
  readonly revision: number;
  readonly until: number;
  readonly builtAt: number;
  readonly value: Conversation;
  readonly exchanges: Exchanges;
  readonly contribution: Contribution;
}

class CorrelatorState implements Correlator {
  private readonly counters: Counters = newCounters();
  private readonly membership = new Membership();
  private readonly values = new Values(this.membership, this.counters);
  private readonly pairs = new Pairs(this.membership, this.values);
  private readonly deliveries = new Deliveries(this.counters);
  private readonly commits = new Commits(this.counters);
  private readonly clocks = new Clocks();
  private readonly families = new Families();
  private readonly extractor = new Extractor(this.counters);
  private readonly participants: Participants;
  private readonly nodes = new Map<Seq, Node>();
  private readonly settling = new Timers<Node>();
  private readonly checks = new Timers<Conv>();
  private readonly latencies = new Map<string, { delays: LogHistogram; names: Map<string, number> }>();
  private readonly gaps: { from: number; to: number }[] = [];
  private readonly changedMessages = new Set<Seq>();
  private readonly recent: Conv[] = [];
  private recentNext = 0;
  private pendingChanges: Conv[] = [];
  private readonly maxMessages: number;
  private now = 0;
  private newest = 0;

  constructor(options: CorrelatorOptions) {
    this.participants = new Participants(options.hints, this.counters);
    this.maxMessages = options.maxMessages ?? bounds.messages;
    this.membership.onGone = (conv) => {
      const contribution = conv.contribution as Contribution | undefined;
      if (contribution) this.families.add(contribution, -1);
      conv.contribution = undefined;
    };
  }

  observe(message: TracedMessage): void {
    if (this.nodes.has(message.seq)) return;
    const facts = this.participants.factsOf(message.envelope);
    const node = this.extractor.read(message, facts);
    node.at = this.clocks.note(node);
    if (node.at > this.newest) this.newest = node.at;
    this.nodes.set(node.seq, node);
    this.membership.add(node);
    this.commits.add(node);
    const early = this.deliveries.add(node);
    this.values.add(node);
    this.pairs.add(node, facts?.reply?.address);
    this.findDuplicate(node);
    this.findOriginal(node);
    if (node.expectsReply) {
      const deadline = this.deadlineOf(node).at;
      this.checkAt(node.group.conv, deadline + 1);
    }
    this.settling.add(node.at, node);
    const conv = node.group.conv;
    if (node.at > conv.lastAt) conv.lastAt = node.at;
    this.membership.touch(conv);
    for (const delivery of early) this.deliver(delivery);
    if (this.nodes.size > this.maxMessages) this.forgetOldest();
  }

  deliver(delivery: Delivery): Seq | undefined {
    const node = this.deliveries.match(delivery);
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

  gap(from: number, to: number): void {
    if (!(to > from)) return;
    const last = this.gaps[this.gaps.length - 1];
    // Gaps of several taps may overlap; time that nobody saw counts once.
    if (last && from <= last.to) {
      if (to > last.to) last.to = to;
      if (from < last.from) last.from = from;
    } else this.gaps.push({ from, to });
    if (this.gaps.length > bounds.gaps) {
      this.counters.gaps++;
      this.gaps.shift();
    }
    for (const conv of this.membership.convs) if (conv.lastAt >= from - thresholds.longestQuiet) this.checkAt(conv, to);
  }

  tick(now: number): void {
    if (now > this.now) this.now = now;
    const watermark = Math.max(this.newest, this.now) - thresholds.lateness;
    for (let due = this.settling.takeDue(watermark); due; due = this.settling.takeDue(watermark)) {
      if (this.nodes.get(due.what.seq) === due.what) this.settle(due.what);
    }
    this.values.decide(watermark);
    this.collectTouched();
    const time = this.time();
    for (let due = this.checks.takeDue(time); due; due = this.checks.takeDue(time)) {
      const conv = due.what;
      if (conv.gone || conv.nextCheck !== due.at) continue;
      conv.nextCheck = Infinity;
      this.check(conv);
    }
    this.collectTouched();
  }

  takeChanges(): readonly Change[] {
    this.collectTouched();
    const changes: Change[] = this.membership.takeMoves();
    for (const conv of new Set(this.pendingChanges)) {
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
    const node = this.nodeOfId(id);
    if (!node || node.group.conv.id !== id) return undefined;
    return this.valueOf(node.group.conv);
  }

  resolve(id: string): string | undefined {
    return this.nodeOfId(id)?.group.conv.id;
  }

  *conversations(): Iterable<Conversation> {
    for (const conv of [...this.membership.convs].sort((a, b) => a.number - b.number)) yield this.valueOf(conv);
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
    const answered = this.build(node.group.conv).exchanges.ofReply.get(node)?.request;
    return this.participants.parties(
      node,
      answered,
      this.commits.committedBy(node).map((commit) => commit.group),
    );
  }

  nameOf(seq: Seq): string {
    return this.nodes.get(seq)?.name ?? "";
  }

  hintsChanged(): void {
    this.participants.forgetFacts();
  }

  health(): CorrelatorHealth {
    return {
      messages: this.nodes.size,
      conversations: this.membership.convs.size,
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

  private time(): number {
    return Math.max(this.now, this.newest);
  }

  private nodeOfId(id: string): Node | undefined {
    return /^c\d+$/.test(id) ? this.nodes.get(Number(id.slice(1))) : undefined;
  }

  /** The same content, id and channel written again within a minute. */
  private findDuplicate(node: Node): void {
    for (const found of node.found) {
      if (found.role !== "self" && found.role !== "idempotency") continue;
      let first: Node | undefined;
      for (const use of this.values.several(found)) {
        const other = use.node;
        if (other === node || use.role !== found.role) continue;
        if (other.channel !== node.channel || other.hash !== node.hash) continue;
        if (Math.abs(other.at - node.at) > thresholds.duplicateWithin) continue;
        if (!first || compareNodes(other, first) < 0) first = other;
      }
      if (!first) continue;
      // Whichever is earlier is the original; a late arrival may turn them round.
      const [original, copy] = compareNodes(first, node) < 0 ? [first, node] : [node, first];
      copy.duplicateOf = original.duplicateOf && original.duplicateOf !== copy ? original.duplicateOf : original;
      if (original.duplicateOf === copy) original.duplicateOf = undefined;
      this.membership.join(original, copy);
      return;
    }
  }

  /** A republished message and its original are one journey, whichever came first. */
  private findOriginal(node: Node): void {
    if (!node.original) return;
    const original = this.originalOf(node);
    if (!original) return;
    this.membership.join(original, node);
    if (node.failed && !/retry/i.test(node.channel)) {
      const journey = (original.journey ??= { deliveries: [] });
      const attempts = original.journey.deliveries.length;
      journey.deadLettered = {
        queue: node.queues?.[0] ?? node.channel,
        reason: "given up",
        count: Math.max(1, attempts),
      };
      this.changedMessages.add(original.seq);
    }
  }

  private originalOf(node: Node): Node | undefined {
    const place = node.original;
    if (!place) return undefined;
    if (place.topic !== undefined && place.partition !== undefined && place.offset !== undefined) {
      const original = this.commits.at(node.tap, place.topic, place.partition, place.offset);
      if (original) return original;
    }
    if (node.broker === "rabbitmq") return this.deliveries.original(node);
    // A topic alone: the same content there.
    for (const found of node.found) {
      for (const use of this.values.uses(found)) {
        if (use.node !== node && use.node.hash === node.hash && use.node.channel === place.topic) return use.node;
      }
    }
    return undefined;
  }

  private settle(node: Node): void {
    const at = this.clocks.effective(node);
    if (at !== node.at) {
      node.at = at;
      this.membership.touch(node.group.conv);
    }
    node.settled = true;
    if (node.original && !node.duplicateOf) this.findOriginal(node);
    this.values.settle(node);
    this.participants.learn(node);
    if (node.expectsReply) {
      // A guess may still give way to what is learned while the request is open; what was learned before stands.
      const patience = this.patienceFor(node);
      if (patience.basis !== "default") node.deadline ??= patience;
      this.checkAt(node.group.conv, this.deadlineOf(node).at + 1);
    }
    if (node.pairsAnswered?.some((entry) => entry.requests.length > 0)) this.learnLatency(node);
  }

  private learnLatency(reply: Node): void {
    const exchange = this.build(reply.group.conv).exchanges.ofReply.get(reply);
    if (!exchange || exchange.replies[0] !== reply) return;
    exchange.request.deadline ??= this.patienceFor(exchange.request);
    let known = this.latencies.get(exchange.request.type);
    if (!known) {
      if (this.latencies.size >= bounds.types) return;
      known = { delays: new LogHistogram(), names: new Map() };
      this.latencies.set(exchange.request.type, known);
    }
    known.delays.add(Math.max(0, reply.at - exchange.request.at));
    if (known.names.size < bounds.childTypes || known.names.has(reply.name)) {
      known.names.set(reply.name, (known.names.get(reply.name) ?? 0) + 1);
    }
  }

  private deadlineOf(request: Node): Deadline {
    const known = this.latencies.get(request.type);
    const count = known?.delays.count ?? 0;
    const { wait, basis } = request.deadline ?? this.patienceFor(request);
    const replyName = known ? mostFrequent(known.names) : undefined;
    return {
      at: this.afterGaps(request.at, request.at + wait),
      basis,
      ...(known && count >= thresholds.fewSupport ? { usual: { ms: known.delays.quantile(0.5), count } } : {}),
      ...(replyName === undefined || replyName === "reply" ? {} : { replyName }),
    };
  }

  /** How long a reply is waited for: as the message says, else as is usual by now, else a guess. */
  private patienceFor(request: Node): { wait: number; basis: Deadline["basis"] } {
    if (request.expiresAfter !== undefined) return { wait: request.expiresAfter, basis: "message" };
    const known = this.latencies.get(request.type);
    const learned = known ? learnedDeadline(known.delays) : undefined;
    if (learned !== undefined) return { wait: learned, basis: "learned" };
    return { wait: thresholds.replyDeadline, basis: "default" };
  }

  /** No time runs while nobody could see. */
  private afterGaps(from: number, to: number): number {
    let moved = to;
    for (const gap of this.gaps) {
      if (gap.to <= from || gap.from >= moved) continue;
      moved += gap.to - Math.max(gap.from, from);
    }
    return moved;
  }

  private checkAt(conv: Conv, at: number): void {
    if (at >= conv.nextCheck) return;
    conv.nextCheck = at;
    this.checks.add(at, conv);
  }

  private collectTouched(): void {
    for (const conv of this.membership.takeTouched()) {
      this.pendingChanges.push(conv);
      // Silence is what is waited for: whatever happened, look again when it may mean something.
      this.checkAt(conv, Math.min(this.time(), conv.lastAt) + thresholds.instanceQuiet);
    }
  }

  /** Time has passed for a conversation: learns from it, and says whether it changed by that. */
  private check(conv: Conv): void {
    const shown = conv.shown;
    const quietAt = conv.lastAt + thresholds.instanceQuiet;
    const finalAt = conv.lastAt + thresholds.conversationSession;
    const time = this.time();
    // The last look, by what is known then: it does not depend on when it was looked at before.
    if (time >= finalAt) conv.built = undefined;
    const built = this.build(conv);
    if (time >= quietAt) {
      if (conv.contribution) this.families.add(conv.contribution as Contribution, -1);
      if (!conv.final) this.families.add(built.contribution, 1);
      // After so long a silence it is not expected to go on: what it showed stands, and need not be kept.
      conv.final = time >= finalAt && built.until === Infinity;
      conv.contribution = conv.final ? undefined : built.contribution;
      if (!conv.final) this.checkAt(conv, finalAt);
    } else this.checkAt(conv, quietAt);
    if (built.until < Infinity) this.checkAt(conv, built.until);
    if (shown !== 0 && conv.shown !== shown) this.membership.touch(conv);
  }

  /** From how many instances a shape is known grows with others, and is always today's number. */
  private valueOf(conv: Conv): Conversation {
    const { value, contribution } = this.build(conv);
    if (value.inferredFrom === undefined) return value;
    const { instances } = this.families.of(contribution.family);
    return value.inferredFrom === instances ? value : { ...value, inferredFrom: instances };
  }

  private build(conv: Conv): Built {
    const known = conv.built as Built | undefined;
    const now = this.time();
    if (known && known.revision === conv.revision && now < known.until) return known;
    if (known && conv.size > thresholds.largeConversation && now < known.builtAt + conv.size / 4) {
      // A large one that grows all the time is not built for each message; the next look comes by itself.
      this.checkAt(conv, known.builtAt + conv.size / 4);
      return known;
    }
    const nodes = [...conv.nodes()].sort(compareNodes);
    const exchanges = exchangesOf(nodes, this.values);
    const names = new Map<Node, string | undefined>();
    const readBy = new Map<Node, readonly string[] | undefined>();
    const writer = (node: Node): string | undefined => {
      if (names.has(node)) return names.get(node);
      const answered = exchanges.ofReply.get(node)?.request;
      const found = this.participants.writer(node, answered);
      const name = found && found.basis !== "placeholder" ? found.name : undefined;
      names.set(node, name);
      return name;
    };
    const knowledge: CauseKnowledge = {
      values: this.values,
      original: (node) => this.originalOf(node),
      comesBefore: (a, b) => this.families.comesBefore(a, b),
      writer,
      readers: (node) => {
        if (readBy.has(node)) return readBy.get(node);
        const answered = exchanges.ofReply.get(node)?.request;
        const groups = node.broker === "kafka" ? [...this.commits.groupsOf(node)] : [];
        const readers = this.participants
          .readers(node, answered, groups)
          .filter((reader) => reader.basis !== "placeholder")
          .map((reader) => reader.name);
        const known = readers.length > 0 || this.participants.knowsReaders(node) ? readers : undefined;
        readBy.set(node, known);
        return known;
      },
    };
    const causes = causesOf(nodes, exchanges, knowledge);
    const first = nodes[0] as Node;
    const shape = shapeOf(nodes, exchanges, causes, {
      now,
      family: this.families.of(first.type),
      deadline: (request) => this.deadlineOf(request),
      afterGaps: (from, to) => this.afterGaps(from, to),
      writer,
    });
    const built: Built = {
      revision: conv.revision,
      until: shape.until,
      builtAt: now,
      value: valueOf(conv, nodes, causes, shape),
      exchanges,
      contribution: shape.contribution,
    };
    conv.built = built;
    conv.shown = digest(built.value);
    // Few of many conversations are looked at: the values of the others are not kept.
    const old = this.recent[this.recentNext];
    if (old && old !== conv) old.built = undefined;
    this.recent[this.recentNext] = conv;
    this.recentNext = (this.recentNext + 1) % bounds.builtConversations;
    return built;
  }

  private forgetOldest(): void {
    // Conversations in the order in which they began; the oldest of them that is not talking goes.
    for (const node of this.nodes.values()) {
      const conv = node.group.conv;
      this.counters.messages++;
      for (const member of conv.nodes()) {
        this.nodes.delete(member.seq);
        this.values.remove(member);
        this.pairs.remove(member);
        this.deliveries.remove(member);
        this.commits.remove(member);
      }
      this.membership.forget(conv);
      return;
    }
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

function valueOf(conv: Conv, nodes: readonly Node[], causes: Causes, shape: Shape): Conversation {
  const first = nodes[0] as Node;
  const last = nodes[nodes.length - 1] as Node;
  return {
    id: conv.id,
    revision: conv.revision,
    kind: shape.kind,
    name: shape.name,
    key: keyOf(nodes),
    state: shape.state,
    ...(shape.sagaKind === undefined ? {} : { sagaKind: shape.sagaKind }),
    ...(shape.inferredFrom === undefined ? {} : { inferredFrom: shape.inferredFrom }),
    seqs: nodes.map((node) => node.seq),
    edges: causes.edges,
    exchanges: shape.exchanges,
    steps: shape.steps,
    missing: shape.missing,
    startedAt: first.at,
    lastAt: last.at,
    ...(shape.endedAt === undefined ? {} : { endedAt: shape.endedAt }),
  };
}

/** The id by which a person knows this instance: the business id that most of its messages carry, and more than one. */
function keyOf(nodes: readonly Node[]): string {
  const scores = new Map<string, { score: number; messages: number }>();
  const some = nodes.length > 64 ? nodes.slice(0, 64) : nodes;
  const several = some.filter((node) => !node.duplicateOf && !node.original).length > 1;
  some.forEach((node, index) => {
    const seen = new Set<string>();
    for (const found of node.found) {
      if (found.role === "trace" || found.role === "self" || found.strength === "weak" || seen.has(found.value))
        continue;
      seen.add(found.value);
      // Numbers that people use before random ids, ids of the business before those of frameworks, early before late.
      let score = found.strength === "medium" ? 1 : 0.2;
      if (found.role === "business" || found.role === "contract" || found.role === "key") score += 0.3;
      if (index === 0) score += 0.5;
      const known = scores.get(found.value);
      if (known) {
        known.score += score;
        if (!node.duplicateOf && !node.original) known.messages++;
      } else scores.set(found.value, { score, messages: 1 });
    }
  });
  let best = "";
  let bestScore = 0;
  for (const [value, { score, messages }] of scores) {
    if (several && messages < 2) continue;
    if (score > bestScore || (score === bestScore && value < best)) {
      best = value;
      bestScore = score;
    }
  }
  return displayId(best);
}

function mostFrequent(names: ReadonlyMap<string, number>): string | undefined {
  let best: readonly [string, number] | undefined;
  for (const entry of names) {
    if (!best || entry[1] > best[1] || (entry[1] === best[1] && entry[0] < best[0])) best = entry;
  }
  return best?.[0];
}

/** What of a conversation changes by time alone, as a number that is never 0. */
function digest(value: Conversation): number {
  let hash = 0x811c9dc5;
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };
  mix(`${value.kind}${value.state}${value.seqs.length}`);
  for (const gone of value.missing) mix(`${gone.name}${gone.after}`);
  for (const step of value.steps) mix(step.state + step.name);
  for (const exchange of value.exchanges) mix(exchange.state);
  return hash === 0 ? 1 : hash;
}
