/**
 * Conversations as traces of OpenTelemetry: OTLP in JSON, one ExportTraceServiceRequest a line and a conversation.
 * Each is what `POST /v1/traces` takes, and the lines together are what the collector's otlpjsonfile receiver reads.
 *
 * A conversation is a trace with an internal span around it; a message is a producer span below its cause; a delivery
 * is a consumer span below its message. Other causes, and the trace context that a message carries itself, are links.
 * Spans that were taken in go out with the ids that they came with, and what is made beside them joins their trace.
 */
import { createHash } from "node:crypto";
import type { Conversation, Edge } from "../correlate/model.ts";
import { channelName } from "../pipeline-input.ts";
import type { ReadMessage } from "../pipeline-recent.ts";
import type { Envelope, HeaderValue, OtlpOrigin } from "../tap/envelope.ts";
import type { CaptureReading } from "./reading.ts";
import { keyOf } from "./values.ts";

type AttributeValue = string | number | boolean | undefined;
type Attributes = Readonly<Record<string, AttributeValue>>;

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly object[];
  readonly links?: readonly object[];
  readonly events?: readonly object[];
  readonly status?: { readonly code: number; readonly message?: string };
}

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
const statuses = { unset: 0, ok: 1, error: 2 } as const;
const failed = statuses.error;
const strengths = ["certain", "declared", "inferred", "possible"];

export function* otlpLines(reading: CaptureReading): Generator<string> {
  for (const conversation of reading.pipeline.correlator.conversations()) {
    yield JSON.stringify({ resourceSpans: new TraceOf(conversation, reading).resourceSpans() });
  }
}

/** One conversation as spans, by the service that they belong to. */
class TraceOf {
  private readonly conversation: Conversation;
  private readonly reading: CaptureReading;
  private readonly byService = new Map<string, Span[]>();
  /** The ids of the spans that were taken in, by number. */
  private readonly known = new Map<number, OtlpOrigin>();

  constructor(conversation: Conversation, reading: CaptureReading) {
    this.conversation = conversation;
    this.reading = reading;
    for (const { seq } of conversation.spans ?? []) {
      const origin = reading.pipeline.message(seq)?.envelope.origin;
      if (origin?.broker === "otlp") this.known.set(seq, origin);
    }
  }

  resourceSpans(): readonly object[] {
    this.addRoot();
    for (const seq of this.conversation.seqs) {
      const message = this.reading.pipeline.message(seq);
      if (message !== undefined) this.addMessage(message);
    }
    return [...this.byService].map(([service, spans]) => ({
      resource: { attributes: attributes({ "service.name": service }) },
      scopeSpans: [{ scope: { name: "contrail" }, spans }],
    }));
  }

  private addRoot(): void {
    const { id, name, key, state, kind, startedAt, lastAt, endedAt } = this.conversation;
    const isWrong = state === "failed" || state === "stuck" || state === "late";
    this.add("contrail", {
      traceId: this.traceId(id),
      spanId: this.spanId(id),
      name: name === "" ? id : name,
      kind: kinds.internal,
      ...times(startedAt, Math.max(lastAt, endedAt ?? 0)),
      attributes: attributes({
        "contrail.conversation.id": id,
        "contrail.conversation.kind": kind,
        "contrail.conversation.state": state,
        "contrail.conversation.key": key === "" ? undefined : key,
      }),
      ...(isWrong ? { status: { code: failed, message: `${kind} ${state}` } } : {}),
    });
  }

  private addSpan({ seq, envelope, decoded }: ReadMessage, origin: OtlpOrigin): void {
    const { service, name, spanKind, traceId, spanId, parentSpanId, status, statusMessage, links = [] } = origin;
    const { events = [] } = (decoded.value ?? {}) as { readonly events?: readonly StoredEvent[] };
    const at = envelope.timestamp ?? envelope.receivedAt;
    this.add(service, {
      traceId,
      spanId,
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      name,
      kind: kinds[spanKind],
      ...times(at, origin.endedAt),
      attributes: [
        ...envelope.headers.map(({ name: key, value }) => ({ key, value: anyValue(value) })),
        ...attributes({ "contrail.message.id": seq, "contrail.conversation.id": this.conversation.id }),
      ],
      ...(links.length === 0 ? {} : { links }),
      ...(events.length === 0 ? {} : { events: events.map(eventOf) }),
      ...(status === "unset"
        ? {}
        : { status: { code: statuses[status], ...(statusMessage === undefined ? {} : { message: statusMessage }) } }),
    });
  }

  private addMessage({ seq, envelope, decoded }: ReadMessage): void {
    const { origin } = envelope;
    if (origin.broker === "otlp") return this.addSpan({ seq, envelope, decoded, masked: 0 }, origin);
    const { correlator } = this.reading.pipeline;
    const { id, edges, exchanges } = this.conversation;
    const causes = edges.filter(({ to }) => to === seq).sort(byStrength);
    const cause = causes.find(({ from, joins }) => joins && correlator.conversationOf(from) === id);
    const at = envelope.timestamp ?? envelope.receivedAt;
    const exchange = exchanges.find(({ request }) => request === seq);
    const { writer, readers } = correlator.parties(seq);
    const violation = decoded.violations[0];
    const about = messaging(envelope);
    const place = { traceId: this.traceId(id), spanId: this.spanIdOf(seq) };
    const links = [...causes.filter((edge) => edge !== cause).map((edge) => this.link(edge)), ...wireContext(envelope)];
    this.add(writer?.name ?? envelope.origin.broker, {
      ...place,
      parentSpanId: cause === undefined ? this.spanId(id) : this.spanIdOf(cause.from),
      name: `send ${destinationOf(envelope)}`,
      kind: kinds.producer,
      ...times(at, at + (exchange?.latency ?? 0)),
      attributes: attributes({
        ...about,
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.message.body.size": envelope.bodySize,
        "contrail.message.id": seq,
        "contrail.message.name": correlator.nameOf(seq),
        "contrail.message.definition": decoded.definition?.name,
        "contrail.message.check": decoded.check,
        "contrail.edge.strength": cause?.strength,
        "contrail.edge.by": cause?.kind,
        "contrail.exchange.state": exchange?.state,
      }),
      ...(links.length === 0 ? {} : { links }),
      ...(violation === undefined
        ? {}
        : { status: { code: failed, message: `${violation.path}: ${violation.message}` } }),
    });
    correlator.journey(seq).deliveries.forEach((delivery, index) => {
      const service = delivery.participant ?? delivery.connectionName ?? readers[0]?.name ?? delivery.queue;
      this.add(service, {
        traceId: place.traceId,
        spanId: this.spanId(`${seq}/${index}`),
        parentSpanId: place.spanId,
        name: `process ${delivery.queue}`,
        kind: kinds.consumer,
        ...times(delivery.receivedAt, delivery.receivedAt),
        attributes: attributes({
          ...about,
          "messaging.operation.name": "process",
          "messaging.operation.type": "process",
          "messaging.destination.subscription.name": delivery.queue,
          "contrail.message.id": seq,
          "contrail.delivery.redelivered": delivery.redelivered,
        }),
      });
    });
  }

  private link(edge: Edge): object {
    const other = this.reading.pipeline.correlator.conversationOf(edge.from) ?? this.conversation.id;
    return {
      traceId: this.traceId(other),
      spanId: this.spanIdOf(edge.from),
      attributes: attributes({ "contrail.edge.strength": edge.strength, "contrail.edge.by": edge.kind }),
    };
  }

  private add(service: string, span: Span): void {
    const known = this.byService.get(service);
    if (known === undefined) this.byService.set(service, [span]);
    else known.push(span);
  }

  /** Ids come from the capture, so that a second export says the same and two captures never meet. */
  private traceId(conversation: string): string {
    const [taken] = conversation === this.conversation.id ? this.known.values() : [];
    if (taken !== undefined) return taken.traceId;
    return this.hash(`trace ${conversation}`).slice(0, 32);
  }

  private spanIdOf(seq: number): string {
    return this.known.get(seq)?.spanId ?? this.spanId(String(seq));
  }

  private spanId(of: string): string {
    return this.hash(`span ${of}`).slice(0, 16);
  }

  private hash(text: string): string {
    return createHash("sha256").update(`${this.reading.capture.id} ${text}`).digest("hex");
  }
}

/** An event of a span as its tap stored it. */
interface StoredEvent {
  readonly name: string;
  readonly at?: string;
  readonly attributes?: Readonly<Record<string, HeaderValue>>;
}

function eventOf({ name, at, attributes: values = {} }: StoredEvent): object {
  return {
    name,
    ...(at === undefined ? {} : { timeUnixNano: nanoseconds(Date.parse(at)) }),
    attributes: Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) })),
  };
}

function anyValue(value: HeaderValue): object {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number" && !Number.isInteger(value)) return { doubleValue: value };
  if (typeof value === "number" || typeof value === "bigint") return { intValue: String(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return { arrayValue: { values: value.map((item: HeaderValue) => anyValue(item)) } };
  const values = Object.entries(value).map(([key, item]) => ({ key, value: anyValue(item) }));
  return { kvlistValue: { values } };
}

/** The attributes of OpenTelemetry's conventions for messaging that both directions share. */
function messaging(envelope: Envelope): Attributes {
  const { origin } = envelope;
  if (origin.broker === "otlp") return {};
  const common = {
    "messaging.system": origin.broker,
    "messaging.destination.name": destinationOf(envelope),
  };
  if (origin.broker === "kafka") {
    return {
      ...common,
      "messaging.destination.partition.id": String(origin.partition),
      "messaging.kafka.offset": Number(origin.offset),
      "messaging.kafka.message.key": keyOf(envelope.key) ?? undefined,
      "messaging.kafka.message.tombstone": envelope.body === null ? true : undefined,
    };
  }
  return {
    ...common,
    "messaging.rabbitmq.destination.routing_key": origin.routingKeys[0],
    "messaging.message.id": origin.properties.messageId,
    "messaging.message.conversation_id": origin.properties.correlationId,
  };
}

/** A topic; for RabbitMQ `exchange:routing key`, the one that is not empty, or `amq.default`. */
function destinationOf(envelope: Envelope): string {
  const { origin } = envelope;
  if (origin.broker !== "rabbitmq") return channelName(envelope);
  const parts = [origin.exchange, origin.routingKeys[0] ?? ""].filter((part) => part !== "");
  return parts.length === 0 ? "amq.default" : parts.join(":");
}

/** The span that the writer itself named in `traceparent`, so that both traces find each other. */
function wireContext({ headers }: Envelope): object[] {
  const value = headers.find(({ name }) => name.toLowerCase() === "traceparent")?.value;
  const text = value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
  const match = typeof text === "string" ? /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(text) : null;
  if (match === null || /^0+$/.test(match[1] ?? "") || /^0+$/.test(match[2] ?? "")) return [];
  return [{ traceId: match[1], spanId: match[2], attributes: attributes({ "contrail.link": "traceparent" }) }];
}

function attributes(values: Attributes): object[] {
  return Object.entries(values).flatMap(([key, value]): object[] => {
    if (value === undefined) return [];
    if (typeof value === "boolean") return [{ key, value: { boolValue: value } }];
    // OTLP's JSON has 64-bit integers as text.
    if (typeof value === "number") return [{ key, value: { intValue: String(value) } }];
    return [{ key, value: { stringValue: value } }];
  });
}

function times(from: number, to: number): Pick<Span, "startTimeUnixNano" | "endTimeUnixNano"> {
  return { startTimeUnixNano: nanoseconds(from), endTimeUnixNano: nanoseconds(Math.max(from, to)) };
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

function byStrength(a: Edge, b: Edge): number {
  return Number(b.joins) - Number(a.joins) || strengths.indexOf(a.strength) - strengths.indexOf(b.strength);
}
