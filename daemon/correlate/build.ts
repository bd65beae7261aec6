/** Builds what views see of a conversation from its messages and from what is known of others; when somebody asks. */
import { nothing } from "./common.ts";
import { causesOf, type CauseKnowledge, type Causes } from "./causes.ts";
import type { Commits } from "./commits.ts";
import type { Copies } from "./copies.ts";
import type { Deadlines } from "./deadlines.ts";
import { exchangesOf, noExchanges, type Exchanges } from "./exchanges.ts";
import type { Contribution, Families } from "./families.ts";
import type { Conv } from "./groups.ts";
import type { Conversation, Standing } from "./model.ts";
import { inOrder, type Node } from "./node.ts";
import type { Participants } from "./participants.ts";
import { Positions } from "./positions.ts";
import { shapeOf, stepOf, type Shape } from "./sagas.ts";
import { isSpan } from "./span-facts.ts";
import type { Spans } from "./spans.ts";
import type { Values } from "./values.ts";

/** What a conversation came to: this is kept when its value is not. */
export interface Outcome extends Pick<Standing, "state" | "isTroubled"> {
  readonly revision: number;
  /** Until when it is right; `undefined` where time changes nothing. */
  readonly until: number | undefined;
  readonly contribution: Contribution;
  /** What of the value changes by time alone, as a number that is never 0. */
  readonly digest: number;
}

/** What is built for a conversation. What only views need is made when they ask. */
export class Built {
  readonly outcome: Outcome;
  readonly builtAt: number;
  readonly exchanges: Exchanges;
  private readonly make: () => Conversation;
  private made: Conversation | undefined = undefined;

  constructor(outcome: Outcome, builtAt: number, exchanges: Exchanges, make: () => Conversation) {
    this.outcome = outcome;
    this.builtAt = builtAt;
    this.exchanges = exchanges;
    this.make = make;
  }

  get value(): Conversation {
    return (this.made ??= this.make());
  }
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
  const groups = node.broker === "kafka" ? commits.groupsOf(node) : nothing;
  const readers = participants
    .readers(node, answered, groups)
    .filter((reader) => reader.basis !== "placeholder")
    .map((reader) => reader.name);
  return readers.length > 0 || participants.knowsReaders(node) ? readers : undefined;
}

export function buildConversation(conv: Conv, now: number, know: Knowledge): Built {
  const all = inOrder(conv.nodes());
  const nodes = know.spans.any ? all.filter((node) => !isSpan(node)) : all;
  if (nodes.length === 0) return spansAlone(conv, now, all, know.spans);
  const positions = new Positions(nodes);
  const exchanges = exchangesOf(positions, know.values);
  // By the message's position; `null` where nothing is known.
  const names: (string | null)[] = [];
  const readBy: (readonly string[] | null)[] = [];
  const writer = (node: Node): string | undefined => {
    const at = positions.of(node);
    let name = names[at];
    if (name === undefined) {
      const found = know.participants.writer(node, exchanges.ofReply.get(node)?.request);
      names[at] = name = found && found.basis !== "placeholder" ? found.name : null;
    }
    return name ?? undefined;
  };
  const knowledge: CauseKnowledge = {
    values: know.values,
    original: (node) => know.copies.originalOf(node),
    comesBefore: (a, b) => know.families.comesBefore(a, b),
    writer,
    readers: (node) => {
      const at = positions.of(node);
      let known = readBy[at];
      if (known === undefined) {
        const answered = exchanges.ofReply.get(node)?.request;
        readBy[at] = known = knownReaders(node, answered, know.participants, know.commits) ?? null;
      }
      return known ?? undefined;
    },
  };
  const causes = causesOf(positions, exchanges, knowledge);
  const first = nodes[0] as Node;
  const shape = shapeOf(nodes, exchanges, causes, {
    now,
    family: know.families.of(first.type),
    deadline: (request) => know.deadlines.of(request),
    afterGaps: (from, to) => know.deadlines.afterGaps(from, to),
    writer,
  });
  const { revision } = conv;
  const value = (): Conversation =>
    withSpans(valueOf(conv.id, revision, nodes, causes, shape, know.values), nodes, all, know.spans);
  return new Built(outcomeOf(revision, shape, nodes, all), now, exchanges, value);
}

const fineSteps: ReadonlySet<string> = new Set(["done", "running", "not reached"]);

function outcomeOf(revision: number, shape: Shape, nodes: readonly Node[], all: readonly Node[]): Outcome {
  const { state, until, contribution } = shape;
  const isTroubled =
    (state !== "running" && state !== "completed") ||
    shape.missing.length > 0 ||
    shape.steps.some((step) => !fineSteps.has(step.state)) ||
    shape.exchanges.some(
      (exchange) => exchange.failed || exchange.state === "late" || exchange.state === "timed out",
    ) ||
    all.some((node) => node.failed || node.journey?.deadLettered !== undefined);
  return {
    state,
    isTroubled,
    revision,
    until: until === Infinity ? undefined : until,
    contribution,
    digest: digest(shape, all.length),
  };
}

function valueOf(
  id: string,
  revision: number,
  nodes: readonly Node[],
  causes: Causes,
  shape: Shape,
  values: Values,
): Conversation {
  const first = nodes[0] as Node;
  const last = nodes[nodes.length - 1] as Node;
  return {
    id,
    revision,
    kind: shape.kind,
    name: shape.name,
    key: keyOf(nodes, values),
    state: shape.state,
    ...(shape.sagaKind === undefined ? {} : { sagaKind: shape.sagaKind }),
    ...(shape.inferredFrom === undefined ? {} : { inferredFrom: shape.inferredFrom }),
    seqs: nodes.map((node) => node.seq),
    edges: causes.edges(),
    exchanges: shape.exchanges,
    steps: shape.steps.map(stepOf),
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
  const { revision } = conv;
  const value: Conversation = {
    id: conv.id,
    revision,
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
    startedAt: (all[0] as Node).at,
    lastAt: last.at,
    endedAt,
  };
  const { state } = value;
  const isTroubled = state === "failed";
  return new Built(
    {
      state,
      isTroubled,
      revision,
      until: undefined,
      contribution: ofSpans,
      digest: all.length,
    },
    now,
    noExchanges,
    () => value,
  );
}

const ofSpans: Contribution = {
  family: "spans",
  messages: [],
  pause: 0,
  steps: [],
  failed: false,
  saga: false,
  over: false,
  types: undefined,
};

/** The id by which a person knows this instance: the business id that most of its messages carry, and more than one. */
function keyOf(nodes: readonly Node[], values: Values): string {
  const scores = new Map<string, { score: number; messages: number }>();
  const some = nodes.length > 64 ? nodes.slice(0, 64) : nodes;
  const several = some.filter((node) => !node.duplicateOf && !node.original).length > 1;
  some.forEach((node, index) => {
    const seen = new Set<string>();
    for (let found = node.found; found; found = found.next) {
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

function digest(shape: Shape, size: number): number {
  let hash = Math.imul(0x811c9dc5 ^ size, 0x01000193);
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };
  mix(shape.kind);
  mix(shape.state);
  for (const gone of shape.missing) mix(`${gone.name}${gone.after}`);
  for (const step of shape.steps) {
    mix(step.state);
    mix(step.name);
  }
  for (const exchange of shape.exchanges) mix(exchange.state);
  return hash === 0 ? 1 : hash;
}
