/**
 * How values of the wire stand in the text columns of a capture: JSON, with bytes and big integers marked so that they
 * come back as they were. Bytes that are UTF-8 text stay readable in any SQLite tool.
 */
import type { Envelope, Header, HeaderValue, KafkaOrigin, OtlpOrigin, RabbitmqOrigin } from "../tap/envelope.ts";
import { count, flag, integer, oneOf, optional, table, text, texts, time } from "./sound.ts";

type Stored =
  | null
  | boolean
  | number
  | string
  | { readonly utf8: string }
  | { readonly base64: string }
  | { readonly integer: string }
  | { readonly list: readonly Stored[] }
  | { readonly table: ReadonlyArray<readonly [string, Stored]> };

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function headersToText(headers: readonly Header[]): string {
  // Written by hand: there are some in every message, and most are short texts of which nothing needs quoting.
  let text = "";
  for (const { name, value } of headers) {
    text += `${text === "" ? "" : ","}[${quoted(name)},${value instanceof Uint8Array ? bytesToText(value) : JSON.stringify(toStored(value))}]`;
  }
  return `[${text}]`;
}

/** ASCII without quotes, backslashes and control characters stands in JSON as it is. */
const plain = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

const plainAtMost = 1_024;

function bytesToText(value: Uint8Array): string {
  if (value.length <= plainAtMost) {
    // Every byte a character: beyond ASCII that is not the text, and is not plain either.
    const text = Buffer.prototype.latin1Slice.call(value, 0, value.length);
    if (plain.test(text)) return `{"utf8":"${text}"}`;
  }
  return JSON.stringify(toStored(value));
}

/** Lists of headers by their texts: most come again from message to message, and none is ever changed. */
const knownHeaders = new Map<string, readonly Header[]>();
const mostKnown = 500;
const knownAtMost = 500;

/** Throws for what is no list of headers, as a damaged file has it; so does `originFromText`. */
export function headersFromText(stored: string): readonly Header[] {
  if (stored === "[]") return [];
  const known = knownHeaders.get(stored);
  if (known !== undefined) return known;
  const pairs = JSON.parse(stored) as ReadonlyArray<readonly [unknown, Stored]>;
  const headers = pairs.map(([name, value]) => ({ name: text(name), value: fromStored(value) }));
  if (stored.length <= knownAtMost) remember(knownHeaders, stored, headers);
  return headers;
}

/** What is remembered is bounded: when that many are known, it begins anew. */
function remember<T>(known: Map<string, T>, text: string, value: T): void {
  if (known.size >= mostKnown) known.clear();
  known.set(text, value);
}

export function originToText(origin: Envelope["origin"]): string {
  if (origin.broker !== "kafka") return JSON.stringify(origin);
  // Written by hand: there is one for every record, and nothing but the topic needs quoting.
  const { topic, partition, offset, timestampType, producerId, transactional } = origin;
  const producer = producerId === undefined ? "" : `,"producerId":"${producerId}"`;
  return `{"broker":"kafka","topic":${quoted(topic)},"partition":${partition},"timestampType":"${timestampType}","transactional":${transactional},"offset":"${offset}"${producer}}`;
}

/** What stands before the offset in origins from Kafka: the same for all records of a partition. */
const knownPartitions = new Map<string, KafkaOrigin>();
/** No quote stands inside of a JSON string without a backslash before it, so this is no part of a name. */
const offsetMark = ',"offset":"';
const behindMark = /^(\d+)"(?:,"producerId":"(\d+)")?}$/;

export function originFromText(stored: string): Envelope["origin"] {
  const cut = stored.indexOf(offsetMark);
  const places = cut < 0 ? null : behindMark.exec(stored.slice(cut + offsetMark.length));
  if (places === null) return parsedOrigin(stored);
  const known = knownPartitions.get(stored.slice(0, cut));
  if (known === undefined) {
    const origin = parsedOrigin(stored);
    if (origin.broker === "kafka" && cut <= knownAtMost) remember(knownPartitions, stored.slice(0, cut), origin);
    return origin;
  }
  const { broker, topic, partition, timestampType, transactional } = known;
  const [, offset = "", producerId] = places;
  const read = { broker, topic, partition, offset: BigInt(offset), timestampType, transactional };
  return producerId === undefined ? read : { ...read, producerId: BigInt(producerId) };
}

function parsedOrigin(stored: string): Envelope["origin"] {
  const origin = table(JSON.parse(stored));
  switch (origin["broker"]) {
    case "kafka":
      return kafkaOriginFrom(origin);
    case "rabbitmq":
      return rabbitmqOriginFrom(origin);
    case "otlp":
      return spanFrom(origin);
    default:
      throw new TypeError("no broker of that kind is known");
  }
}

function kafkaOriginFrom(origin: Readonly<Record<string, unknown>>): KafkaOrigin {
  const { topic, partition, offset, timestampType, producerId, transactional } = origin;
  const read = {
    broker: "kafka",
    topic: text(topic),
    partition: count(partition),
    offset: integer(offset),
    timestampType: oneOf(timestampType, ["create", "append"]),
    transactional: flag(transactional),
  } as const;
  return producerId === undefined ? read : { ...read, producerId: integer(producerId) };
}

function rabbitmqOriginFrom(origin: Readonly<Record<string, unknown>>): RabbitmqOrigin {
  return {
    broker: "rabbitmq",
    vhost: text(origin["vhost"]),
    exchange: text(origin["exchange"]),
    routingKeys: texts(origin["routingKeys"]),
    properties: optional(table(origin["properties"]), {
      contentType: text,
      contentEncoding: text,
      correlationId: text,
      replyTo: text,
      messageId: text,
      type: text,
      appId: text,
      userId: text,
      expiration: text,
      deliveryMode: count,
      priority: count,
    }),
    ...optional(origin, { routedQueues: texts, connection: text, user: text, channel: count, connectionName: text }),
  };
}

/** A span has more that may be missing: what is read of it everywhere is there, whatever the file says. */
function spanFrom(origin: Readonly<Record<string, unknown>>): OtlpOrigin {
  const { service, name, traceId, spanId, spanKind, endedAt, links, status } = origin;
  const orEmpty = (value: unknown) => (typeof value === "string" ? value : "");
  const linkFrom = (link: unknown) => {
    const { traceId, spanId } = (link ?? {}) as Readonly<Record<string, unknown>>;
    return { traceId: orEmpty(traceId), spanId: orEmpty(spanId) };
  };
  return {
    broker: "otlp",
    service: orEmpty(service),
    name: orEmpty(name),
    traceId: orEmpty(traceId),
    spanId: orEmpty(spanId),
    spanKind: orEmpty(spanKind) as OtlpOrigin["spanKind"],
    status: status === undefined ? "unset" : oneOf(status, ["unset", "ok", "error"]),
    endedAt: typeof endedAt === "number" ? time(endedAt) : 0,
    ...optional(origin, { instance: text, scope: text, parentSpanId: text, statusMessage: text, dropped: count }),
    ...(links === undefined ? {} : { links: [links].flat().map(linkFrom) }),
  };
}

function toStored(value: HeaderValue): Stored {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return { integer: String(value) };
  if (value instanceof Uint8Array) {
    try {
      return { utf8: strictUtf8.decode(value) };
    } catch {
      return { base64: Buffer.from(value).toString("base64") };
    }
  }
  if (Array.isArray(value)) return { list: value.map((item: HeaderValue) => toStored(item)) };
  return { table: Object.entries(value).map(([name, item]) => [name, toStored(item)] as const) };
}

function fromStored(value: Stored): HeaderValue {
  if (value === null || typeof value !== "object") return value;
  if ("utf8" in value) return new Uint8Array(Buffer.from(text(value.utf8), "utf8"));
  if ("base64" in value) return new Uint8Array(Buffer.from(text(value.base64), "base64"));
  if ("integer" in value) return integer(value.integer);
  if ("list" in value) return value.list.map(fromStored);
  return Object.fromEntries(value.table.map(([name, item]) => [text(name), fromStored(item)]));
}
