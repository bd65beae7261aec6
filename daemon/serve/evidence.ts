import type { Edge, EvidenceKind } from "../correlate/model.ts";
import type { EvidenceLine } from "./protocol.ts";
import type { Subject } from "./subject.ts";
import { duration, number, shortId } from "./words.ts";

const kinds: Readonly<Record<EvidenceKind, string>> = {
  republication: "written again from where it was before",
  "reply-address": "answers on the reply address of the request",
  retry: "the same request once more",
  "causation-id": "names its cause",
  "correlation-pair": "one id on both",
  "conversation-id": "same conversation id",
  contract: "declared in the contract",
  "trace-parent": "its parent span is the other's",
  "trace-id": "same trace",
  "learned-id": "an id that pairs such messages",
  "business-id": "same business id",
  order: "follows in order",
  window: "the only candidate in its time",
  key: "same key",
};

/** Why an edge is believed: what decides first, then what agrees with it. */
export function evidenceOf(subject: Subject, edge: Edge): readonly EvidenceLine[] {
  const others = subject.causes(edge.to).filter((other) => other !== edge && other.from === edge.from);
  return [edge, ...others].flatMap((each, i) =>
    edgeInWords(subject, each).map((text, k): EvidenceLine => {
      return { role: i === 0 && k === 0 ? "decides" : "agrees", text, strength: each.strength };
    }),
  );
}

function edgeInWords(subject: Subject, edge: Edge): readonly string[] {
  const [first = kinds[edge.kind], ...others] = sharedIds(edge);
  const parts = [first];
  if (edge.kind === "window" || edge.kind === "order" || edge.kind === "key") {
    const from = subject.facts(edge.from)?.at;
    const to = subject.facts(edge.to)?.at;
    if (from !== undefined && to !== undefined) parts.push(`${duration(Math.abs(to - from))} apart`);
    if (first !== kinds[edge.kind]) parts.push(kinds[edge.kind]);
  }
  if (edge.rivals > 0) parts.push(`${number(edge.rivals)} other ${edge.rivals === 1 ? "candidate" : "candidates"}`);
  return [parts.join(", "), ...others];
}

/** Each id that stands on both messages, with where; ids that stand on one of them only come last. */
function sharedIds(edge: Edge): string[] {
  const here = edge.because.filter(({ seq }) => seq === edge.to);
  const there = edge.because.filter(({ seq }) => seq === edge.from);
  const lines: string[] = [];
  for (const { where, value } of here) {
    const other = there.find((occurrence) => occurrence.value === value);
    if (other === undefined) lines.push(`${where} ${shortId(value)}`);
    else if (other.where === where) lines.unshift(`${where} ${shortId(value)} on both`);
    else lines.unshift(`${where} is its ${other.where}, ${shortId(value)}`);
  }
  for (const { where, value } of there) {
    if (!here.some((occurrence) => occurrence.value === value)) lines.push(`${where} ${shortId(value)} of the cause`);
  }
  return [...new Set(lines)];
}
