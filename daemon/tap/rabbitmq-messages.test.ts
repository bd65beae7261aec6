import { describe, expect, test } from "vitest";
import { readCopy, readTrace, type ReadingOptions } from "./rabbitmq-messages.ts";

const options: ReadingOptions = {
  tap: "rabbitmq:x",
  vhost: "/",
  receivedAt: 1,
  keptBytes: 100,
  nameOf: (connection) => ({ c1: "orders-service", own: "contrail-tap-1" })[connection],
};

const traced = {
  exchange_name: "events",
  routing_keys: ["order.placed", "copy"],
  vhost: "shop",
  connection: "c1",
  user: "guest",
  channel: 2,
  routed_queues: ["q1", "contrail-tap-9-ab"],
  properties: {
    content_type: "application/json",
    correlation_id: "c-7",
    reply_to: "amq.rabbitmq.reply-to.x",
    delivery_mode: 2,
    timestamp: 1_795_000_000,
    headers: { name: "v", deep: { list: [1, null, { "!": "timestamp", value: 5 }] }, bytes: Buffer.from([255]) },
  },
};

const body = Buffer.from("{}");

describe("a publish event", () => {
  test("becomes an envelope with all that the broker says", () => {
    expect(readTrace("publish.events", traced, body, options)).toEqual({
      kind: "message",
      envelope: {
        tap: "rabbitmq:x",
        receivedAt: 1,
        timestamp: 1_795_000_000_000,
        headers: [
          { name: "name", value: "v" },
          { name: "deep", value: { list: [1, null, 5] } },
          { name: "bytes", value: Buffer.from([255]) },
        ],
        key: null,
        body,
        bodySize: 2,
        origin: {
          broker: "rabbitmq",
          vhost: "shop",
          exchange: "events",
          routingKeys: ["order.placed", "copy"],
          routedQueues: ["q1"],
          connection: "c1",
          connectionName: "orders-service",
          user: "guest",
          channel: 2,
          properties: {
            contentType: "application/json",
            correlationId: "c-7",
            replyTo: "amq.rabbitmq.reply-to.x",
            deliveryMode: 2,
          },
        },
      },
    });
  });

  test("to the default exchange does not claim that the queue exists", () => {
    const event = readTrace("publish.", { ...traced, exchange_name: "", routed_queues: ["q1"] }, body, options);
    expect(event).toHaveProperty("envelope.origin.exchange", "");
    expect(event).not.toHaveProperty("envelope.origin.routedQueues");
  });

  test("that reached nobody says so", () => {
    expect(readTrace("publish.events", { ...traced, routed_queues: [] }, body, options)).toHaveProperty(
      "envelope.origin.routedQueues",
      [],
    );
  });

  test("with a time in milliseconds, which the broker cuts to 32 bits, has none", () => {
    for (const timestamp of [-77_184_059, 0, 12, { "!": "timestamp", value: -1 }]) {
      const event = readTrace("publish.events", { ...traced, properties: { timestamp } }, body, options);
      expect(event).not.toHaveProperty("envelope.timestamp");
    }
  });

  test("is cut at the limit and copied", () => {
    const large = Buffer.alloc(500, 7);
    const event = readTrace("publish.events", traced, large, options);
    expect(event).toHaveProperty("envelope.bodySize", 500);
    if (event?.kind !== "message") throw new Error("no message");
    expect(event.envelope.body).toHaveLength(100);
    expect(event.envelope.body?.buffer).not.toBe(large.buffer);
  });
});

describe("a deliver event", () => {
  const delivered = { ...traced, redelivered: 1, routed_queues: undefined };

  test("names queue and reader, and leaves the writer open", () => {
    const event = readTrace("deliver.q.with.dots", delivered, body, options);
    expect(event).toMatchObject({
      kind: "delivery",
      delivery: { queue: "q.with.dots", redelivered: true, connectionName: "orders-service", vhost: "shop" },
    });
    expect(event).not.toHaveProperty("delivery.message.origin.connection");
    expect(event).not.toHaveProperty("delivery.message.origin.routedQueues");
  });

  test("to a tap is nobody's business", () => {
    expect(readTrace("deliver.contrail-tap-1-ff", delivered, body, options)).toBeUndefined();
    expect(readTrace("deliver.q", { ...delivered, connection: "own" }, body, options)).toBeUndefined();
  });
});

test("hostile tables end somewhere", () => {
  const deep: Record<string, unknown> = {};
  let at = deep;
  for (let i = 0; i < 5_000; i++) at = at["x"] = {} as Record<string, unknown>;
  for (const headers of [
    {},
    { properties: "text", routing_keys: 4, exchange_name: null },
    { properties: { headers: deep } },
  ]) {
    expect(() => readTrace("publish.x", headers, body, options)).not.toThrow();
  }
  expect(readTrace("other.x", traced, body, options)).toBeUndefined();
});

test("a copy by binding is the message, without writer and readers", () => {
  const event = readCopy(
    { exchange: "events", routingKey: "a" },
    { contentType: "text/plain", headers: { h: 1 }, timestamp: 1_795_000_000_123, deliveryMode: undefined },
    body,
    options,
  );
  expect(event).toMatchObject({
    kind: "message",
    envelope: {
      timestamp: 1_795_000_000_123,
      headers: [{ name: "h", value: 1 }],
      origin: { vhost: "/", exchange: "events", routingKeys: ["a"], properties: { contentType: "text/plain" } },
    },
  });
});
