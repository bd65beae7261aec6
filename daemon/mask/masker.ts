import { randomBytes } from "node:crypto";
import type { DecodedBody, JsonValue, Leaf, MessageCatalog, SecretPath } from "../../contracts/codec/index.ts";
import type { Envelope, Header, HeaderValue, OtlpOrigin, RabbitmqOrigin, RabbitmqProperties } from "../tap/envelope.ts";
import { findSecrets, isCardNumber } from "./detectors.ts";
import { hints, hintsIn, hintsInText } from "./gate.ts";
import { hasSecrets, isSecretPath, markedSpans } from "./marked-fields.ts";
import { isDigitMask, isIntegerMask, isMask, Masks } from "./masks.ts";
import { isSecretName } from "./names.ts";
import { readNumber, writeNumber } from "./numbers.ts";
import { secretFieldsOf } from "./text-fields.ts";

/** An envelope without secrets, and how many were taken out. */
export interface Masked {
  readonly envelope: Envelope;
  readonly count: number;
}

/** A body without secrets, and how many were taken out. */
export interface MaskedBody {
  readonly body: Uint8Array;
  readonly count: number;
}

/** A body as it was read. */
export interface ReadBody {
  readonly body: Uint8Array;
  readonly decoded: DecodedBody;
  /** Who read it: knows where its values stand in its bytes. */
  readonly catalog: Pick<MessageCatalog, "leaves" | "replaceable">;
  /** It was masked before it was stored: numbers that look like masks are masks. */
  readonly isStored?: boolean;
}

/**
 * Replaces secrets by masks of the same length, so that bytes around them keep their places and every format stays
 * readable. Equal secrets get equal masks by the same key, so flows still join; the key is never in a capture, so who
 * has a capture alone cannot find out by trying from which secret a mask came.
 */
export class Masker {
  private readonly masks: Masks;
  /** The body that was looked through last, and what it may hold: it is asked for again when it was read. */
  private seenBody: Uint8Array | undefined;
  private seenHints = 0;

  constructor(key: Uint8Array = randomBytes(32)) {
    this.masks = new Masks(key);
  }

  /**
   * Masks headers, properties, key, and in the body whatever can be told without a contract. An envelope without secrets
   * comes back as it is: that is nearly every one, so nothing is made for it.
   */
  envelope(envelope: Envelope): Masked {
    const tally: Tally = { count: 0 };
    const headers = this.headers(envelope.headers, tally);
    const key = envelope.key === null ? null : this.bytes(envelope.key, tally);
    const body = envelope.body === null ? null : this.bytes(envelope.body, tally, this.hintsOf(envelope.body));
    const { origin } = envelope;
    const maskedOrigin =
      origin.broker === "kafka"
        ? origin
        : origin.broker === "otlp"
          ? this.span(origin, tally)
          : this.rabbitmq(origin, tally);
    if (tally.count === 0) return { envelope, count: 0 };
    return { envelope: { ...envelope, headers, key, body, origin: maskedOrigin }, count: tally.count };
  }

  /** A name of the wire, such as a queue's, without the secrets in it. */
  name(name: string): string {
    return this.text(name, { count: 0 });
  }

  /**
   * Masks what only reading showed: in binary formats and XML, fields with secret names and secret values whatever their
   * type is; everywhere, fields that the contract marks. `undefined` when there is nothing.
   */
  read({ body, decoded, catalog, isStored = false }: ReadBody): MaskedBody | undefined {
    const { value, format, definition } = decoded;
    if (value === undefined || format === "text") return undefined;
    const marked = definition?.secretPaths ?? [];
    if (format === "json") {
      const isEscaped = (this.hintsOf(body) & hints.escaped) !== 0;
      return marked.length === 0 && !isEscaped
        ? undefined
        : this.json(body, decoded.payloadAt, marked, isEscaped, isStored);
    }
    if (!hasSecrets(value, marked)) return undefined;
    const result = Buffer.from(catalog.replaceable(body, decoded));
    let count = 0;
    catalog.leaves(result, decoded, (leaf) => {
      if (this.leaf(result, leaf, marked, format === "xml", isStored)) count++;
    });
    return count === 0 ? undefined : { body: result, count };
  }

  /** Masks in a body that was read as JSON the fields that its contract marks; with `reads`, what its escapes hide too. */
  private json(
    body: Uint8Array,
    payloadAt: number | undefined,
    marked: readonly SecretPath[],
    reads: boolean,
    isStored: boolean,
  ): MaskedBody | undefined {
    // A registry's framing stands before the text: a zero and four bytes, where nothing else is known.
    const head = payloadAt ?? (body[0] === 0 ? 5 : 0);
    const text = Buffer.from(body.buffer, body.byteOffset + head, Math.max(0, body.byteLength - head)).toString("utf8");
    let result = "";
    let from = 0;
    let count = 0;
    for (const { start, end, digits } of markedSpans(text, marked, reads)) {
      const secret = Buffer.from(text.slice(start, end), "utf8").toString("latin1");
      if (start < from || (digits ? isStored && isDigitMask(secret) : isMask(secret))) continue;
      result += text.slice(from, start) + (digits ? this.masks.digits(secret) : this.masks.text(secret));
      from = end;
      count++;
    }
    if (count === 0) return undefined;
    return { body: Buffer.concat([body.subarray(0, head), Buffer.from(result + text.slice(from), "utf8")]), count };
  }

  /** Masks one value in the bytes that it stands in; returns whether there was something. */
  private leaf(body: Buffer, leaf: Leaf, marked: readonly SecretPath[], isText: boolean, isStored: boolean): boolean {
    const bytes = body.subarray(leaf.start, leaf.end);
    const isSecret = leaf.isName !== true && isSecretPath(leaf.path, marked);
    if (leaf.form === "bytes") {
      const text = bytes.toString("latin1");
      if (!isSecret) {
        const masked = this.values(text, hintsIn(bytes) & ~hints.name);
        if (masked === text) return false;
        bytes.write(masked, "latin1");
        return true;
      }
      const secret = text.trim();
      const isDigits = isText && /^\d+$/.test(secret);
      if (secret === "" || (isDigits ? isStored && isDigitMask(secret) : isMask(secret))) return false;
      bytes.write(isDigits ? this.masks.digits(secret) : this.masks.text(secret), text.indexOf(secret), "latin1");
      return true;
    }
    const number = readNumber(bytes, leaf.form);
    if (number === undefined) return false;
    const size = number < 0n ? -number : number;
    if (!isSecret && !(number > 999_999_999_999n && isCardNumber(String(number)))) return false;
    if (size === 0n || (isStored && isIntegerMask(size))) return false;
    const masked = this.masks.integer(size);
    writeNumber(bytes, leaf.form, number < 0n ? -masked : masked);
    return true;
  }

  /** Secret values in a text; nothing that is a secret only by its name. */
  private values(text: string, seen: number): string {
    return seen === 0 ? text : this.replaced(text, findSecrets(text, seen), { count: 0 });
  }

  private headers(headers: readonly Header[], tally: Tally): readonly Header[] {
    let masked: Header[] | undefined;
    for (let i = 0; i < headers.length; i++) {
      const header = headers[i] as Header;
      const value = this.header(header.name, header.value, tally);
      if (value === header.value) continue;
      masked ??= [...headers];
      masked[i] = { name: header.name, value };
    }
    return masked ?? headers;
  }

  private header(name: string, value: HeaderValue, tally: Tally): HeaderValue {
    if (value === null || typeof value === "boolean") return value;
    if (isSecretName(name)) return this.whole(value, tally);
    if (value instanceof Uint8Array) return this.bytes(value, tally);
    if (typeof value === "string") return this.text(value, tally);
    if (typeof value === "number" || typeof value === "bigint") {
      return isCardNumber(String(value)) ? this.whole(value, tally) : value;
    }
    const before = tally.count;
    if (Array.isArray(value)) {
      const items = value.map((item: HeaderValue) => this.header("", item, tally));
      return tally.count === before ? value : items;
    }
    const fields = Object.entries(value).map(([key, item]) => [key, this.header(key, item, tally)] as const);
    return tally.count === before ? value : Object.fromEntries(fields);
  }

  private whole(value: HeaderValue, tally: Tally): HeaderValue {
    if (value === null || typeof value === "boolean") return value;
    if (value instanceof Uint8Array || typeof value === "string") {
      const text = typeof value === "string" ? Buffer.from(value, "utf8").toString("latin1") : latin1Of(value);
      if (isMask(text)) return value;
      tally.count++;
      return typeof value === "string" ? this.masks.text(text) : Buffer.from(this.masks.text(text), "latin1");
    }
    if (typeof value === "number" || typeof value === "bigint") {
      tally.count++;
      return this.masks.text(String(value));
    }
    if (Array.isArray(value)) return value.map((item: HeaderValue) => this.whole(item, tally));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.whole(item, tally)]));
  }

  private rabbitmq(origin: RabbitmqOrigin, tally: Tally): RabbitmqOrigin {
    const routingKeys = this.texts(origin.routingKeys, tally);
    const routedQueues = origin.routedQueues && this.texts(origin.routedQueues, tally);
    const properties = isQuiet(origin.properties) ? origin.properties : this.properties(origin.properties, tally);
    const { routingKeys: keys, routedQueues: queues, properties: stated } = origin;
    if (routingKeys === keys && routedQueues === queues && properties === stated) return origin;
    return { ...origin, routingKeys, properties, ...(routedQueues === undefined ? {} : { routedQueues }) };
  }

  private properties(properties: RabbitmqProperties, tally: Tally): RabbitmqProperties {
    let masked = properties;
    for (const name of freeProperties) {
      const value = properties[name];
      const text = value === undefined ? undefined : this.text(value, tally);
      if (text !== value) masked = { ...masked, [name]: text };
    }
    return masked;
  }

  private texts(values: readonly string[], tally: Tally): readonly string[] {
    let masked: string[] | undefined;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as string;
      const text = this.text(value, tally);
      if (text !== value) (masked ??= [...values])[i] = text;
    }
    return masked ?? values;
  }

  /** Names of spans are paths and statements in practice, and their messages are those of exceptions. */
  private span(origin: OtlpOrigin, tally: Tally): OtlpOrigin {
    const { service, name, statusMessage } = origin;
    return {
      ...origin,
      service: this.text(service, tally),
      name: this.text(name, tally),
      ...(statusMessage === undefined ? {} : { statusMessage: this.text(statusMessage, tally) }),
    };
  }

  private hintsOf(body: Uint8Array): number {
    if (body !== this.seenBody) {
      this.seenHints = hintsIn(body);
      this.seenBody = body;
    }
    return this.seenHints;
  }

  private bytes(value: Uint8Array, tally: Tally, seen = hintsIn(value)): Uint8Array {
    if (seen === 0) return value;
    const text = latin1Of(value);
    const masked = this.latin1(text, seen, tally);
    return masked === text ? value : Buffer.from(masked, "latin1");
  }

  private text(value: string, tally: Tally): string {
    const seen = hintsInText(value);
    if (seen === 0) return value;
    const text = Buffer.from(value, "utf8").toString("latin1");
    const masked = this.latin1(text, seen, tally);
    return masked === text ? value : Buffer.from(masked, "latin1").toString("utf8");
  }

  /** Secret fields and values in a text of one character a byte. */
  private latin1(text: string, seen: number, tally: Tally): string {
    const byName = (seen & hints.name) === 0 ? text : this.replaced(text, secretFieldsOf(text), tally);
    const values = seen & ~hints.name;
    return values === 0 ? byName : this.replaced(byName, findSecrets(byName, values), tally);
  }

  private replaced(source: string, spans: ReturnType<typeof findSecrets>, tally: Tally): string {
    let result = "";
    let from = 0;
    for (const { start, end, digits } of spans) {
      const secret = source.slice(start, end);
      if (start < from || isMask(secret)) continue;
      result += source.slice(from, start) + (digits ? this.masks.digits(secret) : this.masks.text(secret));
      from = end;
      tally.count++;
    }
    return from === 0 ? source : result + source.slice(from);
  }
}

/** What applications write into the properties of a message as they like. */
const freeProperties = ["correlationId", "replyTo", "messageId", "type", "appId"] as const;

/** Whether there is nothing to mask in any of them, as in nearly all. */
function isQuiet({
  correlationId = "",
  replyTo = "",
  messageId = "",
  type = "",
  appId = "",
}: RabbitmqProperties): boolean {
  return (
    (hintsInText(correlationId) |
      hintsInText(replyTo) |
      hintsInText(messageId) |
      hintsInText(type) |
      hintsInText(appId)) ===
    0
  );
}

interface Tally {
  count: number;
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/**
 * What was found wrong with a value, without what was masked in it: a mask says nothing of the value that it stands for,
 * so it is not held against the contract.
 */
export function withoutMasks(decoded: DecodedBody): DecodedBody {
  if (decoded.check !== "invalid" || decoded.value === undefined) return decoded;
  const violations = decoded.violations.filter(({ path }) => !isMasked(decoded.value, path));
  if (violations.length === decoded.violations.length) return decoded;
  return { ...decoded, violations, check: violations.length === 0 ? "valid" : "invalid" };
}

function isMasked(value: JsonValue | undefined, path: string): boolean {
  let part = value;
  for (const name of path.split(/[.[\]]+/).filter((step) => step !== "")) {
    if (part === null || typeof part !== "object" || part === undefined) return false;
    part = (part as { readonly [key: string]: JsonValue })[name];
  }
  if (typeof part === "string") return isMask(part) || (isDigitMask(part) && isSecretLast(path));
  return (
    typeof part === "number" && Number.isInteger(part) && part >= 0 && isSecretLast(path) && isDigitMask(String(part))
  );
}

/** Numbers that look like masks are common; only those in secret places are. */
function isSecretLast(path: string): boolean {
  return path.split(/[.[\]]+/).some(isSecretName);
}
