import type { MessageInput } from "./catalog-types.ts";
import type { JsonValue } from "./decoded.ts";

/** Headers in which frameworks and CloudEvents name the kind of a message, in lower case, the surest first. */
const typeHeaders = [
  "ce_type",
  "ce-type",
  "cloudevents:type",
  "cloudevents_type",
  "__typeid__",
  "proto-type",
  "protobuf-type",
  "message-type",
  "messagetype",
  "message_type",
  "event-type",
  "eventtype",
  "event_type",
  "mt-messagetype",
  "nservicebus.enclosedmessagetypes",
  "rbs2-msg-type",
  "type",
  "x-type",
];

const utf8 = new TextDecoder("utf-8");

/** What a message says about its own kind: the AMQP type, then headers; the surest first, as written. */
export function typeHints(input: MessageInput): string[] {
  const hints: string[] = [];
  if (input.typeHint !== undefined && input.typeHint !== "") hints.push(input.typeHint);
  if (input.headers.length === 0) return hints;
  const found: Array<{ readonly rank: number; readonly text: string }> = [];
  for (const [name, value] of input.headers) {
    if (name.length < 4 || name.length > 32) continue;
    const rank = rankOf(name);
    if (rank < 0 || value.length === 0 || value.length > 500) continue;
    // Of several headers of one name the first counts.
    if (!found.some((one) => one.rank === rank))
      found.push({ rank, text: typeof value === "string" ? value : textOf(value) });
  }
  if (found.length > 1) found.sort((a, b) => a.rank - b.rank);
  for (const { text } of found) hints.push(text);
  const { contentType } = input;
  if (contentType === undefined || !contentType.includes("=")) return hints;
  const fromContentType = /(?:proto|messagetype|type)="?([\w.]+)"?/i.exec(contentType)?.[1];
  if (fromContentType !== undefined) hints.push(fromContentType);
  return hints;
}

/** Names are ASCII in practice, and short: that is quicker than a decoder. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80) return utf8.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

const ranks = new Map<string, number>();

/** How sure the header of this name is, 0 the surest; -1 where it names no kind. */
function rankOf(name: string): number {
  let rank = ranks.get(name);
  if (rank === undefined) {
    rank = typeHeaders.indexOf(name.toLowerCase());
    // Names come from the wire: a sender that makes up names must not fill the memory.
    if (ranks.size >= 10_000) ranks.clear();
    ranks.set(name, rank);
  }
  return rank;
}

/**
 * The forms of a name that may stand for the same definition: `shop.events.v1.OrderPlaced`, `OrderPlaced`. Frameworks
 * write `urn:message:Shop:OrderPlaced`, `Shop.OrderPlaced, Assembly` or `com.shop.order.placed`.
 */
export function nameForms(written: string): string[] {
  const first = written.split(/[;,]/)[0]?.trim() ?? "";
  const plain = first.replace(/^type\.googleapis\.com\//, "").replace(/^\./, "");
  const last = lastName(plain);
  return last === plain ? [plain] : [plain, last];
}

/** The last part of a dotted, slashed or coloned name. */
export function lastName(name: string): string {
  return name.split(/[.:/+$]/).findLast((part) => part !== "") ?? name;
}

/** A name as people say it: `OrderPlaced` of `shop.events.v1.OrderPlaced`, but `order.placed` as it is. */
export function shortName(written: string): string {
  const [plain = written, last = plain] = nameForms(written);
  return /^[A-Z]/.test(last) ? last : plain;
}

/** A name without case and punctuation: `order-placed` and `OrderPlaced` are the same word. */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** What a JSON value calls itself. */
export function typeInValue(value: JsonValue): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as { readonly [key: string]: JsonValue };
  for (const key of ["type", "eventType", "messageType", "event_type", "message_type", "@type", "event"]) {
    const name = fields[key];
    if (typeof name === "string" && name !== "" && name.length <= 200) return name;
  }
  return undefined;
}
