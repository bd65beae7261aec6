/**
 * Requests as an OpenTelemetry exporter would write them. The definitions are those of opentelemetry/proto by number
 * and type, in protobufjs' own language: what the tap reads by a table of its own is written here by another hand.
 */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import protobuf from "protobufjs";

/** A port of the loopback address for a tap to listen on, which nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const definitions = protobuf.parse(
  `syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
  message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message InstrumentationScope { string name = 1; string version = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
    repeated Event events = 11; uint32 dropped_events_count = 12;
    repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message RpcStatus { int32 code = 1; string message = 2; }`,
).root;

/** A span as a test thinks of it; times are milliseconds since the epoch. */
export interface SpanDraft {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: 0 | 1 | 2 | 3 | 4 | 5;
  readonly startedAt: number;
  readonly tookMs?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly events?: ReadonlyArray<{ readonly name: string; readonly at: number; readonly attributes?: object }>;
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>;
  readonly status?: { readonly code: number; readonly message?: string };
}

/** The request in OTLP's JSON: ids as hex, 64-bit integers as text. */
export function jsonRequest(service: string, spans: readonly SpanDraft[]): string {
  return JSON.stringify(requestOf(service, spans));
}

/** The same in Protobuf. */
export function protobufRequest(service: string, spans: readonly SpanDraft[]): Buffer {
  const type = definitions.lookupType("ExportTraceServiceRequest");
  const request = requestOf(service, spans, (hex) => Buffer.from(hex, "hex").toString("base64"));
  return Buffer.from(type.encode(type.fromObject(request)).finish());
}

export function readAnswer(bytes: Uint8Array): unknown {
  const type = definitions.lookupType("ExportTraceServiceResponse");
  return type.toObject(type.decode(bytes), { longs: Number });
}

export function readStatus(bytes: Uint8Array): unknown {
  const type = definitions.lookupType("RpcStatus");
  return type.toObject(type.decode(bytes));
}

function requestOf(service: string, spans: readonly SpanDraft[], id: (hex: string) => string = (hex) => hex): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ "service.name": service, "k8s.pod.name": `${service}-7f9c` }) },
        scopeSpans: [{ scope: { name: "test.http" }, spans: spans.map((span) => spanOf(span, id)) }],
      },
    ],
  };
}

function spanOf(span: SpanDraft, id: (hex: string) => string): object {
  const { startedAt, tookMs = 3, parentSpanId, attributes = {}, events = [], links = [] } = span;
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    ...(parentSpanId === undefined ? {} : { parentSpanId: id(parentSpanId) }),
    name: span.name ?? "",
    kind: span.kind ?? 1,
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(startedAt + tookMs),
    attributes: attributesOf(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(event.at),
      attributes: attributesOf((event.attributes ?? {}) as Record<string, unknown>),
    })),
    links: links.map((link) => ({ traceId: id(link.traceId), spanId: id(link.spanId) })),
    ...(span.status === undefined ? {} : { status: span.status }),
  };
}

function attributesOf(values: Readonly<Record<string, unknown>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: unknown): object {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "bigint":
      return { intValue: String(value) };
    case "number":
      return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
      if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
      return { kvlistValue: { values: attributesOf(value as Record<string, unknown>) } };
  }
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}
