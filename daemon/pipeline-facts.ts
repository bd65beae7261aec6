import type { DecodedBody, Violation } from "../contracts/codec/index.ts";
import { channelName } from "./pipeline-input.ts";
import type { Envelope, OtlpOrigin } from "./tap/envelope.ts";

/** What views need of every message without reading it again. */
export interface MessageFacts {
  readonly seq: number;
  /** When it was sent, as far as the wire says so; else when it was seen. */
  readonly at: number;
  readonly receivedAt: number;
  readonly tap: string;
  readonly broker: Envelope["origin"]["broker"];
  readonly channel: string;
  readonly key: string;
  readonly format: DecodedBody["format"];
  readonly check: DecodedBody["check"];
  readonly definition?: string;
  /** The first violation, and the file that says otherwise. */
  readonly violation?: Violation & { readonly file: string };
  /** Nobody got it: the broker had no queue for it. */
  readonly unroutable: boolean;
  /** Its body was given up for lack of speed; headers and everything else are there. */
  readonly bodyShed?: boolean;
  /** Of a span: what it stood for, and how long it took. */
  readonly span?: { readonly kind: OtlpOrigin["spanKind"]; readonly ms: number; readonly failed: boolean };
}

/** Facts while they are gathered; most messages have none of the optional ones. */
type Gathered = { -readonly [name in keyof MessageFacts]: MessageFacts[name] };

export function makeFacts(seq: number, envelope: Envelope, decoded: DecodedBody): MessageFacts {
  const { origin } = envelope;
  const { definition } = decoded;
  const violation = decoded.violations[0];
  const facts: Gathered = {
    seq,
    at: envelope.timestamp ?? envelope.receivedAt,
    receivedAt: envelope.receivedAt,
    tap: envelope.tap,
    broker: origin.broker,
    channel: channelName(envelope),
    key: keyText(envelope.key),
    format: decoded.format,
    check: decoded.check,
    unroutable: origin.broker === "rabbitmq" && origin.routedQueues?.length === 0,
  };
  if (definition !== undefined) facts.definition = definition.name;
  if (violation !== undefined) facts.violation = { ...violation, file: definition?.place.path ?? "" };
  if (envelope.bodySize > 0 && envelope.body?.length === 0) facts.bodyShed = true;
  if (origin.broker === "otlp") facts.span = spanFacts(envelope, origin);
  return facts;
}

function spanFacts(envelope: Envelope, { spanKind, status, endedAt }: OtlpOrigin): NonNullable<MessageFacts["span"]> {
  const ms = Math.max(0, endedAt - (envelope.timestamp ?? endedAt));
  return { kind: spanKind, ms, failed: status === "error" };
}

/** A key as text where it is text, else as hex. */
export function keyText(key: Uint8Array | null): string {
  if (key === null) return "";
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (isPlain(key)) return bytes.toString("latin1", 0, 256);
  const text = bytes.toString("utf8");
  // eslint-disable-next-line no-control-regex -- control characters are what tells bytes from text
  return /[\u0000-\u001f\ufffd]/.test(text) ? bytes.toString("hex").slice(0, 128) : text.slice(0, 256);
}

/** Nothing but ASCII that can be printed, as nearly all keys are. */
function isPlain(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}
