/**
 * From what RabbitMQ hands a tap to envelopes. Pure.
 *
 * A trace message has the original body; its routing key is `publish.<exchange>` or `deliver.<queue>`; its headers are
 *   exchange_name, routing_keys, properties (a table, application headers under `headers`), node, vhost, connection,
 *   channel, user; redelivered (deliver only); routed_queues (publish only)
 * Its own AMQP properties are empty.
 */
import type { Envelope, Header, HeaderValue, RabbitmqOrigin, RabbitmqProperties, TapEvent } from "./envelope.ts";

/** Queues of this tap, and of others like it, begin with this; nobody wants to see them. */
export const ownPrefix = "contrail-tap";

export interface ReadingOptions {
  readonly tap: string;
  readonly vhost: string;
  readonly receivedAt: number;
  readonly keptBytes: number;
  /** The name that an application gave a connection, when it is known. */
  readonly nameOf: (connection: string) => string | undefined;
}

type Table = Readonly<Record<string, unknown>>;

/** What a trace message tells; `undefined` when it tells of a tap or of nothing known. */
export function readTrace(
  routingKey: string,
  headers: Table,
  content: Uint8Array,
  options: ReadingOptions,
): TapEvent | undefined {
  const connection = asText(headers["connection"]);
  const connectionName = connection === undefined ? undefined : options.nameOf(connection);
  if (connectionName?.startsWith(ownPrefix) === true) return undefined;
  const user = asText(headers["user"]);
  const channel = typeof headers["channel"] === "number" ? headers["channel"] : undefined;
  const vhost = asText(headers["vhost"]) ?? options.vhost;
  const party = {
    ...(connection === undefined ? undefined : { connection }),
    ...(connectionName === undefined ? undefined : { connectionName }),
    ...(user === undefined ? undefined : { user }),
    ...(channel === undefined ? undefined : { channel }),
  };
  const properties = asTable(headers["properties"]);
  const exchange = asText(headers["exchange_name"]) ?? "";
  const origin: RabbitmqOrigin = {
    broker: "rabbitmq",
    vhost,
    exchange,
    routingKeys: asTexts(headers["routing_keys"]),
    properties: traceProperties(properties),
  };
  const shared = {
    headers: tableHeaders(properties["headers"]),
    timestamp: plausibleTime(properties["timestamp"]),
    content,
    options,
  };
  if (routingKey.startsWith("publish.")) {
    // To the default exchange the broker lists the routing key unchecked, and for a direct reply nothing at all.
    const queues = exchange === "" ? undefined : asTexts(headers["routed_queues"]).filter((queue) => !isOwn(queue));
    const routed =
      queues === undefined || headers["routed_queues"] === undefined ? undefined : { routedQueues: queues };
    return { kind: "message", envelope: envelope({ ...shared, origin: { ...origin, ...routed, ...party } }) };
  }
  if (!routingKey.startsWith("deliver.")) return undefined;
  const queue = routingKey.slice("deliver.".length);
  if (isOwn(queue)) return undefined;
  const delivery = {
    tap: options.tap,
    receivedAt: options.receivedAt,
    vhost,
    queue,
    redelivered: headers["redelivered"] === 1 || headers["redelivered"] === true,
    ...party,
    message: envelope({ ...shared, origin }),
  };
  return { kind: "delivery", delivery };
}

/** What a copy of a message tells that came by a binding: the message itself, but not who wrote it nor who gets it. */
export function readCopy(
  fields: { readonly exchange: string; readonly routingKey: string },
  properties: Table,
  content: Uint8Array,
  options: ReadingOptions,
): TapEvent {
  const origin: RabbitmqOrigin = {
    broker: "rabbitmq",
    vhost: options.vhost,
    exchange: fields.exchange,
    routingKeys: [fields.routingKey],
    properties: copyProperties(properties),
  };
  const headers = tableHeaders(properties["headers"]);
  const timestamp = plausibleTime(properties["timestamp"]);
  return { kind: "message", envelope: envelope({ headers, timestamp, content, options, origin }) };
}

function envelope(parts: {
  readonly headers: readonly Header[];
  readonly timestamp: number | undefined;
  readonly content: Uint8Array;
  readonly options: ReadingOptions;
  readonly origin: RabbitmqOrigin;
}): Envelope & { readonly origin: RabbitmqOrigin } {
  const { headers, timestamp, content, options, origin } = parts;
  return {
    tap: options.tap,
    receivedAt: options.receivedAt,
    ...(timestamp === undefined ? undefined : { timestamp }),
    headers,
    key: null,
    // A copy: the bytes given are a window into what the socket read, which would all stay in memory with it.
    body: Buffer.from(content.length > options.keptBytes ? content.subarray(0, options.keptBytes) : content),
    bodySize: content.length,
    origin,
  };
}

function traceProperties(table: Table): RabbitmqProperties {
  return propertiesFrom((snake) => table[snake]);
}

function copyProperties(table: Table): RabbitmqProperties {
  return propertiesFrom((_, camel) => table[camel]);
}

const textProperties = [
  ["content_type", "contentType"],
  ["content_encoding", "contentEncoding"],
  ["correlation_id", "correlationId"],
  ["reply_to", "replyTo"],
  ["message_id", "messageId"],
  ["type", "type"],
  ["app_id", "appId"],
  ["user_id", "userId"],
  ["expiration", "expiration"],
] as const;

const numberProperties = [
  ["delivery_mode", "deliveryMode"],
  ["priority", "priority"],
] as const;

function propertiesFrom(get: (snake: string, camel: string) => unknown): RabbitmqProperties {
  const found: Record<string, string | number> = {};
  for (const [snake, camel] of textProperties) {
    const value = get(snake, camel);
    if (typeof value === "string") found[camel] = value;
    else if (typeof value === "number") found[camel] = String(value);
  }
  for (const [snake, camel] of numberProperties) {
    const value = get(snake, camel);
    if (typeof value === "number") found[camel] = value;
  }
  return found;
}

function tableHeaders(value: unknown): readonly Header[] {
  return Object.entries(asTable(value)).map(([name, value]) => ({ name, value: headerValue(value, 0) }));
}

const deepest = 16;

function headerValue(value: unknown, depth: number): HeaderValue {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string")
    return value;
  if (typeof value === "bigint") return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (depth >= deepest || typeof value !== "object") return null;
  if (Array.isArray(value)) return value.map((item) => headerValue(item, depth + 1));
  const table = value as Table;
  // amqplib's way to say of a value that it was a time or a decimal on the wire.
  if (table["!"] === "timestamp" && typeof table["value"] === "number") return table["value"];
  if (table["!"] === "decimal") {
    const { digits, places } = asTable(table["value"]);
    return typeof digits === "number" && typeof places === "number" ? digits / 10 ** places : null;
  }
  return Object.fromEntries(Object.entries(table).map(([name, item]) => [name, headerValue(item, depth + 1)]));
}

/**
 * AMQP's timestamp is seconds. Publishers that write milliseconds are understood where the broker passes them on; in a
 * trace message it cuts them to 32 bits, and what is left is no time.
 */
function plausibleTime(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : asTable(value)["value"];
  if (typeof number !== "number") return undefined;
  if (number >= 946_684_800 && number < 4_102_444_800) return number * 1_000;
  return number >= 946_684_800_000 && number < 4_102_444_800_000 ? number : undefined;
}

function isOwn(queue: string): boolean {
  return queue.startsWith(ownPrefix);
}

function asTable(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
