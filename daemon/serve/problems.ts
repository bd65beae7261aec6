import type { Seq } from "../correlate/model.ts";
import type { Subject } from "./subject.ts";
import { duration, times } from "./words.ts";

/** Something about a conversation that somebody should look at. Facts of the wire only. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly text: string;
  /** How much of the start of `text` is a name that breaks its contract. */
  readonly squiggle: number;
  readonly seq: Seq;
}

/** Everything wrong with a conversation, the thing to read first in front. */
export function problemsOf(subject: Subject): readonly Problem[] {
  let problems = known.get(subject);
  if (problems === undefined) known.set(subject, (problems = findProblems(subject)));
  return problems;
}

/** The row, the sentence and where to look first all ask. */
const known = new WeakMap<Subject, readonly Problem[]>();

function findProblems(subject: Subject): readonly Problem[] {
  const { conversation } = subject;
  const problems = distinct([
    ...missingSteps(subject),
    ...missingCompensations(subject),
    ...deadLetters(subject),
    ...exchanges(subject),
    ...brokenContracts(subject),
    ...failures(subject),
    ...unroutable(subject),
    ...failedSpans(subject),
  ]);
  // A compensated or completed saga is past its troubles: what broke the contract is then the news.
  const settled = conversation.state === "completed" || conversation.state === "compensated";
  const rank = (problem: Problem) =>
    settled
      ? Number(problem.squiggle === 0)
      : Number(problem.severity === "warning" && conversation.state === "failed");
  return problems
    .map((problem, i) => ({ problem, i }))
    .sort((a, b) => rank(a.problem) - rank(b.problem) || a.i - b.i)
    .map(({ problem }) => problem);
}

/** One problem a message name and severity: a dead letter's copies and the step that failed by it are one trouble. */
function distinct(problems: readonly (Problem & { readonly about?: string })[]): readonly Problem[] {
  const known = new Set<string>();
  return problems.filter(({ about, text }) => {
    const id = about ?? text;
    if (known.has(id)) return false;
    known.add(id);
    return true;
  });
}

function missingSteps(subject: Subject): Problem[] {
  return subject.conversation.missing.map((missing) => {
    const after = subject.name(missing.after);
    const deliveries = subject.timesDelivered(missing.after);
    const text =
      deliveries > 1
        ? `no ${missing.name} after ${deliveries} deliveries of ${after}`
        : `no ${missing.name} after ${after}`;
    return { severity: "warning", text, squiggle: 0, seq: missing.after };
  });
}

function missingCompensations(subject: Subject): Problem[] {
  return subject.conversation.steps.flatMap((step): Problem[] => {
    const [seq] = step.seqs;
    if (step.state !== "compensation missing" || seq === undefined) return [];
    const wanted = step.compensation?.name;
    const text =
      wanted === undefined ? `nothing undid ${step.name}: it still stands` : `no ${wanted}: ${step.name} still stands`;
    return [{ severity: "error", text, squiggle: 0, seq }];
  });
}

function deadLetters(subject: Subject): (Problem & { about: string })[] {
  return subject.conversation.seqs.flatMap((seq) => {
    const { deadLettered } = subject.journey(seq);
    if (deadLettered === undefined) return [];
    const deliveries = subject.timesDelivered(seq);
    const after = deliveries > 1 ? ` after ${deliveries} deliveries` : "";
    return [
      {
        severity: "error" as const,
        text: `${subject.name(seq)} went to ${deadLettered.queue}${after}`,
        squiggle: 0,
        seq,
        about: subject.name(seq),
      },
    ];
  });
}

function exchanges(subject: Subject): Problem[] {
  return subject.conversation.exchanges.flatMap((exchange): Problem[] => {
    const [reply] = exchange.replies;
    const request = subject.name(exchange.request);
    const sent = subject.facts(exchange.request)?.at;
    const allowed = exchange.deadline === undefined || sent === undefined ? undefined : exchange.deadline.at - sent;
    if (exchange.state === "late" && reply !== undefined) {
      const from = subject.writer(reply)?.name;
      const over = allowed === undefined || exchange.latency === undefined ? undefined : exchange.latency - allowed;
      const text = `${subject.name(reply)}${from === undefined ? "" : ` from ${from}`} came ${over === undefined ? "" : `${duration(over)} `}after the time-out`;
      return [{ severity: "warning", text, squiggle: 0, seq: reply }];
    }
    if (exchange.state === "timed out") {
      const within = allowed === undefined ? "in time" : `within ${duration(allowed)}`;
      return [{ severity: "warning", text: `no answer to ${request} ${within}`, squiggle: 0, seq: exchange.request }];
    }
    if (exchange.failed && reply !== undefined && subject.conversation.kind === "exchange") {
      const from = subject.writer(reply)?.name;
      const text = `${subject.name(reply)}${from === undefined ? "" : ` from ${from}`} answers ${request} with an error`;
      return [{ severity: "error", text, squiggle: 0, seq: reply }];
    }
    return [];
  });
}

function brokenContracts(subject: Subject): Problem[] {
  return subject.violations().map((facts) => {
    const name = subject.name(facts.seq);
    const file = facts.violation?.file.split("/").at(-1) ?? "";
    const where = facts.violation === undefined || facts.violation.path === "" ? "" : `${facts.violation.path} `;
    const text = `${name} breaks ${file === "" ? "its contract" : file}: ${where}${facts.violation?.message ?? ""}`;
    return { severity: "error", text: text.trimEnd(), squiggle: name.length, seq: facts.seq };
  });
}

function failures(subject: Subject): (Problem & { about: string })[] {
  if (subject.conversation.state !== "failed") return [];
  return subject.conversation.steps.flatMap((step) => {
    const seq = step.seqs.at(-1);
    if (step.state !== "failed" || seq === undefined) return [];
    const from = subject.writer(seq)?.name;
    const text = `${subject.name(seq)}${from === undefined ? "" : ` from ${from}`} ended it`;
    return [{ severity: "error" as const, text, squiggle: 0, seq, about: subject.name(seq) }];
  });
}

function unroutable(subject: Subject): Problem[] {
  return subject.conversation.seqs.flatMap((seq): Problem[] => {
    const facts = subject.facts(seq);
    if (facts?.unroutable !== true) return [];
    return [
      { severity: "warning", text: `${subject.name(seq)} reached no queue from ${facts.channel}`, squiggle: 0, seq },
    ];
  });
}

/** Work that its service says went wrong. What a client says of it is its own view: there are answers it expected. */
function failedSpans(subject: Subject): (Problem & { about: string })[] {
  return (subject.conversation.spans ?? []).flatMap(({ seq }) => {
    const span = subject.facts(seq)?.span;
    if (span?.failed !== true || subject.journey(seq).duplicateOf !== undefined) return [];
    const severity = span.kind === "server" || span.kind === "consumer" ? "error" : "warning";
    const name = subject.name(seq);
    return [
      { severity, text: `${name} failed in ${subject.facts(seq)?.channel ?? ""}`, squiggle: 0, seq, about: name },
    ];
  });
}

/** What was seen twice, in words, for a healthy row: `ReserveStock twice`; empty when nothing was. */
export function duplicatesInWords(subject: Subject): string {
  const copies = new Map<Seq, number>();
  for (const seq of subject.conversation.seqs) {
    const of = subject.journey(seq).duplicateOf;
    if (of !== undefined) copies.set(of, (copies.get(of) ?? 1) + 1);
  }
  const [first] = copies;
  return first === undefined ? "" : `${subject.name(first[0])} ${times(first[1])}`;
}
