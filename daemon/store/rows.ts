/** Rows of a capture to tap events and back. */
import type { Delivery, Envelope, Header, RabbitmqOrigin, TapEvent, TapState } from "../tap/envelope.ts";
import type { StoredMessage } from "./capture-types.ts";
import { bytes, count, flag, integer, oneOf, optional, table, text, time } from "./sound.ts";
import { headersFromText, headersToText, originFromText, originToText } from "./values.ts";

export interface MessageRow {
  readonly seq: number;
  readonly n: number;
  readonly tap: string;
  readonly received_at: number;
  readonly timestamp: number | null;
  readonly key: Uint8Array | null;
  readonly headers: string;
  readonly origin: string;
  readonly body: Uint8Array | null;
  readonly body_size: number;
  readonly masked: number;
}

/** All that is read of a message: its channel is in the origin too. */
export const messageColumns = "seq, n, tap, received_at, timestamp, key, headers, origin, body, body_size, masked";

export interface HappenedRow {
  readonly n: number;
  readonly kind: string;
  readonly at: number;
  readonly seq: number | null;
  readonly data: string;
  readonly body: Uint8Array | null;
}

export function messageFromRow(row: MessageRow): StoredMessage {
  return { seq: row.seq, masked: row.masked, envelope: envelopeFromRow(row) };
}

/** Never throws: of a message that is damaged in the file, what of it can be read is there, and a header says so. */
export function envelopeFromRow(row: MessageRow): Envelope {
  try {
    const { timestamp } = row;
    const tap = text(row.tap);
    const receivedAt = time(row.received_at);
    const headers = headersFromText(row.headers);
    const key = bytes(row.key);
    const body = bytes(row.body);
    const bodySize = count(row.body_size);
    const origin = originFromText(row.origin);
    return timestamp === null
      ? { tap, receivedAt, headers, key, body, bodySize, origin }
      : { tap, receivedAt, timestamp: time(timestamp), headers, key, body, bodySize, origin };
  } catch (cause) {
    return damagedEnvelope(row, cause);
  }
}

/** What stands for a channel, and in a header's name, where a row of the file is damaged. */
const damagedName = "damaged in this file";

function damagedEnvelope(row: MessageRow, cause: unknown): Envelope {
  const as = <T>(read: (value: unknown) => T, value: unknown, otherwise: T): T => {
    try {
      return read(value);
    } catch {
      return otherwise;
    }
  };
  const origin: RabbitmqOrigin = {
    broker: "rabbitmq",
    vhost: "/",
    exchange: "",
    routingKeys: [damagedName],
    properties: {},
  };
  const body = as(bytes, row.body, null);
  return {
    tap: as(text, row.tap, damagedName),
    receivedAt: as(time, row.received_at, 0),
    headers: [{ name: damagedName, value: cause instanceof Error ? cause.message : String(cause) }],
    key: as(bytes, row.key, null),
    body,
    bodySize: body?.length ?? 0,
    origin: as((value) => originFromText(text(value)), row.origin, origin),
  };
}

type HappenedValues = readonly [kind: string, at: number, seq: number | null, data: string, body: Uint8Array | null];

/** The columns behind `n`. */
export function happenedToRow(
  event: Exclude<TapEvent, { kind: "message" }>,
  seq: number | undefined,
  written: Envelope | undefined,
): HappenedValues {
  switch (event.kind) {
    case "delivery": {
      const { message, ...delivery } = event.delivery;
      const same = written !== undefined && sameBytes(written.body, message.body);
      const data = {
        ...delivery,
        origin: originToText(message.origin),
        ...(message.timestamp === undefined ? {} : { timestamp: message.timestamp }),
        ...(written !== undefined && sameHeaders(written.headers, message.headers)
          ? {}
          : { headers: headersToText(message.headers) }),
        ...(same ? {} : { bodySize: message.bodySize, hasBody: message.body !== null }),
      };
      return ["delivery", event.delivery.receivedAt, seq ?? null, JSON.stringify(data), same ? null : message.body];
    }
    case "commit":
      return ["commit", event.at, null, JSON.stringify({ ...event, offset: String(event.offset) }), null];
    case "transaction":
      return [
        "transaction",
        0,
        null,
        JSON.stringify({ ...event, offset: String(event.offset), producerId: String(event.producerId) }),
        null,
      ];
    case "connection":
      return ["connection", event.at, null, JSON.stringify(event), null];
    default:
      return ["state", event.state.since, null, JSON.stringify(event), null];
  }
}

/**
 * `undefined` for a kind that this version does not know, for a delivery whose message is no longer kept, and for what
 * is damaged in the file. Never throws.
 */
export function happenedFromRow(
  row: HappenedRow,
  messageOf: (seq: number) => Envelope | undefined,
): Exclude<TapEvent, { kind: "message" }> | undefined {
  try {
    return eventFrom(row, table(JSON.parse(row.data)), messageOf);
  } catch {
    return undefined;
  }
}

function eventFrom(
  row: HappenedRow,
  data: Readonly<Record<string, unknown>>,
  messageOf: (seq: number) => Envelope | undefined,
): Exclude<TapEvent, { kind: "message" }> | undefined {
  switch (row.kind) {
    case "delivery":
      return deliveryFrom(row, data, messageOf);
    case "commit":
      return {
        kind: "commit",
        tap: text(data["tap"]),
        group: text(data["group"]),
        topic: text(data["topic"]),
        partition: count(data["partition"]),
        offset: integer(data["offset"]),
        at: time(data["at"]),
      };
    case "transaction":
      return {
        kind: "transaction",
        tap: text(data["tap"]),
        topic: text(data["topic"]),
        partition: count(data["partition"]),
        producerId: integer(data["producerId"]),
        offset: integer(data["offset"]),
        outcome: oneOf(data["outcome"], ["committed", "aborted"]),
      };
    case "connection":
      return {
        kind: "connection",
        tap: text(data["tap"]),
        connection: text(data["connection"]),
        name: text(data["name"]),
        at: time(data["at"]),
      };
    case "state":
      return { kind: "state", state: stateFrom(table(data["state"])) };
    default:
      return undefined;
  }
}

function deliveryFrom(
  row: HappenedRow,
  data: Readonly<Record<string, unknown>>,
  messageOf: (seq: number) => Envelope | undefined,
): { readonly kind: "delivery"; readonly delivery: Delivery } | undefined {
  const { headers, hasBody } = data;
  const isWhole = headers !== undefined && hasBody !== undefined;
  const written = row.seq === null || isWhole ? undefined : messageOf(row.seq);
  if (written === undefined && !isWhole) return undefined;
  const origin = originFromText(text(data["origin"]));
  if (origin.broker !== "rabbitmq") return undefined;
  const tap = text(data["tap"]);
  const receivedAt = time(data["receivedAt"]);
  const { timestamp, bodySize } = optional(data, { timestamp: time, bodySize: count });
  const delivery: Delivery = {
    tap,
    receivedAt,
    vhost: text(data["vhost"]),
    queue: text(data["queue"]),
    redelivered: flag(data["redelivered"]),
    ...optional(data, { connection: text, connectionName: text, user: text, channel: count }),
    message: {
      tap,
      receivedAt,
      ...(timestamp === undefined ? {} : { timestamp }),
      headers: headers === undefined ? (written?.headers ?? []) : headersFromText(text(headers)),
      key: null,
      body:
        hasBody === undefined ? (written?.body ?? null) : flag(hasBody) ? (bytes(row.body) ?? new Uint8Array()) : null,
      bodySize: bodySize ?? written?.bodySize ?? 0,
      origin,
    },
  };
  return { kind: "delivery", delivery };
}

function stateFrom(state: Readonly<Record<string, unknown>>): TapState {
  return {
    tap: text(state["tap"]),
    broker: oneOf(state["broker"], ["kafka", "rabbitmq", "otlp", "capture"]),
    address: text(state["address"]),
    phase: oneOf(state["phase"], ["connecting", "live", "reconnecting", "failed", "stopped", "ended"]),
    since: time(state["since"]),
    shed: count(state["shed"]),
    ...optional(state, { detail: text, mode: text, nextTryAt: time }),
  };
}

function sameHeaders(a: readonly Header[], b: readonly Header[]): boolean {
  return a.length === b.length && a.every((header, i) => isSameHeader(header, b[i]));
}

function isSameHeader(a: Header, b: Header | undefined): boolean {
  if (b === undefined || a.name !== b.name) return false;
  if (a.value instanceof Uint8Array && b.value instanceof Uint8Array) return sameBytes(a.value, b.value);
  return Object.is(a.value, b.value) || headersToText([a]) === headersToText([b]);
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}
