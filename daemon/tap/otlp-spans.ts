/**
 * From what an exporter wrote to envelopes, one a span: its attributes as headers, its events as a body of JSON, and
 * the rest as its origin. Whatever a member is not, is as if it were not there; only a span without ids is rejected.
 */
import type { Envelope, Header, HeaderValue, OtlpOrigin } from "./envelope.ts";
import type { WireObject } from "./otlp-wire.ts";

/** The spans of one request, oldest first, and how many had to be rejected. */
export interface ReadSpans {
  readonly envelopes: readonly (Envelope & { readonly origin: OtlpOrigin })[];
  /** Spans without a valid trace or span id, which cannot belong to anything. */
  readonly invalid: number;
  /** Spans beyond `limit`. */
  readonly tooMany: number;
}

/** What is kept of one span. OpenTelemetry's own limits are 128 attributes, events and links. */
const most = {
  attributes: 128,
  events: 32,
  links: 16,
  name: 256,
  text: 8 * 1024,
  items: 64,
  depth: 4,
  bytes: 64 * 1024,
};
const day = 86_400_000;
const kinds = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const statuses = ["unset", "ok", "error"] as const;

export function spansOf(request: WireObject, tap: string, receivedAt: number, limit: number): ReadSpans {
  const envelopes: (Envelope & { readonly origin: OtlpOrigin })[] = [];
  let invalid = 0;
  let tooMany = 0;
  for (const resourceSpans of objects(request["resourceSpans"])) {
    const { service, instance } = serviceOf(object(resourceSpans["resource"]));
    for (const scopeSpans of objects(resourceSpans["scopeSpans"])) {
      const scope = textOf(object(scopeSpans["scope"])["name"], most.name);
      for (const span of objects(scopeSpans["spans"])) {
        if (envelopes.length >= limit) {
          tooMany++;
          continue;
        }
        const envelope = envelopeOf(span, { service, instance, scope }, tap, receivedAt);
        if (envelope === undefined) invalid++;
        else envelopes.push(envelope);
      }
    }
  }
  envelopes.sort((a, b) => (a.timestamp ?? receivedAt) - (b.timestamp ?? receivedAt));
  return { envelopes, invalid, tooMany };
}

interface Source {
  readonly service: string;
  readonly instance: string;
  readonly scope: string;
}

function envelopeOf(
  span: WireObject,
  { service, instance, scope }: Source,
  tap: string,
  receivedAt: number,
): (Envelope & { readonly origin: OtlpOrigin }) | undefined {
  const traceId = idOf(span["traceId"], 32);
  const spanId = idOf(span["spanId"], 16);
  if (traceId === undefined || spanId === undefined) return undefined;
  const parentSpanId = idOf(span["parentSpanId"], 16);
  const startedAt = timeOf(span["startTimeUnixNano"], receivedAt);
  const endedAt = timeOf(span["endTimeUnixNano"], receivedAt);
  const room = { left: most.bytes, dropped: 0 };
  const headers = headersOf(span["attributes"], room);
  const body = eventsOf(span["events"], room, receivedAt);
  const links = linksOf(span["links"], room);
  const status = object(span["status"]);
  const statusMessage = textOf(status["message"], most.text);
  const dropped =
    room.dropped +
    countOf(span["droppedAttributesCount"]) +
    countOf(span["droppedEventsCount"]) +
    countOf(span["droppedLinksCount"]);
  const name = textOf(span["name"], most.name);
  return {
    tap,
    receivedAt,
    ...(startedAt === undefined ? {} : { timestamp: startedAt }),
    headers,
    key: null,
    body,
    bodySize: body?.length ?? 0,
    origin: {
      broker: "otlp",
      service,
      ...(instance === "" ? {} : { instance }),
      ...(scope === "" ? {} : { scope }),
      name: name === "" ? "span" : name,
      spanKind: kinds[enumOf(span["kind"], "SPAN_KIND_", kindNames)] ?? "internal",
      traceId,
      spanId,
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      ...(links.length === 0 ? {} : { links }),
      status: statuses[enumOf(status["code"], "STATUS_CODE_", statusNames)] ?? "unset",
      ...(statusMessage === "" ? {} : { statusMessage }),
      endedAt: Math.max(endedAt ?? 0, startedAt ?? receivedAt),
      ...(dropped === 0 ? {} : { dropped }),
    },
  };
}

/** A service by its name; an instance by what a person would call it by. */
function serviceOf(resource: WireObject): { service: string; instance: string } {
  const found = new Map<string, string>();
  for (const attribute of objects(resource["attributes"]).slice(0, most.attributes)) {
    const key = attribute["key"];
    const value = object(attribute["value"])["stringValue"];
    if (typeof key === "string" && typeof value === "string") found.set(key, value.slice(0, most.name));
  }
  const first = (...names: string[]) => names.map((name) => found.get(name) ?? "").find((value) => value !== "") ?? "";
  return {
    service: first("service.name") || "unknown_service",
    instance: first("k8s.pod.name", "service.instance.id", "host.name"),
  };
}

/** What is left to be kept of one span, and how much was left out. */
interface Room {
  left: number;
  dropped: number;
}

function headersOf(attributes: unknown, room: Room): readonly Header[] {
  const headers: Header[] = [];
  for (const attribute of objects(attributes)) {
    const name = textOf(attribute["key"], most.name);
    if (headers.length >= most.attributes || room.left <= 0) room.dropped++;
    else if (name !== "") headers.push({ name, value: valueOf(object(attribute["value"]), room, 0) });
  }
  return headers;
}

function eventsOf(events: unknown, room: Room, receivedAt: number): Uint8Array | null {
  const all = objects(events);
  if (all.length === 0) return null;
  const kept = all.slice(0, most.events);
  room.dropped += all.length - kept.length;
  const read = kept.map((event) => {
    const at = timeOf(event["timeUnixNano"], receivedAt);
    const attributes = headersOf(event["attributes"], room);
    return {
      name: textOf(event["name"], most.name),
      ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
      ...(attributes.length === 0
        ? {}
        : { attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, jsonOf(value)])) }),
    };
  });
  return Buffer.from(JSON.stringify({ events: read }));
}

function linksOf(links: unknown, room: Room): NonNullable<OtlpOrigin["links"]> {
  const all = objects(links);
  room.dropped += Math.max(0, all.length - most.links);
  return all.slice(0, most.links).flatMap((link) => {
    const traceId = idOf(link["traceId"], 32);
    const spanId = idOf(link["spanId"], 16);
    return traceId === undefined || spanId === undefined ? [] : [{ traceId, spanId }];
  });
}

/** An AnyValue: exactly one of its members says what it is. */
function valueOf(value: WireObject, room: Room, depth: number): HeaderValue {
  room.left -= 8;
  const { boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  const stringValue = withoutSignatures(value["stringValue"]);
  if (typeof stringValue === "string") {
    const text = stringValue.slice(0, Math.min(most.text, Math.max(0, room.left)));
    room.left -= text.length;
    if (text.length < stringValue.length) room.dropped++;
    return text;
  }
  if (typeof boolValue === "boolean") return boolValue;
  if (intValue !== undefined && intValue !== null) return integerOf(intValue);
  if (doubleValue !== undefined && doubleValue !== null) {
    const number = typeof doubleValue === "number" ? doubleValue : Number(doubleValue);
    return Number.isFinite(number) ? number : String(number);
  }
  if (arrayValue !== undefined && depth < most.depth) {
    const items = objects(object(arrayValue)["values"]);
    if (items.length > most.items) room.dropped++;
    return items.slice(0, most.items).map((item) => valueOf(item, room, depth + 1));
  }
  if (kvlistValue !== undefined && depth < most.depth) {
    const items = objects(object(kvlistValue)["values"]);
    if (items.length > most.items) room.dropped++;
    const pairs = items
      .slice(0, most.items)
      .map((item) => [textOf(item["key"], most.name), valueOf(object(item["value"]), room, depth + 1)] as const);
    return Object.fromEntries(pairs);
  }
  if (bytesValue instanceof Uint8Array || typeof bytesValue === "string") {
    const bytes = typeof bytesValue === "string" ? Buffer.from(bytesValue, "base64") : bytesValue;
    const cut = bytes.subarray(0, Math.min(most.text, Math.max(0, room.left)));
    room.left -= cut.length;
    return new Uint8Array(cut);
  }
  return null;
}

/**
 * Addresses that were signed open what they name to whoever has them: OpenTelemetry wants these parameters redacted, and
 * not every instrumentation does. Their names alone say nothing, so that the masks of messages do not know them.
 */
function withoutSignatures(value: unknown): unknown {
  if (typeof value !== "string" || !value.includes("=")) return value;
  return value.replaceAll(signature, "$1*");
}

const signature = /([?&](?:sig|signature|x-amz-signature|x-goog-signature|awsaccesskeyid)=)[^&#\s"']+/gi;

/** 64-bit integers come as text in JSON, and some write them as numbers. */
function integerOf(value: unknown): HeaderValue {
  const text = typeof value === "bigint" || typeof value === "number" || typeof value === "string" ? String(value) : "";
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function jsonOf(value: HeaderValue): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map((item: HeaderValue) => jsonOf(item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonOf(item)]));
  }
  return value;
}

/** Nanoseconds since the epoch as milliseconds, with fractions; `undefined` when no clock could say so. */
function timeOf(value: unknown, near: number): number | undefined {
  const nanoseconds = typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? value : 0;
  if (typeof nanoseconds === "string" && !/^\d{1,20}$/.test(nanoseconds)) return undefined;
  const ms = Number(nanoseconds) / 1e6;
  // A span of before this century or of tomorrow was made by a clock that is not set.
  return ms > 946_684_800_000 && ms < near + day ? ms : undefined;
}

/** An id as hex digits, lower case; one of another length and the id of only zeros are none. */
function idOf(value: unknown, digits: number): string | undefined {
  if (typeof value !== "string" || value.length !== digits || !/^[0-9a-f]+$/i.test(value)) return undefined;
  return /^0+$/.test(value) ? undefined : value.toLowerCase();
}

const kindNames = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const statusNames = ["UNSET", "OK", "ERROR"];

/** OTLP's JSON has enums as numbers; Protobuf's own JSON, which some exporters write, has their names. */
function enumOf(value: unknown, prefix: string, names: readonly string[]): number {
  if (typeof value === "string" && value.startsWith(prefix)) return names.indexOf(value.slice(prefix.length));
  return typeof value === "number" ? value : 0;
}

function countOf(value: unknown): number {
  return typeof value === "number" && value > 0 && value < 1e9 ? Math.floor(value) : 0;
}

function textOf(value: unknown, longest: number): string {
  return typeof value === "string" ? value.slice(0, longest) : "";
}

function object(value: unknown): WireObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as WireObject) : {};
}

function objects(value: unknown): readonly WireObject[] {
  return Array.isArray(value) ? value.map((item) => object(item)) : [];
}
