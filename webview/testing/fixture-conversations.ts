/** Conversations for the page's tests: a saga that was compensated, one that is stuck, a late reply, and a long one. */
import type { ConversationDetail, EvidenceLine, LaneRow } from "../../daemon/serve/protocol.ts";
import { listRow, minute, needsLook, now } from "./fixture-rows.ts";

const declared: readonly EvidenceLine[] = [
  { role: "decides", text: "ce_causationid is its ce_id", strength: "certain" },
  { role: "agrees", text: "same ce_correlationid", strength: "declared" },
  { role: "silent", text: "traceparent: parent span never seen", strength: "possible" },
];
const inferred: readonly EvidenceLine[] = [
  { role: "decides", text: "same key ORD-1040, 6 ms apart, window 50 ms", strength: "inferred" },
  { role: "silent", text: "no causation id, no correlation id", strength: "possible" },
  { role: "disagrees", text: "traceparent: another trace id", strength: "possible" },
];

type LaneFacts = Partial<LaneRow> & { readonly by?: number };

const startedAt = now - 2 * minute;

function laneRow(seq: number, offsetMs: number, name: string, to: readonly number[], facts: LaneFacts): LaneRow {
  const { by, ...rest } = facts;
  const arrow = facts.arrow ?? "command";
  return {
    kind: "message",
    seq,
    at: startedAt + offsetMs,
    offsetMs,
    name,
    broker: "kafka",
    to,
    arrow,
    line: "declared",
    violation: false,
    count: 1,
    ...(by === undefined ? {} : { cause: { row: by, evidence: facts.line === "inferred" ? inferred : declared } }),
    ...rest,
  };
}

function gap(name: string, at: number): LaneRow {
  return {
    kind: "gap",
    at,
    name,
    to: [],
    arrow: "event",
    line: "declared",
    violation: false,
    count: 1,
  };
}

const compensated: ConversationDetail = {
  row: needsLook[2] ?? listRow(0),
  sentence: [
    { text: "Compensated. shipping-svc refused " },
    { code: "BookShipment" },
    { text: ": NOTHING_TO_SHIP. Its quantity is 0; in the " },
    { link: "StockReserved", seq: 3 },
    { text: " that led to it, quantity breaks the contract." },
  ],
  steps: [
    { name: "OrderPlaced", state: "done", ms: 0 },
    { name: "ReserveStock", state: "compensated", ms: 228, compensation: "ReleaseStock" },
    { name: "TakePayment", state: "compensated", ms: 651, compensation: "RefundPayment" },
    { name: "BookShipment", state: "failed", ms: 2110 },
    { name: "SendReceipt", state: "not reached" },
    { name: "OrderConfirmed", state: "not reached" },
  ],
  currentStep: 3,
  lanes: [
    ...["checkout-bff", "order-svc", "inventory-svc", "payment-svc", "shipping-svc", "notify-svc"].map((name) => ({
      id: name,
      name,
      kind: "participant" as const,
      basis: "observed" as const,
    })),
    { id: "notify.email", name: "notify.email", kind: "channel", basis: "observed" },
  ],
  rows: [
    laneRow(1, 0, "OrderPlaced", [1], { from: 0, arrow: "event", channel: "orders.events" }),
    laneRow(2, 19, "ReserveStock", [2], { from: 1, by: 0, channel: "inventory.commands" }),
    laneRow(3, 247, "StockReserved", [1], {
      from: 2,
      by: 1,
      arrow: "reply",
      channel: "inventory.events",
      violation: true,
      count: 2,
      latencyMs: 228,
    }),
    laneRow(4, 262, "TakePayment", [3], { from: 1, by: 2, broker: "rabbitmq", channel: "payments.cmd" }),
    laneRow(5, 913, "PaymentTaken", [1], {
      from: 3,
      by: 3,
      arrow: "reply",
      broker: "rabbitmq",
      channel: "order-svc.replies",
      latencyMs: 651,
    }),
    laneRow(6, 930, "BookShipment", [4], { from: 1, by: 4, broker: "rabbitmq", channel: "shipping.book" }),
    gap("2.11 s between messages", startedAt + 1000),
    laneRow(7, 3044, "ShipmentRefused", [1], {
      from: 4,
      by: 5,
      arrow: "reply",
      broker: "rabbitmq",
      channel: "order-svc.replies",
      state: "failed",
      note: "NOTHING_TO_SHIP",
      latencyMs: 2110,
    }),
    laneRow(8, 3061, "RefundPayment", [3], {
      from: 1,
      by: 7,
      broker: "rabbitmq",
      channel: "payments.cmd",
      state: "compensation",
      compensates: 3,
    }),
    laneRow(9, 3702, "PaymentRefunded", [1], {
      from: 3,
      by: 8,
      arrow: "reply",
      broker: "rabbitmq",
      channel: "order-svc.replies",
      state: "compensation",
      latencyMs: 641,
    }),
    laneRow(10, 3719, "ReleaseStock", [2], {
      from: 1,
      by: 9,
      channel: "inventory.commands",
      state: "compensation",
      compensates: 1,
    }),
    laneRow(11, 3958, "StockReleased", [1], {
      from: 2,
      by: 10,
      arrow: "reply",
      channel: "inventory.events",
      state: "compensation",
      latencyMs: 239,
    }),
    laneRow(12, 3975, "OrderCancelled", [0, 5], { from: 1, by: 11, arrow: "event", channel: "orders.events" }),
    laneRow(13, 3981, "EmailQueued", [6], {
      from: 5,
      by: 12,
      arrow: "event",
      broker: "rabbitmq",
      channel: "notify.email",
      line: "inferred",
      note: "no reader",
    }),
  ],
};

const stuck: ConversationDetail = {
  row: needsLook[0] ?? listRow(0),
  sentence: [
    { text: "Stuck for 4 min 17 s: " },
    { code: "ShipmentBooked" },
    { text: " was not seen; it usually follows after 1.3 s (212 sagas). shipping-svc#1 got " },
    { link: "BookShipment", seq: 26 },
    { text: " three times, then shipping.book.dlq grew by one. No compensation has started." },
  ],
  goTo: { text: "Go to BookShipment", seq: 26 },
  steps: [
    { name: "OrderPlaced", state: "done", ms: 0 },
    { name: "ReserveStock", state: "done", ms: 214 },
    { name: "TakePayment", state: "done", ms: 627 },
    { name: "BookShipment", state: "stuck", ms: 257_000 },
    { name: "SendReceipt", state: "not reached" },
    { name: "OrderConfirmed", state: "not reached" },
  ],
  currentStep: 3,
  lanes: [
    ...["checkout-bff", "order-svc", "inventory-svc", "payment-svc", "shipping-svc"].map((name) => ({
      id: name,
      name,
      kind: "participant" as const,
      basis: "observed" as const,
    })),
    { id: "dlq", name: "shipping.book.dlq", kind: "channel", basis: "observed" },
  ],
  rows: [
    laneRow(21, 0, "OrderPlaced", [1], { from: 0, arrow: "event", channel: "orders.events" }),
    laneRow(22, 17, "ReserveStock", [2], { from: 1, by: 0, channel: "inventory.commands" }),
    laneRow(23, 231, "StockReserved", [1], {
      from: 2,
      by: 1,
      arrow: "reply",
      channel: "inventory.events",
      latencyMs: 214,
    }),
    laneRow(24, 244, "TakePayment", [3], { from: 1, by: 2, broker: "rabbitmq", channel: "payments.cmd" }),
    laneRow(25, 871, "PaymentTaken", [1], {
      from: 3,
      by: 3,
      arrow: "reply",
      broker: "rabbitmq",
      channel: "order-svc.replies",
      latencyMs: 627,
    }),
    laneRow(26, 888, "BookShipment", [4], { from: 1, by: 4, broker: "rabbitmq", channel: "shipping.book" }),
    laneRow(26, 5_900, "BookShipment", [4], {
      kind: "delivery",
      broker: "rabbitmq",
      channel: "shipping.book",
      note: "delivery 2",
    }),
    laneRow(26, 10_910, "BookShipment", [4], {
      kind: "delivery",
      broker: "rabbitmq",
      channel: "shipping.book",
      note: "delivery 3",
    }),
    laneRow(27, 15_900, "BookShipment", [5], {
      kind: "dead letter",
      from: 4,
      by: 5,
      broker: "rabbitmq",
      channel: "shipping.book.dlq",
      line: "inferred",
      state: "stuck",
      note: "dead-lettered, inferred",
    }),
    gap("4 min 2 s, nothing since", startedAt + 16_000),
    {
      kind: "missing",
      at: startedAt + 20_000,
      name: "ShipmentBooked",
      note: "not seen, usually after 1.3 s",
      from: 4,
      to: [1],
      arrow: "reply",
      line: "missing",
      violation: false,
      count: 1,
    },
  ],
};

const late: ConversationDetail = {
  row: needsLook[3] ?? listRow(0),
  sentence: [
    { text: "Answered late by pricing-svc#2: " },
    { link: "Quote", seq: 33 },
    { text: " came 1.4 s after the 5 s time-out. pricing-svc#1 had the request first and gave it back after 2.1 s." },
  ],
  steps: [
    { name: "GetQuote", state: "done" },
    { name: "Quote", state: "late", ms: 6402 },
  ],
  currentStep: 1,
  lanes: ["checkout-bff", "pricing-svc#1", "pricing-svc#2"].map((name) => ({
    id: name,
    name,
    kind: "participant",
    basis: "observed",
  })),
  rows: [
    laneRow(31, 0, "GetQuote", [1], { from: 0, broker: "rabbitmq", channel: "pricing.rpc" }),
    laneRow(31, 2110, "GetQuote", [2], {
      kind: "delivery",
      broker: "rabbitmq",
      channel: "pricing.rpc",
      note: "delivery 2, now to #2",
    }),
    gap("2.89 s between messages", startedAt + 2200),
    laneRow(31, 5000, "5 s time-out", [], { kind: "timeout", from: 0, note: "from expiration", broker: "rabbitmq" }),
    laneRow(33, 6402, "Quote", [0], {
      from: 2,
      by: 1,
      arrow: "reply",
      broker: "rabbitmq",
      channel: "amq.rabbitmq.reply-to",
      state: "late",
      note: "1.4 s late",
      latencyMs: 6402,
    }),
  ],
};

/** A conversation of many messages, for scrolling. */
export function longDetail(messages: number): ConversationDetail {
  return {
    ...stuck,
    row: { ...listRow(7), id: "long", messages },
    rows: Array.from({ length: messages }, (_unused, index) =>
      laneRow(100_000 + index, index * 10, `Tick${index}`, [1 + (index % 4)], {
        from: index % 2,
        arrow: (["command", "event", "reply"] as const)[index % 3] ?? "event",
        channel: "ticks",
        ...(index > 0 ? { by: index - 1 } : {}),
      }),
    ),
  };
}

export function detailOf(id: string): ConversationDetail | undefined {
  const known = [compensated, stuck, late].find((detail) => detail.row.id === id);
  if (known) return known;
  if (id === "long") return longDetail(10_000);
  const index = Number(id.slice(1));
  if (!Number.isInteger(index))
    return needsLook.some((each) => each.id === id) ? { ...compensated, row: needsLook[1] ?? listRow(0) } : undefined;
  return { ...compensated, row: listRow(index), sentence: [{ text: "Completed." }] };
}
