/** Rows of a capture to tap events and back. */
import type { Delivery, Envelope, Header, RabbitmqOrigin, TapEvent } from "../tap/envelope.ts";
import type { StoredMessage } from "./capture-types.ts";
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

export function envelopeFromRow(row: MessageRow): Envelope {
  const { tap, received_at: receivedAt, timestamp, key, body, body_size: bodySize } = row;
  const headers = headersFromText(row.headers);
  const origin = originFromText(row.origin);
  return timestamp === null
    ? { tap, receivedAt, headers, key, body, bodySize, origin }
    : { tap, receivedAt, timestamp, headers, key, body, bodySize, origin };
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

/** `undefined` for a kind that this version does not know, and for a delivery whose message is no longer kept. */
export function happenedFromRow(
  row: HappenedRow,
  messageOf: (seq: number) => Envelope | undefined,
): Exclude<TapEvent, { kind: "message" }> | undefined {
  const data = JSON.parse(row.data) as Record<string, unknown>;
  switch (row.kind) {
    case "delivery": {
      const { origin, timestamp, headers, bodySize, hasBody, ...rest } = data as unknown as Omit<
        Delivery,
        "message"
      > & {
        readonly origin: string;
        readonly timestamp?: number;
        readonly headers?: string;
        readonly bodySize?: number;
        readonly hasBody?: boolean;
      };
      const written =
        row.seq === null || (headers !== undefined && hasBody !== undefined) ? undefined : messageOf(row.seq);
      if (written === undefined && (headers === undefined || hasBody === undefined)) return undefined;
      const delivery: Delivery = {
        ...rest,
        message: {
          tap: rest.tap,
          receivedAt: rest.receivedAt,
          ...(timestamp === undefined ? {} : { timestamp }),
          headers: headers === undefined ? (written?.headers ?? []) : headersFromText(headers),
          key: null,
          body: hasBody === undefined ? (written?.body ?? null) : hasBody ? (row.body ?? new Uint8Array()) : null,
          bodySize: bodySize ?? written?.bodySize ?? 0,
          origin: originFromText(origin) as RabbitmqOrigin,
        },
      };
      return { kind: "delivery", delivery };
    }
    case "commit":
      return { ...(data as object), offset: BigInt(data["offset"] as string) } as TapEvent & { kind: "commit" };
    case "transaction":
      return {
        ...(data as object),
        offset: BigInt(data["offset"] as string),
        producerId: BigInt(data["producerId"] as string),
      } as TapEvent & { kind: "transaction" };
    case "connection":
      return data as unknown as TapEvent & { kind: "connection" };
    case "state":
      return data as unknown as TapEvent & { kind: "state" };
    default:
      return undefined;
  }
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
