/**
 * What caused each message of a conversation. What the wire says comes first: a republication names its original, a
 * reply its request, a causation id its cause. For the rest it is the earlier message that fits best in time, in the
 * usual order, and by who was there to read it; such an edge is always called inferred.
 */
import type { Edge, EvidenceKind, Occurrence, Strength } from "./model.ts";
import { occurrence, type Answering, type Exchanges } from "./exchanges.ts";
import { bounds, thresholds } from "./limits.ts";
import type { Node } from "./node.ts";
import type { Positions } from "./positions.ts";
import type { Values } from "./values.ts";

/** What is known about the messages of a flow from outside of it. */
export interface CauseKnowledge {
  readonly values: Values;
  /** The original of a republished message. */
  original(node: Node): Node | undefined;
  /** How sure it is that type A comes before type B: 0 to 1. */
  comesBefore(a: string, b: string): number;
  /** The writer of a message by name, when it is known. */
  writer(node: Node): string | undefined;
  /** Who reads a message, by name; `undefined` when nobody knows. */
  readers(node: Node): readonly string[] | undefined;
}

/** What caused a message. What it rests on is gathered when somebody looks. */
export interface Cause {
  readonly from: Node;
  readonly kind: EvidenceKind;
  readonly strength: Strength;
  /** The message is `from` once more: a retry, a duplicate, a republication. Such a copy is no step of its own. */
  readonly isCopy: boolean;
  readonly rivals: number;
  /** The exchange that it is a reply in. */
  readonly answered: Answering | undefined;
  /** Where the ids stand that say so, when only some of the shared ones do. */
  readonly because: readonly Occurrence[] | undefined;
}

/** What caused each message of a conversation. */
export class Causes {
  readonly hasCopies: boolean;
  /** For each message the position of the one that it is an effect of; -1 where there is none, and for copies. */
  readonly owners: readonly number[];
  private readonly positions: Positions;
  private readonly list: ReadonlyArray<Cause | undefined>;

  constructor(positions: Positions, list: ReadonlyArray<Cause | undefined>) {
    this.positions = positions;
    this.list = list;
    this.hasCopies = list.some((cause) => cause?.isCopy === true);
    this.owners = list.map((cause) => {
      if (cause === undefined || cause.isCopy) return -1;
      const at = positions.of(cause.from);
      const before = this.list[at];
      // What a copy causes counts for its original.
      return before?.isCopy === true ? positions.of(before.from) : at;
    });
  }

  /** The cause of the message at a position. */
  at(position: number): Cause | undefined {
    return this.list[position];
  }

  of(node: Node): Cause | undefined {
    return this.list[this.positions.of(node)];
  }

  isCopy(node: Node): boolean {
    return this.hasCopies && this.of(node)?.isCopy === true;
  }

  /** Whether anything, a copy of it included, came of a message. */
  wentOn(node: Node): boolean {
    return this.list.some((cause) => cause?.from === node);
  }

  /** Causes and effects as views see them, each with why it is believed. */
  edges(): Edge[] {
    const edges: Edge[] = [];
    this.list.forEach((cause, index) => {
      if (cause === undefined) return;
      const { from, kind, strength, rivals, answered } = cause;
      const to = this.positions.nodes[index] as Node;
      const because = cause.because ?? answered?.because(to) ?? shared(from, to);
      edges.push({ from: from.seq, to: to.seq, kind, strength, joins: true, because, rivals });
    });
    return edges;
  }
}

/** What caused the messages of a conversation, which come in effective order. */
export function causesOf(positions: Positions, exchanges: Exchanges, knowledge: CauseKnowledge): Causes {
  const list: (Cause | undefined)[] = [];
  for (let index = 0; index < positions.nodes.length; index++) {
    list.push(causeOf(index, list, positions, exchanges, knowledge));
  }
  return new Causes(positions, list);
}

function causeOf(
  index: number,
  before: ReadonlyArray<Cause | undefined>,
  positions: Positions,
  exchanges: Exchanges,
  knowledge: CauseKnowledge,
): Cause | undefined {
  const node = positions.nodes[index] as Node;
  const original = originalIn(node, positions, knowledge);
  if (original) return causeBy(original, "republication", "certain", true);
  if (node.duplicateOf && positions.has(node.duplicateOf)) return causeBy(node.duplicateOf, "retry", "certain", true);
  const first = exchanges.retryOf.get(node);
  if (first) return causeBy(first, "retry", "certain", true);
  const answered = exchanges.ofReply.get(node);
  if (answered) {
    const strength = answered.kind === "reply-address" ? "certain" : "declared";
    return causeBy(answered.request, answered.kind, strength, false, { answered });
  }
  const named = namedCause(node, positions, knowledge.values);
  if (named) return causeBy(named.node, "causation-id", "certain", false, { because: named.because });
  if (node.windowCause && positions.has(node.windowCause)) {
    return causeBy(node.windowCause, "window", "inferred", false, { because: [] });
  }
  const likely = likelyCause(index, before, positions.nodes, exchanges, knowledge);
  return likely && causeBy(likely.node, "order", "inferred", false, likely);
}

function causeBy(
  from: Node,
  kind: EvidenceKind,
  strength: Strength,
  isCopy: boolean,
  more: { answered?: Answering; because?: readonly Occurrence[]; rivals?: number } = {},
): Cause {
  return { from, kind, strength, isCopy, rivals: more.rivals ?? 0, answered: more.answered, because: more.because };
}

function originalIn(node: Node, members: Positions, knowledge: CauseKnowledge): Node | undefined {
  if (!node.original) return undefined;
  const original = knowledge.original(node);
  return original && original !== node && members.has(original) ? original : undefined;
}

/** The message whose own id this one names as its cause: the nearest before it, when several have that id. */
function namedCause(
  node: Node,
  positions: Positions,
  values: Values,
): { node: Node; because: Occurrence[] } | undefined {
  for (let found = node.found; found; found = found.next) {
    if (found.role !== "cause" && found.role !== "in reply to") continue;
    // A message that names its own id as its parent is written again, and not its own cause.
    if (node.hasId((other) => other.role === "self" && other.value === found.value)) continue;
    let best: { node: Node; because: Occurrence[] } | undefined;
    for (const use of values.uses(found)) {
      const at = use.node === node ? -1 : positions.of(use.node);
      if (at < 0 || use.node.duplicateOf) continue;
      const own = use.node.findId((other) => other.role === "self" && other.value === found.value);
      // Some frameworks name the cause by the correlation id that only the causing message has (Celery's task id).
      const other = own ?? (use.role === "pair" || use.role === "correlation" ? use : undefined);
      if (!other) continue;
      const before = at < positions.of(node);
      if (!before && use.node.at > node.at + thresholds.crossBroker) continue;
      if (use.node.original && best) continue;
      if (!best || own) best = { node: use.node, because: [occurrence(use.node, other), occurrence(node, found)] };
    }
    if (best) return best;
  }
  return undefined;
}

/** How well each candidate fits, while one message is looked at. */
const scores = new Float64Array(bounds.causeCandidates);

function likelyCause(
  index: number,
  before: ReadonlyArray<Cause | undefined>,
  nodes: readonly Node[],
  exchanges: Exchanges,
  knowledge: CauseKnowledge,
): { node: Node; rivals: number } | undefined {
  if (index === 0) return undefined;
  const node = nodes[index] as Node;
  const writer = knowledge.writer(node);
  let best: Node | undefined;
  let bestScore = 0;
  let count = 0;
  for (let i = index - 1; i >= 0 && i >= index - bounds.causeCandidates; i--) {
    if (before[i]?.isCopy === true) continue;
    const earlier = nodes[i] as Node;
    const score = fitOf(earlier, node, writer, exchanges, knowledge);
    scores[count++] = score;
    if (best !== undefined && score <= bestScore) continue;
    best = earlier;
    bestScore = score;
  }
  if (best === undefined) return undefined;
  let rivals = -1;
  for (let i = 0; i < count; i++) if (bestScore - (scores[i] as number) < 0.25) rivals++;
  return { node: best, rivals };
}

/** How well an earlier message fits as the cause of `node`, by time, usual order, and who was there to read it. */
function fitOf(
  earlier: Node,
  node: Node,
  writer: string | undefined,
  exchanges: Exchanges,
  knowledge: CauseKnowledge,
): number {
  const gap = node.at - earlier.at;
  const order = knowledge.comesBefore(earlier.type, node.type);
  // Whether it always comes before counts; how often that was seen does not.
  let score = (order >= 0.45 ? 2 : 2 * order) - 0.3 * Math.log10(1 + Math.max(0, gap));
  if (order < 0.35) score -= 1;
  const readers = writer === undefined ? undefined : knowledge.readers(earlier);
  const read = writer !== undefined && readers !== undefined && readers.includes(writer);
  if (readers !== undefined) score += read ? 2 : -2;
  else if (node.producer !== undefined && node.producer === earlier.producer) score -= 1;
  else if (writer !== undefined && knowledge.writer(earlier) === writer) score -= 1;
  const answered = exchanges.ofReply.get(earlier);
  if (answered) {
    // An answer goes on with the one who asked.
    const asker = knowledge.writer(answered.request);
    if (writer !== undefined && asker !== undefined) score += asker === writer ? 1 : -2;
  }
  const asked = exchanges.ofRequest.get(earlier);
  if (asked && asked.replies.some((reply) => reply.at < node.at)) score -= 1.5;
  if (!read && gap < thresholds.siblings && earlier.broker === node.broker) score -= 1.5;
  return score;
}

/** The ids that two messages share, each where it stands in both; at most three, the most telling first. */
export function shared(a: Node, b: Node): Occurrence[] {
  const because: Occurrence[] = [];
  for (let found = b.found; found; found = found.next) {
    const other = a.findId((one) => one.value === found.value);
    if (!other) continue;
    because.push(occurrence(a, other), occurrence(b, found));
    if (because.length >= 6) break;
  }
  if (because.length === 0 && a.key !== undefined && a.key === b.key) {
    because.push({ seq: a.seq, where: "key", value: a.key }, { seq: b.seq, where: "key", value: a.key });
  }
  return because;
}
