/** Inputs that are right, from which wrong ones are made. */
import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { encodeProtobuf } from "../../contracts/codec/index.ts";
import { linkProto, parseProto } from "../../contracts/proto/index.ts";

const proto = `syntax = "proto3";
package shop.v1;
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
message OrderPlaced {
  string number = 1; repeated Line lines = 2; int64 total = 3; map<string, int64> tags = 4;
  google.protobuf.Timestamp at = 5; google.protobuf.Any extra = 6; google.protobuf.Struct free = 7; OrderPlaced before = 8;
}
message Line { string sku = 1; repeated sint32 counts = 2; double price = 3; Kind kind = 4; bytes raw = 5; }
message OrderCancelled { string number = 1; fixed64 by = 2; float share = 3; oneof why { string reason = 4; int32 code = 5; } }
enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1; }
`;
const stockAvsc = {
  type: "record",
  name: "StockChanged",
  namespace: "shop",
  fields: [
    { name: "sku", type: "string" },
    { name: "left", type: { type: "bytes", logicalType: "decimal", scale: 2 } },
    { name: "at", type: { type: "long", logicalType: "timestamp-micros" } },
    { name: "places", type: { type: "map", values: { type: "array", items: ["null", "double", "StockChanged"] } } },
    { name: "kind", type: { type: "enum", name: "Kind", symbols: ["A", "B"] } },
    { name: "hash", type: { type: "fixed", name: "Hash", size: 4 } },
  ],
};
const asyncapi = `asyncapi: 3.0.0
info: {title: shop, version: 1.0.0}
channels:
  orders:
    address: orders
    messages:
      OrderPlaced: {payload: {schemaFormat: application/vnd.google.protobuf, schema: shop.v1.OrderPlaced}}
      OrderCancelled: {payload: {schemaFormat: application/vnd.google.protobuf, schema: shop.v1.OrderCancelled}}
  stock:
    address: stock
    messages:
      StockChanged:
        payload: {schemaFormat: "application/vnd.apache.avro;version=1.9.0", schema: {$ref: stock.avsc}}
  prices:
    address: prices
    messages:
      Price: {payload: {$ref: "#/components/schemas/Price"}}
components:
  schemas:
    Price:
      type: object
      required: [sku]
      properties:
        sku: {type: string, pattern: "^(a+)+$", maxLength: 20}
        price: {type: number, multipleOf: 0.01}
        parts: {type: array, uniqueItems: true, items: {oneOf: [{$ref: "#/components/schemas/Price"}, {type: integer}]}}
`;

/** Contracts by which the bodies are read. */
export const contracts: ReadonlyMap<string, string> = new Map([
  ["shop.proto", proto],
  ["stock.avsc", JSON.stringify(stockAvsc)],
  ["shop.asyncapi.yaml", asyncapi],
]);

const bytes = (...parts: ReadonlyArray<string | readonly number[] | Uint8Array>): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
const text = (value: string): Uint8Array => bytes([value.length * 2], value);
const json = (value: unknown): Uint8Array => bytes(JSON.stringify(value));

const written = encodeProtobuf(linkProto([parseProto("shop.proto", proto)]), "shop.v1.OrderPlaced", {
  number: "A-1",
  lines: [{ sku: "tea", counts: [1, -2, 300], price: 1.5, kind: "KIND_A", raw: "AQI=" }],
  total: "9007199254740993",
  tags: { region: "7" },
  at: "2026-01-01T10:00:00Z",
  extra: { "@type": "type.googleapis.com/shop.v1.OrderCancelled", number: "B" },
  free: { a: [1, { b: null }] },
  before: { number: "A-0" },
});
if (!written.ok) throw new Error(written.failure);
const protobuf = written.bytes;

const avro = bytes(
  text("tea"),
  [4, 4, 0xd2],
  [0x80, 0xf5, 0x95, 0xd0, 0xa8, 0xd7, 0xac, 0x06],
  [2, ...text("x"), 4, 0, 2, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0],
  [2, 1, 2, 3, 4],
);
const schemaText = JSON.stringify({ type: "record", name: "L", fields: [{ name: "sku", type: "string" }] });
const sync = Array.from({ length: 16 }, (_, i) => i);
const avroFileHead = bytes(
  "Obj\u0001",
  [2, ...text("avro.schema"), ((schemaText.length * 2) & 127) | 128, schemaText.length >> 6],
  schemaText,
);
const avroFile = bytes(avroFileHead, [0, ...sync, 2, 8, ...text("tea"), ...sync]);
const deflatedBlock = deflateRawSync(text("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln"));
const avroFileDeflated = bytes(
  avroFileHead,
  [2, ...text("avro.codec"), ...text("deflate"), 0, ...sync, 2, deflatedBlock.length * 2],
  deflatedBlock,
  sync,
);

/** One batch of two records with a header each, uncompressed. */
function recordBatch(): Uint8Array {
  const record = (offset: number) => {
    const inner = [0, 0, offset * 2, 2, 0x6b, ...text("body"), 2, ...text("h"), ...text("v")];
    return [inner.length * 2, ...inner];
  };
  const records = [...record(0), ...record(1)];
  const batch = Buffer.alloc(61 + records.length);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt32BE(1, 23);
  batch.writeBigInt64BE(1_700_000_000_000n, 27);
  batch.writeBigInt64BE(-1n, 43);
  batch.writeInt32BE(2, 57);
  batch.set(records, 61);
  return new Uint8Array(batch);
}

const plain = Buffer.from("the same words, the same words, the same words");
const lz4Frame = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 5, 0, 0, 0x80, ...Buffer.from("hello"), 0, 0, 0, 0];
const headers = [
  ["a", { utf8: "text" }],
  ["b", { table: [["x", { list: [1, true, { integer: "2" }, { base64: "AQ==" }] }]] }],
];
const kafkaOrigin = {
  broker: "kafka",
  topic: "orders",
  partition: 0,
  offset: "9007199254740993",
  timestampType: "create",
  transactional: false,
  producerId: "12",
};

export const samples = {
  protobuf,
  framed: bytes([0, 0, 0, 0, 9, 0], protobuf),
  framedAvro: bytes([0, 0, 0, 0, 9], avro),
  framedJson: bytes([0, 0, 0, 0, 9], json({ sku: "aaaa" })),
  schemas: [
    bytes(proto, "\u0000", proto),
    json(stockAvsc),
    json({ type: "object", properties: { sku: { $ref: "#" } } }),
  ],
  avro,
  avroFile,
  avroFileDeflated,
  secrets: [
    json({
      password: "hunter2",
      card: { number: 4_111_111_111_111_111 },
      note: "Bearer abcdefghijkl",
      url: "amqp://u:p@h/",
    }),
    bytes(String.raw`{"pass\u0077ord":"x","a":"AKIAIOSFODNN7EXAMPLE 4111 1111 1111 1111"}`),
    bytes('<a token="abc"><password>geheim</password><pin>4711</pin></a>'),
    bytes("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"),
  ],
  secretMessagepack: bytes([0x82, 0xa3], "pin", [0xcd, 0x12, 0x67, 0xa5], "token", [0xa3], "abc"),
  avroObject: bytes([0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8], avro),
  json: json({
    sku: "aaaa",
    price: 1.25,
    parts: [1, 2, { sku: "a", parts: [] }],
    big: 12345678901234567890n.toString(),
  }),
  messagepack: bytes(
    [0x83, 0xa3],
    "sku",
    [0xa3],
    "tea",
    [0xa1],
    "n",
    [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1, 0xa1],
    "t",
    [0x93, 0xd6, 0xff, 0x65, 0x53, 0xf1, 0, 0xc4, 1, 7, 0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
  ),
  cbor: bytes(
    [0xbf, 0x63],
    "sku",
    [0x7f, 0x61],
    "t",
    [0x61],
    "e",
    [0xff, 0x61],
    "n",
    [0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x61],
    "l",
    [0x83, 0xf9, 0x3e, 0, 0xc1, 0x1a, 0x65, 0x53, 0xf1, 0, 0xd8, 0x63, 0x81, 0x20, 0xff],
  ),
  xml: bytes(
    `<?xml version="1.0"?><!DOCTYPE o [<!ENTITY x "y">]><o:a xmlns:o="u" id='1'><b>&lt;&#65;</b><b/><![CDATA[<]]></o:a>`,
  ),
  text: bytes("plain words"),
  clientMessages: [
    { kind: "hello", protocolVersion: 1, client: "page", captureId: "x", revision: 3 },
    { kind: "watchConversations", filter: { text: "a", states: ["running"], from: 1 }, first: 0, count: 50 },
    {
      kind: "configure",
      request: 1,
      taps: [
        {
          kind: "kafka",
          brokers: "127.0.0.1:9092",
          topics: ["a"],
          sasl: { mechanism: "plain", username: "u", password: "p" },
        },
        { kind: "rabbitmq", url: "amqp://127.0.0.1" },
        { kind: "capture", file: "run.contrail", as: "recording", pace: 10 },
      ],
      allowRemote: ["host"],
      addressMap: { a: "b" },
    },
    { kind: "getMessage", request: 2, seq: 9 },
  ].map(json),
  recordBatch: recordBatch(),
  /** One request of OTLP in both encodings: every kind of value, an event, a link and a status. */
  spansProtobuf: Buffer.from(
    "0aaa020a2f0a130a0c736572766963652e6e616d6512030a01730a180a0c6b38732e706f642e6e616d6512080a06732d3766" +
      "396312f6010a0b0a09746573742e6874747012e6010a100af7651916cd43dd8448eb211c80319c120800f067aa0ba902b722" +
      "08b7ad6b71692033312a04504f53543002394868fcf0d0037a1841082f2af1d0037a184a080a017412030a01614a070a0162" +
      "120210014a100a016e120b18f9ffffffffffffffff014a0e0a0164120921000000000000e03f4a100a016c120b2a090a030a" +
      "01610a0218014a100a016f120b32090a070a0161120218024a080a017212033a01015a170940c209f1d0037a181201651a09" +
      "0a016d12040a026e6f6a1c0a101af7651916cd43dd8448eb211c80319d120810f067aa0ba902b87a0a12066661696c656418" +
      "02",
    "hex",
  ),
  spansJson: json({
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: "service.name", value: { stringValue: "s" } },
            { key: "k8s.pod.name", value: { stringValue: "s-7f9c" } },
          ],
        },
        scopeSpans: [
          {
            scope: { name: "test.http" },
            spans: [
              {
                traceId: "0af7651916cd43dd8448eb211c80319c",
                spanId: "00f067aa0ba902b7",
                parentSpanId: "b7ad6b7169203331",
                name: "POST",
                kind: 2,
                startTimeUnixNano: "1763726400000125000",
                endTimeUnixNano: "1763726400003125000",
                attributes: [
                  { key: "t", value: { stringValue: "a" } },
                  { key: "b", value: { boolValue: true } },
                  { key: "n", value: { intValue: "-7" } },
                  { key: "d", value: { doubleValue: 0.5 } },
                  { key: "l", value: { arrayValue: { values: [{ stringValue: "a" }, { intValue: "1" }] } } },
                  { key: "o", value: { kvlistValue: { values: [{ key: "a", value: { intValue: "2" } }] } } },
                  { key: "r", value: { bytesValue: "AQ==" } },
                ],
                events: [
                  {
                    name: "e",
                    timeUnixNano: "1763726400001000000",
                    attributes: [{ key: "m", value: { stringValue: "no" } }],
                  },
                ],
                links: [{ traceId: "1af7651916cd43dd8448eb211c80319d", spanId: "10f067aa0ba902b8" }],
                status: { code: 2, message: "failed" },
              },
            ],
          },
        ],
      },
    ],
  }),
  compressed: [
    bytes([1], gzipSync(plain)),
    bytes([2, 46, 0xb4], plain),
    bytes([2, 0x82], "SNAPPY\u0000", [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 5, 0x10], "hello"),
    bytes([3], lz4Frame),
    bytes([4], zstdCompressSync(plain)),
    bytes([1], deflateRawSync(plain)),
  ],
  rows: [
    [headers, kafkaOrigin, { ...kafkaOrigin, group: "g", at: 1 }, "commit"],
    [
      headers,
      { broker: "rabbitmq", vhost: "/", exchange: "", routingKeys: ["q"], properties: { replyTo: "r" } },
      {
        tap: "t",
        receivedAt: 1,
        vhost: "/",
        queue: "q",
        redelivered: false,
        origin: JSON.stringify({ broker: "rabbitmq", vhost: "/", exchange: "", routingKeys: ["q"], properties: {} }),
        headers: JSON.stringify(headers),
        hasBody: true,
      },
      "delivery",
    ],
    [[], kafkaOrigin, { ...kafkaOrigin, outcome: "aborted" }, "transaction"],
    [
      headers,
      {
        broker: "otlp",
        service: "s",
        name: "n",
        traceId: "a",
        spanId: "b",
        spanKind: "server",
        links: [{}],
        endedAt: 1,
      },
      {},
      "state",
    ],
  ].map((row) => bytes(row.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join("\n"))),
};
