import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inflate } from "./inflate.ts";

describe("inflate", () => {
  const texts = ["", "a", "the same words, ".repeat(500), Array.from({ length: 5000 }, (_, i) => i * i).join()];
  const noise = Uint8Array.from({ length: 70_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255);
  const inputs = [...texts.map((text) => Buffer.from(text)), noise];

  it.each([0, 1, 9])("gives back what zlib deflated at level %i, with fixed codes too", (level) => {
    for (const input of inputs) {
      for (const strategy of [0, 4]) {
        const out = inflate(deflateRawSync(input, { level, strategy }), 1_000_000);
        expect(Buffer.from(out).equals(input)).toBe(true);
      }
    }
  });

  it("stops at its limit, and says what is broken", () => {
    expect(() => inflate(deflateRawSync(Buffer.alloc(100_000)), 99_999)).toThrow("more than 99999 bytes");
    const good = deflateRawSync(Buffer.from(texts[3] ?? ""));
    for (let end = 0; end < good.length; end += 7) expect(() => inflate(good.subarray(0, end), 1e6)).toThrow(/.+/);
    expect(() => inflate(Uint8Array.from([7]), 10)).toThrow("no known kind");
  });
});
