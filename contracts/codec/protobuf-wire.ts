/** Walking over the bytes of a message without making anything of them. */
import type { FieldDescriptor } from "../proto/index.ts";

/** Where a walk stands in some bytes; every step is held against the end that it is given. */
export class WireCursor {
  protected at = 0;
  protected readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Steps over a number: one of variable length, of eight bytes, or of four. Whether it is one, and is whole. */
  protected skipNumber(wire: number, end: number): boolean {
    if (wire === 0) return this.varint(end) >= 0;
    if (wire !== 1 && wire !== 5) return false;
    this.at += wire === 1 ? 8 : 4;
    return this.at <= end;
  }

  /** A varint, not exact beyond 2^53; -1 where there is none. */
  protected varint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= end) return -1;
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    return -1;
  }
}

/** How one value of a field is written, which is not how a packed list of them is. */
export function wireTypeOf(field: FieldDescriptor): 0 | 1 | 2 | 3 | 5 {
  switch (field.type) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return 1;
    case "float":
    case "fixed32":
    case "sfixed32":
      return 5;
    case "message":
    case "group":
      return field.isDelimited ? 3 : 2;
    case "string":
    case "bytes":
      return 2;
    default:
      return 0;
  }
}
