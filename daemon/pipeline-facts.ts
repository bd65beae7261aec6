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

export function makeFacts(seq: number, envelope: Envelope, decoded: DecodedBody): MessageFacts {
  const { origin } = envelope;
  const violation = decoded.violations[0];
  return {
    seq,
    at: envelope.timestamp ?? envelope.receivedAt,
    receivedAt: envelope.receivedAt,
    tap: envelope.tap,
    broker: origin.broker,
    channel: channelName(envelope),
    key: keyText(envelope.key),
    format: decoded.format,
    check: decoded.check,
    ...(decoded.definition === undefined ? {} : { definition: decoded.definition.name }),
    ...(violation === undefined ? {} : { violation: { ...violation, file: decoded.definition?.place.path ?? "" } }),
    unroutable: origin.broker === "rabbitmq" && origin.routedQueues?.length === 0,
    ...(envelope.body?.length === 0 && envelope.bodySize > 0 ? { bodyShed: true } : {}),
    ...(origin.broker === "otlp" ? { span: spanFacts(envelope, origin) } : {}),
  };
}

function spanFacts(envelope: Envelope, { spanKind, status, endedAt }: OtlpOrigin): NonNullable<MessageFacts["span"]> {
  const ms = Math.max(0, endedAt - (envelope.timestamp ?? endedAt));
  return { kind: spanKind, ms, failed: status === "error" };
}

/** A key as text where it is text, else as hex. */
export function keyText(key: Uint8Array | null): string {
  if (key === null) return "";
  const text = Buffer.from(key).toString("utf8");
  // eslint-disable-next-line no-control-regex -- control characters are what tells bytes from text
  return /[\u0000-\u001f\ufffd]/.test(text) ? Buffer.from(key).toString("hex").slice(0, 128) : text.slice(0, 256);
}
