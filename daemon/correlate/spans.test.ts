import { describe, expect, test } from "vitest";
import type { DecodedBody } from "../../contracts/codec/index.ts";
import type { Envelope, OtlpOrigin } from "../tap/envelope.ts";
import { createCorrelator } from "./index.ts";
import type { Conversation } from "./model.ts";

const start = Date.UTC(2026, 10, 21, 12);
const trace = "0af7651916cd43dd8448eb211c80319c";
const empty: DecodedBody = { format: "empty", check: "unchecked", violations: [], attempts: [] };

interface SpanInput {
  readonly id: string;
  readonly parent?: string;
  readonly kind?: OtlpOrigin["spanKind"];
  readonly service?: string;
  readonly name?: string;
  readonly at?: number;
  readonly trace?: string;
  readonly status?: OtlpOrigin["status"];
  readonly links?: OtlpOrigin["links"];
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** Watches spans and messages in the order in which they come, and answers what was made of them. */
function watching(options: { readonly spans?: boolean; readonly maxSpans?: number } = { spans: true }) {
  const correlator = createCorrelator(options);
  let seq = 0;
  const observe = (envelope: Envelope, decoded: DecodedBody): number => {
    correlator.observe({ seq: ++seq, envelope, decoded });
    return seq;
  };
  return {
    correlator,
    message(
      topic: string,
      type: string,
      body: Readonly<Record<string, string>>,
      at: number,
      parent?: string,
      of: string = trace,
    ): number {
      const bytes = Buffer.from(JSON.stringify(body));
      const envelope: Envelope = {
        tap: "kafka:127.0.0.1:9092",
        receivedAt: start + at + 1,
        timestamp: Math.floor(start + at),
        headers: parent === undefined ? [] : [{ name: "traceparent", value: Buffer.from(`00-${of}-${parent}-01`) }],
        key: null,
        body: bytes,
        bodySize: bytes.length,
        origin: {
          broker: "kafka",
          topic,
          partition: 0,
          offset: BigInt(seq),
          timestampType: "create",
          transactional: false,
        },
      };
      return observe(envelope, {
        format: "json",
        value: body,
        typeName: type,
        check: "unchecked",
        violations: [],
        attempts: [],
      });
    },
    span({ id, parent, kind = "internal", service = "shop", name = id, at = 0, ...more }: SpanInput): number {
      return observe(
        {
          tap: "otlp:127.0.0.1:4318",
          receivedAt: start + at + 5_000,
          timestamp: start + at,
          headers: Object.entries(more.attributes ?? {}).map(([header, value]) => ({ name: header, value })),
          key: null,
          body: null,
          bodySize: 0,
          origin: {
            broker: "otlp",
            service,
            name,
            spanKind: kind,
            traceId: more.trace ?? trace,
            spanId: id,
            ...(parent === undefined ? {} : { parentSpanId: parent }),
            ...(more.links === undefined ? {} : { links: more.links }),
            status: more.status ?? "unset",
            endedAt: start + at + 3,
          },
        },
        empty,
      );
    },
    conversations(at = 10_000): readonly Conversation[] {
      correlator.tick(start + at);
      return [...correlator.conversations()];
    },
    /** `POST /orders, OrderPlaced` : the names of a conversation in their order. */
    names({ seqs }: Conversation): string {
      return seqs.map((each) => correlator.nameOf(each)).join(", ");
    },
    /** `POST /orders > OrderPlaced (certain)`: what led to what, by names. */
    edges({ edges }: Conversation): string[] {
      return edges.map(
        ({ from, to, kind, strength }) =>
          `${correlator.nameOf(from)} > ${correlator.nameOf(to)} (${kind}, ${strength})`,
      );
    },
  };
}

const gateway = "00000000000000a1";
const server = "00000000000000a2";
const producer = "00000000000000a3";
const consumer = "00000000000000a4";
const client = "00000000000000a5";

describe("spans join the conversation of their messages", () => {
  test("from the request at the gateway to the service that took the message, whatever comes first", () => {
    for (const late of [true, false]) {
      const flow = watching();
      const say = () => flow.message("orders", "OrderPlaced", { orderId: "ORD-1042" }, 20.6, producer);
      if (late) say();
      flow.span({
        id: consumer,
        parent: producer,
        kind: "consumer",
        service: "billing",
        name: "orders process",
        at: 25,
      });
      flow.span({
        id: producer,
        parent: server,
        kind: "producer",
        service: "orders",
        name: "orders publish",
        at: 20.2,
      });
      flow.span({ id: server, parent: gateway, kind: "server", service: "orders", name: "POST /orders", at: 12 });
      flow.span({ id: gateway, kind: "server", service: "gateway", name: "ingress", at: 10 });
      if (!late) say();
      const [conversation, ...others] = flow.conversations();
      expect(others).toEqual([]);
      expect(flow.names(conversation as Conversation)).toBe(
        "ingress, POST /orders, orders publish, OrderPlaced, orders process",
      );
      expect(flow.edges(conversation as Conversation)).toEqual([
        "ingress > POST /orders (trace-parent, certain)",
        "POST /orders > orders publish (trace-parent, certain)",
        "orders publish > OrderPlaced (trace-parent, certain)",
        "OrderPlaced > orders process (trace-parent, certain)",
      ]);
    }
  });

  test("the message is what the conversation is named after and judged by", () => {
    const flow = watching();
    flow.message("orders", "OrderPlaced", { orderId: "ORD-1042" }, 20, producer);
    flow.span({ id: producer, kind: "producer", service: "orders", name: "orders publish", at: 19 });
    const [conversation] = flow.conversations();
    expect(conversation).toMatchObject({ name: "OrderPlaced", steps: [{ name: "OrderPlaced" }] });
    expect(conversation?.startedAt).toBe(start + 19);
  });

  test("what the message says of its writer and reader comes from the services of its spans", () => {
    const flow = watching();
    const seq = flow.message("orders", "OrderPlaced", { orderId: "ORD-1042" }, 20, producer);
    flow.span({ id: producer, kind: "producer", service: "orders", at: 19 });
    flow.span({ id: consumer, parent: producer, kind: "consumer", service: "billing", at: 25 });
    flow.conversations();
    expect(flow.correlator.parties(seq)).toEqual({
      writer: { name: "orders", basis: "observed" },
      readers: [{ name: "billing", basis: "observed" }],
    });
  });

  test("a batch links to the messages it took, in their own traces", () => {
    const flow = watching();
    const other = "1af7651916cd43dd8448eb211c80319d";
    flow.message("orders", "OrderPlaced", { orderId: "ORD-1" }, 20, producer);
    flow.span({
      id: consumer,
      trace: other,
      kind: "consumer",
      service: "billing",
      name: "orders receive",
      at: 30,
      links: [{ traceId: trace, spanId: producer }],
    });
    const [conversation, ...more] = flow.conversations();
    expect(more).toEqual([]);
    expect(flow.edges(conversation as Conversation)).toEqual(["OrderPlaced > orders receive (trace-parent, certain)"]);
  });

  test("where the span in between was not kept, the trace puts it there, and it is called inferred", () => {
    const flow = watching();
    flow.span({ id: gateway, kind: "server", service: "gateway", name: "ingress", at: 10 });
    flow.message("orders", "OrderPlaced", { orderId: "ORD-1042" }, 20, producer);
    flow.span({ id: client, parent: server, kind: "client", service: "billing", name: "POST /charge", at: 40 });
    const [conversation, ...others] = flow.conversations();
    expect(others).toEqual([]);
    expect(flow.names(conversation as Conversation)).toBe("ingress, OrderPlaced, POST /charge");
    expect(flow.edges(conversation as Conversation)).toContain("OrderPlaced > POST /charge (trace-id, inferred)");
  });

  test("other tracers' headers name spans as well", () => {
    for (const [name, value] of [
      ["b3", `${trace}-${producer}-1`],
      ["uber-trace-id", `${trace}:${producer}:0:1`],
      ["x-datadog-trace-id", BigInt(`0x${trace.slice(16)}`).toString()],
      ["X-Amzn-Trace-Id", `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${producer};Sampled=1`],
    ] as const) {
      const flow = watching();
      const headers = [
        { name, value },
        { name: "x-datadog-parent-id", value: BigInt(`0x${producer}`).toString() },
      ];
      flow.span({ id: producer, kind: "producer", service: "orders", name: "publish", at: 9 });
      flow.correlator.observe({
        seq: 99,
        envelope: {
          tap: "rabbitmq:127.0.0.1:5672/",
          receivedAt: start + 10,
          headers,
          key: null,
          body: null,
          bodySize: 0,
          origin: { broker: "rabbitmq", vhost: "/", exchange: "", routingKeys: ["orders"], properties: {} },
        },
        decoded: empty,
      });
      const [conversation] = flow.conversations();
      expect(flow.edges(conversation as Conversation), name).toEqual(["publish > orders (trace-parent, certain)"]);
    }
  });
});

describe("a trace without messages", () => {
  test("began when its first span did, whoever asks, also where a clock puts that before the one that led to it", () => {
    const flow = watching();
    flow.span({ id: server, parent: gateway, kind: "server", at: 99.5 });
    flow.span({ id: gateway, kind: "client", service: "gateway", at: 100 });
    const [conversation] = flow.conversations();
    const id = conversation?.id ?? "";
    expect(conversation?.name).toBe(gateway);
    expect(conversation?.startedAt).toBe(start + 99.5);
    const { startedAt, lastAt } = flow.correlator.standing(id) ?? {};
    expect([startedAt, lastAt]).toEqual([conversation?.startedAt, conversation?.lastAt]);
  });
});

describe("what spans do not do", () => {
  test("a span around many orders does not make them one conversation", () => {
    const flow = watching();
    // What tells flows apart must have been seen to: a few orders of two messages each.
    for (let i = 0; i < 12; i++) {
      const orderId = `ORD-${2_000 + i}`;
      const of = `${(i + 16).toString(16)}${trace.slice(2)}`.slice(0, 16) + (i + 16).toString(16).repeat(8);
      flow.message("orders", "OrderPlaced", { orderId }, i * 40, undefined, of);
      flow.message("invoices", "InvoiceSent", { orderId }, i * 40 + 10, undefined, of);
    }
    flow.conversations(1_000);
    flow.message("orders", "OrderPlaced", { orderId: "ORD-3001" }, 2_000, server);
    flow.message("invoices", "InvoiceSent", { orderId: "ORD-3001" }, 2_010, server);
    flow.message("orders", "OrderPlaced", { orderId: "ORD-3002" }, 2_020, server);
    flow.message("invoices", "InvoiceSent", { orderId: "ORD-3002" }, 2_030, server);
    flow.span({ id: server, kind: "internal", service: "batch", name: "nightly", at: 1_990 });
    const batch = flow.conversations().filter(({ key }) => key.startsWith("ORD-300"));
    expect(batch.map(({ key }) => key)).toEqual(["ORD-3001", "ORD-3002"]);
    expect(batch.map((conversation) => flow.names(conversation))).toEqual([
      "nightly, OrderPlaced, InvoiceSent",
      "OrderPlaced, InvoiceSent",
    ]);
  });

  test("what usually follows is learned from messages alone: a late span is never missing", () => {
    const flow = watching();
    for (let i = 0; i < 30; i++) {
      const of = `${trace.slice(0, 28)}${(4096 + i).toString(16)}`;
      const orderId = `ORD-${5_000 + i}`;
      flow.message("orders", "OrderPlaced", { orderId }, i * 1_000, producer, of);
      flow.message("payments", "PaymentTaken", { orderId }, i * 1_000 + 20, client, of);
      if (i < 29) {
        flow.span({ id: producer, trace: of, kind: "producer", service: "orders", at: i * 1_000 - 1 });
        flow.span({ id: consumer, parent: producer, trace: of, kind: "consumer", service: "pay", at: i * 1_000 + 5 });
      }
      flow.conversations(i * 1_000 + 500);
    }
    const all = flow.conversations(60_000);
    expect(all).toHaveLength(30);
    expect(all.filter(({ missing }) => missing.length > 0)).toEqual([]);
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(["completed"]));
  });

  test("a trace that never ends costs no more the longer it gets", () => {
    const flow = watching();
    flow.span({ id: server, kind: "consumer", service: "poller", name: "poll", at: 0 });
    const began = performance.now();
    for (let i = 0; i < 1_500; i++) {
      flow.message("orders", "OrderPlaced", { orderId: `ORD-${10_000 + (i >> 1)}` }, i * 20, server);
      if (i % 100 === 0) flow.span({ id: (i + 4096).toString(16).padStart(16, "c"), parent: server, at: i * 20 });
      if (i % 5 === 0) flow.correlator.tick(start + i * 20);
    }
    flow.conversations(100_000);
    // Half a second on a machine of its own; a look at all of it for each message would take minutes.
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test("a span that comes twice is one", () => {
    const flow = watching();
    flow.span({ id: gateway, kind: "server", name: "GET /", at: 10 });
    const again = flow.span({ id: gateway, kind: "server", name: "GET /", at: 10 });
    const [conversation, ...others] = flow.conversations();
    expect(others).toEqual([]);
    expect(flow.correlator.journey(again).duplicateOf).toBe(1);
    expect(conversation?.spans).toEqual([
      { seq: 1, folded: false },
      { seq: 2, folded: true },
    ]);
  });

  test("spans that name each other as their parents end in no circle", () => {
    const flow = watching();
    flow.span({ id: server, parent: client, at: 10 });
    flow.span({ id: client, parent: server, at: 11 });
    flow.span({ id: gateway, parent: gateway, at: 12 });
    expect(flow.conversations()).toHaveLength(1);
  });

  test("a span without messages is a conversation of its own, failed when it says so", () => {
    const flow = watching();
    flow.span({ id: gateway, kind: "server", service: "gateway", name: "GET /stock", at: 10, status: "error" });
    flow.span({ id: server, trace: "2af7651916cd43dd8448eb211c80319e", kind: "server", name: "GET /health", at: 20 });
    expect(flow.conversations()).toMatchObject([
      { kind: "flow", name: "GET /stock", state: "failed", steps: [], spans: [{ seq: 1, folded: false }] },
      { kind: "flow", name: "GET /health", state: "completed" },
    ]);
  });
});

test("what another row says already is folded: sending and taking a message that was seen, and the other end of a call", () => {
  const flow = watching();
  flow.message("orders", "OrderPlaced", { orderId: "ORD-1042" }, 20, producer);
  flow.span({ id: gateway, kind: "client", service: "gateway", name: "egress", at: 10 });
  flow.span({ id: server, parent: gateway, kind: "server", service: "orders", name: "POST /orders", at: 12 });
  flow.span({ id: producer, parent: server, kind: "producer", service: "orders", name: "publish", at: 19 });
  flow.span({ id: consumer, parent: producer, kind: "consumer", service: "billing", name: "process", at: 25 });
  flow.span({
    id: client,
    parent: consumer,
    kind: "client",
    service: "billing",
    name: "SELECT",
    at: 26,
    attributes: { "db.system": "postgresql" },
  });
  const [conversation] = flow.conversations();
  const shown = conversation?.spans?.filter(({ folded }) => !folded).map(({ seq }) => flow.correlator.nameOf(seq));
  expect(shown).toEqual(["POST /orders", "SELECT"]);
  expect(flow.correlator.parties(3)).toEqual({
    writer: { name: "gateway", basis: "observed" },
    readers: [{ name: "orders", basis: "observed" }],
  });
  expect(flow.correlator.parties(6)).toEqual({
    writer: { name: "billing", basis: "observed" },
    readers: [{ name: "postgresql", basis: "observed" }],
  });
});

test("without a span, nothing of a message's trace context is remembered", () => {
  const flow = watching({});
  flow.message("orders", "OrderPlaced", { orderId: "ORD-1" }, 20, producer);
  flow.span({ id: producer, kind: "producer", service: "orders", name: "publish", at: 19 });
  // The first span comes after the message: they are put together by their trace alone from the next message on.
  const [conversation] = flow.conversations();
  expect(flow.names(conversation as Conversation)).toBe("OrderPlaced");
});

test("at the bound, what goes first are spans without messages", () => {
  const flow = watching({ spans: true, maxSpans: 1_000 });
  flow.message("orders", "OrderPlaced", { orderId: "ORD-1" }, 20, producer);
  flow.span({ id: producer, kind: "producer", service: "orders", at: 19 });
  flow.conversations(100);
  for (let i = 0; i < 5_000; i++) {
    const of = (i + 1).toString(16).padStart(32, "a");
    flow.span({ id: gateway, trace: of, kind: "server", name: "GET /health", at: i });
  }
  const all = flow.conversations(200_000);
  expect(all.length).toBeLessThanOrEqual(1_000);
  expect(all.length).toBeGreaterThan(900);
  expect(all[0]).toMatchObject({ name: "OrderPlaced", seqs: [2, 1] });
});
