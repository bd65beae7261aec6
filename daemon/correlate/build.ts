/** Builds what views see of a conversation from its messages and from what is known of others; when somebody asks. */
import { causesOf, type CauseKnowledge, type Causes } from "./causes.ts";
import type { Commits } from "./commits.ts";
import type { Copies } from "./copies.ts";
import type { Deadlines } from "./deadlines.ts";
import { exchangesOf, type Exchanges } from "./exchanges.ts";
import type { Contribution, Families } from "./families.ts";
import type { Conv } from "./groups.ts";
import type { Conversation, Standing } from "./model.ts";
import { compareNodes, type Node } from "./node.ts";
import type { Participants } from "./participants.ts";
import { shapeOf, type Shape } from "./sagas.ts";
import { isSpan } from "./span-facts.ts";
import type { Spans } from "./spans.ts";
import type { Values } from "./values.ts";

/** What is built for a conversation, and until when it is right. */
export interface Built {
  readonly revision: number;
  readonly until: number;
  readonly builtAt: number;
  readonly value: Conversation;
  readonly exchanges: Exchanges;
  readonly contribution: Contribution;
  readonly standing: Standing;
  /** What of the value changes by time alone, as a number that is never 0. */
  readonly digest: number;
}

/** Everything outside of a conversation that its value depends on. */
export interface Knowledge {
  readonly values: Values;
  readonly families: Families;
  readonly participants: Participants;
  readonly commits: Commits;
  readonly deadlines: Deadlines;
  readonly copies: Copies;
  readonly spans: Spans;
}

/** Who reads a message, by name; `undefined` when nothing says so. */
function knownReaders(
  node: Node,
  answered: Node | undefined,
  participants: Participants,
  commits: Commits,
): readonly string[] | undefined {
  const groups = node.broker === "kafka" ? [...commits.groupsOf(node)] : [];
  const readers = participants
    .readers(node, answered, groups)
    .filter((reader) => reader.basis !== "placeholder")
    .map((reader) => reader.name);
  return readers.length > 0 || participants.knowsReaders(node) ? readers : undefined;
}

export function buildConversation(conv: Conv, now: number, know: Knowledge): Built {
  const all = conv.nodes().sort(compareNodes);
  const nodes = know.spans.any ? all.filter((node) => !isSpan(node)) : all;
  if (nodes.length === 0) return spansAlone(conv, now, all, know.spans);
  const exchanges = exchangesOf(nodes, know.values);
  const names = new Map<Node, string | undefined>();
  const readBy = new Map<Node, readonly string[] | undefined>();
  const writer = (node: Node): string | undefined => {
    if (names.has(node)) return names.get(node);
    const answered = exchanges.ofReply.get(node)?.request;
    const found = know.participants.writer(node, answered);
    const name = found && found.basis !== "placeholder" ? found.name : undefined;
    names.set(node, name);
    return name;
  };
  const knowledge: CauseKnowledge = {
    values: know.values,
    original: (node) => know.copies.originalOf(node),
    comesBefore: (a, b) => know.families.comesBefore(a, b),
    writer,
    readers: (node) => {
      if (readBy.has(node)) return readBy.get(node);
      const answered = exchanges.ofReply.get(node)?.request;
      const known = knownReaders(node, answered, know.participants, know.commits);
      readBy.set(node, known);
      return known;
    },
  };
  const causes = causesOf(nodes, exchanges, knowledge);
  const first = nodes[0] as Node;
  const shape = shapeOf(nodes, exchanges, causes, {
    now,
    family: know.families.of(first.type),
    deadline: (request) => know.deadlines.of(request),
    afterGaps: (from, to) => know.deadlines.afterGaps(from, to),
    writer,
  });
  const value = withSpans(valueOf(conv, nodes, causes, shape, know.values), nodes, all, know.spans);
  return {
    revision: conv.revision,
    until: shape.until,
    builtAt: now,
    value,
    exchanges,
    contribution: shape.contribution,
    standing: standingOf(value, all),
    digest: digest(value),
  };
}

function valueOf(conv: Conv, nodes: readonly Node[], causes: Causes, shape: Shape, values: Values): Conversation {
  const first = nodes[0] as Node;
  const last = nodes[nodes.length - 1] as Node;
  return {
    id: conv.id,
    revision: conv.revision,
    kind: shape.kind,
    name: shape.name,
    key: keyOf(nodes, values),
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

/** Spans stand between the messages; what they say of causes comes before what only seems so. */
function withSpans(value: Conversation, nodes: readonly Node[], all: readonly Node[], spans: Spans): Conversation {
  if (all.length === nodes.length) return value;
  const edges = spans.edges(all);
  const caused = new Set(edges.filter(({ strength }) => strength === "certain").map(({ to }) => to));
  const kept = value.edges.filter(({ kind, to }) => (kind !== "order" && kind !== "window") || !caused.has(to));
  const [first] = all;
  return {
    ...value,
    seqs: all.map((node) => node.seq),
    spans: spans.steps(all),
    edges: [...kept, ...edges],
    startedAt: Math.min(value.startedAt, first?.at ?? value.startedAt),
  };
}

/** Work that no message was seen of: a request through a gateway. It teaches nothing of what messages do. */
function spansAlone(conv: Conv, now: number, all: readonly Node[], spans: Spans): Built {
  const edges = spans.edges(all);
  const caused = new Set(edges.map(({ to }) => to));
  const first = (all.find((node) => !caused.has(node.seq)) ?? all[0]) as Node;
  const last = all[all.length - 1] as Node;
  const endedAt = all.reduce((latest, node) => Math.max(latest, spans.endOf(node)), last.at);
  const value: Conversation = {
    id: conv.id,
    revision: conv.revision,
    kind: "flow",
    name: first.name,
    key: "",
    state: all.some((node) => node.failed) ? "failed" : "completed",
    seqs: all.map((node) => node.seq),
    spans: spans.steps(all),
    edges,
    exchanges: [],
    steps: [],
    missing: [],
    startedAt: first.at,
    lastAt: last.at,
    endedAt,
  };
  return {
    revision: conv.revision,
    until: Infinity,
    builtAt: now,
    value,
    exchanges: { all: [], ofRequest: new Map(), ofReply: new Map(), retryOf: new Map() },
    contribution: { family: "spans", messages: [], pause: 0, steps: [], failed: false, saga: false, over: false },
    standing: standingOf(value, all),
    digest: digest(value),
  };
}

const fineSteps: ReadonlySet<string> = new Set(["done", "running", "not reached"]);

function standingOf(value: Conversation, all: readonly Node[]): Standing {
  const { state, startedAt, lastAt } = value;
  const isTroubled =
    (state !== "running" && state !== "completed") ||
    value.missing.length > 0 ||
    value.steps.some((step) => !fineSteps.has(step.state)) ||
    value.exchanges.some(
      (exchange) => exchange.failed || exchange.state === "late" || exchange.state === "timed out",
    ) ||
    all.some((node) => node.failed || node.journey?.deadLettered !== undefined);
  return { state, startedAt, lastAt, isTroubled };
}

/** The id by which a person knows this instance: the business id that most of its messages carry, and more than one. */
function keyOf(nodes: readonly Node[], values: Values): string {
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
      // What is new in every message, wherever it stands, names no flow.
      if (!values.recurs(found)) score /= 8;
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
  return best;
}

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
