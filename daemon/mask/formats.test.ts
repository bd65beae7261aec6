import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  createCatalog,
  encodeProtobuf,
  type DecodedBody,
  type JsonValue,
  type MessageInput,
} from "../../contracts/codec/index.ts";
import { linkProto, parseProto } from "../../contracts/proto/index.ts";
import { Masker, withoutMasks } from "./index.ts";

const proto = `syntax = "proto3"; package shop;
import "google/protobuf/any.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
message Payment {
  string id = 1; int64 account = 2; int32 pin = 3; fixed64 card_number = 4; sint64 note = 5; double amount = 6;
  repeated int64 numbers = 7; map<string, string> tags = 8; google.protobuf.Any more = 9; google.protobuf.Struct free = 10;
  google.protobuf.StringValue secret = 11; bytes token = 12; double cvc = 13; Payment inner = 14; string tax = 15 [debug_redact = true];
  bool password = 16;
}
`;
const avsc = JSON.stringify({
  type: "record",
  name: "Payment",
  fields: [
    { name: "id", type: "string" },
    { name: "account", type: "long" },
    { name: "pin", type: "int" },
    { name: "amount", type: "double" },
    { name: "iban", type: ["null", "string"] },
    { name: "tax", type: { type: "long", "x-sensitive": true } },
    { name: "tags", type: { type: "map", values: "string" } },
    { name: "price", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
  ],
});
const asyncapi = `asyncapi: 3.0.0
info: {title: t, version: "1"}
channels:
  proto: {address: proto, messages: {Payment: {payload: {schemaFormat: application/vnd.google.protobuf, schema: shop.Payment}}}}
  avro: {address: avro, messages: {Payment: {payload: {schemaFormat: application/vnd.apache.avro, schema: {$ref: payment.avsc}}}}}
  xml:
    address: xml
    messages:
      Payment:
        contentType: application/xml
        payload:
          type: object
          required: [pin]
          properties: {pin: {type: integer, minimum: 1, maximum: 9999}, tax: {type: integer, x-sensitive: true}}
`;
const catalog = createCatalog({
  files: new Map([
    ["shop.proto", proto],
    ["payment.avsc", avsc],
    ["shop.asyncapi.yaml", asyncapi],
  ]),
  protoModules: [],
});
const masker = new Masker(new Uint8Array(32));

const card = "4111111111111111";
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";

interface Read {
  readonly value: Record<string, JsonValue>;
  readonly body: Uint8Array;
  readonly count: number;
  readonly decoded: DecodedBody;
}

/** The body as it is stored, and what it then says. */
function masked(body: Uint8Array, input: Partial<MessageInput> = {}, isStored = false): Read {
  const decode = (bytes: Uint8Array) =>
    catalog.decode({ broker: "kafka", channel: "elsewhere", headers: [], body: bytes, ...input });
  const decoded = decode(body);
  const again = masker.read({ body, decoded, catalog, isStored });
  const clean = again?.body ?? body;
  expect(clean).toHaveLength(body.length);
  const read = withoutMasks(decode(clean));
  return { value: read.value as Read["value"], body: clean, count: again?.count ?? 0, decoded: read };
}

describe("secrets in binary formats", () => {
  const written = encodeProtobuf(linkProto([parseProto("shop.proto", proto)]), "shop.Payment", {
    id: "p-1",
    account: card,
    pin: 4711,
    cardNumber: "12345678901",
    note: "5500000000000004",
    amount: 12.5,
    numbers: ["7", "4111111111111111"],
    tags: { color: "red", [jwt]: "x", password: "hunter2" },
    more: { "@type": "type.googleapis.com/shop.Payment", id: "q", pin: 815 },
    free: { apiKey: "abcdef", list: [{ token: 77_123 }] },
    secret: "inner secret",
    token: Buffer.from([1, 2, 3, 4, 5, 6]).toString("base64"),
    cvc: 4_711,
    inner: { tax: "DE123", id: "unmasked" },
    password: true,
  });
  if (!written.ok) throw new Error(written.failure);
  const { value, body, decoded } = masked(written.bytes, { channel: "proto" });

  it("are masked in Protobuf as numbers, texts and bytes, in maps, Any, Struct and wrappers, and nothing else is", () => {
    expect(decoded.check).toBe("valid");
    expect(value).toMatchObject({
      id: "p-1",
      amount: 12.5,
      inner: { id: "unmasked" },
      more: { id: "q" },
      tags: { color: "red" },
      password: true,
    });
    expect(value["account"]).not.toBe(card);
    expect(value["pin"]).not.toBe(4711);
    expect(value["cardNumber"]).not.toBe("12345678901");
    expect(value["note"]).not.toBe("5500000000000004");
    expect(value["cvc"]).not.toBe(4711);
    expect(value["numbers"]).toEqual(["7", expect.not.stringMatching(card) as string]);
    const text = JSON.stringify(value);
    for (const secret of ["hunter2", jwt, "815", "abcdef", "77123", "inner secret", "AQIDBAUG", "DE123"]) {
      expect(text).not.toContain(secret);
    }
    expect(Buffer.from(body).includes("hunter2")).toBe(false);
  });

  it("keep equal masks, so that flows join, and are not masked again when they are read again", () => {
    expect(masked(written.bytes, { channel: "proto" }).body).toEqual(body);
    expect(masked(body, { channel: "proto" }, true)).toMatchObject({ count: 0, body });
  });

  it("are masked in Avro, in unions, maps and behind a registry's framing", () => {
    const text = (words: string) => [words.length * 2, ...Buffer.from(words)];
    const long = (number: bigint): number[] => {
      const bytes: number[] = [];
      let rest = number << 1n;
      for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
      return [...bytes, Number(rest)];
    };
    const avro = [
      ...[...text("p-1"), ...long(BigInt(card)), ...long(4711n), 0, 0, 0, 0, 0, 0, 0x29, 0x40],
      ...[
        2,
        ...text("DE89370400440532013000"),
        ...long(123_456n),
        2,
        ...text("secret"),
        ...text("s3cr3t!"),
        0,
        ...text("\u0001\u0002"),
      ],
    ];
    for (const bytes of [avro, [0, 0, 0, 0, 7, ...avro]]) {
      const read = masked(Uint8Array.from(bytes), { channel: "avro" });
      expect(read.decoded).toMatchObject({ format: "avro", check: "valid" });
      expect(read.value).toMatchObject({ id: "p-1", amount: 12.5, price: "2.58" });
      expect(JSON.stringify(read.value)).not.toMatch(/4111111111111111|4711|DE89|123456|s3cr3t/);
      expect(read.count).toBe(5);
      expect(masked(read.body, { channel: "avro" }, true).count).toBe(0);
    }
  });

  it("are masked in Avro files, which lose their compression by it", () => {
    const schema = JSON.stringify({ type: "record", name: "L", fields: [{ name: "pin", type: "long" }] });
    const sync = Array.from({ length: 16 }, (_, i) => i);
    const words = (value: string) => [
      ...(value.length < 64 ? [value.length * 2] : [((value.length * 2) & 127) | 128, value.length >> 6]),
      ...Buffer.from(value),
    ];
    const block = deflateRawSync(Uint8Array.from([0xce, 0x49, 0x80, 0x92, 0xf4, 0x01]));
    const file = Uint8Array.from([
      ...[
        ...Buffer.from("Obj\u0001"),
        4,
        ...words("avro.schema"),
        ...words(schema),
        ...words("avro.codec"),
        ...words("deflate"),
        0,
      ],
      ...[...sync, 4, block.length * 2, ...block, ...sync],
    ]);
    const decode = (body: Uint8Array) => catalog.decode({ broker: "kafka", channel: "files", headers: [], body });
    const decoded = decode(file);
    expect(decoded.value).toEqual([{ pin: 4711 }, { pin: 2_000_000 }]);
    const again = masker.read({ body: file, decoded, catalog });
    expect(again?.count).toBe(2);
    expect(decode(again?.body ?? file).value).toEqual([
      { pin: expect.any(Number) as number },
      { pin: expect.any(Number) as number },
    ]);
    expect(JSON.stringify(decode(again?.body ?? file).value)).not.toMatch(/4711|2000000/);
  });

  it("are masked in MessagePack and CBOR", () => {
    const name = (head: number, words: string) => [head + words.length, ...Buffer.from(words)];
    const number = [0, 0x0e, 0x9b, 0xea, 0x18, 0xb1, 0x1e, 0x5a].slice(0);
    const big = Buffer.alloc(8);
    big.writeBigUInt64BE(BigInt(card));
    number.splice(0, 8, ...big);
    const messagepack = Uint8Array.from([
      ...[0x86, ...name(0xa0, "id"), 0xcf, ...number, ...name(0xa0, "pin"), 0xcd, 0x12, 0x67, ...name(0xa0, "ok"), 5],
      ...[...name(0xa0, "cvc"), 0xcb, 0x40, 0xb2, 0x67, 0, 0, 0, 0, 0, ...name(0xa0, "ssn"), 0xd1, 0xf1, 0x00],
      ...[...name(0xa0, "password"), ...name(0xa0, "hunter2")],
    ]);
    const cbor = Uint8Array.from([
      ...[0xa5, ...name(0x60, "id"), 0x1b, ...number, ...name(0x60, "pin"), 0x19, 0x12, 0x67, ...name(0x60, "ok"), 5],
      ...[...name(0x60, "ssn"), 0x39, 0x0e, 0xff, ...name(0x60, "password"), ...name(0x60, "hunter2")],
    ]);
    for (const [bytes, contentType] of [
      [messagepack, "application/msgpack"],
      [cbor, "application/cbor"],
    ] as const) {
      const read = masked(bytes, { contentType });
      expect(read.value).toMatchObject({ ok: 5, password: expect.stringMatching(/^\*/) as string });
      expect(read.value["id"]).not.toBe(card);
      expect(read.value["id"]).not.toBe(Number(card));
      expect(read.value["pin"]).not.toBe(0x1267);
      expect(read.value["ssn"]).toBeLessThan(0);
      expect(read.value["ssn"]).not.toBe(-3840);
      expect(masked(read.body, { contentType }, true).count).toBe(0);
    }
  });

  it("are masked in XML as texts, numbers and attributes, below a secret element, and are not held against the contract", () => {
    const xml = `<o:payment xmlns:o="urn:x" token="abcdefgh"><pin> 4711 </pin><tax>123456</tax><card><holder>Max</holder><no>77</no></card><note><![CDATA[${jwt}]]></note><id>7</id></o:payment>`;
    const read = masked(Buffer.from(xml), { channel: "xml" });
    const text = Buffer.from(read.body).toString();
    expect(text).not.toMatch(/abcdefgh|4711|123456|Max|>77<|eyJ/);
    expect(text).toContain("<id>7</id>");
    expect(read.decoded).toMatchObject({ format: "xml", check: "valid", definition: { name: "Payment" } });
    expect(masked(read.body, { channel: "xml" }, true).count).toBe(0);
  });
});
