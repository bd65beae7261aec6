/**
 * Which reply answers which request. The first publication of a request owns its exchange; the same request written
 * again is a retry of it. Where several requests share one address and id (an orchestrator that uses the order's
 * number), the reply goes to the one that its sender was handed, else to the one whose words it echoes, else to the
 * latest that is still open.
 */
import type { EvidenceKind, Occurrence } from "./model.ts";
import { thresholds } from "./limits.ts";
import type { Found, Node } from "./node.ts";
import type { PairEntry } from "./pairs.ts";
import { nearestRequest } from "./pairs.ts";
import type { Positions } from "./positions.ts";
import type { Values } from "./values.ts";
import { isAnswering, sharedWords } from "./words.ts";

export interface Answering {
  readonly request: Node;
  readonly retries: Node[];
  readonly replies: Node[];
  readonly kind: EvidenceKind;
  readonly because: (reply: Node) => Occurrence[];
}

export interface Exchanges {
  readonly all: readonly Answering[];
  readonly ofRequest: ReadonlyMap<Node, Answering>;
  /** Which exchange a message answers. */
  readonly ofReply: ReadonlyMap<Node, Answering>;
  /** A later publication of a request, and its first. */
  readonly retryOf: ReadonlyMap<Node, Node>;
}

/** Of messages that ask nothing and answer nothing. */
export const noExchanges: Exchanges = { all: [], ofRequest: new Map(), ofReply: new Map(), retryOf: new Map() };

/** All exchanges among the messages of a conversation, which come in effective order. */
export function exchangesOf(members: Positions, values: Values): Exchanges {
  const { nodes } = members;
  if (!nodes.some(mayTakePart)) return noExchanges;
  const ofRequest = new Map<Node, Answering>();
  const ofReply = new Map<Node, Answering>();
  const retryOf = new Map<Node, Node>();
  const seen = new Set<PairEntry>();
  for (const node of nodes) {
    for (const entry of node.pairsAsked ?? []) {
      if (seen.has(entry)) continue;
      seen.add(entry);
      resolveEntry(entry, members, ofRequest, ofReply, retryOf);
    }
  }
  for (const node of nodes) {
    if (node.isReplyByIntent && !ofReply.has(node)) byOwnId(node, members, values, ofRequest, ofReply, retryOf);
  }
  if (nodes.length > 1) for (const node of nodes) bySharedId(node, members, values, ofRequest, ofReply);
  return { all: [...ofRequest.values()].sort((a, b) => a.request.at - b.request.at), ofRequest, ofReply, retryOf };
}

/** Whether anything in a message may make it a request or a reply. */
function mayTakePart(node: Node): boolean {
  if (node.pairsAsked !== undefined || node.isReplyByIntent) return true;
  return node.hasId(({ kind }) => kind.pairs);
}

function resolveEntry(
  entry: PairEntry,
  members: Positions,
  ofRequest: Map<Node, Answering>,
  ofReply: Map<Node, Answering>,
  retryOf: Map<Node, Node>,
): void {
  const owners: Answering[] = [];
  for (const request of entry.requests) {
    if (!members.has(request) || request.duplicateOf) continue;
    const first = entry.strong
      ? owners.find((owner) => owner.request.type === request.type && sameFlow(owner.request, request))
      : undefined;
    if (first) {
      if (first.request !== request && !retryOf.has(request)) {
        retryOf.set(request, first.request);
        first.retries.push(request);
      }
      continue;
    }
    const known = ofRequest.get(request);
    if (known) {
      owners.push(known);
      continue;
    }
    owners.push({
      request,
      retries: [],
      replies: [],
      kind: "reply-address",
      because: (reply) => becauseOfEntry(entry, request, reply),
    });
  }
  for (const reply of entry.replies) {
    if (!members.has(reply) || ofReply.has(reply) || reply.duplicateOf) continue;
    const owner = ownerOf(entry, owners, reply);
    // A message does not answer itself, nor what it caused.
    if (!owner || owner.request === reply || owner.retries.includes(reply)) continue;
    owner.replies.push(reply);
    ofReply.set(reply, owner);
  }
  for (const owner of owners) {
    if (owner.replies.length > 0 || owner.request.expectsReply) ofRequest.set(owner.request, owner);
  }
}

function ownerOf(entry: PairEntry, owners: readonly Answering[], reply: Node): Answering | undefined {
  if (!entry.strong) {
    const request = nearestRequest(
      owners.map((owner) => owner.request),
      reply,
    );
    return owners.find((owner) => owner.request === request);
  }
  let best: Answering | undefined;
  let bestScore = -Infinity;
  for (const owner of owners) {
    const early = reply.at - owner.request.at;
    if (early < -thresholds.replyBefore || early > thresholds.conversationSession) continue;
    let score = early < 0 ? -1 : 0;
    if (owners.length > 1) {
      const handed = owner.request.journey?.deliveries ?? [];
      if (reply.connection !== undefined && handed.length > 0) {
        score += handed.some((delivery) => delivery.connection === reply.connection) ? 4 : -4;
      }
      score += Math.min(2, sharedWords(owner.request.name, reply.name));
      if (owner.replies.length === 0) score += 1.5;
    }
    // Equal scores: the latest request.
    if (score >= bestScore) {
      best = owner;
      bestScore = score;
    }
  }
  return best;
}

function sameFlow(a: Node, b: Node): boolean {
  return Math.abs(a.at - b.at) <= thresholds.conversationSession;
}

/** Replies that name the request by its own id, as NServiceBus, Rebus and Eventuate do. */
function byOwnId(
  node: Node,
  members: Positions,
  values: Values,
  ofRequest: Map<Node, Answering>,
  ofReply: Map<Node, Answering>,
  retryOf: ReadonlyMap<Node, Node>,
): void {
  const found = node.findId(
    (other) => other.role === "in reply to" || (node.isReplyByIntent && other.role === "cause"),
  );
  if (!found || !node.isReplyByIntent) return;
  for (const use of values.uses(found)) {
    if (use.role !== "self" || use.node === node || !members.has(use.node)) continue;
    const request = retryOf.get(use.node) ?? use.node;
    let exchange = ofRequest.get(request);
    if (!exchange) {
      const self = use;
      exchange = {
        request,
        retries: [],
        replies: [],
        kind: "correlation-pair",
        because: (reply) => [occurrence(request, self), occurrence(reply, found)],
      };
      ofRequest.set(request, exchange);
    }
    exchange.replies.push(node);
    ofReply.set(node, exchange);
    return;
  }
}

/** An id without an address, on exactly two messages of two channels, where something says that one is an answer. */
function bySharedId(
  node: Node,
  members: Positions,
  values: Values,
  ofRequest: Map<Node, Answering>,
  ofReply: Map<Node, Answering>,
): void {
  if (ofRequest.has(node) || ofReply.has(node) || node.duplicateOf) return;
  for (let found = node.found; found; found = found.next) {
    if (!found.kind.pairs) continue;
    const [first, second, third] = values.several(found);
    if (third || !first || !second || first.node !== node || !members.has(second.node)) continue;
    const reply = second.node;
    if (reply.type === node.type || ofReply.has(reply) || ofRequest.has(reply)) continue;
    if (reply.channelClass === node.channelClass && reply.broker === "kafka" && found.role !== "pair") continue;
    const sign = found.role === "pair" || isAnswering(reply.channelClass) || isAnswering(reply.name);
    if (!sign) continue;
    const exchange: Answering = {
      request: node,
      retries: [],
      replies: [reply],
      kind: "correlation-pair",
      because: () => [occurrence(node, first), occurrence(reply, second)],
    };
    ofRequest.set(node, exchange);
    ofReply.set(reply, exchange);
    return;
  }
}

function becauseOfEntry(entry: PairEntry, request: Node, reply: Node): Occurrence[] {
  const because: Occurrence[] = [
    {
      seq: request.seq,
      where: request.broker === "rabbitmq" ? "property reply_to" : "reply address",
      value: entry.address,
    },
  ];
  const { value } = entry;
  if (value !== undefined) {
    const asked = foundAs(request, value);
    const answered = foundAs(reply, value);
    if (asked) because.push(occurrence(request, asked));
    if (answered) because.push(occurrence(reply, answered));
  }
  return because;
}

/** Where a value stands in a message; in the role of a correlation id, when it has several. */
function foundAs(node: Node, value: string): Found | undefined {
  const all = node.idsWhere((found) => found.value === value);
  return all.find((found) => found.role === "correlation" || found.role === "pair") ?? all[0];
}

export function occurrence(node: Node, found: Found): Occurrence {
  return { seq: node.seq, where: found.slot.where, value: found.value };
}
