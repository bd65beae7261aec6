/** Spans as rows between messages, and the order that their ids prove where clocks disagree. */
import type { Participant, Seq } from "../correlate/model.ts";
import type { OtlpOrigin } from "../tap/envelope.ts";
import type { LaneRow, MessageDetail } from "./protocol.ts";
import type { Subject } from "./subject.ts";
import { duration } from "./words.ts";

/** Clocks that disagree by more than this are shown as they are: nothing could be said of any order then. */
const mostDisagreement = 2_000;
/** The least by which milliseconds since the epoch can differ, and a little more. */
const hair = 0.001;

/** A span as a row: from who called to who was called; of work within a service only where it was done. */
export function spanRow(
  subject: Subject,
  seq: Seq,
  laneOf: (participant: Participant) => number,
): Omit<LaneRow, "compensates" | "cause"> | undefined {
  const facts = subject.facts(seq);
  if (facts?.span === undefined) return undefined;
  const { kind, ms, failed } = facts.span;
  const writer = subject.writer(seq);
  const readers = subject.readers(seq);
  const from = writer === undefined ? undefined : laneOf(writer);
  const own = from ?? laneOf({ name: facts.channel, basis: "observed" });
  const inferred = subject.causes(seq)[0]?.strength === "inferred";
  return {
    kind: "message",
    seq,
    at: facts.at,
    offsetMs: Math.max(0, facts.at - subject.conversation.startedAt),
    name: subject.name(seq),
    note: `${duration(ms)}${failed ? ", failed" : ""}`,
    broker: "otlp",
    ...(from === undefined ? {} : { from }),
    to: readers.length === 0 ? [own] : readers.map((reader) => laneOf(reader)),
    arrow: kind === "producer" || kind === "consumer" ? "event" : "command",
    channel: facts.channel,
    line: inferred ? "inferred" : "declared",
    ...(failed ? { state: "failed" } : {}),
    violation: false,
    count: 1,
  };
}

/**
 * When each message and span of a conversation stands in its order: its own time, but a span that is proven to have led
 * to something stands before it, and one that something led to behind that. Messages stay where they are: a broker or a
 * tap said when they were, while services have clocks of their own, and write milliseconds where others write less.
 */
export function orderedTimes(subject: Subject): ReadonlyMap<Seq, number> {
  const { seqs, spans = [], edges } = subject.conversation;
  const times = new Map(seqs.map((seq) => [seq, subject.facts(seq)?.at ?? 0]));
  const movable = new Set(spans.map(({ seq }) => seq));
  const proven = edges.filter(({ kind, from, to }) => kind === "trace-parent" && times.has(from) && times.has(to));
  const depths = depthsOf(new Map(proven.map(({ from, to }) => [to, from])));
  const downwards = proven.toSorted((a, b) => (depths.get(a.to) ?? 0) - (depths.get(b.to) ?? 0));
  for (const { from, to } of downwards) {
    const cause = times.get(from) ?? 0;
    const effect = times.get(to) ?? 0;
    if (movable.has(to) && effect <= cause && cause - effect < mostDisagreement) times.set(to, cause + hair);
  }
  for (const { from, to } of downwards.toReversed()) {
    const cause = times.get(from) ?? 0;
    const effect = times.get(to) ?? 0;
    if (movable.has(from) && cause >= effect && cause - effect < mostDisagreement) times.set(from, effect - hair);
  }
  return times;
}

/** How many causes stand above each effect; what goes round in a circle ends where it began. */
function depthsOf(causes: ReadonlyMap<Seq, Seq>): ReadonlyMap<Seq, number> {
  const depths = new Map<Seq, number>();
  for (const effect of causes.keys()) {
    const chain: Seq[] = [];
    let at: Seq | undefined = effect;
    while (at !== undefined && !depths.has(at)) {
      // Held while its causes are looked for, so that a circle is closed by its own mark.
      depths.set(at, 0);
      chain.push(at);
      at = causes.get(at);
    }
    let depth = at === undefined ? -1 : (depths.get(at) ?? 0);
    for (const seq of chain.toReversed()) depths.set(seq, ++depth);
  }
  return depths;
}

/** What stands beside a span in the inspector. */
export function spanCoordinates(origin: OtlpOrigin, startedAt: number): MessageDetail["coordinates"] {
  const { service, instance, scope, spanKind, status, statusMessage, traceId, spanId, parentSpanId, dropped } = origin;
  const rows: ReadonlyArray<readonly [label: string, value: string | undefined]> = [
    ["Service", service],
    ["Instance", instance],
    ["Kind", spanKind],
    ["Took", duration(origin.endedAt - startedAt)],
    ["Status", status === "unset" ? undefined : `${status}${statusMessage === undefined ? "" : `: ${statusMessage}`}`],
    ["Trace", traceId],
    ["Span", spanId],
    ["Parent span", parentSpanId],
    ["Links", origin.links?.map((link) => `${link.traceId} ${link.spanId}`).join(", ")],
    ["Library", scope],
    ["Left out", dropped === undefined ? undefined : `${dropped} attributes, events or links`],
  ];
  return rows.flatMap(([label, value]) => (value === undefined || value === "" ? [] : [{ label, value }]));
}
