import { describe, expect, it } from "vitest";
import { Masker } from "./index.ts";

const masker = new Masker(new Uint8Array(32));
const marked = [["pin"], ["cards", "digits"], ["more", "*", "key"], ["deep"]];

describe("fields that a contract marks", () => {
  it("are masked in JSON where they stand, and only there, and stay JSON of the same length", () => {
    const value = {
      pin: 1,
      id: 1,
      cards: [{ digits: 'aä"b', name: "1" }, { digits: "zz" }],
      more: { x: { key: "secret" }, y: 2 },
      deep: { a: ["hidden", true, null] },
      name: "zz secret",
    };
    const body = Buffer.from(JSON.stringify(value));
    const result = masker.markedJson(body, marked);
    expect(result?.count).toBe(5);
    expect(result?.body.length).toBe(body.length);
    const text = Buffer.from(result?.body ?? []).toString();
    const read = JSON.parse(text) as typeof value;
    expect(read).toMatchObject({ id: 1, name: "zz secret", more: { y: 2 }, cards: [{ name: "1" }, {}] });
    expect(read.more.x.key).not.toBe("secret");
    expect(text).not.toMatch(/hidden|aä/);
    const framed = masker.markedJson(Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), body]), marked);
    expect(
      Buffer.from(framed?.body ?? [])
        .subarray(5)
        .toString(),
    ).toBe(text);
    expect(masker.markedJson(result?.body ?? body, [["cards", "digits"], ["deep"]])).toBeUndefined();
    expect(masker.markedJson(body, [["nothing"]])).toBeUndefined();
  });

  it("are masked in binary bodies by what was read of them", () => {
    const body = Buffer.concat([
      Buffer.from([10, 5]),
      Buffer.from("hello"),
      Buffer.from([18, 5]),
      Buffer.from("plain"),
    ]);
    const value = { cards: [{ digits: "hello" }], other: "plain" };
    const text = Buffer.from(masker.decodedBody(body, value, marked)?.body ?? []).toString("latin1");
    expect(text).not.toContain("hello");
    expect(text).toContain("plain");
  });
});
