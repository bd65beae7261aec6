import { encode as encodeMessagePack } from "@msgpack/msgpack";
import { encode as encodeCbor } from "cborg";
import { XMLParser } from "fast-xml-parser";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCbor } from "./cbor.ts";
import { createCatalog, type MessageInput } from "./index.ts";
import { readMessagePack } from "./messagepack.ts";
import { readXml } from "./xml.ts";

const asyncapi = `asyncapi: 3.0.0
info: {title: shop, version: 1.0.0}
servers: {kafka: {host: "127.0.0.1:9092", protocol: kafka}}
channels:
  orders:
    address: shop.orders
    messages:
      Placed: {payload: {$ref: "#/components/schemas/Order"}}
  invoices:
    address: shop.invoices
    messages:
      Invoice: {contentType: application/xml, payload: {$ref: "#/components/schemas/Order"}}
components:
  schemas:
    Order:
      type: object
      required: [id, total]
      properties:
        id: {type: string}
        total: {type: integer, minimum: 0}
        paid: {type: boolean}
        lines: {type: array, items: {type: object, properties: {sku: {type: string}, quantity: {type: integer}}}}
`;
const catalog = createCatalog({ files: new Map([["shop.asyncapi.yaml", asyncapi]]), protoModules: [] });
const decode = (input: Partial<MessageInput> & { body: Uint8Array }) =>
  catalog.decode({ broker: "kafka", channel: "elsewhere", headers: [], ...input });
const utf8 = (text: string) => new TextEncoder().encode(text);

const order = { id: "A-1", total: 9, lines: [{ sku: "tea", quantity: 2 }] };
const broken = { id: "A-1", total: -9 };

describe.each([
  ["messagepack", (value: unknown) => encodeMessagePack(value, { useBigInt64: true }), "application/x-msgpack"],
  ["cbor", (value: unknown) => encodeCbor(value), "application/cbor"],
] as const)("%s", (format, encode, contentType) => {
  it("is told by its content type or by its bytes, and checked by the contract as JSON would be", () => {
    for (const type of [{ contentType }, {}]) {
      expect(decode({ channel: "shop.orders", body: encode(order), ...type })).toMatchObject({
        format,
        value: order,
        evidence: "declared",
        check: "valid",
      });
      const body = decode({ channel: "shop.orders", body: encode(broken), ...type });
      expect(body).toMatchObject({ format, check: "invalid", violations: [{ path: "total" }] });
    }
    expect(decode({ body: encode({ type: "order.placed" }) })).toMatchObject({ format, typeName: "order.placed" });
  });

  it("keeps integers that a double cannot hold as text, and as numbers for the check", () => {
    const body = decode({ channel: "shop.orders", body: encode({ id: "x", total: 9_007_199_254_740_993n }) });
    expect(body).toMatchObject({ value: { total: "9007199254740993" }, check: "valid" });
  });

  it("needs more than bytes that might be it", () => {
    expect(decode({ body: encode([1, 2, 300]) }).format).not.toBe(format);
    expect(decode({ body: new Uint8Array([...encode(order), 0xff]) })).toMatchObject({ format: "binary" });
    const cut = decode({ body: encode(order).subarray(0, 9), contentType });
    expect(cut.attempts[0]).toMatchObject({ format, failure: expect.stringContaining("ends in the middle") as string });
  });

  it("is read as another library wrote it", () => {
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
        fc.string({ unit: "grapheme" }),
        fc.array(tie("any"), { maxLength: 20 }),
        fc.dictionary(
          fc.string({ unit: "grapheme", minLength: 1 }).filter((key) => key !== "__proto__"),
          tie("any"),
        ),
      ),
    })).any;
    const read = format === "cbor" ? readCbor : readMessagePack;
    fc.assert(
      fc.property(value, (given) => {
        expect(read(encode(given))).toEqual({ ok: true, value: given, checked: given });
      }),
      { numRuns: 1000, seed: 5 },
    );
  });
});

describe("what a format has beyond JSON", () => {
  it.each([
    ["a time in MessagePack", readMessagePack, [0xd6, 0xff, 0x65, 0x53, 0xf1, 0x00], "2023-11-14T22:13:20Z"],
    ["an extension", readMessagePack, [0xd4, 5, 0xaa], { extension: 5, data: "qg==" }],
    ["bytes in MessagePack", readMessagePack, [0xc4, 2, 1, 2], "AQI="],
    ["a key that is a number", readMessagePack, [0x81, 7, 0xc0], { "7": null }],
    ["a half float", readCbor, [0xf9, 0x3e, 0x00], 1.5],
    ["the smallest half float", readCbor, [0xf9, 0x00, 0x01], 2 ** -24],
    ["no number", readCbor, [0xf9, 0x7e, 0x00], "NaN"],
    ["a map of indefinite length", readCbor, [0xbf, 0x61, 0x61, 1, 0xff], { a: 1 }],
    ["a text in parts", readCbor, [0x7f, 0x61, 0x61, 0x61, 0x62, 0xff], "ab"],
    ["a big number", readCbor, [0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0], "18446744073709551616"],
    ["the least integer", readCbor, [0x3b, 255, 255, 255, 255, 255, 255, 255, 255], "-18446744073709551616"],
    ["an epoch time", readCbor, [0xc1, 0x1a, 0x65, 0x53, 0xf1, 0x00], "2023-11-14T22:13:20Z"],
    ["a tag that nobody knows", readCbor, [0xd8, 99, 1], { tag: 99, value: 1 }],
  ] as const)("%s", (_name, read, bytes, value) => {
    expect(read(Uint8Array.from(bytes))).toMatchObject({ ok: true, value });
  });
});

describe("XML", () => {
  const xml = `<?xml version="1.0"?>
<!-- a comment --><o:order xmlns:o="urn:shop" id="A-1"><total> 9 </total><paid>true</paid>
<lines><sku>a &amp; b &#x41;</sku><quantity>2</quantity></lines><note><![CDATA[<x>]]></note></o:order>`;

  it("is a value, checked by the contract with its texts as numbers where the contract says so", () => {
    const body = decode({ channel: "shop.invoices", body: utf8(xml) });
    expect(body).toMatchObject({ format: "xml", check: "valid", evidence: "declared" });
    expect(body.value).toEqual({
      "o:order": {
        "@xmlns:o": "urn:shop",
        "@id": "A-1",
        total: " 9 ",
        paid: "true",
        lines: { sku: "a & b A", quantity: "2" },
        note: "<x>",
      },
    });
    const wrong = decode({ channel: "shop.invoices", body: utf8("<order><id>1</id><total>-3</total></order>") });
    expect(wrong).toMatchObject({ check: "invalid", violations: [{ path: "total" }] });
  });

  it.each([
    ["an element that does not end", "<a><b></a>"],
    ["two roots", "<a/><b/>"],
    ["an attribute that does not end", `<a b="c></a>`],
    ["an attribute twice", `<a b="1" b="2"/>`],
    ["text behind the root", "<a/>x"],
    ["entities of its own", `<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>`],
    ["a file from elsewhere", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`],
    ["elements without end", "<a>".repeat(100_000)],
  ])("%s is text, with the reason", (_name, text) => {
    expect(readXml(text)).toMatchObject({ ok: false });
    const body = decode({ body: utf8(text) });
    expect(body).toMatchObject({ format: "text", value: text });
    expect(body.attempts[0]?.failure).toMatch(/^The body is not XML: /);
  });

  it("is read as another library reads it", () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    const text = fc.stringMatching(/^[a-z0-9 &<>"']{0,8}$/).map((value) => `${value}.`);
    const escaped = (value: string) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
    const { element } = fc.letrec<{ element: string }>((tie) => ({
      element: fc
        .tuple(
          name,
          fc.dictionary(name, text, { maxKeys: 3 }),
          fc.oneof(
            { maxDepth: 4 },
            text.map(escaped),
            fc.array(tie("element"), { maxLength: 4 }).map((all) => all.join("")),
          ),
        )
        .map(([tag, attributes, inner]) => {
          const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
          return `<${tag}${all.join("")}>${inner}</${tag}>`;
        }),
    }));
    const judge = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "@",
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
    });
    fc.assert(
      fc.property(element, (document) => {
        const reading = readXml(document);
        expect(reading.ok ? reading.value : reading).toEqual(judge.parse(document));
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
