/**
 * The bytes of an ExportTraceServiceRequest, taken apart. Both encodings come out in one form, that of OTLP's JSON:
 * lowerCamelCase names, ids as hex, 64-bit integers as `bigint`, number or text.
 *
 * The table below is all that is read of opentelemetry/proto (collector/trace, trace, resource and common, v1); fields
 * that are not in it are passed over. The bytes are anybody's: every read is within what is there, and a budget counts
 * what is made, since two bytes can be an empty attribute and a few megabytes of these would fill the memory.
 */
import protobuf from "protobufjs/light.js";

/** A message as it was read: unknown members are left out, and nothing is known of the types of the others. */
export interface WireObject {
  readonly [name: string]: unknown;
}

type Scalar = "text" | "bytes" | "id" | "bool" | "double" | "fixed64" | "int64" | "uint32";
type Field = readonly [name: string, type: Scalar | MessageName, repeated?: "many"];
type MessageName =
  | "Request"
  | "ResourceSpans"
  | "Resource"
  | "ScopeSpans"
  | "Scope"
  | "Span"
  | "Event"
  | "Link"
  | "Status"
  | "KeyValue"
  | "AnyValue"
  | "ArrayValue"
  | "KeyValueList";

const messages: Readonly<Record<MessageName, Readonly<Record<number, Field>>>> = {
  Request: { 1: ["resourceSpans", "ResourceSpans", "many"] },
  ResourceSpans: { 1: ["resource", "Resource"], 2: ["scopeSpans", "ScopeSpans", "many"] },
  Resource: { 1: ["attributes", "KeyValue", "many"] },
  ScopeSpans: { 1: ["scope", "Scope"], 2: ["spans", "Span", "many"] },
  Scope: { 1: ["name", "text"] },
  Span: {
    1: ["traceId", "id"],
    2: ["spanId", "id"],
    4: ["parentSpanId", "id"],
    5: ["name", "text"],
    6: ["kind", "uint32"],
    7: ["startTimeUnixNano", "fixed64"],
    8: ["endTimeUnixNano", "fixed64"],
    9: ["attributes", "KeyValue", "many"],
    10: ["droppedAttributesCount", "uint32"],
    11: ["events", "Event", "many"],
    12: ["droppedEventsCount", "uint32"],
    13: ["links", "Link", "many"],
    14: ["droppedLinksCount", "uint32"],
    15: ["status", "Status"],
  },
  Event: { 1: ["timeUnixNano", "fixed64"], 2: ["name", "text"], 3: ["attributes", "KeyValue", "many"] },
  Link: { 1: ["traceId", "id"], 2: ["spanId", "id"] },
  Status: { 2: ["message", "text"], 3: ["code", "uint32"] },
  KeyValue: { 1: ["key", "text"], 2: ["value", "AnyValue"] },
  AnyValue: {
    1: ["stringValue", "text"],
    2: ["boolValue", "bool"],
    3: ["intValue", "int64"],
    4: ["doubleValue", "double"],
    5: ["arrayValue", "ArrayValue"],
    6: ["kvlistValue", "KeyValueList"],
    7: ["bytesValue", "bytes"],
  },
  ArrayValue: { 1: ["values", "AnyValue", "many"] },
  KeyValueList: { 1: ["values", "KeyValue", "many"] },
};

/** Lengths within values that hold values; OpenTelemetry's own attributes are three deep. */
const deepest = 32;
/** Messages and values in one request. An exporter sends 512 spans of ten attributes at once. */
const mostParts = 400_000;

/** Thrown for bytes that are no such request; `message` is fit for the one who sent them. */
export class OtlpError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OtlpError";
  }
}

/** Reads a request in Protobuf. Throws an OtlpError for bytes that are none, and for one that is made to fill memory. */
export function readProtobufRequest(bytes: Uint8Array): WireObject {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = protobuf.Reader.create(whole);
  try {
    return readMessage(reader, "Request", bytes.length, 0, { left: mostParts, whole });
  } catch (cause) {
    if (cause instanceof OtlpError) throw cause;
    throw new OtlpError("The body is not an ExportTraceServiceRequest in Protobuf: it ends or turns where it may not.");
  }
}

/** Reads a request in JSON. Throws an OtlpError for a text that is none. */
export function readJsonRequest(bytes: Uint8Array): WireObject {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    throw new OtlpError("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OtlpError("The body is not an ExportTraceServiceRequest in JSON: it is no object.");
  }
  return value as WireObject;
}

/** How many parts may still come, and the bytes that are read. */
interface Budget {
  left: number;
  readonly whole: Buffer;
}

function readMessage(reader: protobuf.Reader, of: MessageName, end: number, depth: number, budget: Budget): WireObject {
  if (depth > deepest) throw new OtlpError("The body is nested too deeply.");
  if (budget.left-- <= 0) throw new OtlpError(`The body has more than ${mostParts} parts. Send fewer spans at once.`);
  const fields = messages[of];
  const read: Record<string, unknown> = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = fields[tag >>> 3];
    if (field === undefined) {
      reader.skipType(tag & 7);
      continue;
    }
    const [name, type, repeated] = field;
    if ((tag & 7) !== wireTypeOf(type)) throw new OtlpError(`"${name}" is not what OpenTelemetry defines it to be.`);
    const value = isMessage(type)
      ? readMessage(reader, type, lengthEnd(reader, end), depth + 1, budget)
      : readScalar(reader, type, end, budget.whole);
    if (repeated === undefined) read[name] = value;
    else {
      const list = read[name] as unknown[] | undefined;
      if (list === undefined) read[name] = [value];
      else list.push(value);
    }
  }
  if (reader.pos !== end) throw new OtlpError("The body is not an ExportTraceServiceRequest in Protobuf.");
  return read;
}

/** Where a part of a declared length ends: within the part around it, whatever it declares. */
function lengthEnd(reader: protobuf.Reader, outer: number): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > outer)
    throw new OtlpError(`A part of the body says that it has ${length} bytes, and there are not so many.`);
  return end;
}

function readScalar(reader: protobuf.Reader, type: Scalar, outer: number, whole: Buffer): unknown {
  switch (type) {
    case "text":
    case "bytes":
    case "id": {
      const end = lengthEnd(reader, outer);
      const start = reader.pos;
      reader.pos = end;
      if (type === "bytes") return new Uint8Array(whole.subarray(start, end));
      return whole.toString(type === "id" ? "hex" : "utf8", start, end);
    }
    case "bool":
      return reader.bool();
    case "double":
      return reader.double();
    case "fixed64": {
      // Times in nanoseconds: to a quarter of a microsecond, which is finer than any clock that they are compared with.
      const low = reader.fixed32();
      return reader.fixed32() * 2 ** 32 + low;
    }
    case "int64": {
      // A number, or an object for 64 bits where protobufjs finds one.
      const value: unknown = reader.int64();
      return BigInt(String(value));
    }
    default:
      return reader.uint32();
  }
}

function wireTypeOf(type: Scalar | MessageName): number {
  switch (type) {
    case "bool":
    case "int64":
    case "uint32":
      return 0;
    case "double":
    case "fixed64":
      return 1;
    default:
      return 2;
  }
}

function isMessage(type: Scalar | MessageName): type is MessageName {
  return type in messages;
}

/** An answer: all spans were taken, or `rejected` of them were not, and why. */
export function writeAnswer(encoding: "protobuf" | "json", rejected: number, why: string): Buffer {
  if (encoding === "json") {
    const partial = rejected === 0 && why === "" ? {} : { partialSuccess: partialJson(rejected, why) };
    return Buffer.from(JSON.stringify(partial));
  }
  if (rejected === 0 && why === "") return Buffer.alloc(0);
  // ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1, error_message = 2 } }
  const writer = protobuf.Writer.create().uint32(10).fork();
  if (rejected > 0) writer.uint32(8).int64(rejected);
  if (why !== "") writer.uint32(18).string(why);
  return Buffer.from(writer.ldelim().finish());
}

/** A refusal, as exporters read it: google.rpc.Status { message = 2 }. */
export function writeRefusal(encoding: "protobuf" | "json", message: string): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify({ message }));
  return Buffer.from(protobuf.Writer.create().uint32(18).string(message).finish());
}

function partialJson(rejected: number, why: string): object {
  // OTLP's JSON has 64-bit integers as text.
  return {
    ...(rejected === 0 ? {} : { rejectedSpans: String(rejected) }),
    ...(why === "" ? {} : { errorMessage: why }),
  };
}
