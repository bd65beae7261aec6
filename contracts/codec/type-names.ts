import type { MessageHeader, MessageInput } from "./catalog-types.ts";
import type { JsonValue } from "./decoded.ts";
import { remembered, repeatedText } from "./remembered.ts";

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

const noHints: readonly string[] = [];

/** What a message says about its own kind: the AMQP type, then headers; the surest first, as written. */
export function typeHints({ typeHint, headers, contentType }: MessageInput): readonly string[] {
  const own = typeHint === "" ? undefined : typeHint;
  if (headers.length === 0) return own === undefined ? noHints : [own];
  const byContentType = contentType?.includes("=") === true ? typeInContentType(contentType) : undefined;
  let telling: MessageHeader | undefined;
  let count = 0;
  for (const header of headers) {
    if (rankOf(header) < 0) continue;
    telling ??= header;
    count++;
  }
  if (count > 1 || byContentType !== undefined) return [own ?? [], ...hintsByRank(headers), byContentType ?? []].flat();
  // Nearly every message has one header that tells, or none, and nothing else that says otherwise.
  if (telling === undefined) return own === undefined ? noHints : [own];
  const told = textOf(telling);
  return own === undefined || own === told ? [told] : [own, told];
}

/** Of several headers of one name the first counts. */
function hintsByRank(headers: readonly MessageHeader[]): string[] {
  const found = new Map<number, MessageHeader>();
  for (const header of headers) {
    const rank = rankOf(header);
    if (rank >= 0 && !found.has(rank)) found.set(rank, header);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, header]) => textOf(header));
}

function typeInContentType(contentType: string): string | undefined {
  return /(?:proto|messagetype|type)="?([\w.]+)"?/i.exec(contentType)?.[1];
}

function textOf({ value }: MessageHeader): string {
  return typeof value === "string" ? value : repeatedText(value);
}

/** How sure a header is that says what kind of message it is, 0 the surest; -1 where it does not say. */
function rankOf({ name, value }: MessageHeader): number {
  if (name.length < 4 || name.length > 32 || value.length === 0 || value.length > 500) return -1;
  return rankOfName(name);
}

const rankOfName = remembered((name) => typeHeaders.indexOf(name.toLowerCase()));

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
export const shortName = remembered((written) => {
  const [plain = written, last = plain] = nameForms(written);
  return /^[A-Z]/.test(last) ? last : plain;
});

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
