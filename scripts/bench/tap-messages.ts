/** The messages of the bench of taps: what they look like, and the contract that they keep. */

/** Milliseconds since `epoch`, with fractions, by the clock that all processes of this machine share. */
export function nowSince(epoch: number): number {
  return performance.timeOrigin - epoch + performance.now();
}

const bodyBytes = 300;

/** What happens to an order, one message each; the header `type` says which. */
const steps = ["OrderPlaced", "OrderPaid", "StockReserved", "OrderShipped"] as const;

export interface OrderMessage {
  /** Of the record, in Kafka. */
  readonly key: string;
  /** What happened, as topic exchanges are bound to. */
  readonly routingKey: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Orders under way at a time. */
const open = 1_000;

/**
 * The message with this number: one of the four of its order, with those of other orders in between. What is written at
 * different rates to two brokers are different orders.
 */
export function orderMessage(number: number, sentAt: number, orders = "ord"): OrderMessage {
  const order = `${orders}-${Math.floor(number / (4 * open)) * open + (number % open)}`;
  return messageOf(steps[Math.floor(number / open) % 4] ?? steps[0], { number, order, sentAt });
}

/** A message of an order of its own, to be looked for: its key is also who wrote it, as rows show that. */
export function probeMessage(key: string, number: number, sentAt: number): OrderMessage {
  const message = messageOf(steps[0], { number: 1_000_000_000 + number, order: key, sentAt });
  return { ...message, headers: { ...message.headers, source: key } };
}

function messageOf(type: string, of: Parameters<typeof orderBody>[0]): OrderMessage {
  const headers = { type, source: "contrail-bench" };
  return { key: of.order, routingKey: `orders.${type}`, body: orderBody(of), headers };
}

/** A body of 300 bytes of JSON with the time of its sending inside. */
function orderBody(of: { readonly number: number; readonly order: string; readonly sentAt: number }): string {
  const body = JSON.stringify({
    // As long from the first to the last: an id that grows is one only from some length on, and the load no longer steady.
    eventId: `evt-${String(of.number).padStart(10, "0")}`,
    orderId: of.order,
    sentAt: Math.round(of.sentAt * 1000) / 1000,
    status: statuses[of.number % statuses.length],
    total: (of.number % 9_000) / 100,
    lines: [{ article: `art-${of.number % 50}`, quantity: (of.number % 7) + 1 }],
    note: "",
  });
  return `${body.slice(0, -2)}${"x".repeat(Math.max(0, bodyBytes - body.length))}"}`;
}

const statuses = ["PLACED", "PAID", "RESERVED", "SHIPPED"];

/** When the sender of a body sent it; NaN when it does not say. */
export function sentAtOf(body: string): number {
  return Number(/"sentAt":([\d.]+)/.exec(body)?.[1] ?? Number.NaN);
}

/** The contract of these messages on the given channels. */
export function ordersContract(channels: readonly string[]): string {
  return `asyncapi: 3.0.0
info: { title: bench, version: 1.0.0 }
defaultContentType: application/json
channels:
${channels
  .map(
    (address, i) => `  c${i}:
    address: ${address}
    messages:
${steps.map((step) => `      ${step}: { $ref: "#/components/messages/${step}" }`).join("\n")}`,
  )
  .join("\n")}
components:
  messages:
${steps.map((step) => `    ${step}: { name: ${step}, payload: { $ref: "#/components/schemas/Order" } }`).join("\n")}
  schemas:
    Order:
      type: object
      required: [eventId, orderId, sentAt, status, total, lines]
      properties:
        eventId: { type: string, pattern: "^evt-" }
        orderId: { type: string, minLength: 1 }
        sentAt: { type: number }
        status: { enum: [PLACED, PAID, RESERVED, SHIPPED] }
        total: { type: number, minimum: 0 }
        lines:
          type: array
          items:
            type: object
            required: [article, quantity]
            properties:
              article: { type: string }
              quantity: { type: integer, minimum: 1 }
        note: { type: string }
`;
}
