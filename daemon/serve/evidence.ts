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
  return [line(subject, edge, "decides"), ...others.map((other) => line(subject, other, "agrees"))];
}

function line(subject: Subject, edge: Edge, role: EvidenceLine["role"]): EvidenceLine {
  return { role, text: edgeInWords(subject, edge), strength: edge.strength };
}

function edgeInWords(subject: Subject, edge: Edge): string {
  const parts: string[] = [];
  const here = edge.because.find(({ seq }) => seq === edge.to);
  const there = edge.because.find(({ seq }) => seq === edge.from);
  const value = (here ?? there)?.value;
  if (here !== undefined && there !== undefined && here.where === there.where) {
    parts.push(`${here.where} ${shortId(here.value)} on both`);
  } else if (here !== undefined && there !== undefined) {
    parts.push(`${here.where} is its ${there.where}, ${shortId(here.value)}`);
  } else if (here !== undefined || there !== undefined) {
    parts.push(`${(here ?? there)?.where ?? ""} ${shortId(value ?? "")}`);
  } else {
    parts.push(kinds[edge.kind]);
  }
  if (edge.kind === "window" || edge.kind === "order" || edge.kind === "key") {
    const from = subject.facts(edge.from)?.at;
    const to = subject.facts(edge.to)?.at;
    if (from !== undefined && to !== undefined) parts.push(`${duration(Math.abs(to - from))} apart`);
    if (parts[0] !== kinds[edge.kind]) parts.push(kinds[edge.kind]);
  }
  if (edge.rivals > 0) parts.push(`${number(edge.rivals)} other ${edge.rivals === 1 ? "candidate" : "candidates"}`);
  return parts.join(", ");
}
