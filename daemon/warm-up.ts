/**
 * What a daemon does while it connects. Takes in: whether there is still nothing better to do. Hands out: nothing but
 * code that the runtime has compiled.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { contractsOf } from "./contracts.ts";
import { createCorrelator } from "./correlate/index.ts";
import { Pipeline } from "./pipeline.ts";
import { Capture } from "./store/index.ts";
import type { Envelope, Header, TapEvent } from "./tap/envelope.ts";

/** About as many as it takes until what runs for each message is compiled, and no more time than a connection may take. */
const mostMessages = 12_000;
const mostMs = 1_500;
/** No more than a few milliseconds, even before anything is compiled. */
const perTurn = 25;
const kept = 2_000;

/**
 * The runtime compiles what runs often while it runs, and until then a message takes several times as long: a daemon that
 * is started under load would be behind for seconds. So while it connects, made-up messages go through a pipeline of
 * their own, by contracts of their own and in memory, a few in each turn. It ends as soon as `goesOn` says no: nothing
 * that comes has to wait for it. Returns how many messages there were.
 */
export async function warmUp(goesOn: () => boolean): Promise<number> {
  const capture = Capture.create(undefined, "warm-up", Date.now());
  const pipeline = new Pipeline({
    capture,
    contracts: contractsOf({ files: new Map([["warm-up.asyncapi.json", contract]]), protoModules: [] }, ""),
    createCorrelator: (hints) => createCorrelator({ hints, maxMessages: kept }),
    now: Date.now,
    maxFacts: kept,
  });
  const until = performance.now() + mostMs;
  let messages = 0;
  try {
    while (messages < mostMessages && performance.now() < until && goesOn()) {
      const events = Array.from({ length: perTurn }, (_, i) => eventsOf(messages + i)).flat();
      // Only a full queue would have it wait, and nothing here is worth that.
      void pipeline.accept(events);
      pipeline.cycle();
      messages += perTurn;
      await nextTurn();
    }
  } finally {
    pipeline.stop();
    capture.close();
  }
  return messages;
}

const steps = ["OrderPlaced", "OrderPaid", "OrderShipped", "OrderClosed"];

const contract = JSON.stringify({
  asyncapi: "3.0.0",
  info: { title: "warm-up", version: "1.0.0" },
  defaultContentType: "application/json",
  channels: {
    orders: {
      address: "orders",
      messages: Object.fromEntries(steps.map((name) => [name, { payload: schemaOf(name) }])),
    },
  },
});

function schemaOf(status: string): unknown {
  return {
    type: "object",
    required: ["orderId", "status"],
    properties: {
      orderId: { type: "string", minLength: 3 },
      sentAt: { type: "number" },
      status: { enum: [status] },
      total: { type: "number", minimum: 0 },
      lines: { type: "array", items: { type: "object", properties: { quantity: { type: "integer" } } } },
    },
  };
}

const bytes = new TextEncoder();
/** Of so many orders at a time, each order's messages come one after the other. */
const open = 100;

/** The message with this number, by turns in Kafka and in RabbitMQ; there it is handed out as well. */
function eventsOf(n: number): TapEvent[] {
  const at = Date.now();
  const step = steps[Math.floor(n / open) % steps.length] as string;
  const orderId = `order-${Math.floor(n / (steps.length * open)) * open + (n % open)}`;
  const body = bytes.encode(
    JSON.stringify({
      orderId,
      eventId: `event-${String(n).padStart(8, "0")}`,
      sentAt: at + 0.25,
      total: n / 100,
      status: step,
      lines: [{ article: `article-${n % 50}`, quantity: 1 }],
    }),
  );
  const headers: Header[] = [
    { name: "type", value: bytes.encode(step) },
    { name: "source", value: bytes.encode("shop") },
  ];
  const common = { receivedAt: at + 0.5, timestamp: at, headers, body, bodySize: body.length };
  return n % 2 === 0 ? inKafka(n, orderId, common) : inRabbitmq(step, common);
}

type Common = Pick<Envelope, "receivedAt" | "timestamp" | "headers" | "body" | "bodySize">;

function inKafka(n: number, key: string, common: Common): TapEvent[] {
  const place = { topic: "orders", partition: n % 3, offset: BigInt(n) };
  const origin = { broker: "kafka", ...place, timestampType: "create", transactional: false } as const;
  return [{ kind: "message", envelope: { tap: "kafka:", ...common, key: bytes.encode(key), origin } }];
}

function inRabbitmq(routingKey: string, common: Common): TapEvent[] {
  const properties = { contentType: "application/json", deliveryMode: 1 };
  const place = { vhost: "/", exchange: "orders", routingKeys: [routingKey] };
  const origin = { broker: "rabbitmq", ...place, properties } as const;
  const message = { tap: "rabbitmq:", ...common, key: null, origin };
  const envelope: Envelope = {
    ...message,
    origin: { ...origin, routedQueues: ["orders"], connection: "1", channel: 1 },
  };
  const handing = { tap: "rabbitmq:", receivedAt: common.receivedAt + 0.25, vhost: "/", queue: "orders" };
  return [
    { kind: "message", envelope },
    { kind: "delivery", delivery: { ...handing, redelivered: false, connection: "2", message } },
  ];
}
