/** Messages, status and histogram for the page's tests. */
import type { Histogram, MessageDetail, Status, TapReportView, TapView } from "../../daemon/serve/protocol.ts";
import { now } from "./fixture-rows.ts";

const hex =
  "0a084f52442d3130343012064245522d30321a170a06412d31313037120a547261696c2053686f651a0132220c" +
  "0893c886d80610c0ed86d7012a0a7273762d353866326331321232".padEnd(54, "0") +
  "2a".repeat(18);
const link = {
  definition: "shop.inventory.v1.StockReserved",
  format: "proto",
  file: "/shop/contracts/stock.proto",
  path: "contracts/stock.proto",
  line: 13,
  character: 2,
};

export const stockReserved: MessageDetail = {
  seq: 3,
  at: now - 119_753,
  broker: "kafka",
  channel: "inventory.events",
  name: "StockReserved",
  key: "ORD-1040",
  format: "protobuf",
  bodySize: hex.length / 2,
  body: '{"order_id":"ORD-1040"}',
  check: "invalid",
  conversation: "compensated",
  tap: "kafka:127.0.0.1:9092",
  coordinates: [
    { label: "Channel", value: "inventory.events" },
    { label: "Partition, offset", value: "3, 52 007 and again at 52 009" },
    { label: "Key", value: "ORD-1040" },
    { label: "Time", value: "14:00:51.451 CreateTime" },
  ],
  headers: [
    { name: "ce_id", value: "3f0c7a52-91be-4d0e-8a77-0b6a1d2c9e41", evidence: true, masked: false },
    { name: "ce_causationid", value: "b1d64e08-2c1f-4a6b-9d53-77e0c0f4a912", evidence: true, masked: false },
    { name: "ce_correlationid", value: "ORD-1040", evidence: true, masked: false },
    {
      name: "traceparent",
      value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      evidence: true,
      masked: false,
    },
    { name: "ce_type", value: "shop.inventory.v1.StockReserved", evidence: false, masked: false },
    { name: "ce_source", value: "/inventory-svc", evidence: false, masked: false },
    { name: "authorization", value: "masked, 41 bytes", evidence: false, masked: true },
  ],
  tree: [
    { name: "order_id", kind: "string", text: "ORD-1040", type: "string = 1", bytes: [0, 10], children: [] },
    {
      name: "warehouse",
      kind: "string",
      text: "<img src=x onerror=alert(1)>",
      type: "string = 2",
      bytes: [10, 8],
      children: [],
    },
    {
      name: "lines",
      kind: "array",
      text: "1 item",
      type: "Line[] = 3",
      children: [
        {
          name: "0",
          kind: "object",
          text: "",
          type: "Line",
          children: [
            { name: "sku", kind: "string", text: "A-1107", type: "string = 1", children: [] },
            { name: "name", kind: "string", text: "Trail Shoe", type: "string = 2", children: [] },
            {
              name: "quantity",
              kind: "number",
              text: "0",
              type: "int32 = 3",
              wire: '"2"',
              bytes: [40, 3],
              violation: "came as a string, the contract has int32",
              children: [],
            },
          ],
        },
      ],
    },
    { name: "reserved_at", kind: "number", text: "2026-11-21T14:00:51.451Z", type: "Timestamp = 4", children: [] },
    { name: "confirmed", kind: "boolean", text: "true", type: "bool = 5", children: [] },
    { name: "customer_email", kind: "masked", text: "masked, 18 bytes", type: "string = 6", children: [] },
  ],
  hex,
  hexCut: false,
  contract: { ...link, evidence: "a header names it" },
  violations: [
    { path: "lines[0].quantity", message: "came as a string, the contract has int32 quantity = 3", contract: link },
  ],
  attempts: [],
  why: [
    {
      text: "caused by ReserveStock, 228 ms before",
      seq: 2,
      evidence: [
        { role: "decides", text: "ce_causationid is its ce_id", strength: "certain" },
        { role: "agrees", text: "same ce_correlationid", strength: "declared" },
        { role: "silent", text: "traceparent: parent span never seen", strength: "possible" },
      ],
    },
    {
      text: "led to TakePayment, 15 ms after",
      seq: 4,
      evidence: [{ role: "decides", text: "its ce_id is the ce_causationid", strength: "certain" }],
    },
  ],
  writer: "inventory-svc#2",
  readers: ["order-svc"],
  journey: [
    { text: "written to inventory.events, partition 3, at offset 52007", at: now - 119_753 },
    { text: "its transaction was committed" },
    { text: "group order-svc has committed past it", at: now - 119_740 },
    { text: "group billing has committed past it", at: now - 118_702 },
  ],
  writers: [
    { name: "inventory-svc#2", messages: 12, broken: 12 },
    { name: "inventory-svc#1", messages: 640, broken: 0 },
  ],
};

/** A message that nothing could read, and that went through much. */
const unreadable: MessageDetail = {
  ...messageWithout(stockReserved),
  seq: 6,
  at: now - 119_000,
  name: "BookShipment",
  broker: "rabbitmq",
  channel: "shipping.book",
  format: "binary",
  body: "0102ff",
  hex: "0102ff",
  bodySize: 3,
  check: "unchecked",
  violations: [],
  tree: [],
  attempts: [
    {
      format: "protobuf",
      definition: "shop.shipping.v1.BookShipment",
      failure: "The bytes end in the middle of a field.",
    },
    { format: "json", failure: "The body is not text in UTF-8." },
  ],
  journey: [
    { text: "published to the default exchange with key shipping.book", at: now - 119_000 },
    { text: "delivered from shipping.book to shipping-svc#1", at: now - 118_998 },
    {
      text: "delivery 2 from shipping.book to shipping-svc#1, redelivered: it was handed out before and came back",
      at: now - 113_000,
      mark: "warn",
    },
    { text: "dead-lettered from shipping.book, as it was delivered too often (3 times)", mark: "bad" },
    { text: "dead-lettered into shipping.book.dlq", mark: "bad" },
  ],
};

function messageWithout({ contract: _none, ...rest }: MessageDetail): MessageDetail {
  return rest;
}

/** Any other message: well, and described by a contract. */
export function messageOf(seq: number): MessageDetail | null {
  if (seq === 3) return stockReserved;
  if (seq === 6) return unreadable;
  if (seq === 404) return null;
  return { ...stockReserved, seq, name: "OrderPlaced", check: "valid", violations: [] };
}

const kafka: TapView = {
  tap: "kafka:127.0.0.1:9092",
  broker: "kafka",
  address: "localhost:9092",
  phase: "live",
  since: now - 460_000,
  shed: 0,
  cannotSee: ["whether a record was processed: Kafka tells only what groups commit"],
  groups: [
    { group: "order-svc", topic: "inventory.events", lag: 0, committedAt: now - 2_000 },
    { group: "billing", topic: "shop.orders", lag: 1_204, committedAt: now - 310_000 },
    { group: "order-svc", topic: "shop.payments", lag: 3, committedAt: now - 2_000 },
  ],
};
const rabbitmq: TapView = {
  tap: "rabbitmq:127.0.0.1:5672/shop",
  broker: "rabbitmq",
  address: "localhost:5672/shop",
  phase: "live",
  since: now - 460_000,
  mode: "firehose",
  shed: 0,
};

const live: Status = {
  mode: "live",
  taps: [kafka, rabbitmq],
  seen: 48_212,
  shed: 0,
  masked: 312,
  capture: { name: "checkout-run-4.contrail", bytes: 12_000_000 },
  now,
  contracts: { definitions: 24, problems: [] },
};

/** What is the matter with the fixture's daemon. */
export type Scenario =
  | "live"
  | "connecting"
  | "resuming"
  | "failed"
  | "overload"
  | "capture"
  | "recording"
  | "empty"
  | "quiet"
  | "million"
  | "lossy";

export function statusOf(scenario: Scenario): Status {
  const wall = Date.now();
  switch (scenario) {
    case "connecting":
      return {
        ...live,
        seen: 0,
        masked: 0,
        taps: [{ ...kafka, phase: "connecting", detail: "reading metadata", since: wall - 2000 }, rabbitmq],
      };
    case "resuming":
      return {
        ...live,
        taps: [
          kafka,
          { ...rabbitmq, phase: "reconnecting", since: wall - 9000, nextTryAt: wall + 4000, lastSeq: 48_212 },
        ],
      };
    case "failed":
      return {
        ...live,
        taps: [
          {
            ...kafka,
            phase: "failed",
            detail:
              "The broker says its address is kafka:9092, which this machine cannot resolve. Map it in contrail.kafka.addressMap.",
            since: wall,
          },
          rabbitmq,
        ],
      };
    case "overload":
      return {
        ...live,
        shed: 3412,
        shedSince: wall - 30_000,
        overload:
          "3,412 bodies shed since 14:02:10, headers kept. Edges are complete; 41 conversations have messages without a body.",
      };
    case "lossy":
      return {
        ...live,
        taps: [
          { ...kafka, shed: 12 },
          {
            ...rabbitmq,
            mode: "bindings",
            shed: 400,
            detail:
              "The user shop-reader may not switch tracing on. So 4 exchanges are watched by bindings: publishes that somebody receives are seen; deliveries, the default exchange and direct replies are not.",
            cannotSee: ["deliveries and redeliveries, and so who reads a message", "who wrote a message"],
          },
        ],
        shed: 3_824,
        shedSince: wall - 30_000,
        shedOf: { bodies: 3_000, messages: 412, atTaps: 412 },
        overload: "More came than could be kept up with: 3,000 bodies and 824 messages shed in the last 30 s.",
        bounds: [{ what: "uses of one id that were not compared, since it is on very many messages", count: 7_210 }],
        behind: { messages: 18_400, ms: 2_300 },
        capture: {
          name: "checkout-run-4.contrail",
          bytes: 1_000_000_000,
          dropped: 120_000,
          inMemorySince: wall - 20_000,
          problem:
            "Messages are kept in memory only, since the disk is full: what comes from now on is gone when the trace ends. Make room and start the trace again.",
        },
        search: { behind: 12_000 },
      };
    case "capture":
      return { ...live, mode: "capture", source: "checkout-run-3.contrail", taps: [] };
    case "recording":
      return {
        ...live,
        mode: "recording",
        source: "the sample shop, recorded 2026-11-21",
        taps: [
          {
            tap: "capture",
            broker: "capture",
            address: "the sample shop",
            phase: "live",
            since: wall - 20_000,
            shed: 0,
          },
        ],
      };
    case "empty": {
      const { capture: _none, ...rest } = live;
      return { ...rest, taps: [], seen: 0, masked: 0 };
    }
    default:
      return live;
  }
}

/** 157 bars of three seconds, with problems here and there. */
export function histogramOf(scenario: Scenario): Histogram {
  const bars = 157;
  const bucketMs = 3000;
  return {
    from: now - bars * bucketMs,
    bucketMs,
    buckets: Array.from({ length: scenario === "quiet" || scenario === "empty" ? 0 : bars }, (_unused, index) => ({
      messages:
        scenario === "connecting"
          ? 0
          : Math.round(320 * (0.45 + 0.4 * Math.abs(Math.sin(index / 11)) + ((index * 7919) % 97) / 400)),
      errors: index === 100 || (index > 101 && index < 104) ? 2 : 0,
      warnings: [28, 48, 141].includes(index) ? 1 : 0,
      shed: scenario === "overload" && index > 140,
    })),
  };
}

export const report: readonly TapReportView[] = [
  {
    tap: "rabbitmq:127.0.0.1:5672/shop",
    touched: ["Turned tracing of vhost shop on; it goes back to off."],
    neverTouched: ["No queue that lasts.", "No message was taken."],
    messages: 30_112,
    bytes: 8_214_000,
  },
];
