import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MessageDescriptor, linkProto, parseProto, readWire, utf8 } from "../proto/index.ts";
import { fitOf, isUtf8 } from "./protobuf-fit.ts";

const text = `syntax = "proto2";
message M {
  optional string name = 1; repeated int32 packed = 2; optional M inner = 3; optional bytes raw = 4;
  optional fixed64 wide = 5; optional float narrow = 6; optional group Old = 7 { optional string name = 1; }
}`;
const schema = linkProto([parseProto("m.proto", text)]);
const message = schema.message("M")!;

/** The same by reading every field into an object first: slow, and plain to see. */
function slowFit(type: MessageDescriptor, bytes: Uint8Array): number {
  const tally = { good: 0, seen: 0 };
  const weigh = (at: MessageDescriptor, start: number, end: number, depth: number): boolean => {
    const fields = readWire(bytes, start, end);
    if (fields === undefined) return false;
    for (const field of fields) {
      tally.seen++;
      const declared = at.fieldByNumber(field.number);
      if (declared === undefined) continue;
      const wires: Record<string, number> = { fixed64: 1, float: 5, string: 2, bytes: 2, message: 2, group: 3 };
      if (field.type !== (wires[declared.type] ?? 0)) {
        if (field.type === 2 && declared.isPackable) tally.good++;
      } else if (declared.typeRef?.kind === "message") {
        const before = { ...tally };
        if (!weigh(declared.typeRef, field.start, field.end, depth + 1)) Object.assign(tally, before);
        else if (depth >= 20) Object.assign(tally, { ...before, good: before.good + 1 });
        else tally.good++;
      } else if (declared.type !== "string" || utf8(bytes.subarray(field.start, field.end)) !== undefined) tally.good++;
    }
    return true;
  };
  return weigh(type, 0, bytes.length, 0) && tally.seen > 0 ? tally.good / tally.seen : 0;
}

/** Bytes that mostly are fields of the message, of any wire type, with noise between. */
const field: fc.Arbitrary<number[]> = fc.oneof(
  { maxDepth: 3 },
  fc.tuple(fc.constantFrom(0x10, 0x40, 0x08), fc.nat({ max: 127 })).map((two) => [...two]),
  fc.uint8Array({ maxLength: 5 }).map((text) => [0x0a, text.length, ...text]),
  fc.constant<number[]>([0x29, 1, 2, 3, 4, 5, 6, 7, 8]),
  fc.constant<number[]>([0x35, 1, 2, 3, 4]),
  fc.constant<number[]>([0x3b, 0x0a, 1, 65, 0x3c]),
  fc.array(fc.nat({ max: 255 }), { maxLength: 2 }),
);
const fields = fc.array(field, { maxLength: 5 }).map((all) => all.flat());
const wire = fc
  .tuple(fields, fields, fc.constantFrom(0x1a, 0x12, 0x22, 0x4a))
  .map(([outer, inner, tag]) => [...outer, tag, inner.length, ...inner]);

describe("how well bytes fit a message", () => {
  it("is the same as by reading every field first", () => {
    let some = 0;
    fc.assert(
      fc.property(wire, (bytes) => {
        const wanted = slowFit(message, Uint8Array.from(bytes));
        if (wanted > 0) some++;
        expect(fitOf(message, Uint8Array.from(bytes))).toBe(wanted);
      }),
      { numRuns: 30_000, seed: 4 },
    );
    expect(some).toBeGreaterThan(1000);
  });

  it("knows UTF-8 as the platform does", () => {
    const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0x80, 0x9f, 0xbf));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 6 }), (bytes) => {
        const given = Uint8Array.from(bytes);
        expect(isUtf8(given, 0, given.length)).toBe(utf8(given) !== undefined);
      }),
      { numRuns: 20_000, seed: 6 },
    );
  });
});
