/**
 * What caused each message of a conversation. What the wire says comes first: a republication names its original, a
 * reply its request, a causation id its cause. For the rest it is the earlier message that fits best in time, in the
 * usual order, and by who was there to read it; such an edge is always called inferred.
 */
import type { Edge, EvidenceKind, Occurrence, Strength } from "./model.ts";
import { occurrence, type Exchanges } from "./exchanges.ts";
import { bounds, thresholds } from "./limits.ts";
import type { Node } from "./node.ts";
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

export interface Causes {
  readonly edges: readonly Edge[];
  readonly parent: ReadonlyMap<Node, Node>;
  /** Copies of an earlier message: retries, duplicates, republications. They are not steps of their own. */
  readonly copies: ReadonlyMap<Node, Node>;
}

/** The edges of a conversation whose messages come in effective order. */
export function causesOf(nodes: readonly Node[], exchanges: Exchanges, knowledge: CauseKnowledge): Causes {
  const edges: Edge[] = [];
  const parent = new Map<Node, Node>();
  const copies = new Map<Node, Node>();
  const members = new Set(nodes);
  const position = new Map(nodes.map((node, index) => [node, index]));
  const add = (
    from: Node,
    to: Node,
    kind: EvidenceKind,
    strength: Strength,
    because: Occurrence[],
    rivals = 0,
  ): void => {
    edges.push({ from: from.seq, to: to.seq, kind, strength, joins: true, because, rivals });
    parent.set(to, from);
  };
  nodes.forEach((node, index) => {
    const original = originalIn(node, members, knowledge);
    if (original) {
      copies.set(node, original);
      add(original, node, "republication", "certain", shared(original, node));
      return;
    }
    if (node.duplicateOf && members.has(node.duplicateOf)) {
      copies.set(node, node.duplicateOf);
      add(node.duplicateOf, node, "retry", "certain", shared(node.duplicateOf, node));
      return;
    }
    const first = exchanges.retryOf.get(node);
    if (first) {
      copies.set(node, first);
      add(first, node, "retry", "certain", shared(first, node));
      return;
    }
    const answered = exchanges.ofReply.get(node);
    if (answered) {
      const strength = answered.kind === "reply-address" ? "certain" : "declared";
      add(answered.request, node, answered.kind, strength, answered.because(node));
      return;
    }
    const cause = namedCause(node, members, position, knowledge.values);
    if (cause) {
      add(cause.node, node, "causation-id", "certain", cause.because);
      return;
    }
    if (node.windowCause && members.has(node.windowCause)) {
      add(node.windowCause, node, "window", "inferred", []);
      return;
    }
    const likely = likelyCause(node, index, nodes, exchanges, copies, knowledge);
    if (likely) add(likely.node, node, "order", "inferred", shared(likely.node, node), likely.rivals);
  });
  return { edges, parent, copies };
}

function originalIn(node: Node, members: ReadonlySet<Node>, knowledge: CauseKnowledge): Node | undefined {
  if (!node.original) return undefined;
  const original = knowledge.original(node);
  return original && original !== node && members.has(original) ? original : undefined;
}

/** The message whose own id this one names as its cause: the nearest before it, when several have that id. */
function namedCause(
  node: Node,
  members: ReadonlySet<Node>,
  position: ReadonlyMap<Node, number>,
  values: Values,
): { node: Node; because: Occurrence[] } | undefined {
  for (const found of node.found) {
    if (found.role !== "cause" && found.role !== "in reply to") continue;
    // A message that names its own id as its parent is written again, and not its own cause.
    if (node.found.some((other) => other.role === "self" && other.value === found.value)) continue;
    let best: { node: Node; because: Occurrence[] } | undefined;
    for (const use of values.uses(found)) {
      if (use.node === node || !members.has(use.node) || use.node.duplicateOf) continue;
      const own = use.node.found.find((other) => other.role === "self" && other.value === found.value);
      // Some frameworks name the cause by the correlation id that only the causing message has (Celery's task id).
      const other = own ?? (use.role === "pair" || use.role === "correlation" ? use : undefined);
      if (!other) continue;
      const before = (position.get(use.node) ?? 0) < (position.get(node) ?? 0);
      if (!before && use.node.at > node.at + thresholds.crossBroker) continue;
      if (use.node.original && best) continue;
      if (!best || own) best = { node: use.node, because: [occurrence(use.node, other), occurrence(node, found)] };
    }
    if (best) return best;
  }
  return undefined;
}

function likelyCause(
  node: Node,
  index: number,
  nodes: readonly Node[],
  exchanges: Exchanges,
  copies: ReadonlyMap<Node, Node>,
  knowledge: CauseKnowledge,
): { node: Node; rivals: number } | undefined {
  const writer = knowledge.writer(node);
  const candidates: { node: Node; score: number }[] = [];
  for (let i = index - 1; i >= 0 && i >= index - bounds.causeCandidates; i--) {
    const earlier = nodes[i] as Node;
    if (copies.has(earlier)) continue;
    const gap = node.at - earlier.at;
    const order = knowledge.comesBefore(earlier.type, node.type);
    // Whether it always comes before counts; how often that was seen does not.
    let score = (order >= 0.45 ? 2 : 2 * order) - 0.3 * Math.log10(1 + Math.max(0, gap));
    if (order < 0.35) score -= 1;
    const readers = knowledge.readers(earlier);
    const read = writer !== undefined && readers !== undefined && readers.includes(writer);
    if (writer !== undefined && readers !== undefined) score += read ? 2 : -2;
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
    candidates.push({ node: earlier, score });
  }
  let best: { node: Node; score: number } | undefined;
  for (const candidate of candidates) if (!best || candidate.score > best.score) best = candidate;
  if (!best) return undefined;
  const score = best.score;
  const rivals = candidates.filter((candidate) => score - candidate.score < 0.25).length - 1;
  return { node: best.node, rivals };
}

/** The ids that two messages share, each where it stands in both; at most three, the most telling first. */
export function shared(a: Node, b: Node): Occurrence[] {
  const because: Occurrence[] = [];
  for (const found of b.found) {
    const other = a.found.find((one) => one.value === found.value);
    if (!other) continue;
    because.push(occurrence(a, other), occurrence(b, found));
    if (because.length >= 6) break;
  }
  if (because.length === 0 && a.key !== undefined && a.key === b.key) {
    because.push({ seq: a.seq, where: "key", value: a.key }, { seq: b.seq, where: "key", value: a.key });
  }
  return because;
}
