import type { Exchange, Participant, Seq, Step } from "../correlate/model.ts";
import { evidenceOf } from "./evidence.ts";
import { basisInWords } from "./present-sentence.ts";
import { orderedTimes, spanRow } from "./present-spans.ts";
import type { Lane, LaneRow } from "./protocol.ts";
import type { Subject } from "./subject.ts";
import { duration } from "./words.ts";

/** A gap is drawn torn when it is this many times the median and at least so long. */
const gapFactor = 10;
const shortestGapMs = 1000;
/** Sub-rows of one message; a message that is delivered for ever must not fill the view. */
const mostDeliveries = 20;

/** Folded spans between a row and its cause: work within one service. */
const mostFolded = 64;

type DraftRow = Omit<LaneRow, "compensates" | "cause"> & { readonly order: number };

/** The lanes of a conversation and its rows, one a message, with what happened to it as sub-rows. */
export function lanesOf(subject: Subject): { readonly lanes: readonly Lane[]; readonly rows: readonly LaneRow[] } {
  const lanes = new Lanes();
  const drafts: DraftRow[] = [];
  const { conversation } = subject;
  const replyOf = repliesOf(conversation.exchanges);
  const requests = new Set(conversation.exchanges.map(({ request }) => request));
  const copies = copiesOf(subject);
  const states = stepStates(conversation.steps);
  const spans = new Map(conversation.spans?.map((span) => [span.seq, span]));
  for (const seq of conversation.seqs) {
    const span = spans.get(seq);
    if (span !== undefined) {
      const row = span.folded ? undefined : spanRow(subject, seq, (participant) => lanes.participant(participant));
      if (row !== undefined) drafts.push({ ...row, order: seq });
      continue;
    }
    if (copies.folded.has(seq)) continue;
    messageRows(subject, seq, { lanes, drafts, replyOf, requests, states, copies: copies.counts.get(seq) ?? 1 });
  }
  const times = spans.size === 0 ? undefined : orderedTimes(subject);
  const timeOf = ({ kind, seq, at }: DraftRow) => (kind === "message" && seq !== undefined && times?.get(seq)) || at;
  drafts.sort((a, b) => timeOf(a) - timeOf(b) || a.order - b.order);
  const torn = withGaps(subject, drafts);
  missingRows(subject, lanes, torn);
  return { lanes: lanes.all, rows: withRelations(subject, torn) };
}

class Lanes {
  readonly all: Lane[] = [];
  private readonly known = new Map<string, number>();

  participant(participant: Participant): number {
    return this.lane(`p ${participant.name}`, participant.name, "participant", participant.basis);
  }

  channel(name: string): number {
    return this.lane(`c ${name}`, name, "channel", "observed");
  }

  private lane(id: string, name: string, kind: Lane["kind"], basis: Lane["basis"]): number {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    this.known.set(id, this.all.length);
    return this.all.push({ id, name, kind, basis }) - 1;
  }
}

interface Drafting {
  readonly lanes: Lanes;
  readonly drafts: DraftRow[];
  readonly replyOf: ReadonlyMap<Seq, Exchange>;
  readonly requests: ReadonlySet<Seq>;
  readonly states: ReturnType<typeof stepStates>;
  readonly copies: number;
}

function messageRows(subject: Subject, seq: Seq, drafting: Drafting): void {
  const { lanes, drafts, replyOf, requests, states, copies } = drafting;
  const facts = subject.facts(seq);
  if (facts === undefined) return;
  const { startedAt } = subject.conversation;
  const name = subject.name(seq);
  const journey = subject.journey(seq);
  const writer = subject.writer(seq);
  const from = writer === undefined ? undefined : lanes.participant(writer);
  const readers = subject.readers(seq).map((reader) => lanes.participant(reader));
  // A channel earns a lane when a message stops in it.
  const stops =
    readers.length === 0 && (facts.unroutable || (journey.deliveries.length === 0 && journey.committedBy.length === 0));
  const to = stops ? [lanes.channel(facts.channel)] : readers;
  const exchange = replyOf.get(seq);
  const isFirstReply = exchange?.replies[0] === seq;
  const late = exchange?.state === "late" && isFirstReply;
  const common = { name, broker: facts.broker, channel: facts.channel, violation: facts.check === "invalid", count: 1 };
  const arrow = exchange !== undefined ? "reply" : requests.has(seq) ? "command" : "event";
  const cause = subject.causes(seq)[0];
  const row: DraftRow = {
    ...common,
    kind: "message",
    seq,
    at: facts.at,
    offsetMs: Math.max(0, facts.at - startedAt),
    ...(from === undefined ? {} : { from }),
    to,
    arrow,
    line: cause?.strength === "inferred" ? "inferred" : "declared",
    count: copies,
    order: seq,
    ...noteOf(subject, seq, { late, copies, stops, exchange }),
    ...(isFirstReply && exchange?.latency !== undefined ? { latencyMs: exchange.latency } : {}),
    ...stateOf(states.get(seq), late, exchange?.failed === true),
  };
  if (late && exchange.deadline !== undefined) drafts.push(timeoutRow(subject, exchange, lanes, seq));
  drafts.push(row);
  subject
    .again(seq)
    .slice(0, mostDeliveries)
    .forEach(({ delivery, nth }, i) => {
      const reader = delivery.participant ?? delivery.connectionName;
      const at = reader === undefined ? (readers[0] ?? to[0]) : lanes.participant({ name: reader, basis: "observed" });
      drafts.push({
        ...common,
        kind: "delivery",
        seq,
        at: delivery.receivedAt,
        offsetMs: Math.max(0, delivery.receivedAt - startedAt),
        note: `delivery ${nth}`,
        ...(at === undefined ? { to: [] } : { from: at, to: [at] }),
        channel: delivery.queue,
        arrow,
        line: "declared",
        state: "stuck",
        order: seq + 0.1 + i / 1000,
      });
    });
  if (journey.deadLettered !== undefined) {
    const at = journey.deliveries.at(-1)?.receivedAt ?? facts.at;
    const lane = lanes.channel(journey.deadLettered.queue);
    const observed = journey.deadLettered.reason !== "";
    drafts.push({
      ...common,
      kind: "dead letter",
      seq,
      at,
      offsetMs: Math.max(0, at - startedAt),
      note: observed ? `dead-lettered, ${journey.deadLettered.reason}` : "dead-lettered, inferred",
      ...(readers[0] === undefined ? (from === undefined ? {} : { from }) : { from: readers[0] }),
      to: [lane],
      channel: journey.deadLettered.queue,
      arrow,
      line: observed ? "declared" : "inferred",
      state: "stuck",
      order: seq + 0.9,
    });
  }
}

function noteOf(
  subject: Subject,
  seq: Seq,
  { late, copies, stops, exchange }: { late: boolean; copies: number; stops: boolean; exchange: Exchange | undefined },
): { note?: string } {
  const notes: string[] = [];
  if (copies > 1) notes.push(`×${copies}`);
  if (late && exchange?.deadline !== undefined && exchange.latency !== undefined) {
    const sent = subject.facts(exchange.request)?.at ?? 0;
    notes.push(`${duration(exchange.latency - (exchange.deadline.at - sent))} late`);
  }
  const { transaction } = subject.journey(seq);
  if (transaction === "aborted") notes.push("aborted");
  if (transaction === "pending") notes.push("not committed yet");
  const facts = subject.facts(seq);
  if (facts?.bodyShed === true) notes.push("body shed");
  if (facts?.unroutable === true) notes.push("unroutable");
  else if (stops) notes.push("no reader seen");
  return notes.length === 0 ? {} : { note: notes.join(", ") };
}

function stateOf(
  ofStep: LaneRow["state"],
  late: boolean,
  failedReply: boolean,
): { state?: NonNullable<LaneRow["state"]> } {
  if (late) return { state: "late" };
  if (ofStep !== undefined) return { state: ofStep };
  return failedReply ? { state: "failed" } : {};
}

/** The messages that steps give a state: those that undo one, and the last of one that failed or is stuck. */
function stepStates(steps: readonly Step[]): ReadonlyMap<Seq, NonNullable<LaneRow["state"]>> {
  const states = new Map<Seq, NonNullable<LaneRow["state"]>>();
  const note = (seq: Seq | undefined, state: NonNullable<LaneRow["state"]>): void => {
    if (seq !== undefined && !states.has(seq)) states.set(seq, state);
  };
  for (const step of steps) {
    for (const seq of step.compensation?.seqs ?? []) note(seq, "compensation");
    if (step.state === "failed" || step.state === "stuck") note(step.seqs.at(-1), step.state);
  }
  return states;
}

function timeoutRow(subject: Subject, exchange: Exchange, lanes: Lanes, seq: Seq): DraftRow {
  const at = exchange.deadline?.at ?? 0;
  const sent = subject.facts(exchange.request)?.at ?? at;
  const waiting = subject.writer(exchange.request);
  const lane = waiting === undefined ? undefined : lanes.participant(waiting);
  return {
    kind: "timeout",
    seq: exchange.request,
    at,
    offsetMs: Math.max(0, at - subject.conversation.startedAt),
    name: `${duration(at - sent)} time-out${basisInWords(exchange.deadline?.basis)}`,
    ...(lane === undefined ? {} : { from: lane }),
    to: [],
    arrow: "reply",
    line: "missing",
    state: "late",
    violation: false,
    count: 1,
    order: seq - 0.5,
  };
}

function withGaps(subject: Subject, drafts: readonly DraftRow[]): DraftRow[] {
  const steps = drafts.slice(1).map((row, i) => row.at - (drafts[i]?.at ?? row.at));
  const sorted = [...steps].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const isGap = (ms: number) => ms >= shortestGapMs && ms >= gapFactor * median;
  const rows: DraftRow[] = [];
  drafts.forEach((row, i) => {
    const before = drafts[i - 1];
    if (before !== undefined && isGap(row.at - before.at))
      rows.push(gapRow(before, `${duration(row.at - before.at)} between messages`));
    rows.push(row);
  });
  const last = drafts.at(-1);
  if (last !== undefined && subject.conversation.missing.length > 0 && subject.now - last.at >= shortestGapMs) {
    rows.push(gapRow(last, `${duration(subject.now - last.at)}, nothing since`));
  }
  return rows;
}

function gapRow(before: DraftRow, note: string): DraftRow {
  return {
    kind: "gap",
    at: before.at,
    name: "",
    note,
    to: [],
    arrow: "event",
    line: "missing",
    violation: false,
    count: 1,
    order: 0,
  };
}

function missingRows(subject: Subject, lanes: Lanes, rows: DraftRow[]): void {
  for (const missing of subject.conversation.missing) {
    const reader = subject.readers(missing.after)[0];
    const writer = subject.writer(missing.after);
    const note = missing.usual === undefined ? "not seen" : `not seen, usually after ${duration(missing.usual.ms)}`;
    rows.push({
      kind: "missing",
      seq: missing.after,
      at: missing.since,
      name: missing.name,
      note,
      ...(reader === undefined ? {} : { from: lanes.participant(reader) }),
      to: writer === undefined ? [] : [lanes.participant(writer)],
      arrow: "reply",
      line: "missing",
      state: "stuck",
      violation: false,
      count: 1,
      order: 0,
    });
  }
}

/** Puts in what points from row to row, now that rows have their places. */
function withRelations(subject: Subject, drafts: readonly DraftRow[]): LaneRow[] {
  const rowOf = new Map<Seq, number>();
  drafts.forEach((row, i) => {
    if (row.kind === "message" && row.seq !== undefined) rowOf.set(row.seq, i);
  });
  const undoes = new Map<Seq, Seq>();
  for (const step of subject.conversation.steps) {
    const [forward] = step.seqs;
    const compensation = step.compensation?.seqs[0];
    if (forward !== undefined && compensation !== undefined) undoes.set(compensation, forward);
  }
  return drafts.map(({ order: _order, ...row }): LaneRow => {
    const compensated = row.kind === "message" && row.seq !== undefined ? undoes.get(row.seq) : undefined;
    const compensates = compensated === undefined ? undefined : rowOf.get(compensated);
    const edge = row.kind === "message" && row.seq !== undefined ? subject.causes(row.seq)[0] : undefined;
    const causeRow = edge === undefined ? undefined : rowBehind(subject, edge.from, rowOf);
    const cause =
      edge === undefined || causeRow === undefined ? undefined : { row: causeRow, evidence: evidenceOf(subject, edge) };
    return {
      ...row,
      ...(compensates === undefined ? {} : { compensates }),
      ...(cause === undefined ? {} : { cause }),
    };
  });
}

/** The row of a message or span, or where that is folded, of what led to it. */
function rowBehind(subject: Subject, seq: Seq, rowOf: ReadonlyMap<Seq, number>): number | undefined {
  let at: Seq | undefined = seq;
  for (let steps = 0; at !== undefined && steps < mostFolded; steps++) {
    const row = rowOf.get(at);
    if (row !== undefined) return row;
    at = subject.facts(at)?.span === undefined ? undefined : subject.causes(at)[0]?.from;
  }
  return undefined;
}

function repliesOf(exchanges: readonly Exchange[]): ReadonlyMap<Seq, Exchange> {
  return new Map(exchanges.flatMap((exchange) => exchange.replies.map((reply) => [reply, exchange] as const)));
}

/** Duplicates are folded into the first of them. */
function copiesOf(subject: Subject): { readonly folded: ReadonlySet<Seq>; readonly counts: ReadonlyMap<Seq, number> } {
  const folded = new Set<Seq>();
  const counts = new Map<Seq, number>();
  const inside = new Set(subject.conversation.seqs);
  for (const seq of subject.conversation.seqs) {
    const of = subject.journey(seq).duplicateOf;
    if (of === undefined || !inside.has(of) || of === seq) continue;
    folded.add(seq);
    counts.set(of, (counts.get(of) ?? 1) + 1);
  }
  return { folded, counts };
}
