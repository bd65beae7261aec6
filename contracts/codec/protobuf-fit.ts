/**
 * How well bytes fit a message, in one walk that makes nothing: every message that several definitions may have is held
 * against each of them.
 */
import type { FieldDescriptor, MessageDescriptor } from "../proto/index.ts";
import { WireCursor, wireTypeOf } from "./protobuf-wire.ts";

/** What a field has to look like; `message` is what lies in it. */
interface Expected {
  readonly wire: number;
  readonly isText: boolean;
  readonly isPackable: boolean;
  readonly message: MessageDescriptor | undefined;
  plan: Plan | undefined;
}

type Plan = ReadonlyMap<number, Expected>;

const plans = new WeakMap<MessageDescriptor, Plan>();
const deepestMessage = 20;
const deepestGroup = 100;

/** From 0 (not at all, or nothing speaks for it) to 1: every field known, of the right wire type, its texts UTF-8. */
export function fitOf(message: MessageDescriptor, bytes: Uint8Array): number {
  const walk = new Walk(bytes);
  if (!walk.message(planOf(message), 0, bytes.length, 0)) return 0;
  return walk.seen === 0 ? 0 : walk.good / walk.seen;
}

function planOf(message: MessageDescriptor): Plan {
  let plan = plans.get(message);
  if (plan === undefined) {
    const made = new Map<number, Expected>();
    // The first of two fields with one number is the one that is read by.
    for (const field of message.fields) if (!made.has(field.number)) made.set(field.number, expected(field));
    plans.set(message, (plan = made));
  }
  return plan;
}

function expected(field: FieldDescriptor): Expected {
  const { type } = field;
  const isMessage = type === "message" || type === "group";
  return {
    wire: wireTypeOf(field),
    isText: type === "string",
    isPackable: field.isPackable,
    message: isMessage && field.typeRef?.kind === "message" ? field.typeRef : undefined,
    plan: undefined,
  };
}

const noPlan: Plan = new Map();

class Walk extends WireCursor {
  good = 0;
  seen = 0;

  /** Whether a message lies from `start` to `end`; what it is worth is added to the counts. */
  message(plan: Plan, start: number, end: number, depth: number): boolean {
    this.at = start;
    while (this.at < end) {
      const tag = this.varint(end);
      if (tag < 8 || tag > 0xffff_ffff) return false;
      const wire = tag % 8;
      const field = plan.get(Math.floor(tag / 8));
      let from = this.at;
      let to: number;
      if (wire === 2) {
        const length = this.varint(end);
        from = this.at;
        if (length < 0 || length > end - from) return false;
        this.at = to = from + length;
      } else if (wire === 3) {
        to = this.group(Math.floor(tag / 8), end);
        if (to < 0) return false;
      } else {
        if (!this.skipNumber(wire, end)) return false;
        to = this.at;
      }
      this.seen++;
      if (field === undefined) continue;
      if (wire !== field.wire) {
        if (wire === 2 && field.isPackable) this.good++;
      } else if (field.message !== undefined) this.nested(field, from, to, depth);
      else if (!field.isText || isUtf8(this.bytes, from, to)) this.good++;
    }
    return this.at === end;
  }

  private nested(field: Expected, from: number, to: number, depth: number): void {
    const { good, seen, at } = this;
    const isDeep = depth >= deepestMessage || field.message === undefined;
    const plan = isDeep ? noPlan : (field.plan ??= planOf(field.message));
    if (!this.message(plan, from, to, depth >= deepestMessage ? depth : depth + 1)) {
      this.good = good;
      this.seen = seen;
    } else if (isDeep) {
      this.good = good + 1;
      this.seen = seen;
    } else this.good++;
    this.at = at;
  }

  /** Goes behind the end tag of a group and gives the end of its contents; -1 where it has none. */
  private group(number: number, end: number): number {
    const open = [number];
    while (this.at < end) {
      const before = this.at;
      const tag = this.varint(end);
      if (tag < 8 || tag > 0xffff_ffff) return -1;
      const wire = tag % 8;
      if (wire === 2) {
        const length = this.varint(end);
        if (length < 0 || length > end - this.at) return -1;
        this.at += length;
      } else if (wire === 3) {
        if (open.length >= deepestGroup) return -1;
        open.push(Math.floor(tag / 8));
      } else if (wire === 4) {
        if (open.pop() !== Math.floor(tag / 8)) return -1;
        if (open.length === 0) return before;
      } else if (!this.skipNumber(wire, end)) return -1;
    }
    return -1;
  }
}

/** Whether the bytes are UTF-8 as the standard has it: no overlong forms, no surrogates, nothing beyond 10FFFF. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end;) {
    const lead = bytes[i++] ?? 0;
    if (lead < 0x80) continue;
    const more =
      lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    if (more === 0 || i + more > end) return false;
    const second = bytes[i] ?? 0;
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let k = 1; k < more; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return false;
    i += more;
  }
  return true;
}
