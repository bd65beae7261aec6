/**
 * The wire format of Protocol Buffers, without a schema.
 *
 *     message  = (tag value)*
 *     tag      = varint of (field number << 3 | wire type)
 *     value    = varint | 8 bytes | varint length, bytes | group: fields up to its end tag | 4 bytes
 *
 * Bytes come from anywhere: reading checks every bound and gives undefined instead of throwing.
 */

export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;
export type WireType = (typeof wireType)[keyof typeof wireType];

/** One field as it stands in the bytes. */
export interface WireField {
  readonly number: number;
  readonly type: 0 | 1 | 2 | 3 | 5;
  /** Of `varint`: its 64 bits. Of `fixed64` and `fixed32`: their bits. Else 0n. */
  readonly bits: bigint;
  /** The contents of `bytes` and of a group; empty for the others. */
  readonly start: number;
  readonly end: number;
}

const deepestGroup = 100;

/** The fields of the message that lies in `bytes` from `start` to `end`, or undefined where it is not one. */
export function readWire(bytes: Uint8Array, start = 0, end = bytes.length): WireField[] | undefined {
  const reader = new WireReader(bytes, start, end);
  const fields: WireField[] = [];
  while (reader.at < end) {
    const field = reader.field();
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return fields;
}

class WireReader {
  at: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  field(): WireField | undefined {
    const tag = this.tag();
    if (tag === undefined) return undefined;
    const { number, type } = tag;
    switch (type) {
      case wireType.varint: {
        const bits = this.varint();
        return bits === undefined ? undefined : { number, type, bits, start: 0, end: 0 };
      }
      case wireType.fixed64: {
        const bits = this.fixed(8);
        return bits === undefined ? undefined : { number, type, bits, start: 0, end: 0 };
      }
      case wireType.fixed32: {
        const bits = this.fixed(4);
        return bits === undefined ? undefined : { number, type, bits, start: 0, end: 0 };
      }
      case wireType.bytes: {
        const start = this.skipBytes();
        return start === undefined ? undefined : { number, type, bits: 0n, start, end: this.at };
      }
      case wireType.startGroup: {
        const start = this.at;
        const end = this.skipGroup(number);
        return end === undefined ? undefined : { number, type, bits: 0n, start, end };
      }
      default:
        return undefined;
    }
  }

  private tag(): { number: number; type: number } | undefined {
    const value = this.varint();
    if (value === undefined || value > 0xffff_ffffn) return undefined;
    const number = Number(value >> 3n);
    return number === 0 ? undefined : { number, type: Number(value & 7n) };
  }

  private varint(): bigint | undefined {
    let low = 0;
    // Most varints are short: no big integer is made for them before the end.
    for (let shift = 0; shift < 28; shift += 7) {
      if (this.at >= this.end) return undefined;
      const byte = this.bytes[this.at++] ?? 0;
      low |= (byte & 127) << shift;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      if (this.at >= this.end) return undefined;
      const byte = this.bytes[this.at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return undefined;
  }

  private fixed(length: 4 | 8): bigint | undefined {
    if (this.at + length > this.end) return undefined;
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[this.at + i] ?? 0);
    this.at += length;
    return value;
  }

  private skipBytes(): number | undefined {
    const length = this.varint();
    if (length === undefined || length > BigInt(this.end - this.at)) return undefined;
    const start = this.at;
    this.at += Number(length);
    return start;
  }

  /** Goes behind the end tag of the group `number` and gives the end of its contents. No recursion. */
  private skipGroup(number: number): number | undefined {
    const open = [number];
    while (this.at < this.end) {
      const before = this.at;
      const tag = this.tag();
      if (tag === undefined) return undefined;
      let skipped: unknown = true;
      if (tag.type === wireType.varint) skipped = this.varint();
      else if (tag.type === wireType.fixed64) skipped = this.fixed(8);
      else if (tag.type === wireType.fixed32) skipped = this.fixed(4);
      else if (tag.type === wireType.bytes) skipped = this.skipBytes();
      else if (tag.type === wireType.startGroup) {
        if (open.length >= deepestGroup) return undefined;
        open.push(tag.number);
      } else if (tag.type === wireType.endGroup) {
        if (open.pop() !== tag.number) return undefined;
        if (open.length === 0) return before;
      } else return undefined;
      if (skipped === undefined) return undefined;
    }
    return undefined;
  }
}

/** Text, if the bytes are UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Base64 with padding, as protobuf's JSON has bytes. */
export function base64(bytes: Uint8Array): string {
  let result = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    const left = bytes.length - i;
    result += alphabet.charAt(a >> 2) + alphabet.charAt(((a & 3) << 4) | (b >> 4));
    result += left > 1 ? alphabet.charAt(((b & 15) << 2) | (c >> 6)) : "=";
    result += left > 2 ? alphabet.charAt(c & 63) : "=";
  }
  return result;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The bytes of base64 (also of its URL form, also without padding), or undefined. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of text) {
    if (char === "=") break;
    const value = alphabet.indexOf(char === "-" ? "+" : char === "_" ? "/" : char);
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
    }
  }
  return Uint8Array.from(bytes);
}
