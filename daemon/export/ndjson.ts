/**
 * One JSON object a line, each with its `kind`; docs/export.md is its description. Messages come first, in order, then
 * each conversation with its exchanges and edges, so that what a line names was there before.
 */
import type { Conversation, Correlator, Edge, Exchange, Step } from "../correlate/model.ts";
import type { ReadMessage } from "../pipeline-recent.ts";
import { channelName } from "../pipeline-input.ts";
import type { OtlpOrigin } from "../tap/envelope.ts";
import type { CaptureReading } from "./reading.ts";
import { isoTime, keyOf, plain } from "./values.ts";

export function* ndjsonLines(reading: CaptureReading): Generator<string> {
  const { correlator } = reading.pipeline;
  for (const message of reading.messages()) yield messageLine(message, correlator);
  for (const conversation of correlator.conversations()) {
    yield JSON.stringify(conversationObject(conversation));
    for (const exchange of conversation.exchanges) yield JSON.stringify(exchangeObject(exchange, conversation.id));
    for (const edge of conversation.edges) {
      // An edge between two conversations is in both; it is told with its effect.
      if (correlator.conversationOf(edge.to) === conversation.id) yield JSON.stringify(edgeObject(edge));
    }
  }
}

/** The line of a message or a span, with what correlation knows of it by now. */
export function messageLine(message: ReadMessage, correlator: Correlator): string {
  const { origin } = message.envelope;
  return JSON.stringify(
    origin.broker === "otlp" ? spanObject(message, origin, correlator) : messageObject(message, correlator),
  );
}

function messageObject({ seq, envelope, decoded, masked }: ReadMessage, correlator: Correlator): object {
  const { writer, readers } = correlator.parties(seq);
  const { deliveries, deadLettered, committedBy, transaction, duplicateOf } = correlator.journey(seq);
  const conversation = correlator.conversationOf(seq);
  return {
    kind: "message",
    id: seq,
    at: isoTime(envelope.timestamp ?? envelope.receivedAt),
    tap: envelope.tap,
    broker: envelope.origin.broker,
    channel: channelName(envelope),
    name: correlator.nameOf(seq),
    key: keyOf(envelope.key),
    headers: envelope.headers.map(({ name, value }) => [name, plain(value)]),
    origin: plain(envelope.origin),
    bodySize: envelope.bodySize,
    body: envelope.body === null ? null : Buffer.from(envelope.body).toString("base64"),
    format: decoded.format,
    ...(decoded.definition === undefined ? {} : { definition: decoded.definition.name, evidence: decoded.evidence }),
    ...(decoded.value === undefined ? {} : { decoded: decoded.value }),
    check: decoded.check,
    violations: decoded.violations.map(({ path, message }) => ({ path, message })),
    ...(masked === 0 ? {} : { masked }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(writer === undefined ? {} : { writer: writer.name }),
    ...(readers.length === 0 ? {} : { readers: readers.map(({ name }) => name) }),
    ...(deliveries.length === 0
      ? {}
      : {
          deliveries: deliveries.map(({ queue, redelivered, receivedAt }) => ({
            queue,
            redelivered,
            at: isoTime(receivedAt),
          })),
        }),
    ...(deadLettered === undefined ? {} : { deadLettered }),
    ...(committedBy.length === 0
      ? {}
      : { committedBy: committedBy.map(({ group, at }) => ({ group, at: isoTime(at) })) }),
    ...(transaction === undefined ? {} : { transaction }),
    ...(duplicateOf === undefined ? {} : { duplicateOf }),
  };
}

function spanObject(
  { seq, envelope, decoded, masked }: ReadMessage,
  origin: OtlpOrigin,
  correlator: Correlator,
): object {
  const { broker: _, endedAt, ...span } = origin;
  const conversation = correlator.conversationOf(seq);
  const { duplicateOf } = correlator.journey(seq);
  const { events } = (decoded.value ?? {}) as { readonly events?: unknown };
  return {
    kind: "span",
    id: seq,
    at: isoTime(envelope.timestamp ?? envelope.receivedAt),
    endedAt: isoTime(endedAt),
    tap: envelope.tap,
    ...span,
    attributes: envelope.headers.map(({ name, value }) => [name, plain(value)]),
    ...(events === undefined ? {} : { events }),
    ...(masked === 0 ? {} : { masked }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(duplicateOf === undefined ? {} : { duplicateOf }),
  };
}

function conversationObject(conversation: Conversation): object {
  const { kind, id, name, key, state, seqs, spans, steps, startedAt, lastAt, endedAt, missing } = conversation;
  const isSpan = new Set(spans?.map(({ seq }) => seq));
  return {
    kind: kind === "saga" ? "saga" : "conversation",
    id,
    // An exchange is a request with its replies; a flow is messages that belong together without one.
    ...(kind === "saga" ? { style: conversation.sagaKind ?? null } : { shape: kind }),
    name,
    key: key === "" ? null : key,
    state,
    ...(conversation.inferredFrom === undefined ? {} : { inferredFrom: conversation.inferredFrom }),
    messages: spans === undefined ? seqs : seqs.filter((seq) => !isSpan.has(seq)),
    ...(spans === undefined ? {} : { spans: spans.map(({ seq }) => seq) }),
    steps: steps.map(stepObject),
    missing: missing.map(({ name, after, since, basis }) => ({ name, after, since: isoTime(since), basis })),
    startedAt: isoTime(startedAt),
    lastAt: isoTime(lastAt),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}

function stepObject({ name, state, seqs, compensation, startedAt, endedAt }: Step): object {
  return {
    name,
    state,
    messages: seqs,
    ...(compensation === undefined ? {} : { compensation: { name: compensation.name, messages: compensation.seqs } }),
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}

function exchangeObject(
  { request, replies, state, latency, failed, deadline }: Exchange,
  conversation: string,
): object {
  return {
    kind: "exchange",
    conversation,
    request,
    replies,
    state,
    // Clocks tell microseconds; what is behind them comes of reckoning.
    latency: latency === undefined ? null : Math.round(latency * 1000) / 1000,
    failed,
    ...(deadline === undefined ? {} : { deadline: { at: isoTime(deadline.at), basis: deadline.basis } }),
  };
}

function edgeObject({ from, to, kind, strength, joins, because, rivals }: Edge): object {
  return {
    kind: "edge",
    cause: from,
    effect: to,
    strength,
    by: kind,
    joins,
    evidence: because.map(({ seq, where, value }) => ({ message: seq, where, value })),
    rivals,
  };
}
