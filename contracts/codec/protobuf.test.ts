import { describe, expect, it } from "vitest";
import { linkProto, parseProto } from "../proto/index.ts";
import { decodeProtobuf, encodeProtobuf, looksLikeProtobuf, protobufPlausibility, type JsonValue } from "./index.ts";

function schemaOf(text: string) {
  const schema = linkProto([parseProto("a.proto", text)]);
  expect(schema.problems).toEqual([]);
  return schema;
}

const shop = schemaOf(`syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
enum Status { STATUS_UNSPECIFIED = 0; PLACED = 1; }
message Order {
  string order_id = 1;
  int64 total = 2;
  bytes proof = 3;
  Status status = 4;
  repeated int32 sizes = 5;
  map<string, Line> lines = 6;
  google.protobuf.Timestamp at = 7;
  google.protobuf.Duration took = 8;
  google.protobuf.Struct extra = 9;
  google.protobuf.StringValue note = 10;
  google.protobuf.Any detail = 11;
  google.protobuf.FieldMask mask = 12;
  oneof way { string mail = 13; uint64 box = 14; }
  optional int32 maybe = 15;
  map<int64, bool> flags = 16;
  double ratio = 17;
  Order parent = 18;
}
message Line { sint32 quantity = 1; string __proto__ = 2; }
`);

const full: JsonValue = {
  orderId: "o-1",
  total: "9007199254740993",
  proof: "AQID",
  status: "PLACED",
  sizes: [1, -1, 3],
  lines: { a: { quantity: -2 }, __proto__x: { quantity: 1 } },
  at: "2026-11-21T10:15:00.123Z",
  took: "-1.500s",
  extra: { a: [1, null, "x", { b: true }] },
  note: "",
  detail: { "@type": "type.googleapis.com/shop.v1.Line", quantity: 7 },
  mask: "orderId,lines",
  box: "18446744073709551615",
  maybe: 0,
  flags: { "-9007199254740993": true },
  ratio: "NaN",
  parent: { orderId: "o-0" },
};

describe("encodeProtobuf and decodeProtobuf", () => {
  it("keeps every kind of value, in protobuf's JSON mapping", () => {
    const written = encodeProtobuf(shop, "shop.v1.Order", full);
    if (!written.ok) throw new Error(written.failure);
    const read = decodeProtobuf(shop, "shop.v1.Order", written.bytes);
    expect(read.ok && read.value).toEqual(full);
    expect(read.ok && read.unknownFields).toBe(0);
    expect(protobufPlausibility(shop, "shop.v1.Order", written.bytes)).toBe(1);
    expect(looksLikeProtobuf(written.bytes)).toBe(true);
  });

  it("counts what the schema does not know", () => {
    const read = decodeProtobuf(shop, "shop.v1.Line", Uint8Array.of(0x08, 2, 0x98, 6, 1, 0x1a, 1, 65));
    expect(read.ok && read.value).toEqual({ quantity: 1 });
    expect(read.ok && read.unknownFields).toBe(2);
  });

  it("takes fields by names that JavaScript has a use for", () => {
    const written = encodeProtobuf(shop, "shop.v1.Line", { Proto: "x" });
    expect(written.ok).toBe(true);
    const read = decodeProtobuf(shop, "shop.v1.Line", written.ok ? written.bytes : new Uint8Array());
    expect(read.ok && read.value).toEqual({ Proto: "x" });
  });

  it("honours delimited messages and closed enums of editions", () => {
    const schema = schemaOf(`edition = "2023";
      enum Colour { option features.enum_type = CLOSED; RED = 1; }
      message Box { Box inner = 1 [features.message_encoding = DELIMITED]; Colour colour = 2; int32 n = 3 [features.field_presence = IMPLICIT]; }`);
    const written = encodeProtobuf(schema, "Box", { inner: { n: 5 }, colour: "RED" });
    expect(written.ok && [...written.bytes]).toEqual([0x0b, 0x18, 5, 0x0c, 0x10, 1]);
    const unknown = decodeProtobuf(schema, "Box", Uint8Array.of(0x10, 9));
    expect(unknown.ok && [unknown.value, unknown.unknownFields]).toEqual([{}, 1]);
  });

  it("says why bytes or values do not fit, and never throws", () => {
    expect(decodeProtobuf(shop, "shop.v1.Nothing", new Uint8Array())).toEqual({
      ok: false,
      failure: `No contract defines the message "shop.v1.Nothing".`,
    });
    expect(decodeProtobuf(shop, "shop.v1.Order", Uint8Array.of(0x0a, 200, 1)).ok).toBe(false);
    const deep = new Uint8Array(60_000);
    for (let i = 0; i < deep.length; i += 2) deep.set([0x93, 1], i);
    expect(decodeProtobuf(shop, "shop.v1.Order", deep).ok).toBe(false);
    const wrong = encodeProtobuf(shop, "shop.v1.Order", { parent: { total: "x" } });
    expect(!wrong.ok && wrong.failure).toContain("parent.total");
  });

  it("does not read a body that a few bytes a value make huge", () => {
    const bytes = new Uint8Array(3_999_999);
    for (let i = 0; i < bytes.length; i += 3) bytes.set([0x92, 1, 0], i);
    const read = decodeProtobuf(shop, "shop.v1.Order", bytes);
    expect(!read.ok && read.failure).toContain("more than 200000 values");
    const packed = new Uint8Array(1_000_004);
    packed.set([0x2a, 0xc0, 0x84, 0x3d]);
    expect(decodeProtobuf(shop, "shop.v1.Order", packed).ok).toBe(false);
    expect(decodeProtobuf(shop, "shop.v1.Order", Uint8Array.of(0x2a, 0xd0, 0x0f, ...new Uint8Array(2000))).ok).toBe(
      true,
    );
  });

  it("does not take text for protobuf", () => {
    const bytes = new TextEncoder().encode('{"orderId":"o-1"}');
    expect(looksLikeProtobuf(bytes)).toBe(false);
    expect(protobufPlausibility(shop, "shop.v1.Order", bytes)).toBe(0);
  });
});
