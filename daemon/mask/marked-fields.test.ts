import { describe, expect, it } from "vitest";
import type { DecodedBody, SecretPath } from "../../contracts/codec/index.ts";
import { Masker } from "./index.ts";

const masker = new Masker(new Uint8Array(32));
const marked = [["pin"], ["cards", "digits"], ["more", "*", "key"], ["deep"]];

function maskedJson(body: Uint8Array, secretPaths: readonly SecretPath[], isStored = false) {
  const place = { path: "a.yaml", span: { start: 0, end: 0 } };
  const definition = { name: "A", format: "asyncapi", place, secretPaths } as const;
  const decoded: DecodedBody = { format: "json", value: {}, definition, check: "valid", violations: [], attempts: [] };
  const catalog = { leaves: () => undefined, replaceable: () => body };
  return masker.read({ body, decoded, catalog, isStored });
}

describe("fields that a contract marks", () => {
  const value = {
    pin: 471_199,
    id: 471_199,
    cards: [{ digits: 'aä"b', name: "1" }, { digits: "zz" }],
    more: { x: { key: "secret" }, y: 2 },
    deep: { a: ["hidden", true, null] },
    name: "zz secret",
  };
  const body = Buffer.from(JSON.stringify(value));
  const result = maskedJson(body, marked);
  const text = Buffer.from(result?.body ?? []).toString();

  it("are masked in JSON where they stand, and only there, and stay JSON of the same length", () => {
    expect(result?.count).toBe(5);
    expect(result?.body.length).toBe(body.length);
    const read = JSON.parse(text) as typeof value;
    expect(read).toMatchObject({ id: 471_199, name: "zz secret", more: { y: 2 }, cards: [{ name: "1" }, {}] });
    expect(read.pin).not.toBe(471_199);
    expect(read.more.x.key).not.toBe("secret");
    expect(text).not.toMatch(/hidden|aä/);
    expect(maskedJson(body, [["nothing"]])).toBeUndefined();
  });

  it("are masked behind a registry's framing", () => {
    const framed = maskedJson(Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), body]), marked);
    expect(
      Buffer.from(framed?.body ?? [])
        .subarray(5)
        .toString(),
    ).toBe(text);
  });

  it("are not masked again when what was stored is read again", () => {
    expect(maskedJson(Buffer.from(text), marked, true)).toBeUndefined();
  });

  it("are masked however their names and values are written", () => {
    const hidden = Buffer.from(
      String.raw`{"pass\u0077ord":"hunter22","note":"AKIA\u0049OSFODNN7EXAMPLE","id":"a\u0041"}`,
    );
    const shown = Buffer.from(maskedJson(hidden, [])?.body ?? []).toString();
    expect(shown).toMatch(/"pass\\u0077ord":"\*\w+\*+","note":"\*\w+\*+","id":"a\\u0041"/);
  });
});
