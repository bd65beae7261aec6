/**
 * What a conversation amounts to: an exchange, a saga or another flow; its steps, each with what undid it; where it
 * stands; and what should have come by now. Frameworks and contracts may say that it is a saga; else its shape does.
 */
import type { Conversation, Exchange, ExchangeState, Missing, Step, StepState } from "./model.ts";
import type { Causes } from "./causes.ts";
import type { Answering, Exchanges } from "./exchanges.ts";
import type { Contribution, Family } from "./families.ts";
import type { Node } from "./node.ts";
import { shortName } from "./names.ts";
import { bucketOf } from "./stats.ts";
import { undoingFit } from "./words.ts";

export interface Deadline {
  readonly at: number;
  readonly basis: Missing["basis"];
  readonly usual?: { readonly ms: number; readonly count: number };
  readonly replyName?: string;
}

export interface SagaKnowledge {
  readonly now: number;
  readonly family: Family;
  /** Until when a request is waited for. */
  deadline(request: Node): Deadline;
  /** A moment later by the time in which no tap could see. */
  afterGaps(from: number, to: number): number;
  writer(node: Node): string | undefined;
}

export interface Shape {
  readonly kind: Conversation["kind"];
  readonly name: string;
  readonly state: Conversation["state"];
  readonly sagaKind: "choreography" | "orchestration" | undefined;
  readonly inferredFrom: number | undefined;
  readonly exchanges: readonly Exchange[];
  readonly steps: readonly StandingStep[];
  readonly missing: readonly Missing[];
  readonly endedAt: number | undefined;
  /** When something here would change by time alone. */
  readonly until: number;
  readonly contribution: Contribution;
}

interface Draft {
  readonly name: string;
  readonly nodes: Node[];
  readonly exchange: Answering | undefined;
  readonly undoing: boolean;
  readonly failing: boolean;
  undoneBy: Draft | undefined;
}

const noStates = new Map<Answering, ExchangeState>();

/** Where a step stands. */
export interface StandingStep {
  readonly name: string;
  readonly state: StepState;
  /** Absent for one that has not come. */
  readonly draft?: Draft;
  /** Its reply has not come. */
  readonly isOpen?: boolean;
}

/** A step as views see it. */
export function stepOf({ name, state, draft, isOpen }: StandingStep): Step {
  const [first] = draft?.nodes ?? [];
  if (draft === undefined || first === undefined) return { name, state, seqs: [] };
  const end = draft.nodes.reduce((latest, node) => Math.max(latest, node.at), first.at);
  const undoing = draft.undoneBy;
  return {
    name,
    state,
    seqs: draft.nodes.map((node) => node.seq),
    ...(undoing ? { compensation: { name: undoing.name, seqs: undoing.nodes.map((node) => node.seq) } } : {}),
    startedAt: first.at,
    ...(isOpen === true ? {} : { endedAt: end }),
  };
}

/** Reads the shape of a conversation from its messages in effective order. */
export function shapeOf(nodes: readonly Node[], exchanges: Exchanges, causes: Causes, know: SagaKnowledge): Shape {
  const { now, family } = know;
  let until = Infinity;
  const soon = (at: number): void => {
    if (at > now && at < until) until = at;
  };
  const start = nodes[0] as Node;
  const last = nodes[nodes.length - 1] as Node;
  const missing: Missing[] = [];
  const states = exchanges.all.length === 0 ? noStates : new Map<Answering, ExchangeState>();
  const shownExchanges = exchanges.all.map((exchange): Exchange => {
    const deadline = know.deadline(exchange.request);
    const first = exchange.replies[0];
    let state: ExchangeState;
    if (first) state = first.at > deadline.at ? "late" : "replied";
    else if (now > deadline.at) {
      state = "timed out";
      missing.push({
        name: deadline.replyName ?? `reply to ${exchange.request.name}`,
        after: exchange.request.seq,
        since: deadline.at,
        basis: deadline.basis,
        ...(deadline.usual ? { usual: deadline.usual } : {}),
      });
    } else {
      state = "pending";
      // A guessed deadline may become a learned one by the replies to others.
      soon(deadline.basis === "default" ? Math.min(deadline.at + 1, now + 1000) : deadline.at + 1);
    }
    states.set(exchange, state);
    return {
      request: exchange.request.seq,
      replies: exchange.replies.map((reply) => reply.seq),
      state,
      ...(first ? { latency: Math.max(0, first.at - exchange.request.at) } : {}),
      deadline: { at: deadline.at, basis: deadline.basis },
      failed: exchange.replies.some(isBad),
    };
  });

  const drafts = draftSteps(nodes, exchanges, causes);
  const undoings = drafts.filter((draft) => draft.undoing);
  const deadLetters = nodes.filter((node) => isDeadLetter(node, causes));
  const endsBadly = nodes.some((node) => isBadEnd(node, causes));
  const leaves = leavesOf(nodes, causes);
  const silence = now - last.at;
  const pendingNow = shownExchanges.some((exchange) => exchange.state === "pending");
  const timedOut = shownExchanges.some((exchange) => exchange.state === "timed out");

  // The leaf rule: a type that usually has an effect, and here has none by its time.
  let awaited = false;
  for (const leaf of leaves) {
    if (exchanges.ofRequest.has(leaf)) continue; // its reply is awaited above
    const expected = family.expectation(leaf.type);
    if (!expected) continue;
    // It did come, and is only thought to be the effect of something else.
    const came = (node: Node): boolean =>
      node !== leaf &&
      expected.names.has(node.name) &&
      (node.at >= leaf.at || causes.of(node)?.strength === "inferred");
    if (nodes.some(came)) continue;
    const at = know.afterGaps(leaf.at, leaf.at + expected.deadline);
    if (now > at) {
      missing.push({
        name: expected.name,
        after: leaf.seq,
        since: at,
        usual: { ms: expected.usual, count: expected.count },
        basis: "learned",
      });
    } else {
      awaited = true;
      soon(at + 1);
    }
  }

  const allMayEnd = leaves.every((leaf) => family.mayEnd(leaf.type) === true);
  const quiet = allMayEnd ? Math.min(family.quiet(), 1_000) : family.quiet();
  const onlyExchange = isOneExchange(nodes, exchanges, causes);
  const over =
    !pendingNow &&
    !timedOut &&
    !awaited &&
    (onlyExchange ? exchanges.all.length > 0 || silence >= quiet : silence >= quiet);
  // While a family is not known yet, what is learned of it from others may end the wait.
  if (!over && !pendingNow)
    soon(family.known ? last.at + quiet : Math.min(last.at + quiet, now + Math.max(1000, nodes.length)));

  const declaredName = nodes.find((node) => node.sagaType !== undefined)?.sagaType;
  const looksLikeSaga =
    declaredName !== undefined || (!onlyExchange && (undoings.length > 0 || countForward(drafts) >= 3));
  const saga = looksLikeSaga || (!onlyExchange && family.isSaga);
  const kind: Shape["kind"] = saga ? "saga" : onlyExchange || exchanges.ofRequest.has(start) ? "exchange" : "flow";
  const orchestrated = isOrchestrated(exchanges, nodes, know);

  const undoingOpen = undoings.some(
    (draft) => draft.exchange !== undefined && states.get(draft.exchange) === "pending",
  );
  const failed = endsBadly || deadLetters.length > 0 || shownExchanges.some((exchange) => exchange.failed);
  let state: Shape["state"];
  if (kind === "exchange") {
    if (missing.length > 0) state = "late";
    else if (!over && (pendingNow || exchanges.all.length === 0)) state = "running";
    else if (failed) state = "failed";
    else if (shownExchanges.some((exchange) => exchange.state === "late")) state = "late";
    else state = pendingNow ? "running" : "completed";
  } else if (missing.length > 0) state = kind === "flow" && exchanges.all.length > 0 && timedOut ? "late" : "stuck";
  else if (deadLetters.length > 0 && undoings.length === 0) state = "failed";
  else if (undoings.length > 0) state = over && !undoingOpen ? "compensated" : "compensating";
  else if (!over) state = "running";
  else state = endsBadly ? "failed" : "completed";

  const ended = state === "completed" || state === "failed" || state === "compensated" || (kind === "exchange" && over);
  const steps = stepsOf(drafts, { states, missing, nodes, saga, ended, family, state, causes, exchanges });
  return {
    kind,
    name: declaredName !== undefined ? shortName(declaredName) : start.name,
    state,
    sagaKind: !saga ? undefined : orchestrated ? "orchestration" : "choreography",
    inferredFrom: saga && declaredName === undefined ? family.instances : undefined,
    exchanges: shownExchanges,
    steps,
    missing,
    endedAt: ended ? last.at : undefined,
    until,
    contribution: family.shared(
      contributionOf(nodes, causes, drafts, {
        family: family.start,
        saga: looksLikeSaga,
        failed: failed || undoings.length > 0,
        over: ended,
      }),
    ),
  };
}

function isBad(node: Node): boolean {
  return node.failed || node.kind.failing;
}

/** A copy in another place that carries the reason why it failed, or a message that its queue gave up. */
function isDeadLetter(node: Node, causes: Causes): boolean {
  if (node.journey?.deadLettered) return true;
  if (!node.original || node.purpose === "retry" || !causes.isCopy(node)) return false;
  return node.failed || node.purpose === "dead";
}

/** A message with which it ended badly: a failure that nobody went on from. */
function isBadEnd(node: Node, causes: Causes): boolean {
  return isBad(node) && !causes.isCopy(node) && !causes.wentOn(node);
}

/** Messages without an effect; copies do not count, neither as leaves nor as effects. */
function leavesOf(nodes: readonly Node[], causes: Causes): Node[] {
  const isOwner: boolean[] = [];
  for (const owner of causes.owners) if (owner >= 0) isOwner[owner] = true;
  return nodes.filter((_, index) => isOwner[index] !== true && causes.at(index)?.isCopy !== true);
}

/** Different kinds of steps that neither undo nor fail. */
function countForward(drafts: readonly Draft[]): number {
  // No two drafts that undo nothing have one name.
  return drafts.reduce((count, draft) => (draft.undoing || draft.failing ? count : count + 1), 0);
}

function isOneExchange(nodes: readonly Node[], exchanges: Exchanges, causes: Causes): boolean {
  const only = exchanges.all[0];
  if (!only || exchanges.all.length > 1) return false;
  return nodes.every((node) => node === only.request || only.replies.includes(node) || causes.isCopy(node));
}

/** One party sends commands and gets the replies of several of them. */
function isOrchestrated(exchanges: Exchanges, nodes: readonly Node[], know: SagaKnowledge): boolean {
  if (exchanges.all.length === 0) return false;
  const askers = new Map<string, Set<string>>();
  for (const { request } of exchanges.all) {
    const asker = request.replyAddress ?? know.writer(request) ?? "";
    const asked = askers.get(asker) ?? new Set();
    askers.set(asker, asked.add(request.name));
  }
  for (const asked of askers.values()) if (asked.size >= 2) return true;
  return exchanges.all.length * 2 + 2 >= nodes.length;
}

function draftSteps(nodes: readonly Node[], exchanges: Exchanges, causes: Causes): Draft[] {
  const drafts: Draft[] = [];
  for (const node of nodes) {
    if (causes.isCopy(node) || exchanges.ofReply.has(node)) continue;
    const exchange = exchanges.ofRequest.get(node);
    const undoes = node.kind.undoing && drafts.some((draft) => undoingFit(node.name, draft.name) > 0);
    // Undoing something presupposes that it was done, and that something went wrong, which may be invisible.
    const failing = !exchange && isBad(node);
    const same = drafts.find((draft) => draft.name === node.name && draft.undoing === undoes);
    if (same) {
      same.nodes.push(node, ...(exchange?.replies ?? []));
      continue;
    }
    const draft: Draft = {
      name: node.name,
      nodes: exchange ? [node, ...exchange.replies] : [node],
      exchange,
      undoing: undoes,
      failing,
      undoneBy: undefined,
    };
    drafts.push(draft);
    if (!undoes) continue;
    let best: Draft | undefined;
    let bestFit = 0;
    for (const forward of drafts) {
      if (forward.undoing || forward.failing || forward.undoneBy) continue;
      const bad = forward.exchange?.replies.some(isBad) ?? false;
      const fit = undoingFit(node.name, forward.name) - (bad ? 2 : 0);
      // Equal fits: the later one, as compensations run backwards.
      if (fit > 0 && fit >= bestFit) {
        best = forward;
        bestFit = fit;
      }
    }
    if (best) best.undoneBy = draft;
  }
  return drafts;
}

function stepsOf(
  drafts: readonly Draft[],
  about: {
    readonly states: ReadonlyMap<Answering, ExchangeState>;
    readonly missing: readonly Missing[];
    readonly nodes: readonly Node[];
    readonly saga: boolean;
    readonly ended: boolean;
    readonly family: Family;
    readonly state: Conversation["state"];
    readonly causes: Causes;
    readonly exchanges: Exchanges;
  },
): StandingStep[] {
  const steps: StandingStep[] = [];
  const { states, missing, saga, family, state } = about;
  const undone = drafts.some((draft) => draft.undoing);
  const failedAt = drafts.findIndex((draft) => draft.failing || (draft.exchange?.replies.some(isBad) ?? false));
  drafts.forEach((draft, index) => {
    if (draft.undoing && drafts.some((forward) => forward.undoneBy === draft)) return;
    const of = draft.exchange ? states.get(draft.exchange) : undefined;
    const bad = draft.failing || draft.nodes.some((node) => isBad(node) || node.journey?.deadLettered !== undefined);
    const copied = about.causes.hasCopies && about.nodes.some((node) => isDeadCopyOf(draft, node, about.causes));
    let now: StepState;
    if (draft.undoneBy) {
      const undoing = draft.undoneBy.exchange ? states.get(draft.undoneBy.exchange) : undefined;
      now = undoing === "pending" || undoing === "timed out" ? "compensating" : "compensated";
    } else if (bad || copied) now = "failed";
    else if (of === "timed out") now = saga ? "stuck" : "late";
    else if (of === "pending") now = "running";
    else if (of === "late") now = "late";
    else if (
      undone &&
      about.ended &&
      (failedAt < 0 || index < failedAt) &&
      !draft.undoing &&
      family.usuallyUndone(draft.name)
    ) {
      now = "compensation missing";
    } else now = "done";
    steps.push({ name: draft.name, state: now, draft, isOpen: of === "pending" || of === "timed out" });
  });
  if (!saga) return steps;
  const names = new Set(steps.map((step) => step.name));
  for (const gone of missing) {
    // A missing reply is its request's own stuck step; a missing event is a step that has not come.
    if (about.exchanges.all.some((exchange) => exchange.request.seq === gone.after)) continue;
    if (names.has(gone.name)) continue;
    names.add(gone.name);
    steps.push({ name: gone.name, state: "stuck" });
  }
  if (state !== "completed") {
    for (const name of family.usualSteps()) {
      if (names.has(name)) continue;
      names.add(name);
      steps.push({ name, state: "not reached" });
    }
  }
  return steps;
}

/** Whether a message is a copy of one of the draft's that was given up. */
function isDeadCopyOf(draft: Draft, node: Node, causes: Causes): boolean {
  const cause = causes.of(node);
  return cause?.isCopy === true && draft.nodes.includes(cause.from) && isDeadLetter(node, causes);
}

const noEffects: Contribution["messages"][number]["effects"] = [];

function contributionOf(
  nodes: readonly Node[],
  causes: Causes,
  drafts: readonly Draft[],
  about: Pick<Contribution, "family" | "saga" | "failed" | "over">,
): Contribution {
  const effects: { name: string; delay: number }[][] = [];
  causes.owners.forEach((at, index) => {
    const owner = nodes[at];
    if (owner === undefined) return;
    const node = nodes[index] as Node;
    (effects[at] ??= []).push({ name: node.name, delay: bucketOf(node.at - owner.at) });
  });
  const messages: { type: string; effects: Contribution["messages"][number]["effects"] }[] = [];
  for (let i = 0; i < nodes.length && messages.length < 256; i++) {
    if (causes.at(i)?.isCopy === true) continue;
    messages.push({ type: (nodes[i] as Node).type, effects: effects[i] ?? noEffects });
  }
  const steps: { name: string; undone: boolean }[] = [];
  for (const draft of drafts) {
    if (draft.undoing || draft.failing || steps.length === 64) continue;
    steps.push({ name: draft.name, undone: draft.undoneBy !== undefined });
  }
  let pause = 0;
  for (let i = 1; i < nodes.length; i++) pause = Math.max(pause, (nodes[i] as Node).at - (nodes[i - 1] as Node).at);
  const { family, saga, failed, over } = about;
  return { family, messages, pause: bucketOf(pause), steps, failed, saga, over, types: undefined };
}
