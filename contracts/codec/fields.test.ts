import { describe, expect, it } from "vitest";
import { linkProto, parseProto } from "../proto/index.ts";
import { createCatalog, encodeProtobuf, type FieldMap, type JsonValue } from "./index.ts";

const shop = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/any.proto";
enum Status { STATUS_UNSPECIFIED = 0; PLACED = 1; }
message Order {
  string order_id = 1;
  repeated Line lines = 3;
  repeated int32 sizes = 5;
  map<string, Line> by_sku = 6;
  google.protobuf.Timestamp at = 7;
  google.protobuf.Struct extra = 9;
  google.protobuf.Any detail = 11;
  Status status = 12;
  map<sint64, bool> flags = 16;
  double ratio = 17;
}
message Line { string sku = 1; sint32 quantity = 2; }
`;
const schema = linkProto([parseProto("shop.proto", shop)]);
const orders = `asyncapi: 3.0.0
info: {title: orders, version: 1.0.0}
channels:
  orders:
    address: orders
    messages:
      Order:
        payload: {schemaFormat: application/vnd.google.protobuf;version=3, schema: shop.v1.Order}
`;
const files = new Map([
  ["shop.proto", shop],
  ["orders.yaml", orders],
]);
const catalog = createCatalog({ files, protoModules: [] });

function mapOf(body: Uint8Array): FieldMap & { readonly check: string } {
  const input = { broker: "kafka", channel: "orders", headers: [], body } as const;
  const decoded = catalog.decode(input);
  return { ...catalog.fields(input, decoded), check: decoded.check };
}

function bytesOf(value: JsonValue, message = "shop.v1.Order"): Uint8Array {
  const written = encodeProtobuf(schema, message, value);
  if (!written.ok) throw new Error(written.failure);
  return written.bytes;
}

/** `order_id` as it stands: tag, length, text. */
const slice = (body: Uint8Array, map: FieldMap, way: string): string => {
  const { bytes } = map.fields.get(way) ?? {};
  return bytes === undefined ? "nowhere" : Buffer.from(body.subarray(bytes[0], bytes[0] + bytes[1])).toString("latin1");
};

describe("the fields of a protobuf body", () => {
  const value = {
    orderId: "ORD-1",
    lines: [
      { sku: "A", quantity: 1 },
      { sku: "B", quantity: -2 },
    ],
    sizes: [1, 300],
    bySku: { C: { sku: "C", quantity: 3 } },
    at: "2026-11-21T10:15:00Z",
    extra: { a: [1] },
    detail: { "@type": "type.googleapis.com/shop.v1.Line", sku: "D" },
    status: "PLACED",
    flags: { "-5": true },
    ratio: 0.5,
  };
  const body = bytesOf(value);
  const map = mapOf(body);

  it("have the type of the contract and the bytes that they stand in, each inside of what it belongs to", () => {
    expect(map.fields.get("orderId")).toEqual({ type: "string = 1", bytes: [0, 7] });
    expect(slice(body, map, "orderId")).toBe("\x0a\x05ORD-1");
    expect(map.fields.get("lines")?.type).toBe("Line[] = 3");
    expect(map.fields.get("lines.1")?.type).toBe("Line");
    expect(map.fields.get("lines.1.quantity")?.type).toBe("sint32 = 2");
    expect(slice(body, map, "lines.1.sku")).toBe("\x0a\x01B");
    expect(slice(body, map, "lines.1")).toContain(slice(body, map, "lines.1.sku"));
    expect(slice(body, map, "lines")).toBe(slice(body, map, "lines.0") + slice(body, map, "lines.1"));
  });

  it("are single numbers in a packed list, entries in a map, and the message in an Any", () => {
    expect(slice(body, map, "sizes.1")).toBe("\xac\x02");
    expect(map.fields.get("bySku")?.type).toBe("map<string, Line> = 6");
    expect(slice(body, map, "bySku.C.sku")).toBe("\x0a\x01C");
    expect(map.fields.get("flags.-5")?.type).toBe("bool");
    expect(slice(body, map, "detail.sku")).toBe("\x0a\x01D");
    expect(map.fields.get("status")?.type).toBe("Status = 12");
    expect(map.fields.get("at")?.type).toBe("Timestamp = 7");
  });

  it("are as many as the value has members, where JSON does not write a type in its own way", () => {
    const ways = (item: unknown, way: string): string[] =>
      typeof item !== "object" || item === null || way === "extra"
        ? [way]
        : [way, ...Object.entries(item).flatMap(([name, one]) => ways(one, way === "" ? name : `${way}.${name}`))];
    expect([...map.fields.keys()].sort()).toEqual(ways(value, "").slice(1).sort());
  });

  it("lie behind the framing of a registry", () => {
    const framed = Uint8Array.from([0, 0, 0, 0, 7, 0, ...body]);
    expect(mapOf(framed).fields.get("orderId")?.bytes).toEqual([6, 7]);
  });

  it("are those of a schema that only a registry has", () => {
    const schemas = { find: () => ({ schema: { type: "PROTOBUF", text: shop, references: [] } as const }) };
    const registered = createCatalog({ files: new Map(), protoModules: [] }, schemas);
    const framed = Uint8Array.from([0, 0, 0, 0, 7, 0, ...body]);
    const input = { broker: "kafka", channel: "elsewhere", headers: [], body: framed } as const;
    const decoded = registered.decode(input);
    expect(registered.fields(input, decoded).fields.get("lines.1.quantity")?.type).toBe("sint32 = 2");
    expect(registered.fields(input, decoded).fields.get("orderId")?.bytes).toEqual([6, 7]);
  });

  it("tell of those that the contract does not know, or knows as another type, what stood on the wire", () => {
    // Order { order_id: "x", 2: "A-1107", lines: [{ quantity as a text "2" }] }
    const odd = Uint8Array.from(Buffer.from("0a01781206412d313130371a03120132", "hex"));
    const { check, unread } = mapOf(odd);
    expect(check).toBe("invalid");
    expect(unread).toMatchObject([
      { parent: "", name: "#2", wire: '"A-1107"', bytes: [3, 8] },
      {
        parent: "lines.0",
        name: "quantity",
        type: "sint32 = 2",
        wire: '"2"',
        bytes: [13, 3],
        message: "came as bytes with their length, the contract has sint32 quantity = 2",
      },
    ]);
    const { start = 0, end = 0 } = unread[1]?.place?.span ?? {};
    expect(shop.slice(start, end)).toBe("quantity");
  });

  it("are not made of bytes that end in the middle, whatever they are", () => {
    for (let length = 0; length < body.length; length++) {
      const input = { broker: "kafka", channel: "orders", headers: [], body: body.subarray(0, length) } as const;
      const definition = catalog.definitions.find(({ name }) => name === "shop.v1.Order");
      if (definition === undefined) throw new Error("it is in the contract");
      const decoded = {
        format: "protobuf",
        value: {},
        definition,
        check: "valid",
        violations: [],
        attempts: [],
      } as const;
      expect(() => catalog.fields(input, decoded)).not.toThrow();
    }
  });
});

describe("the members of a JSON body", () => {
  const events = `asyncapi: 3.0.0
info: {title: orders, version: 1.0.0}
channels:
  orders:
    address: orders
    messages:
      OrderPlaced:
        payload:
          type: object
          properties:
            id: {type: string, format: uuid}
            lines: {type: array, items: {type: object, properties: {quantity: {type: integer}}}}
            way: {oneOf: [{type: string}, {type: object, properties: {box: {type: number}}}]}
`;
  const json = createCatalog({ files: new Map([["events.yaml", events]]), protoModules: [] });

  it("have the types of the schema and their places in UTF-8", () => {
    const body = new TextEncoder().encode('{"id": "ä😀", "lines": [{"quantity": 2}], "way": {"box": 7}}');
    const input = { broker: "kafka", channel: "orders", headers: [], body } as const;
    const map = json.fields(input, json.decode(input));
    expect(map.fields.get("id")).toMatchObject({ type: "string (uuid)" });
    expect(map.fields.get("lines")?.type).toBe("array");
    expect(map.fields.get("way.box")?.type).toBe("number");
    const text = (way: string) => Buffer.from(slice(body, map, way), "latin1").toString("utf8");
    expect(text("id")).toBe('"id": "ä😀"');
    expect(text("lines.0.quantity")).toBe('"quantity": 2');
    expect(text("way.box")).toBe('"box": 7');
  });
});
