import type { Seq } from "../correlate/model.ts";
import type { TextRun } from "./protocol.ts";
import { problemsOf } from "./problems.ts";
import type { Subject } from "./subject.ts";
import { count, duration, list, number, times } from "./words.ts";

/**
 * The sentence above a conversation, from facts in this order: its state and for how long; what is missing and its usual
 * delay, with the count that rests on; the last thing proven; what has not started.
 */
export function sentenceOf(subject: Subject): readonly TextRun[] {
  const runs = new Runs();
  stateAndTime(subject, runs);
  whatIsMissing(subject, runs);
  whatWasUndone(subject, runs);
  lastProven(subject, runs);
  notStarted(subject, runs);
  violations(subject, runs);
  return runs.runs;
}

/** Where to look first: the message of the worst problem. */
export function goToOf(subject: Subject): { readonly text: string; readonly seq: Seq } | undefined {
  const [problem] = problemsOf(subject);
  return problem === undefined ? undefined : { text: `Go to ${subject.name(problem.seq)}`, seq: problem.seq };
}

/** Collects runs; a plain text that follows another is put behind it. */
class Runs {
  readonly runs: TextRun[] = [];

  text(text: string): this {
    const last = this.runs.at(-1);
    if (last !== undefined && "text" in last) this.runs[this.runs.length - 1] = { text: last.text + text };
    else this.runs.push({ text });
    return this;
  }

  code(code: string): this {
    this.runs.push({ code });
    return this;
  }

  link(text: string, seq: Seq): this {
    this.runs.push({ link: text, seq });
    return this;
  }

  /** Begins another sentence. */
  next(): this {
    return this.runs.length === 0 ? this : this.text(" ");
  }
}

function stateAndTime(subject: Subject, runs: Runs): void {
  const { conversation, now } = subject;
  const took = duration((conversation.endedAt ?? conversation.lastAt) - conversation.startedAt);
  const [exchange] = conversation.exchanges;
  if (conversation.kind === "exchange" && exchange !== undefined) {
    exchangeState(subject, exchange, runs);
    return;
  }
  const after = conversation.missing[0]?.after;
  const since = (after === undefined ? undefined : subject.facts(after)?.at) ?? conversation.lastAt;
  switch (conversation.state) {
    case "stuck":
      runs.text(`Stuck for ${duration(now - since)}`);
      break;
    case "running":
      runs.text(`Running for ${duration(now - conversation.startedAt)}.`);
      break;
    case "completed":
      runs.text(`${conversation.kind === "flow" ? "Done" : "Completed"} in ${took}: ${subject.size}.`);
      break;
    case "failed":
      runs.text(`Failed after ${took}${subject.isOnlySpans ? `: ${subject.size}, and no message was seen` : ""}.`);
      break;
    case "compensating":
      runs.text(`Compensating, ${duration(now - conversation.startedAt)} after it began.`);
      break;
    case "compensated":
      runs.text(`Compensated after ${took}.`);
      break;
    case "late":
      runs.text(`Late: it took ${took}.`);
      break;
  }
}

function exchangeState(subject: Subject, exchange: Subject["conversation"]["exchanges"][number], runs: Runs): void {
  const [reply] = exchange.replies;
  const sent = subject.facts(exchange.request)?.at ?? subject.conversation.startedAt;
  const allowed = exchange.deadline === undefined ? undefined : exchange.deadline.at - sent;
  const by = reply === undefined ? undefined : subject.writer(reply)?.name;
  const from = by === undefined ? "" : ` by ${by}`;
  if (exchange.state === "late" && reply !== undefined) {
    runs.text(`Answered late${from}: `).code(subject.name(reply));
    if (allowed === undefined || exchange.latency === undefined) runs.text(" came after the time-out.");
    else runs.text(` came ${duration(exchange.latency - allowed)} after the ${duration(allowed)} time-out.`);
  } else if (exchange.state === "replied" && reply !== undefined) {
    const latency = exchange.latency === undefined ? "" : ` in ${duration(exchange.latency)}`;
    runs
      .text(`Answered${exchange.failed ? " with an error" : ""}${from}${latency}: `)
      .code(subject.name(reply))
      .text(".");
    if (exchange.replies.length > 1) runs.text(` ${capital(number(exchange.replies.length))} answers came.`);
  } else if (exchange.state === "timed out") {
    runs.text(`No answer to `).code(subject.name(exchange.request));
    runs.text(
      allowed === undefined
        ? " came in time."
        : ` within ${duration(allowed)}${basisInWords(exchange.deadline?.basis)}.`,
    );
  } else {
    runs
      .text(`Waiting for ${duration(subject.now - sent)} for an answer to `)
      .code(subject.name(exchange.request))
      .text(".");
  }
}

/** On what a time-out rests: `, from expiration`. */
export function basisInWords(basis: keyof typeof basisWords | undefined): string {
  return basis === undefined ? "" : basisWords[basis];
}

const basisWords = {
  message: ", from expiration",
  declared: ", as declared",
  learned: ", from what is usual",
  default: ", the default",
} as const;

function whatIsMissing(subject: Subject, runs: Runs): void {
  const [missing] = subject.conversation.missing;
  const stuck = subject.conversation.state === "stuck" && subject.conversation.kind !== "exchange";
  if (missing === undefined) {
    if (stuck) runs.text(".");
    return;
  }
  if (subject.conversation.kind === "exchange") return;
  if (stuck) runs.text(": ");
  else runs.next();
  runs.code(missing.name).text(" was not seen");
  if (missing.usual === undefined) runs.text(".");
  else {
    const of = subject.conversation.kind === "saga" ? "saga" : "time";
    runs.text(
      `; it usually follows after ${duration(missing.usual.ms)} (${missing.usual.count.toLocaleString("en-US")} ${of}${missing.usual.count === 1 ? "" : "s"}).`,
    );
  }
}

function whatWasUndone(subject: Subject, runs: Runs): void {
  const { conversation } = subject;
  const failed = conversation.steps.find(({ state }) => state === "failed");
  const failure = failed?.seqs.at(-1);
  if (failure !== undefined && conversation.state !== "stuck") {
    const writer = subject.writer(failure)?.name;
    runs
      .next()
      .text(writer === undefined ? "It ended with " : `${writer} wrote `)
      .link(subject.name(failure), failure)
      .text(".");
  }
  const undone = conversation.steps.filter(
    ({ state, compensation }) => state === "compensated" && compensation !== undefined,
  );
  undone.slice(0, 3).forEach((step, i) => {
    if (i === 0) runs.next();
    else runs.text(i === Math.min(undone.length, 3) - 1 ? " and " : ", ");
    runs
      .code(step.compensation?.name ?? "")
      .text(" undid ")
      .code(step.name);
  });
  if (undone.length > 3) runs.text(` and ${number(undone.length - 3)} more`);
  if (undone.length > 0) runs.text(".");
}

function lastProven(subject: Subject, runs: Runs): void {
  const { conversation } = subject;
  if (conversation.kind === "exchange" && conversation.state !== "running" && conversation.state !== "stuck") return;
  if (conversation.state === "completed" || conversation.state === "compensated") return;
  const seq = conversation.missing[0]?.after ?? subject.messages.at(-1);
  if (seq === undefined) return;
  const { deliveries, deadLettered } = subject.journey(seq);
  if (conversation.state === "failed" && deadLettered === undefined) return;
  const reader = deliveries[0]?.participant ?? deliveries[0]?.connectionName ?? subject.readers(seq)[0]?.name;
  if (deliveries.length > 0) {
    runs
      .next()
      .text(`${reader ?? "Its reader"} got `)
      .link(subject.name(seq), seq);
    runs.text(` ${times(subject.timesDelivered(seq))}`);
    runs.text(deadLettered === undefined ? "." : `, then it went to ${deadLettered.queue}.`);
    return;
  }
  const { committedBy } = subject.journey(seq);
  runs.next().text("The last message was ").link(subject.name(seq), seq);
  if (committedBy.length > 0)
    runs.text(`; ${list(committedBy.slice(0, 3).map(({ group }) => group))} committed past it.`);
  else if (subject.facts(seq)?.broker === "kafka" && conversation.state === "stuck")
    runs.text("; no group has committed past it.");
  else runs.text(`, ${duration(subject.now - conversation.lastAt)} ago.`);
}

function notStarted(subject: Subject, runs: Runs): void {
  const { conversation } = subject;
  const standing = conversation.steps.filter(({ state }) => state === "compensation missing").map(({ name }) => name);
  if (standing.length > 0) {
    runs
      .next()
      .text(`Nothing undid ${list(standing)}: ${standing.length === 1 ? "it still stands" : "they still stand"}.`);
  } else if (
    conversation.state === "stuck" &&
    conversation.kind === "saga" &&
    conversation.steps.every(({ compensation }) => compensation === undefined)
  ) {
    runs.next().text("No compensation has started.");
  }
}

function violations(subject: Subject, runs: Runs): void {
  const broken = subject.violations();
  const [first] = broken;
  if (first === undefined) return;
  runs.next().link(subject.name(first.seq), first.seq).text(" breaks its contract");
  if (first.violation !== undefined) {
    if (first.violation.path !== "") runs.text(" at ").code(first.violation.path);
    runs.text(`: ${first.violation.message.replace(/\.$/, "")}`);
  }
  runs.text(
    broken.length === 1
      ? "."
      : `, and ${count(broken.length - 1, "more message")} ${broken.length === 2 ? "does" : "do"}.`,
  );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
