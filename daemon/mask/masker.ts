import { createHmac, randomBytes } from "node:crypto";
import type { Envelope, Header, HeaderValue, OtlpOrigin, RabbitmqProperties } from "../tap/envelope.ts";
import type { JsonValue, SecretPath } from "../../contracts/codec/index.ts";
import { findSecrets, maySecret } from "./detectors.ts";
import { markedSpans, markedValues } from "./marked-fields.ts";
import { isSecretName } from "./names.ts";
import { secretFieldsOf } from "./text-fields.ts";

/** An envelope without secrets, and how many were taken out. */
export interface Masked {
  readonly envelope: Envelope;
  readonly count: number;
}

/**
 * Replaces secrets by masks of the same length, so that bytes around them keep their places and every format stays
 * readable. Equal secrets get equal masks while this object lives, so flows still join; its key is random and never
 * leaves the process, so a mask cannot be guessed back.
 */
export class Masker {
  private readonly key: Uint8Array;

  constructor(key: Uint8Array = randomBytes(32)) {
    this.key = key;
  }

  /** Masks headers, properties, key, and in the body whatever can be told without a contract. */
  envelope(envelope: Envelope): Masked {
    let count = 0;
    const counted = (text: string): string => {
      const masked = this.latin1(text);
      count += masked.count;
      return masked.text;
    };
    const bytes = (value: Uint8Array): Uint8Array => {
      const text = latin1Of(value);
      const masked = counted(text);
      return masked === text ? value : Buffer.from(masked, "latin1");
    };
    const text = (value: string): string => {
      if (!maySecret(value)) return value;
      const masked = counted(Buffer.from(value, "utf8").toString("latin1"));
      return Buffer.from(masked, "latin1").toString("utf8");
    };
    const header = (name: string, value: HeaderValue): HeaderValue => {
      if (isSecretName(name)) {
        const whole = this.wholeHeader(value);
        count += whole.count;
        return whole.value;
      }
      if (typeof value === "string") return text(value);
      if (value instanceof Uint8Array) return bytes(value);
      if (Array.isArray(value)) return value.map((item: HeaderValue) => header("", item));
      if (value !== null && typeof value === "object") {
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, header(key, item)]));
      }
      return value;
    };
    const headers: Header[] = envelope.headers.map(({ name, value }) => ({ name, value: header(name, value) }));
    const key = envelope.key === null ? null : bytes(envelope.key);
    const body = envelope.body === null ? null : bytes(envelope.body);
    const { origin } = envelope;
    const masked: Envelope = {
      ...envelope,
      headers,
      key,
      body,
      origin:
        origin.broker === "kafka"
          ? origin
          : origin.broker === "otlp"
            ? maskSpan(origin, text)
            : {
                ...origin,
                routingKeys: origin.routingKeys.map(text),
                properties: maskProperties(origin.properties, text),
              },
    };
    return { envelope: masked, count };
  }

  /**
   * Masks in `body`, which was read as `value`, the secrets that only reading showed: fields with secret names and
   * secret values in binary formats, and fields that the contract marks. `undefined` when there are none.
   */
  decodedBody(
    body: Uint8Array,
    value: JsonValue,
    marked: readonly SecretPath[] = [],
  ): { readonly body: Uint8Array; readonly count: number } | undefined {
    const secrets = new Set<string>();
    collectSecrets(value, false, secrets, { left: 10_000 });
    for (const field of markedValues(value, marked)) collectSecrets(field, true, secrets, { left: 10_000 });
    if (secrets.size === 0) return undefined;
    const result = Buffer.from(body);
    let count = 0;
    for (const secret of secrets) {
      for (const form of formsOnTheWire(secret)) {
        for (let at = result.indexOf(form); at >= 0; at = result.indexOf(form, at + form.length)) {
          result.set(this.sameForm(form, secret), at);
          count++;
        }
      }
    }
    return count === 0 ? undefined : { body: result, count };
  }

  /** Masks in a body that was read as JSON the fields that its contract marks. `undefined` when there are none. */
  markedJson(
    body: Uint8Array,
    marked: readonly SecretPath[],
  ): { readonly body: Uint8Array; readonly count: number } | undefined {
    if (marked.length === 0) return undefined;
    // A registry's framing stands before the text: a zero and four bytes.
    const head = body[0] === 0 ? 5 : 0;
    const text = Buffer.from(body.buffer, body.byteOffset + head, Math.max(0, body.byteLength - head)).toString("utf8");
    let result = "";
    let from = 0;
    let count = 0;
    for (const { start, end, digits } of markedSpans(text, marked)) {
      const secret = Buffer.from(text.slice(start, end), "utf8").toString("latin1");
      if (start < from || isMask(secret)) continue;
      result += text.slice(from, start) + (digits ? this.digitMask(secret) : this.mask(secret));
      from = end;
      count++;
    }
    if (count === 0) return undefined;
    return { body: Buffer.concat([body.subarray(0, head), Buffer.from(result + text.slice(from), "utf8")]), count };
  }

  /** The mask of a text of one character a byte: same length, equal for equal texts. */
  mask(text: string): string {
    if (text.length <= 2) return "*".repeat(text.length);
    const tag = this.digest(text).slice(0, Math.min(8, text.length - 2));
    return `*${tag}${"*".repeat(text.length - 1 - tag.length)}`;
  }

  private latin1(text: string): { text: string; count: number } {
    if (!maySecret(text)) return { text, count: 0 };
    let count = 0;
    const replaceAll = (source: string, spans: ReturnType<typeof findSecrets>): string => {
      let result = "";
      let from = 0;
      for (const { start, end, digits } of spans) {
        const secret = source.slice(start, end);
        if (start < from || isMask(secret)) continue;
        result += source.slice(from, start) + (digits ? this.digitMask(secret) : this.mask(secret));
        from = end;
        count++;
      }
      return result + source.slice(from);
    };
    const byName = replaceAll(text, secretFieldsOf(text));
    return { text: replaceAll(byName, findSecrets(byName)), count };
  }

  private wholeHeader(value: HeaderValue): { value: HeaderValue; count: number } {
    if (typeof value === "string") {
      const bytes = Buffer.from(value, "utf8").toString("latin1");
      return { value: this.mask(bytes), count: 1 };
    }
    if (value instanceof Uint8Array) return { value: Buffer.from(this.mask(latin1Of(value)), "latin1"), count: 1 };
    if (typeof value === "number" || typeof value === "bigint") return { value: this.mask(String(value)), count: 1 };
    if (value === null || typeof value === "boolean") return { value, count: 0 };
    const inner = (Array.isArray(value) ? value.entries() : Object.entries(value)) as Iterable<[string, HeaderValue]>;
    let count = 0;
    const items: [string, HeaderValue][] = [];
    for (const [name, item] of inner) {
      const masked = this.wholeHeader(item);
      count += masked.count;
      items.push([name, masked.value]);
    }
    return { value: Array.isArray(value) ? items.map(([, item]) => item) : Object.fromEntries(items), count };
  }

  private digitMask(digits: string): string {
    const tag = this.digest(digits).replace(/[a-z]/g, (letter) => String(letter.charCodeAt(0) % 10));
    return `9${tag.repeat(1 + Math.ceil(digits.length / tag.length))}`.slice(0, digits.length);
  }

  /** A mask that keeps the length and, for a varint, the form of what stands on the wire. */
  private sameForm(form: Buffer, secret: string): Buffer {
    if (form.toString("latin1") === Buffer.from(secret, "utf8").toString("latin1")) {
      return Buffer.from(this.mask(form.toString("latin1")), "latin1");
    }
    const digest = createHmac("sha256", this.key).update(form).digest();
    return Buffer.from(
      form.map((byte, i) =>
        i === form.length - 1 ? ((digest[i % 32] ?? 1) & 0x3f) | 1 : 0x80 | ((digest[i % 32] ?? 1) & 0x7f),
      ),
    );
  }

  private digest(text: string): string {
    const bytes = createHmac("sha256", this.key).update(text, "latin1").digest();
    return BigInt(`0x${bytes.subarray(0, 10).toString("hex")}`)
      .toString(36)
      .padStart(16, "0")
      .slice(0, 12);
  }
}

/** Whether `text` is what a Masker put in the place of a secret. */
export function isMask(text: string): boolean {
  return /^(?:\*[0-9a-z]{0,8}\*+|\*)$/.test(text);
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function maskProperties(properties: RabbitmqProperties, text: (value: string) => string): RabbitmqProperties {
  const masked: { -readonly [name in keyof RabbitmqProperties]: RabbitmqProperties[name] } = { ...properties };
  for (const name of ["correlationId", "replyTo", "messageId", "type", "appId"] as const) {
    const value = properties[name];
    if (value !== undefined) masked[name] = text(value);
  }
  return masked;
}

/** Names of spans are paths and statements in practice, and their messages are those of exceptions. */
function maskSpan(origin: OtlpOrigin, text: (value: string) => string): OtlpOrigin {
  const { service, name, statusMessage } = origin;
  return {
    ...origin,
    service: text(service),
    name: text(name),
    ...(statusMessage === undefined ? {} : { statusMessage: text(statusMessage) }),
  };
}

function collectSecrets(value: JsonValue, secret: boolean, into: Set<string>, budget: { left: number }): void {
  if (budget.left-- <= 0 || value === null || typeof value === "boolean") return;
  if (typeof value === "string") {
    if (secret && value !== "" && !isMask(value)) into.add(value);
    else if (!secret && maySecret(value)) {
      for (const { start, end } of findSecrets(value)) into.add(value.slice(start, end));
    }
    return;
  }
  if (typeof value === "number") {
    if (secret) into.add(String(value));
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) collectSecrets(item as JsonValue, secret, into, budget);
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    collectSecrets(item, secret || isSecretName(name), into, budget);
  }
}

/** How a value may stand in the bytes of a binary format: as text, and as a varint long enough not to meet by chance. */
function formsOnTheWire(secret: string): Buffer[] {
  const forms = [Buffer.from(secret, "utf8")];
  if (/^[0-9]{5,19}$/.test(secret)) {
    let rest = BigInt(secret);
    const bytes: number[] = [];
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    if (bytes.length >= 3) forms.push(Buffer.from(bytes));
  }
  return forms;
}
