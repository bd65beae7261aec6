/** A body as far as it can be read without any contract: by what it says that it is, else by what its bytes look like. */
import { beginsReadable, confluentFraming, isReadable, looksLikeJson, readJsonBody, readText } from "./body.ts";
import { readCbor } from "./cbor.ts";
import type { BodyFormat, DecodeAttempt, JsonValue } from "./decoded.ts";
import { readMessagePack } from "./messagepack.ts";
import { remembered } from "./remembered.ts";
import { readXml } from "./xml.ts";

export interface Content {
  readonly format: BodyFormat;
  readonly value?: JsonValue;
  /** The value as checks want it; absent for what has no structure. */
  readonly checked?: JsonValue;
}

/** What a content type says, where it is a format that needs no contract. */
const formatOf = remembered((contentType): "json" | "messagepack" | "cbor" | "xml" | undefined => {
  const type = contentType.toLowerCase();
  if (type.includes("json")) return "json";
  if (/msgpack|messagepack/.test(type)) return "messagepack";
  if (type.includes("cbor")) return "cbor";
  return type.includes("xml") ? "xml" : undefined;
});

/** The body by its content type, else as JSON, XML or text where it looks like it; `binary` is left to be guessed. */
export function readContent(body: Uint8Array, contentType: string | undefined, attempts: DecodeAttempt[]): Content {
  const declared = contentType === undefined ? undefined : formatOf(contentType);
  if (declared === "messagepack" || declared === "cbor") {
    const reading = declared === "cbor" ? readCbor(body) : readMessagePack(body);
    if (reading.ok) return { format: declared, value: reading.value, checked: reading.checked };
    attempts.push({ format: declared, failure: reading.failure });
  }
  const framed = body[0] === 0 ? confluentFraming(body, false)?.payload : undefined;
  const bytes = framed !== undefined && looksLikeJson(framed) ? framed : body;
  if (looksLikeJson(bytes) || declared === "json") {
    const reading = readJsonBody(bytes);
    if (reading.ok) return { format: "json", value: reading.value, checked: reading.checked };
    attempts.push({ format: "json", failure: reading.failure });
  }
  // Most bytes that are no text have control characters soon: they are not decoded to find that out.
  const text = beginsReadable(body) ? readText(body) : undefined;
  if (text === undefined || !isReadable(text)) return { format: "binary" };
  if (declared === "xml" || (contentType === undefined && /^\s*<[?!a-zA-Z]/.test(text))) {
    const reading = readXml(text);
    if (reading.ok) return { format: "xml", value: reading.value, checked: reading.value };
    attempts.push({ format: "xml", failure: reading.failure });
  }
  return { format: "text", value: text };
}

/**
 * MessagePack or CBOR that nobody named: only where the whole body is a map with readable names, or a list of such.
 * Almost any byte begins some value of both, so less than that is no evidence.
 */
export function readPacked(body: Uint8Array, attempts: DecodeAttempt[]): Content | undefined {
  const [first = 0] = body;
  const mayBe = {
    messagepack: (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf),
    cbor: (first >= 0x80 && first <= 0xbf) || (first >= 0xd8 && first <= 0xdb),
  };
  for (const [format, read] of [
    ["messagepack", readMessagePack],
    ["cbor", readCbor],
  ] as const) {
    if (!mayBe[format]) continue;
    const reading = read(body);
    if (!reading.ok) attempts.push({ format, failure: reading.failure });
    else if (isPlausible(reading.value)) return { format, value: reading.value, checked: reading.checked };
    else attempts.push({ format, failure: "It holds no names that would say that it is one." });
  }
  return undefined;
}

function isPlausible(value: JsonValue): boolean {
  const [sample = value] = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  if (typeof sample !== "object" || sample === null || Array.isArray(sample)) return false;
  const names = Object.keys(sample);
  return names.length > 0 && names.every((name) => /^[\p{L}\p{N}_ .:@$/#-]{1,128}$/u.test(name));
}
