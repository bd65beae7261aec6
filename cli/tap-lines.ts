/** Messages as lines for people: one each, cut to the terminal. For machines the daemon makes them, as for an export. */
import type { RunningTrace } from "../daemon/index.ts";
import { harmless, type Style } from "./terminal.ts";

type Pipeline = RunningTrace["pipeline"];

/** One message with all that is known of it, or `undefined` when it is not kept any more. */
export interface SeenMessage {
  readonly seq: number;
  readonly name: string;
  readonly facts: NonNullable<ReturnType<Pipeline["factsOf"]>>;
  readonly message: NonNullable<ReturnType<Pipeline["message"]>>;
}

export function readMessage(
  pipeline: Pipeline,
  seq: number,
  message: ReturnType<Pipeline["message"]> = pipeline.message(seq),
): SeenMessage | undefined {
  const facts = pipeline.factsOf(seq);
  if (facts === undefined || message === undefined) return undefined;
  return { seq, facts, message, name: pipeline.correlator.nameOf(seq) };
}

/** `12:01:03.250 kafka orders OrderPlaced key=o-17 {"orderId":"o-17"}` */
export function textLine({ facts, message, name }: SeenMessage, style: Style, width: number): string {
  const { decoded, envelope } = message;
  const time = new Date(facts.at).toISOString().slice(11, 23);
  const key = facts.key === "" ? "" : ` key=${facts.key}`;
  const body =
    facts.span !== undefined
      ? `${facts.span.kind}, ${facts.span.ms.toFixed(1)} ms${facts.span.failed ? ", failed" : ""}`
      : decoded.value === undefined
        ? `${decoded.format}, ${envelope.bodySize} bytes`
        : JSON.stringify(decoded.value);
  // Behind the name of a direct reply's queue stands an address of the connection, which says nothing to a person.
  const channel = facts.channel.replace(/^(amq\.rabbitmq\.reply-to)\..*$/s, "$1");
  const head = `${time} ${facts.broker} ${channel} ${name}${key}`;
  const room = Math.max(20, width - head.length - 1);
  const shown = body.length > room ? `${body.slice(0, room - 1)}…` : body;
  const violation = decoded.violations[0];
  const line = `${style.dim(time)} ${facts.broker} ${style.cyan(harmless(channel))} ${style.bold(harmless(name))}${harmless(key)} ${harmless(shown)}`;
  if (violation === undefined) return line;
  const where = violation.path === "" ? "" : ` at "${violation.path}"`;
  return `${line}\n  ${style.red(`breaks its contract${harmless(where)}: ${harmless(violation.message)}`)}`;
}

type Conversation = NonNullable<ReturnType<Pipeline["conversation"]>>;

/** `12:01:03.250 saga OrderPlaced o-17 is stuck, 5 messages` */
export function conversationTextLine(conversation: Conversation, at: number, style: Style): string {
  const { kind, name, key, state, seqs } = conversation;
  const time = new Date(at).toISOString().slice(11, 23);
  const colour = state === "completed" ? style.green : state === "running" ? style.bold : style.yellow;
  const called = harmless([name, key].filter((word) => word !== "").join(" "));
  const count = `${seqs.length} ${seqs.length === 1 ? "message" : "messages"}`;
  return `${style.dim(time)} ${kind} ${style.bold(called)} ${colour(`is ${state}`)}, ${count}`;
}

export function conversationJsonLine({ id, kind, name, key, state, seqs }: Conversation, at: number): string {
  return JSON.stringify({
    kind: "state",
    conversation: id,
    shape: kind,
    name,
    key: key === "" ? null : key,
    state,
    at: new Date(at).toISOString(),
    messages: seqs,
  });
}
