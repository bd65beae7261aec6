import { describe, expect, it } from "vitest";
import { LineIndex, type Place } from "../source/index.ts";
import { linkProto, parseProto } from "../proto/index.ts";
import { type JsonValue, type MessageInput, createCatalog, encodeProtobuf } from "./index.ts";

const eventsProto = `syntax = "proto3";
package shop.events.v1;
message OrderPlaced {
  string order_number = 1;
  repeated string skus = 2;
  int64 total_cents = 3;
}
message OrderCancelled {
  string order_number = 1;
  string reason = 2;
  bool final = 9;
}
`;

const ordersYaml = `asyncapi: 3.0.0
info: {title: orders, version: 1.0.0}
servers:
  kafka: {host: "127.0.0.1:9092", protocol: kafka}
channels:
  events:
    address: shop.orders
    messages:
      OrderPlaced:
        correlationId: {location: "$message.header#/correlation-id"}
        payload:
          schemaFormat: application/vnd.google.protobuf;version=3
          schema: {$ref: "../proto/events.proto#/shop.events.v1.OrderPlaced"}
      OrderCancelled:
        payload:
          schemaFormat: application/vnd.google.protobuf;version=3
          schema: OrderCancelled
  regional:
    address: stock.{region}
    messages:
      StockChanged:
        payload: {type: object, required: [sku], properties: {sku: {type: string}, left: {type: integer, minimum: 0}}}
      StockLost:
        payload: {type: object, required: [lost], properties: {lost: {type: integer}}}
operations:
  placed: {action: send, channel: {$ref: "#/channels/events"}}
  stock:
    action: receive
    channel: {$ref: "#/channels/regional"}
    messages: [{$ref: "#/channels/regional/messages/StockChanged"}]
`;

const pricesYaml = `asyncapi: 3.0.0
info: {title: pricing, version: 1.0.0}
servers:
  rabbit: {host: "127.0.0.1:5672", protocol: amqp}
channels:
  requests:
    address: price.requests
    bindings: {amqp: {is: routingKey, exchange: {name: prices, type: direct}}}
    messages:
      PriceRequest:
        payload: {type: object, required: [sku], properties: {sku: {type: string}}}
  replies:
    address: null
    messages:
      PriceReply:
        payload: {type: object}
operations:
  answer:
    action: receive
    channel: {$ref: "#/channels/requests"}
    reply:
      address: {location: "$message.header#/replyTo"}
      channel: {$ref: "#/channels/replies"}
`;

const listenerYaml = `asyncapi: 2.6.0
info: {title: warehouse, version: 1.0.0}
servers:
  kafka: {url: "127.0.0.1:9092", protocol: kafka-secure}
channels:
  shop.orders:
    publish:
      message:
        name: OrderPlaced
        schemaFormat: application/vnd.google.protobuf
        payload: {$ref: "../proto/events.proto#/shop.events.v1.OrderPlaced"}
`;

const files = new Map([
  ["proto/events.proto", eventsProto],
  ["api/orders.asyncapi.yaml", ordersYaml],
  ["api/pricing.asyncapi.yaml", pricesYaml],
  ["api/warehouse.asyncapi.yaml", listenerYaml],
  [
    "api/openapi.yaml",
    "openapi: 3.1.0\ninfo: {title: t, version: '1'}\ncomponents: {schemas: {Customer: {type: object}}}\n",
  ],
]);
const catalog = createCatalog({ files, protoModules: [] });
const proto = linkProto([parseProto("proto/events.proto", eventsProto)]);

function protobuf(name: string, value: JsonValue): Uint8Array {
  const written = encodeProtobuf(proto, name, value);
  if (!written.ok) throw new Error(written.failure);
  return written.bytes;
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function decode(input: Partial<MessageInput> & Pick<MessageInput, "body">) {
  return catalog.decode({ broker: "kafka", channel: "shop.orders", headers: [], ...input });
}

function lineOf(place: Place | undefined): string | undefined {
  if (place === undefined) return undefined;
  const text = files.get(place.path) ?? "";
  return text.split("\n")[new LineIndex(text).positionAt(place.span.start).line]?.trim();
}

const placed = protobuf("shop.events.v1.OrderPlaced", { orderNumber: "A-1", skus: ["x", "y"], totalCents: "900" });
const cancelled = protobuf("shop.events.v1.OrderCancelled", { orderNumber: "A-1", reason: "late", final: true });

describe("protobuf bodies", () => {
  it("are read by what the channel declares, and point into the .proto file", () => {
    const body = decode({ body: placed, headers: [{ name: "event-type", value: "shop.events.v1.OrderPlaced" }] });
    expect(body).toMatchObject({
      format: "protobuf",
      value: { orderNumber: "A-1", skus: ["x", "y"], totalCents: "900" },
      evidence: "declared",
      typeName: "OrderPlaced",
      check: "valid",
    });
    expect(lineOf(body.definition?.place)).toBe("message OrderPlaced {");
  });

  it("are told apart by their bytes where nothing names them", () => {
    expect(decode({ body: placed }).typeName).toBe("OrderPlaced");
    expect(decode({ body: cancelled }).typeName).toBe("OrderCancelled");
  });

  it("are found behind a registry's framing", () => {
    const [first, second] = [
      [0, 0, 0, 0, 9, 0, ...placed],
      [0, 0, 0, 0, 9, 2, 2, ...cancelled],
    ];
    expect(decode({ body: new Uint8Array(first) })).toMatchObject({ typeName: "OrderPlaced", check: "valid" });
    expect(decode({ body: new Uint8Array(second) })).toMatchObject({ typeName: "OrderCancelled", check: "valid" });
  });

  it("are named by headers and topic names on channels that no contract knows, else guessed", () => {
    const elsewhere = { broker: "kafka", channel: "other", body: cancelled } as const;
    const evidence = (input: Partial<MessageInput>) => decode({ ...elsewhere, ...input }).evidence;
    expect(evidence({ headers: [{ name: "ce_type", value: new TextEncoder().encode("OrderCancelled") }] })).toBe(
      "header",
    );
    expect(evidence({ typeHint: "com.example.order-cancelled" })).toBe("header");
    expect(evidence({ channel: "dev.order-cancelled" })).toBe("topic-name");
    expect(evidence({})).toBe("guessed");
  });

  it("are told from JSON messages of the same name by what they are", () => {
    const other = `asyncapi: 3.0.0
channels: {a: {address: a, messages: {OrderPlaced: {payload: {type: object, required: [x]}}}}}
`;
    const both = createCatalog({ files: new Map([...files, ["json.asyncapi.yaml", other]]), protoModules: [] });
    const read = (body: Uint8Array) =>
      both.decode({ broker: "kafka", channel: "other", headers: [{ name: "event-type", value: "OrderPlaced" }], body });
    expect(read(placed)).toMatchObject({ format: "protobuf", evidence: "header", check: "valid" });
    expect(read(json({ x: 1 }))).toMatchObject({ format: "json", evidence: "header", check: "valid" });
    expect(read(json({}))).toMatchObject({ format: "json", definition: { format: "asyncapi" }, check: "invalid" });
  });

  it("are invalid where they carry more than the definition knows, or cannot be read by it", () => {
    const more = decode({
      body: new Uint8Array([...placed, 0x7a, 1, 65]),
      typeHint: "OrderPlaced",
      channel: "shop.orders",
    });
    expect(more).toMatchObject({ check: "invalid", typeName: "OrderPlaced" });
    expect(more.violations[0]?.message).toContain("does not know");
    const cut = decode({ body: placed.subarray(0, 4), typeHint: "OrderPlaced" });
    expect(cut).toMatchObject({ check: "invalid", definition: { name: "shop.events.v1.OrderPlaced" } });
    expect(cut.violations[0]?.message).toContain("cannot be read");
    const wrong = decode({ body: json({ order: 1 }), typeHint: "OrderPlaced" });
    expect(wrong).toMatchObject({ format: "json", check: "invalid", value: { order: 1 } });
    expect(wrong.violations[0]?.message).toContain("declared as protobuf");
  });
});

describe("JSON bodies", () => {
  it("are checked, with the path and the place in the contract", () => {
    const body = decode({ channel: "stock.eu", body: json({ sku: 7, left: -1 }), typeHint: "StockChanged" });
    expect(body).toMatchObject({ format: "json", check: "invalid", evidence: "declared", typeName: "StockChanged" });
    expect(body.violations.map((violation) => violation.path)).toEqual(["sku", "left"]);
    expect(lineOf(body.violations[1]?.place)).toContain("minimum: 0");
    expect(decode({ channel: "stock.eu", body: json({}), typeHint: "StockChanged" }).violations[0]).toMatchObject({
      path: "sku",
      message: expect.stringContaining("missing") as string,
    });
  });

  it("are the message that they satisfy, of several that the channel declares", () => {
    expect(decode({ channel: "stock.us", body: json({ lost: 1 }) })).toMatchObject({
      typeName: "StockLost",
      check: "valid",
    });
    expect(decode({ channel: "stock.us.east", body: json({ lost: 1 }) })).toMatchObject({ check: "unchecked" });
  });

  it("are found over RabbitMQ by routing key, queue or exchange", () => {
    const rabbit = (input: Partial<MessageInput>) =>
      decode({ broker: "rabbitmq", channel: "", body: json({ sku: "x" }), ...input }).typeName;
    expect(rabbit({ routingKey: "price.requests" })).toBe("PriceRequest");
    expect(rabbit({ channel: "prices", routingKey: "anything" })).toBe("PriceRequest");
    expect(rabbit({ queues: ["price.requests"] })).toBe("PriceRequest");
    expect(rabbit({ channel: "elsewhere", routingKey: "x" })).toBeUndefined();
  });

  it("keep numbers that a double cannot hold as text, and are still numbers to the check", () => {
    const body = decode({
      channel: "stock.eu",
      typeHint: "StockChanged",
      body: new TextEncoder().encode(`{"sku": "x", "left": 9007199254740993}`),
    });
    expect(body).toMatchObject({ value: { left: "9007199254740993" }, check: "valid" });
  });
});

describe("any body", () => {
  it("is read as far as it can be, and never throws", () => {
    const formats = [null, new Uint8Array(), new TextEncoder().encode("hello"), new Uint8Array([255, 254, 0, 1])].map(
      (body) => decode({ channel: "unknown", body }).format,
    );
    expect(formats).toEqual(["empty", "empty", "text", "binary"]);
    expect(decode({ channel: "unknown", body: new TextEncoder().encode("<order/>") }).format).toBe("xml");
    expect(decode({ channel: "unknown", body: json({ type: "order.placed" }) }).typeName).toBe("order.placed");
    const deep = new TextEncoder().encode("[".repeat(100_000));
    expect(decode({ channel: "unknown", body: deep })).toMatchObject({ format: "text", check: "unchecked" });
    let seed = 7;
    const next = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff);
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from(i % 2 === 0 ? placed : json({ sku: [1, { a: "b" }] }));
      for (let k = 0; k < 3; k++) bytes[next() % bytes.length] = next() & 255;
      const channel = ["shop.orders", "stock.eu", "unknown"][i % 3] ?? "";
      expect(() => decode({ channel, body: bytes.subarray(0, next() % bytes.length) })).not.toThrow();
    }
  });
});

describe("channels", () => {
  it("say who sends and who receives, of both versions of AsyncAPI, and how to correlate", () => {
    expect(catalog.channel("kafka", "shop.orders")).toMatchObject({
      address: "shop.orders",
      broker: "kafka",
      senders: [{ name: "orders", messages: [] }],
      receivers: [{ name: "warehouse", messages: ["OrderPlaced"] }],
      correlationLocations: ["$message.header#/correlation-id"],
    });
    expect(catalog.channel("kafka", "stock.eu")).toMatchObject({
      address: "stock.{region}",
      receivers: [{ name: "orders", messages: ["StockChanged"] }],
    });
    expect(catalog.channel("rabbitmq", "price.requests")).toMatchObject({
      broker: "rabbitmq",
      reply: { addressLocation: "$message.header#/replyTo" },
    });
    expect(catalog.channel("rabbitmq", "shop.orders")).toBeUndefined();
  });
});

describe("the catalog", () => {
  it("lists every definition once, with its place", () => {
    expect(catalog.definitions.map((definition) => `${definition.format} ${definition.name}`)).toEqual([
      "proto shop.events.v1.OrderPlaced",
      "proto shop.events.v1.OrderCancelled",
      "openapi Customer",
      "asyncapi StockChanged",
      "asyncapi StockLost",
      "asyncapi PriceRequest",
      "asyncapi PriceReply",
    ]);
    expect(lineOf(catalog.definitions[3]?.place)).toBe("StockChanged:");
  });

  it("has the same revision for the same texts, and another for others", () => {
    expect(createCatalog({ files: new Map([...files].reverse()), protoModules: [] }).revision).toBe(catalog.revision);
    expect(createCatalog({ files: new Map([...files].slice(1)), protoModules: [] }).revision).not.toBe(
      catalog.revision,
    );
  });

  it("is made of broken contracts too", () => {
    const broken = new Map([...files].map(([path, text]) => [path, text.slice(0, text.length / 2)]));
    expect(() => createCatalog({ files: broken, protoModules: [] })).not.toThrow();
    expect(() => createCatalog({ files: new Map([["openapi.yaml", "\0\0\0"]]), protoModules: [] })).not.toThrow();
  });
});
