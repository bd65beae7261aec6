/**
 * Correlation against the truth: what the shop's own handlers wrote down, and what the wire told.
 */
import type { Conversation, Correlator } from "../index.ts";

/** The part of the shop's truth that is held against correlation. */
export interface KnownTruth {
  readonly messages: readonly { readonly token: string; readonly role: string; readonly cause: string | null }[];
  readonly exchanges: readonly {
    readonly request: string;
    readonly replies: readonly string[];
    readonly outcome: string;
  }[];
  readonly sagas: readonly {
    readonly id: string;
    readonly kind: string;
    readonly messages: readonly string[];
    readonly steps: readonly {
      readonly name: string;
      readonly kind: string;
      readonly undoes?: string;
      readonly messages: readonly string[];
    }[];
    readonly outcome: string;
  }[];
}

export interface Ratio {
  readonly right: number;
  readonly made: number;
  readonly there: number;
  readonly precision: number;
  readonly recall: number;
}

export interface Figures {
  readonly messages: number;
  readonly exchanges: Ratio;
  readonly exchangeOutcomes: { readonly right: number; readonly of: number };
  readonly flows: Ratio;
  readonly causes: Ratio;
  readonly sagaKinds: { readonly right: number; readonly of: number };
  readonly outcomes: { readonly right: number; readonly of: number };
  readonly compensations: Ratio;
  /** One line for each thing that is wrong. */
  readonly wrong: readonly string[];
}

function ratio(right: number, made: number, there: number): Ratio {
  return { right, made, there, precision: made === 0 ? 1 : right / made, recall: there === 0 ? 1 : right / there };
}

/** `tokens` says which message carries which token; several may carry one. */
export function figuresOf(correlator: Correlator, tokens: ReadonlyMap<number, string>, truth: KnownTruth): Figures {
  const wrong: string[] = [];
  const seqs = new Map<string, number[]>();
  for (const [seq, token] of tokens) seqs.set(token, [...(seqs.get(token) ?? []), seq]);
  const name = (token: string): string => `${token} ${correlator.nameOf(seqs.get(token)?.[0] ?? 0)}`;
  const conversations = [...correlator.conversations()];
  const conversationOfToken = (token: string): Conversation | undefined => {
    const id = correlator.conversationOf(seqs.get(token)?.[0] ?? 0);
    return id === undefined ? undefined : correlator.conversation(id);
  };

  const trueReplies = new Set(truth.exchanges.flatMap((one) => one.replies.map((reply) => `${one.request} ${reply}`)));
  const madeReplies = new Set<string>();
  const states = new Map<string, string>();
  for (const conversation of conversations) {
    for (const exchange of conversation.exchanges) {
      const request = tokens.get(exchange.request) ?? `?${exchange.request}`;
      states.set(request, exchange.state);
      for (const reply of exchange.replies) madeReplies.add(`${request} ${tokens.get(reply) ?? `?${reply}`}`);
    }
  }
  let rightReplies = 0;
  for (const pair of madeReplies) {
    if (trueReplies.has(pair)) rightReplies++;
    else wrong.push(`exchange that is none: ${pair.split(" ").map(name).join(" -> ")}`);
  }
  for (const pair of trueReplies)
    if (!madeReplies.has(pair)) wrong.push(`exchange not found: ${pair.split(" ").map(name).join(" -> ")}`);
  let rightStates = 0;
  for (const exchange of truth.exchanges) {
    if (states.get(exchange.request) === exchange.outcome) rightStates++;
    else wrong.push(`exchange ${name(exchange.request)} is ${exchange.outcome}, said ${states.get(exchange.request)}`);
  }
  for (const request of states.keys()) {
    if (!truth.exchanges.some((exchange) => exchange.request === request)) wrong.push(`no exchange: ${name(request)}`);
  }

  // Which messages are one flow, in truth: those of a saga, and those that caused each other.
  const flow = new Map<string, string>();
  for (const saga of truth.sagas) for (const token of saga.messages) flow.set(token, saga.id);
  const cause = new Map(truth.messages.map((message) => [message.token, message.cause]));
  const flowOf = (token: string): string => {
    const known = flow.get(token);
    if (known !== undefined) return known;
    const from = cause.get(token);
    const found = from === null || from === undefined || from === token ? token : flowOf(from);
    flow.set(token, found);
    return found;
  };
  const inFlow = new Map<string, number>();
  const inBoth = new Map<string, number>();
  let made = 0;
  for (const conversation of conversations) {
    const known = conversation.seqs.filter((seq) => tokens.has(seq));
    made += pairs(known.length);
    for (const seq of known) {
      const of = flowOf(tokens.get(seq) ?? "");
      inFlow.set(of, (inFlow.get(of) ?? 0) + 1);
      inBoth.set(`${conversation.id} ${of}`, (inBoth.get(`${conversation.id} ${of}`) ?? 0) + 1);
    }
    const flows = new Set(known.map((seq) => flowOf(tokens.get(seq) ?? "")));
    if (flows.size > 1) wrong.push(`${conversation.id} holds ${flows.size} flows: ${[...flows].join(", ")}`);
  }
  const sum = (counts: Iterable<number>): number => [...counts].reduce((all, count) => all + pairs(count), 0);
  const parts = new Map<string, number>();
  for (const key of inBoth.keys()) parts.set(key.split(" ")[1] ?? "", (parts.get(key.split(" ")[1] ?? "") ?? 0) + 1);
  for (const [of, count] of parts) if (count > 1) wrong.push(`flow ${of} is in ${count} conversations`);

  let rightCauses = 0;
  let madeCauses = 0;
  let trueCauses = 0;
  for (const message of truth.messages) {
    if (message.role === "duplicate" || message.role === "dead-letter") continue;
    if (message.cause !== null) trueCauses++;
    const conversation = conversationOfToken(message.token);
    const seq = seqs.get(message.token)?.[0];
    const edge = conversation?.edges.find((one) => one.to === seq);
    if (!edge) {
      if (message.cause !== null) wrong.push(`no cause of ${name(message.token)}, which is ${name(message.cause)}`);
      continue;
    }
    madeCauses++;
    if (tokens.get(edge.from) === message.cause) rightCauses++;
    else {
      wrong.push(
        `cause of ${name(message.token)} is ${message.cause === null ? "outside" : name(message.cause)}, said ${name(tokens.get(edge.from) ?? "")} by ${edge.kind}`,
      );
    }
  }

  let rightKinds = 0;
  let rightOutcomes = 0;
  let undoneRight = 0;
  let undoneMade = 0;
  let undoneThere = 0;
  for (const saga of truth.sagas) {
    const conversation = conversationOfToken(saga.messages[0] ?? "");
    if (conversation?.kind === "saga" && conversation.sagaKind === saga.kind) rightKinds++;
    else wrong.push(`saga ${saga.id} is ${saga.kind}, said ${conversation?.kind} ${conversation?.sagaKind}`);
    if (conversation?.state === saga.outcome) rightOutcomes++;
    else wrong.push(`saga ${saga.id} is ${saga.outcome}, said ${conversation?.state}`);
    const undone = new Set<string>();
    for (const step of saga.steps) {
      const forward = saga.steps.find((one) => one.name === step.undoes);
      if (forward) undone.add(`${forward.messages[0]} ${step.messages[0]}`);
    }
    undoneThere += undone.size;
    for (const step of conversation?.steps ?? []) {
      if (!step.compensation) continue;
      undoneMade++;
      const said = `${tokens.get(step.seqs[0] ?? 0)} ${tokens.get(step.compensation.seqs[0] ?? 0)}`;
      if (undone.has(said)) undoneRight++;
      else wrong.push(`saga ${saga.id}: ${step.name} is not undone by ${step.compensation.name}`);
    }
  }
  return {
    messages: tokens.size,
    exchanges: ratio(rightReplies, madeReplies.size, trueReplies.size),
    exchangeOutcomes: { right: rightStates, of: truth.exchanges.length },
    flows: ratio(sum(inBoth.values()), made, sum(inFlow.values())),
    causes: ratio(rightCauses, madeCauses, trueCauses),
    sagaKinds: { right: rightKinds, of: truth.sagas.length },
    outcomes: { right: rightOutcomes, of: truth.sagas.length },
    compensations: ratio(undoneRight, undoneMade, undoneThere),
    wrong,
  };
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}

/** The figures as a small table. */
export function tellFigures(figures: Figures): string {
  const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const row = (what: string, one: Ratio): string =>
    `${what.padEnd(22)} precision ${percent(one.precision)}, recall ${percent(one.recall)} (${one.right} right, ${one.made} made, ${one.there} there)`;
  const count = (what: string, one: { right: number; of: number }): string =>
    `${what.padEnd(22)} ${one.right} of ${one.of}`;
  return [
    `${figures.messages} messages`,
    row("exchanges", figures.exchanges),
    count("outcomes of exchanges", figures.exchangeOutcomes),
    row("flows, pairwise", figures.flows),
    row("causes", figures.causes),
    count("kinds of sagas", figures.sagaKinds),
    count("outcomes of sagas", figures.outcomes),
    row("compensations", figures.compensations),
  ].join("\n");
}
