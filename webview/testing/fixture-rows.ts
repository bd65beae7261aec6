/** Rows of the conversation list for the page's tests: four that need a look, and any number of others. */
import type { ConversationRow, ConversationState, StepGlyph, StepState } from "../../daemon/serve/protocol.ts";

/** The fixture's now. */
export const now = new Date(2026, 10, 21, 14, 2, 47).getTime();

const stepNames = ["OrderPlaced", "ReserveStock", "TakePayment", "BookShipment", "SendReceipt", "OrderConfirmed"];
const letters: Readonly<Record<string, StepState>> = {
  d: "done",
  r: "running",
  w: "not reached",
  s: "stuck",
  f: "failed",
  u: "compensated",
  v: "compensating",
  m: "compensation missing",
  l: "late",
};

function steps(pattern: string, names: readonly string[] = stepNames): StepGlyph[] {
  return Array.from(pattern).map((letter, index) => ({
    name: names[index] ?? "Step",
    state: letters[letter] ?? "done",
  }));
}

type RowFacts = Pick<ConversationRow, "id" | "name" | "key" | "state"> &
  Partial<ConversationRow> & { readonly pattern: string; readonly text: string; readonly ageMs: number };

function row({ pattern, text, ageMs, ...facts }: RowFacts): ConversationRow {
  const rpc = pattern.length <= 2;
  return {
    revision: 1,
    kind: rpc ? "exchange" : "saga",
    inferred: !rpc,
    steps: steps(pattern, rpc ? [facts.name, "Reply"] : stepNames),
    latest: { text, squiggle: 0 },
    participants: rpc ? ["checkout-bff", "pricing-svc"] : ["checkout-bff", "order-svc", "inventory-svc", "payment-svc"],
    errors: 0,
    warnings: 0,
    messages: rpc ? 2 : 12,
    startedAt: now - ageMs,
    lastAt: now - ageMs + 2000,
    needsLook: false,
    ...facts,
  };
}

const saga = "OrderFulfilment";
export const minute = 60_000;

export const needsLook: readonly ConversationRow[] = [
  row({
    id: "stuck",
    name: saga,
    key: "ORD-1042",
    state: "stuck",
    pattern: "dddsww",
    text: "no ShipmentBooked after 3 deliveries of BookShipment",
    ageMs: 4 * minute + 18_000,
    tookMs: 258_000,
    warnings: 2,
    needsLook: true,
  }),
  row({
    id: "failed",
    name: saga,
    key: "ORD-1036",
    state: "failed",
    pattern: "dumfww",
    text: "no RefundPayment after ReleaseStock: the payment stands",
    ageMs: 6 * minute,
    tookMs: 9_800,
    errors: 1,
    needsLook: true,
  }),
  row({
    id: "compensated",
    name: saga,
    key: "ORD-1040",
    state: "compensated",
    pattern: "duufww",
    text: "StockReserved breaks stock.proto: quantity is read as 0",
    latest: { text: "StockReserved breaks stock.proto: quantity is read as 0", squiggle: 13 },
    ageMs: 2 * minute,
    tookMs: 3_981,
    errors: 1,
    needsLook: true,
  }),
  row({
    id: "late",
    name: "GetQuote",
    key: "q-77120",
    state: "late",
    pattern: "dl",
    text: "Quote from pricing-svc#2 came 1.4 s after the time-out",
    ageMs: 48_000,
    tookMs: 6_402,
    warnings: 1,
    needsLook: true,
  }),
];

/** Row `index` of any number of rows, newest first: the same every time it is asked for. */
export function listRow(index: number): ConversationRow {
  const ageMs = index < 3 ? 0 : index * 1000;
  const rpc = index % 3 === 0 && index > 0;
  if (index < 6) {
    const pattern = ["drwwww", "ddrwww", "dddrww", "dddrww", "ddddrw", "ddrwww"][index] ?? "drwwww";
    const text =
      ["ReserveStock → inventory-svc", "TakePayment → payment-svc", "PaymentTaken → order-svc"][index % 3] ?? "";
    return row({ id: `c${index}`, name: saga, key: `ORD-${1131 - index}`, state: "running", pattern, text, ageMs });
  }
  if (rpc) {
    const name = index % 2 === 0 ? "GetQuote" : "CheckAddress";
    return row({
      id: `c${index}`,
      name,
      key: `q-${77190 + index}`,
      state: "completed",
      pattern: "dd",
      text: index % 2 === 0 ? "Quote → checkout-bff" : "AddressChecked → checkout-bff",
      ageMs,
      tookMs: 8 + (index % 60),
    });
  }
  const state: ConversationState = index === 9 ? "compensating" : "completed";
  return row({
    id: `c${index}`,
    name: saga,
    key: `ORD-${1131 - index}`,
    state,
    pattern: index === 9 ? "duvfww" : "dddddd",
    text: index === 9 ? "ReleaseStock → inventory-svc" : "OrderConfirmed → notify-svc +1",
    ageMs,
    tookMs: 1600 + ((index * 37) % 1400),
    ...(index % 17 === 5 ? { warnings: 1 } : {}),
  });
}
