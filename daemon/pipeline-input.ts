import type { MessageInput } from "../contracts/codec/index.ts";
import type { Envelope, HeaderValue } from "./tap/envelope.ts";

/** Headers in which frameworks say what kind of message this is, most telling first. */
const typeHeaders = [
  "ce_type",
  "ce-type",
  "cloudEvents:type",
  "__TypeId__",
  "message-type",
  "event-type",
  "eventType",
  "type",
];

/** What the codec needs of an envelope; `undefined` for a span, which no contract describes. */
export function messageInput(envelope: Envelope): MessageInput | undefined {
  const { origin } = envelope;
  if (origin.broker === "otlp") return undefined;
  const headers = envelope.headers.map(({ name, value }) => [name, headerText(value)] as const);
  const typeHint = (origin.broker === "rabbitmq" ? origin.properties.type : undefined) ?? typeOf(headers);
  const contentType =
    (origin.broker === "rabbitmq" ? origin.properties.contentType : undefined) ?? textOf(headers, "content-type");
  return {
    broker: origin.broker,
    channel: channelOf(envelope),
    ...(origin.broker === "rabbitmq" ? { routingKey: origin.routingKeys[0] ?? "" } : {}),
    ...(origin.broker === "rabbitmq" && origin.routedQueues !== undefined ? { queues: origin.routedQueues } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    ...(typeHint === undefined ? {} : { typeHint }),
    headers,
    body: envelope.body,
  };
}

/** The Kafka topic, the RabbitMQ exchange, or the service of a span. */
export function channelOf({ origin }: Envelope): string {
  if (origin.broker === "otlp") return origin.service;
  return origin.broker === "kafka" ? origin.topic : origin.exchange;
}

/** The channel as people name it: the topic; the queue behind the default exchange; `exchange/routing key` else. Of a span its service. */
export function channelName(envelope: Envelope): string {
  const { origin } = envelope;
  if (origin.broker === "kafka") return origin.topic;
  if (origin.broker === "otlp") return origin.service;
  const key = origin.routingKeys[0] ?? "";
  if (origin.exchange === "") return key;
  return key === "" ? origin.exchange : `${origin.exchange}/${key}`;
}

/** A header value as text, or its bytes where it is bytes that are not text. */
export function headerText(value: HeaderValue): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  if (value === null) return "";
  if (typeof value === "object") {
    return JSON.stringify(value, (_name, item: unknown) => {
      if (typeof item === "bigint") return String(item);
      return item instanceof Uint8Array ? Buffer.from(item).toString("utf8") : item;
    });
  }
  return String(value);
}

function typeOf(headers: MessageInput["headers"]): string | undefined {
  for (const name of typeHeaders) {
    const found = textOf(headers, name);
    if (found !== undefined && found !== "") return found;
  }
  return undefined;
}

function textOf(headers: MessageInput["headers"], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const value = headers.find(([header]) => header.toLowerCase() === wanted)?.[1];
  if (value === undefined) return undefined;
  const text = typeof value === "string" ? value : Buffer.from(value).toString("utf8");
  return text.length <= 256 ? text : undefined;
}
