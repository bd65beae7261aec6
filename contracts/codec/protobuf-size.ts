/**
 * How many values a body would become, counted on its bytes alone: two bytes can be a whole message, so a body of some
 * megabytes can take gigabytes once it is read. Nothing is made while counting.
 */
import type { MessageDescriptor } from "../proto/index.ts";

/** Bodies with more values are not read: nobody looks at so many, and reading them would stop everything else. */
export const mostValues = 200_000;

const deepest = 100;

/** Whether the body holds at most `mostValues`. What is no message at all is left to the decoder to tell. */
export function hasFewValues(message: MessageDescriptor, bytes: Uint8Array): boolean {
  // No value takes less than a byte.
  if (bytes.length <= mostValues) return true;
  return new Counter(bytes).count(message, 0, bytes.length, 0) <= mostValues;
}

class Counter {
  private readonly bytes: Uint8Array;
  private values = 0;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Counts the message from `start` to `end`, and gives all that was counted so far. */
  count(message: MessageDescriptor | undefined, start: number, end: number, depth: number): number {
    this.at = start;
    const fields = new Map(message?.fields.map((field) => [field.number, field]));
    while (this.at < end && this.values <= mostValues) {
      const tag = this.varint(end);
      const field = fields.get(Math.floor(tag / 8));
      this.values++;
      switch (tag % 8) {
        case 0:
          this.varint(end);
          break;
        case 1:
          this.at += 8;
          break;
        case 2: {
          const length = this.varint(end);
          const from = this.at;
          const to = Math.min(end, from + length);
          if (field?.typeRef?.kind === "message" && depth < deepest) this.count(field.typeRef, from, to, depth + 1);
          else if (field?.isPackable === true) this.values += this.packed(from, to);
          this.at = to;
          break;
        }
        case 5:
          this.at += 4;
          break;
        default:
          // The tags of groups count by themselves, and what is inside follows.
          break;
      }
    }
    return this.values;
  }

  /** Each number of a packed list ends with a byte below 128; those of fixed size are fewer. */
  private packed(from: number, to: number): number {
    let count = 0;
    for (let i = from; i < to; i++) if ((this.bytes[i] ?? 0) < 128) count++;
    return count;
  }

  private varint(end: number): number {
    let value = 0;
    let scale = 1;
    while (this.at < end) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value;
  }
}
