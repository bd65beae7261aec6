/** The trace context that a message carries: which trace it is of, and which span wrote it. */
import type { Header } from "../tap/envelope.ts";
import { textOf, traceIdOf } from "./ids.ts";

export interface TraceContext {
  /** The low 64 bits of the trace's id, which every tracer writes. */
  readonly trace: string;
  /** 16 hex digits. */
  readonly parent: string;
  /** The header that says so. */
  readonly where: string;
}

/** The first context among the headers that names a span; `undefined` when none does. */
export function traceContextOf(headers: readonly Header[]): TraceContext | undefined {
  for (const { name, value } of headers) {
    const read = readers.get(name.toLowerCase());
    if (read === undefined) continue;
    const [trace, parent] = read(textOf(value) ?? "", (other) => headerOf(headers, other));
    if (trace !== undefined && parent !== undefined) return { trace, parent, where: placeOf(name) };
  }
  return undefined;
}

const places = new Map<string, string>();

/** The same text for all messages of a tracer: they are many. */
function placeOf(name: string): string {
  let place = places.get(name);
  if (place === undefined) {
    place = `header ${name}`;
    // However a header is spelled, there are few spellings; who makes up more gets texts of his own.
    if (places.size < 64) places.set(name, place);
  }
  return place;
}

type Read = (text: string, other: (name: string) => string) => readonly [string | undefined, string | undefined];

const w3c: Read = (text) => {
  const parts = text.split("-");
  return parts.length >= 4 && parts[1]?.length === 32 ? [traceIdOf(parts[1]), spanIdOf(parts[2])] : none;
};

const none = [undefined, undefined] as const;

/** By header name in lower case, how tracers write both ids. */
const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["traceparent", w3c],
  ["diagnostic-id", w3c],
  [
    "b3",
    (text) => {
      const [trace = "", span] = text.split("-");
      return [traceIdOf(trace), spanIdOf(span)];
    },
  ],
  ["x-b3-traceid", (text, other) => [traceIdOf(text), spanIdOf(other("x-b3-spanid"))]],
  [
    "uber-trace-id",
    (text) => {
      const [trace = "", span] = text.replaceAll(/%3a/gi, ":").split(":");
      return [traceIdOf(trace), spanIdOf(span)];
    },
  ],
  ["x-datadog-trace-id", (text, other) => [traceIdOf(text, true), spanIdOf(other("x-datadog-parent-id"), true)]],
  ["x-amzn-trace-id", xray],
  ["awstraceheader", xray],
]);

function xray(text: string): readonly [string | undefined, string | undefined] {
  const root = /Root=1-([0-9a-f]{8})-([0-9a-f]{24})/i.exec(text);
  const parent = /Parent=([0-9a-f]{16})/i.exec(text);
  return root === null ? none : [traceIdOf(`${root[1]}${root[2]}`), spanIdOf(parent?.[1])];
}

function headerOf(headers: readonly Header[], wanted: string): string {
  return textOf(headers.find(({ name }) => name.toLowerCase() === wanted)?.value) ?? "";
}

/** Span ids have 64 bits, as what is kept of trace ids. */
function spanIdOf(text: string | undefined, decimal = false): string | undefined {
  return text === undefined || text.length > 20 ? undefined : traceIdOf(text, decimal);
}
