/** What one message says, gathered while it is read: its ids with their roles, and what else its known names tell. */
import type { HeaderValue } from "../tap/envelope.ts";
import { traceOf, type HeaderMeaning } from "./headers.ts";
import { idOf, textOf, traceIdOf, type Id } from "./ids.ts";
import { bounds, type Counters } from "./limits.ts";
import { Found, idKind, type OriginalPlace, type Role, type Slot } from "./node.ts";
import { remembered } from "./words.ts";

export class Reading {
  readonly found: Found[] = [];
  /** The type as a header or property says it, and as a field of the body suggests it. */
  type: string | undefined = undefined;
  weakType: string | undefined = undefined;
  sender: string | undefined = undefined;
  replyAddress: string | undefined = undefined;
  expectsReply = false;
  reply = false;
  failed = false;
  sagaType: string | undefined = undefined;
  expiresAfter: number | undefined = undefined;
  original: OriginalPlace | undefined = undefined;
  /** Fields of the body read so far. */
  paths = 0;
  private readonly near: number;
  private readonly counters: Counters;

  constructor(near: number, counters: Counters) {
    this.near = near;
    this.counters = counters;
  }

  /** A value whose name is known, wherever it stands. */
  readNamed(slot: Slot, name: string, meaning: HeaderMeaning, raw: HeaderValue): void {
    const framework = meaning.family !== "generic";
    switch (meaning.role) {
      case "self":
      case "cause":
      case "in reply to":
      case "conversation":
      case "idempotency":
        this.add(slot, meaning.role, idOf(raw, true, this.near), framework);
        if (meaning.role === "in reply to") this.reply = true;
        return;
      case "pair":
      case "correlation": {
        const bytes = raw instanceof Uint8Array ? raw : undefined;
        this.addPair(slot, bytes ?? textOf(raw) ?? "", meaning.role, framework);
        return;
      }
      case "trace": {
        const text = textOf(raw);
        const value = text === undefined ? undefined : traceOf(meaning.trace ?? "hex", text, traceIdOf);
        if (value !== undefined) this.add(slot, "trace", { value, strength: "strong" }, true);
        // A header named trace id may hold any id of the application's own.
        else if (meaning.trace === "hex" && text !== undefined) {
          this.add(slot, "correlation", idOf(text, true, this.near), false);
        }
        return;
      }
      case "reply address": {
        const address = textOf(raw);
        if (address === undefined || address === "") return;
        this.replyAddress = address;
        this.expectsReply = true;
        return;
      }
      case "expects reply":
        this.expectsReply = this.replyAddress !== undefined;
        return;
      case "saga type":
        this.sagaType = textOf(raw);
        return;
      case "type": {
        const type = textOf(raw);
        // In a list of types (`A;B`, an array) the first is the message's own.
        if (type !== undefined && type !== "" && (framework || this.type === undefined)) this.type = type;
        return;
      }
      case "sender": {
        const sender = textOf(raw);
        if (sender !== undefined && sender !== "") this.sender = senderName(sender);
        return;
      }
      case "intent":
        if (textOf(raw)?.toLowerCase() === "reply") this.reply = true;
        return;
      case "failure": {
        const text = textOf(raw);
        if (name.toLowerCase() === "reply_outcome-type") {
          if (text?.toUpperCase() === "FAILURE") this.failed = true;
        } else if (text !== undefined && text !== "" && text !== "false" && text !== "null") this.failed = true;
        return;
      }
      case "original topic":
        this.original = { ...this.original, topic: textOf(raw) ?? "" };
        return;
      case "original partition":
      case "original offset": {
        const number = integerOf(raw);
        if (number === undefined) return;
        if (meaning.role === "original offset") this.original = { ...this.original, offset: number };
        else this.original = { ...this.original, partition: Number(number) };
        return;
      }
      case "original exchange":
        this.original = { ...this.original, exchange: textOf(raw) ?? "" };
        return;
      case "original routing key":
        this.original = { ...this.original, routingKey: textOf(raw) ?? "" };
        return;
      case "deadline": {
        const text = textOf(raw);
        const at =
          text === undefined ? NaN : /^\d{10,13}$/.test(text) ? Number(text.padEnd(13, "0")) : Date.parse(text);
        if (Number.isFinite(at) && at > this.near && at < this.near + 7 * 86_400_000)
          this.expiresAfter = at - this.near;
        return;
      }
      case "attempt":
      case "noise":
        return;
    }
  }

  /** A value under a name that nobody knows: an id when it looks like one. */
  readUnnamed(slot: Slot, raw: HeaderValue, inBody: boolean): void {
    if (slot.thing) return;
    const id = idOf(raw, slot.named, this.near);
    if (id.strength === "strong") this.add(slot, inBody && slot.named ? "business" : "learned", id, false);
    else if (id.strength === "medium" && (slot.named || (inBody && prefixFits(id.value, slot.stem)))) {
      this.add(slot, "business", id, false);
    }
  }

  /** An id that may be that of an exchange; a word or counter counts there as well. */
  addPair(slot: Slot, raw: string | Uint8Array, role: "pair" | "correlation", framework: boolean): void {
    const id = idOf(raw, true, this.near);
    if (id.strength !== "none") this.add(slot, role, id, framework);
    else {
      const text = textOf(raw);
      if (text !== undefined && text !== "" && text.length <= 4 * bounds.valueLength) {
        this.add(slot, "pair", { value: text, strength: "weak" }, framework);
      }
    }
  }

  add(slot: Slot, role: Role, id: Id, framework: boolean): void {
    if (id.strength === "none") return;
    if (id.strength === "weak" && role !== "pair" && role !== "correlation") return;
    const found = this.found;
    if (found.length >= bounds.idsPerMessage) {
      this.counters.idsPerMessage++;
      return;
    }
    for (let i = 0; i < found.length; i++) {
      const other = found[i] as Found;
      if (other.value === id.value && other.role === role) return;
    }
    found.push(new Found(idKind(slot, role, id.strength, framework), id.value));
  }
}

/** `order: "ORD-1042"`: the value begins like the field's name. */
function prefixFits(value: string, stem: string): boolean {
  const prefix = /^[a-zA-Z]{2,}/.exec(value)?.[0].toLowerCase();
  return prefix !== undefined && (stem.startsWith(prefix.slice(0, 3)) || prefix.startsWith(stem.slice(0, 3)));
}

/** An address or endpoint as a name: the last part of a URI, without instance ids. */
const senderName = remembered((sender: string): string => {
  const uri = /^[a-z][a-z0-9+.-]*:\/\//i.test(sender);
  const plain = (sender.split("?")[0] ?? sender).replace(/\/+$/, "");
  const name = uri || plain.startsWith("/") ? (plain.split("/").pop() ?? plain) : plain;
  return name.slice(0, 120);
});

/** Offsets and partitions come as text, numbers, or 4 and 8 bytes in network order. */
function integerOf(raw: HeaderValue): bigint | undefined {
  if (typeof raw === "bigint") return raw;
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? BigInt(raw) : undefined;
  if (raw instanceof Uint8Array && (raw.length === 4 || raw.length === 8) && !raw.every((b) => b >= 48 && b <= 57)) {
    let value = 0n;
    for (const byte of raw) value = (value << 8n) | BigInt(byte);
    return value;
  }
  const text = textOf(raw);
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
