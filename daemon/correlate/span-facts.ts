/** What a span says of itself, as far as it decides where the span belongs. */
import type { Envelope, HeaderValue, OtlpOrigin } from "../tap/envelope.ts";
import { traceIdOf } from "./ids.ts";
import type { Node } from "./node.ts";

export interface SpanFacts {
  readonly trace: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly links: ReadonlyArray<{ readonly trace: string; readonly spanId: string }>;
  readonly kind: OtlpOrigin["spanKind"];
  readonly service: string;
  /** How long it took, milliseconds. */
  readonly ms: number;
  /** What it called, as its attributes name it. */
  readonly peer: string | undefined;
  /** Where its message came from or went to. */
  readonly destination: string | undefined;
}

export function isSpan(node: Node): boolean {
  return node.broker === "otlp";
}

/** Whether a message is at the place that a span names: instrumentations name the topic, the exchange or the queue. */
export function isAt(node: Node, destination: string): boolean {
  if (node.channel === destination || node.exchange === destination) return true;
  if (node.queues?.includes(destination) === true || node.routingKeys.includes(destination)) return true;
  return destination === `${node.exchange}:${node.routingKeys[0] ?? ""}`;
}

export function spanFactsOf(envelope: Envelope, origin: OtlpOrigin): SpanFacts {
  const { traceId, spanId, parentSpanId, links, spanKind, service, endedAt } = origin;
  const attributes = new Map(envelope.headers.map(({ name, value }) => [name, value]));
  return {
    trace: traceIdOf(traceId) ?? traceId,
    spanId,
    parent: parentSpanId,
    links: (links ?? []).map((link) => ({ trace: traceIdOf(link.traceId) ?? link.traceId, spanId: link.spanId })),
    kind: spanKind,
    service,
    ms: Math.max(0, endedAt - (envelope.timestamp ?? endedAt)),
    peer: peerOf(attributes),
    destination: text(attributes.get("messaging.destination.name") ?? attributes.get("messaging.destination")),
  };
}

/** What a client called, by its attributes, old and new names: a service by its name, a database by its kind, or a host. */
function peerOf(attributes: ReadonlyMap<string, HeaderValue>): string | undefined {
  const named = (...names: string[]) =>
    names.map((name) => text(attributes.get(name))).find((one) => one !== undefined);
  const service = named("peer.service", "service.peer.name", "db.system.name", "db.system");
  if (service !== undefined) return service;
  const host = named("server.address", "net.peer.name", "http.host");
  const port = attributes.get("server.port") ?? attributes.get("net.peer.port");
  return host === undefined || host.includes(":") || typeof port !== "number" ? host : `${host}:${port}`;
}

function text(value: HeaderValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 128) : undefined;
}
