/**
 * Spans beside messages. A span says by ids what caused it: its parent, or the messages that it links to; and a message
 * says in its trace context which span wrote it. So a chain stands for itself: a request to a gateway, the span that
 * sent a message, the message, the span of who took it. Where a span is missing in between (most systems keep a part of
 * their spans), what is left of the trace is put to what came before it in that trace, and that is called inferred.
 *
 * Spans come late, in any order, and some twice. So what they join is decided a trace at a time on a tick, and taken
 * back when more is known. They join messages only where these do not say of themselves that they are different flows:
 * a span around a batch of a thousand orders is not one conversation. And they teach nothing: what usually follows, how
 * long an answer takes and what a saga looks like is learned from messages alone, which are all there and on time.
 */
import type { Envelope } from "../tap/envelope.ts";
import type { Conv, Link, Membership } from "./groups.ts";
import { bounds, thresholds, type Counters } from "./limits.ts";
import type { Edge, EvidenceKind, Occurrence, Participant, Parties, SpanStep, Strength } from "./model.ts";
import { compareNodes, type Node } from "./node.ts";
import { isAt, isSpan, type SpanFacts } from "./span-facts.ts";
import { Parts } from "./span-parts.ts";
import { traceContextOf, type TraceContext } from "./trace-context.ts";

/** What led to a span or message, by the ids of its trace. */
interface Cause {
  readonly from: Node;
  readonly kind: EvidenceKind;
  readonly strength: Strength;
  readonly because: readonly Occurrence[];
}

interface Trace {
  readonly id: string;
  spans: Node[];
  messages: Node[];
  links: Link[];
  decidedAt: number;
}

const nobody: readonly never[] = [];

export class Spans {
  private readonly membership: Membership;
  private readonly apart: (a: Node, b: Node) => boolean;
  private readonly counters: Counters;
  private readonly traces = new Map<string, Trace>();
  private readonly spans = new Map<Node, SpanFacts>();
  private readonly contexts = new Map<Node, TraceContext>();
  /** By trace and span id: the span, and what names it as its parent. */
  private readonly bySpan = new Map<string, Node>();
  private readonly children = new Map<string, Node[]>();
  private readonly causes = new Map<Node, Cause>();
  private readonly dirty = new Set<Trace>();
  /** Whether the trace contexts of messages are kept: they cost memory, and most traces are without spans. */
  private on: boolean;
  private readonly most: number;

  constructor(
    options: { readonly on: boolean; readonly most: number; readonly apart: (a: Node, b: Node) => boolean },
    membership: Membership,
    counters: Counters,
  ) {
    this.on = options.on;
    this.most = options.most;
    this.apart = options.apart;
    this.membership = membership;
    this.counters = counters;
  }

  get size(): number {
    return this.spans.size;
  }

  /** A span came: from now on it is kept of which span messages say they are. */
  expect(): void {
    this.on = true;
  }

  /** Of which span a message says it is; `undefined` as well while there are no spans. */
  contextOf({ headers }: Envelope): TraceContext | undefined {
    return this.on && headers.length > 0 ? traceContextOf(headers) : undefined;
  }

  /** Takes in a message that says of which span it is. */
  addMessage(node: Node, context: TraceContext): void {
    this.contexts.set(node, context);
    push(this.children, context.trace + context.parent, node);
    const trace = this.traceOf(context.trace);
    trace.messages.push(node);
    this.touch(trace);
  }

  /** Takes in a span. One that is known already is the same once more, and stands with the first. */
  addSpan(node: Node, facts: SpanFacts): void {
    const id = facts.trace + facts.spanId;
    const known = this.bySpan.get(id);
    if (known !== undefined && this.spans.get(known)?.kind === facts.kind) {
      node.duplicateOf = known;
      this.membership.join(known, node);
      return;
    }
    this.spans.set(node, facts);
    if (known === undefined) this.bySpan.set(id, node);
    if (facts.parent !== undefined) push(this.children, facts.trace + facts.parent, node);
    const trace = this.traceOf(facts.trace);
    const first = trace.spans[0];
    if (first !== undefined && trace.spans.length >= bounds.spansPerTrace) {
      // A trace without end: what is more of it is put to it unseen.
      this.counters.spansPerTrace++;
      this.membership.link(first, node);
      return;
    }
    trace.spans.push(node);
    this.touch(trace);
  }

  /** Forgets what was known of a forgotten message or span. */
  remove(node: Node): void {
    const facts = this.spans.get(node);
    const context = this.contexts.get(node);
    const id = facts?.trace ?? context?.trace;
    if (id === undefined) return;
    const parent = facts?.parent ?? context?.parent;
    if (parent !== undefined) {
      const key = id + parent;
      const left = (this.children.get(key) ?? []).filter((other) => other !== node);
      if (left.length === 0) this.children.delete(key);
      else this.children.set(key, left);
    }
    if (facts !== undefined && this.bySpan.get(id + facts.spanId) === node) this.bySpan.delete(id + facts.spanId);
    this.spans.delete(node);
    this.contexts.delete(node);
    this.causes.delete(node);
    const trace = this.traces.get(id);
    if (trace === undefined) return;
    trace.spans = trace.spans.filter((other) => other !== node);
    trace.messages = trace.messages.filter((other) => other !== node);
    trace.links = trace.links.filter(({ from, to }) => from !== node && to !== node);
    if (trace.spans.length + trace.messages.length === 0) {
      this.traces.delete(id);
      this.dirty.delete(trace);
    }
  }

  /** At the bound, the conversations to forget: the oldest that have spans and no message, so that no message goes. */
  surplus(): Iterable<Conv> {
    if (this.spans.size <= this.most) return nobody;
    // Some at a time: looking for the oldest costs more than forgetting them.
    const wanted = Math.max(1, this.most >> 6);
    const found = new Set<Conv>();
    let tries = 0;
    for (const { group } of this.spans.keys()) {
      if (found.size >= wanted || ++tries > 4 * wanted) break;
      if (group.conv.every(isSpan)) found.add(group.conv);
    }
    this.counters.spans += found.size;
    return found;
  }

  /** Whether nothing of a conversation is for a list of messages: spans alone, of which none failed. */
  isQuiet(conv: Conv): boolean {
    return this.spans.size > 0 && conv.every((node) => isSpan(node) && !node.failed);
  }

  /** Decides the traces that were touched; one that is large and grows all the time, once in a while. */
  decide(now: number): void {
    for (const trace of this.dirty) {
      const isLarge = trace.spans.length + trace.messages.length > thresholds.largeTrace;
      if (isLarge && now >= trace.decidedAt && now < trace.decidedAt + thresholds.largeTraceRest) continue;
      this.dirty.delete(trace);
      trace.decidedAt = now;
      this.decideTrace(trace);
    }
  }

  /** Whether a conversation has spans to speak of; cheap where there are none at all. */
  get any(): boolean {
    return this.spans.size > 0;
  }

  /** The edges that spans give to the messages and spans of a conversation. */
  edges(nodes: readonly Node[]): readonly Edge[] {
    const members = new Set(nodes);
    const edges: Edge[] = [];
    for (const node of nodes) {
      const cause = this.causes.get(node);
      if (cause === undefined || !members.has(cause.from)) continue;
      const { from, kind, strength, because } = cause;
      edges.push({ from: from.seq, to: node.seq, kind, strength, joins: true, because, rivals: 0 });
    }
    return edges;
  }

  /** When the work that a span stands for was over. */
  endOf(node: Node): number {
    return node.at + (this.spans.get(node)?.ms ?? 0);
  }

  /** The spans of a conversation, and which of them say nothing that another row does not say. */
  steps(nodes: readonly Node[]): readonly SpanStep[] {
    const members = new Set(nodes);
    return nodes.filter(isSpan).map((node) => ({ seq: node.seq, folded: this.isFolded(node, members) }));
  }

  /** Who called whom. */
  parties(node: Node): Parties {
    const facts =
      this.spans.get(node) ?? (node.duplicateOf === undefined ? undefined : this.spans.get(node.duplicateOf));
    if (facts === undefined) return { readers: [] };
    const own: Participant = { name: facts.service, basis: "observed" };
    const cause = this.causes.get(node);
    const caller = cause === undefined || cause.kind === "trace-id" ? undefined : this.serviceOf(cause.from);
    switch (facts.kind) {
      case "server":
      case "consumer": {
        if (caller !== undefined) return { writer: { name: caller, basis: "observed" }, readers: [own] };
        // Nobody here called it, so somebody outside did.
        return facts.parent === undefined && facts.kind === "server"
          ? { writer: { name: "client", basis: "placeholder" }, readers: [own] }
          : { readers: [own] };
      }
      case "client":
      case "producer": {
        const called = this.childrenOf(facts).find((child) => this.spans.get(child)?.kind === "server");
        const peer = (called && this.serviceOf(called)) ?? facts.peer;
        return { writer: own, readers: peer === undefined ? [] : [{ name: peer, basis: "observed" }] };
      }
      default:
        return { writer: own, readers: [] };
    }
  }

  /** The service that wrote a message: that of the span it names, unless somebody else passed the headers on. */
  writerOf(node: Node): string | undefined {
    if (this.spans.size === 0) return undefined;
    const cause = this.causes.get(node);
    const facts = cause === undefined ? undefined : this.spans.get(cause.from);
    if (facts === undefined) return undefined;
    if (facts.kind !== "producer") return facts.service;
    // One span sends to one place: the same context on a message elsewhere was copied there.
    const first = this.childrenOf(facts).find((child) => !isSpan(child));
    return first === undefined || first.channel === node.channel ? facts.service : undefined;
  }

  /** The services that took a message, by the spans that it caused. */
  readersOf(node: Node): readonly string[] {
    if (this.spans.size === 0) return nobody;
    const context = this.contexts.get(node);
    if (context === undefined) return nobody;
    const readers = new Set<string>();
    for (const child of this.children.get(context.trace + context.parent) ?? []) {
      const facts = this.spans.get(child);
      if (facts?.kind === "consumer" && this.causes.get(child)?.from === node) readers.add(facts.service);
    }
    return [...readers];
  }

  // ------------------------------------------------------------------------------------------------ a trace

  private touch(trace: Trace): void {
    if (trace.spans.length > 0) this.dirty.add(trace);
  }

  private traceOf(id: string): Trace {
    let trace = this.traces.get(id);
    if (trace === undefined) this.traces.set(id, (trace = { id, spans: [], messages: [], links: [], decidedAt: 0 }));
    return trace;
  }

  private decideTrace(trace: Trace): void {
    const messages = trace.messages.slice(-bounds.spansPerTrace);
    const nodes = [...trace.spans, ...messages].sort(compareNodes);
    const parts = new Parts(this.apart);
    for (const node of nodes) parts.add(node);
    const wanted: (readonly [from: Node, to: Node])[] = [];
    for (const node of nodes) {
      const cause = isSpan(node) ? this.causeOfSpan(node) : this.causeOfMessage(node);
      this.setCause(node, cause);
      if (cause !== undefined) {
        parts.add(cause.from);
        if (parts.unite(cause.from, node)) wanted.push([cause.from, node]);
      }
    }
    // What is left over of the spans is put to what came before it in the trace, or else to what came next.
    nodes.forEach((node, index) => {
      if (!isSpan(node) || this.causes.has(node)) return;
      const before = nearest(nodes, index, -1, (other) => parts.mayUnite(other, node));
      const after = before ?? nearest(nodes, index, 1, (other) => parts.mayUnite(other, node));
      if (after === undefined) return;
      if (parts.unite(after, node)) wanted.push([after, node]);
      if (before !== undefined) this.setCause(node, inferred(before, node, trace.id));
    });
    this.link(trace, wanted);
  }

  private setCause(node: Node, cause: Cause | undefined): void {
    const known = this.causes.get(node);
    if (cause === undefined) this.causes.delete(node);
    else this.causes.set(node, cause);
    if (known?.from !== cause?.from || known?.kind !== cause?.kind) this.membership.touch(node.group.conv);
  }

  private link(trace: Trace, wanted: readonly (readonly [from: Node, to: Node])[]): void {
    const known = new Map(trace.links.map((each) => [`${each.from.seq} ${each.to.seq}`, each]));
    const links: Trace["links"] = [];
    // New links first: then nothing comes apart only to come together again.
    for (const [from, to] of wanted) {
      const key = `${from.seq} ${to.seq}`;
      const same = known.get(key);
      if (known.delete(key) && same !== undefined) links.push(same);
      else if (from.group !== to.group) links.push(this.membership.link(from, to));
    }
    for (const link of known.values()) this.membership.unlink(link);
    trace.links = links;
  }

  private causeOfMessage(node: Node): Cause | undefined {
    const context = this.contexts.get(node);
    const from = context && this.bySpan.get(context.trace + context.parent);
    if (context === undefined || from === undefined) return undefined;
    const because = [at(from, "span id", context.parent), at(node, context.where, context.parent)];
    return { from, kind: "trace-parent", strength: "certain", because };
  }

  private causeOfSpan(node: Node): Cause | undefined {
    const facts = this.spans.get(node);
    if (facts === undefined) return undefined;
    if (facts.kind === "consumer") {
      if (facts.parent !== undefined) {
        const taken = this.messageOf(facts.trace + facts.parent, node, facts, "parent span");
        if (taken !== undefined) return taken;
      }
      for (const { trace, spanId } of facts.links) {
        const taken = this.messageOf(trace + spanId, node, facts, "span link");
        if (taken !== undefined) return taken;
      }
    }
    const parent = facts.parent === undefined ? undefined : this.bySpan.get(facts.trace + facts.parent);
    if (parent !== undefined && parent !== node && this.causes.get(parent)?.from !== node) {
      return between(parent, node, facts.parent ?? "", "parent span");
    }
    for (const { trace, spanId } of facts.links) {
      const linked = this.bySpan.get(trace + spanId);
      if (linked !== undefined && linked !== node && this.causes.get(linked)?.from !== node) {
        return between(linked, node, spanId, "span link");
      }
    }
    return undefined;
  }

  /** The message that names the same span as its writer: the one from the place that is named, or the nearest. */
  private messageOf(key: string, node: Node, { destination }: SpanFacts, where: string): Cause | undefined {
    let best: Node | undefined;
    let bestScore = -Infinity;
    for (const other of this.children.get(key) ?? []) {
      if (isSpan(other) || other.at > node.at + thresholds.spanClock) continue;
      const named = destination !== undefined && isAt(other, destination) ? 1e9 : 0;
      const score = named - Math.abs(other.at - node.at);
      if (score > bestScore) {
        best = other;
        bestScore = score;
      }
    }
    const context = best && this.contexts.get(best);
    if (best === undefined || context === undefined) return undefined;
    const because = [at(best, context.where, context.parent), at(node, where, context.parent)];
    return { from: best, kind: "trace-parent", strength: "certain", because };
  }

  private childrenOf({ trace, spanId }: SpanFacts): readonly Node[] {
    return this.children.get(trace + spanId) ?? [];
  }

  private serviceOf(node: Node): string | undefined {
    return this.spans.get(node)?.service ?? this.writerOf(node);
  }

  private isFolded(node: Node, members: ReadonlySet<Node>): boolean {
    if (node.duplicateOf !== undefined) return true;
    const facts = this.spans.get(node);
    const cause = this.causes.get(node);
    if (facts === undefined || node.failed) return false;
    switch (facts.kind) {
      case "internal":
        return cause !== undefined && members.has(cause.from);
      case "producer":
        return this.childrenOf(facts).some((child) => !isSpan(child) && members.has(child));
      case "consumer":
        return cause !== undefined && !isSpan(cause.from) && members.has(cause.from);
      case "client":
        return this.childrenOf(facts).some((child) => this.spans.get(child)?.kind === "server" && members.has(child));
      default:
        return false;
    }
  }
}

function nearest(nodes: readonly Node[], index: number, step: 1 | -1, fits: (node: Node) => boolean): Node | undefined {
  const from = nodes[index] as Node;
  for (
    let i = index + step, tries = 0;
    i >= 0 && i < nodes.length && tries < bounds.causeCandidates;
    i += step, tries++
  ) {
    const node = nodes[i] as Node;
    if (Math.abs(node.at - from.at) > thresholds.conversationSession) return undefined;
    if (fits(node)) return node;
  }
  return undefined;
}

function between(from: Node, to: Node, spanId: string, where: string): Cause {
  return {
    from,
    kind: "trace-parent",
    strength: "certain",
    because: [at(from, "span id", spanId), at(to, where, spanId)],
  };
}

function inferred(from: Node, to: Node, trace: string): Cause {
  return {
    from,
    kind: "trace-id",
    strength: "inferred",
    because: [at(from, "trace id", trace), at(to, "trace id", trace)],
  };
}

function at(node: Node, where: string, value: string): Occurrence {
  return { seq: node.seq, where, value };
}

function push(lists: Map<string, Node[]>, key: string, node: Node): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [node]);
  else if (known.length < bounds.spansPerTrace) known.push(node);
}
