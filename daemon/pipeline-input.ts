import { type MessageHeader, type MessageInput, type NamedSchema, schemaNamed } from "../contracts/codec/index.ts";
import type { Envelope, Header, HeaderValue } from "./tap/envelope.ts";

/** What the codec needs of an envelope; `undefined` for a span, which no contract describes. */
export function messageInput(envelope: Envelope): MessageInput | undefined {
  const { origin } = envelope;
  if (origin.broker === "otlp") return undefined;
  const { body } = envelope;
  const headers = headersOf(envelope.headers);
  const declared = contentTypeOf(headers);
  if (origin.broker === "kafka") {
    return { broker: "kafka", channel: origin.topic, contentType: declared, headers, body };
  }
  const { exchange: channel, routingKeys, routedQueues: queues } = origin;
  const { contentType = declared, type: typeHint } = origin.properties;
  return {
    broker: "rabbitmq",
    channel,
    routingKey: routingKeys[0] ?? "",
    queues,
    contentType,
    typeHint,
    headers,
    body,
  };
}

/** Which schema of a registry a message names; nearly every one names none, which costs a look at its header names. */
export function schemaOf({ headers, body }: Envelope): NamedSchema | undefined {
  const telling = headers.filter(({ name }) => name.length > 16 && /^(?:__value_schema_id|apicurio\.)/.test(name));
  if (telling.length === 0 && body?.[0] !== 0) return undefined;
  return schemaNamed({ headers: headersOf(telling), body });
}

/** The headers as text or bytes; those that are all such, as nearly always, as they are. */
function headersOf(headers: readonly Header[]): readonly MessageHeader[] {
  return areTold(headers) ? headers : headers.map(({ name, value }) => ({ name, value: headerText(value) }));
}

function areTold(headers: readonly Header[]): headers is readonly MessageHeader[] {
  for (const { value } of headers) if (typeof value !== "string" && !(value instanceof Uint8Array)) return false;
  return true;
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

/** The header that says how the body is encoded; what kind of message it is, the codec finds in the headers itself. */
function contentTypeOf(headers: MessageInput["headers"]): string | undefined {
  for (const { name, value } of headers) {
    if (name.length !== contentType.length || name.toLowerCase() !== contentType) continue;
    const text = typeof value === "string" ? value : Buffer.from(value).toString("utf8");
    return text.length <= 256 ? text : undefined;
  }
  return undefined;
}

const contentType = "content-type";
