import { describe, expect, it } from "vitest";
import { KeptByWords, remembered, repeatedText } from "./remembered.ts";

describe("answers that are kept", () => {
  it("are worked out once for a word, and again after a sender made up too many", () => {
    let asked = 0;
    const length = remembered((word) => {
      asked++;
      return word.length;
    });
    expect([length("type"), length("type"), asked]).toEqual([4, 4, 1]);
    for (let i = 0; i < 10_000; i++) length(`x-${i}`);
    expect([length("type"), asked]).toEqual([4, 10_002]);
  });

  it("are not kept for words longer than names are", () => {
    let asked = 0;
    const length = remembered((word) => word.length + 0 * asked++);
    expect([length("x".repeat(129)), length("x".repeat(129)), asked]).toEqual([129, 129, 2]);
  });

  it("are found by the same row of words and by no other, until there are too many words", () => {
    const kept = new KeptByWords<string>(5);
    const at = (...words: string[]) => words.reduce((step, word) => kept.next(step, word), kept.start());
    at("orders", "placed").answer = "OrderPlaced";
    expect(at("orders", "placed").answer).toBe("OrderPlaced");
    expect([at("orders").answer, at("placed", "orders").answer]).toEqual([undefined, undefined]);
    at("a", "b");
    expect(at("orders", "placed").answer).toBeUndefined();
  });
});

describe("texts that come again", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("are the same as a decoder's, however often and after which others they come", () => {
    const samples = [
      ...["OrderPlaced", "é", "\u{feff}x", "", "x".repeat(200)].map(bytes),
      Uint8Array.from([0xff, 0x41]),
    ];
    const numbered = Array.from({ length: 3_000 }, (_, i) => bytes(`kind-${i}`));
    for (const sample of [...samples, ...numbered, ...samples, ...numbered, ...samples]) {
      expect(repeatedText(sample)).toBe(new TextDecoder().decode(sample));
    }
  });

  it("are told from others that look alike in another encoding", () => {
    expect(repeatedText(bytes("é"))).toBe("é");
    expect(repeatedText(Uint8Array.from([0xe9]))).toBe("\u{fffd}");
  });
});
