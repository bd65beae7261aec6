/** What rows, sentences and lanes say, on the cases that the look was drawn from. */
import { describe, expect, it } from "vitest";
import type { Conversation, Edge, Journey, Participant } from "../correlate/model.ts";
import type { MessageFacts } from "../pipeline-facts.ts";
import type { Pipeline } from "../pipeline.ts";
import { conversationDetail } from "./present-conversation.ts";
import { Subject } from "./subject.ts";

interface Fake {
  readonly name: string;
  readonly at: number;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly broker?: "kafka" | "rabbitmq";
  readonly channel?: string;
  readonly journey?: Partial<Journey>;
  readonly unroutable?: boolean;
  readonly bodyShed?: boolean;
  readonly violation?: { readonly path: string; readonly message: string };
}

const participant = (name: string): Participant => ({ name, basis: "declared" });

/** A conversation as correlation would hand it out, of messages 1, 2, 3, ... */
function detailOf(messages: readonly Fake[], conversation: Partial<Conversation>, now: number) {
  const fake = (seq: number) => messages[seq - 1];
  const pipeline = {
    factsOf: (seq: number): MessageFacts | undefined => {
      const message = fake(seq);
      if (message === undefined) return undefined;
      return {
        seq,
        at: message.at,
        receivedAt: message.at,
        tap: "t",
        broker: message.broker ?? "rabbitmq",
        channel: message.channel ?? "channel",
        key: "",
        format: "json",
        check: message.violation === undefined ? "valid" : "invalid",
        ...(message.violation === undefined ? {} : { violation: { ...message.violation, file: "shop/stock.proto" } }),
        unroutable: message.unroutable === true,
        ...(message.bodyShed === true ? { bodyShed: true } : {}),
      };
    },
    correlator: {
      nameOf: (seq: number) => fake(seq)?.name ?? "",
      journey: (seq: number): Journey => ({ deliveries: [], committedBy: [], ...fake(seq)?.journey }),
      parties: (seq: number) => {
        const { from, to = [] } = fake(seq) ?? {};
        return { ...(from === undefined ? {} : { writer: participant(from) }), readers: to.map(participant) };
      },
    },
  } as unknown as Pipeline;
  const whole: Conversation = {
    id: "c1",
    revision: 1,
    kind: "saga",
    name: "OrderFulfilment",
    key: "ORD-1042",
    state: "running",
    seqs: messages.map((_, i) => i + 1),
    edges: [],
    exchanges: [],
    steps: [],
    missing: [],
    startedAt: messages[0]?.at ?? 0,
    lastAt: messages.at(-1)?.at ?? 0,
    ...conversation,
  };
  return conversationDetail(new Subject(whole, pipeline, now), 1, false);
}

const said = (detail: ReturnType<typeof detailOf>) =>
  detail.sentence.map((run) => ("text" in run ? run.text : "code" in run ? run.code : run.link)).join("");

const delivery = (receivedAt: number, queue = "shipping.book") => ({
  queue,
  redelivered: true,
  receivedAt,
  participant: "shipping-svc#1",
});

const cause = (from: number, to: number, value = "3f0c7a52"): Edge => ({
  from,
  to,
  kind: "causation-id",
  strength: "declared",
  joins: true,
  because: [
    { seq: from, where: "header ce_id", value },
    { seq: to, where: "header ce_causationid", value },
  ],
  rivals: 0,
});

describe("a saga that is stuck", () => {
  const detail = detailOf(
    [
      { name: "OrderPlaced", at: 0, from: "checkout-bff", to: ["order-svc"], broker: "kafka" },
      { name: "ReserveStock", at: 17, from: "order-svc", to: ["inventory-svc"], broker: "kafka" },
      {
        name: "BookShipment",
        at: 888,
        from: "order-svc",
        to: ["shipping-svc#1"],
        journey: {
          deliveries: [delivery(890), delivery(5_900), delivery(10_910)],
          deadLettered: { queue: "shipping.book.dlq", reason: "", count: 1 },
        },
      },
    ],
    {
      state: "stuck",
      edges: [cause(1, 2), cause(2, 3)],
      steps: [
        { name: "OrderPlaced", state: "done", seqs: [1] },
        { name: "BookShipment", state: "stuck", seqs: [3], startedAt: 888 },
        { name: "SendReceipt", state: "not reached", seqs: [] },
      ],
      missing: [{ name: "ShipmentBooked", after: 3, since: 4_000, usual: { ms: 1_300, count: 212 }, basis: "learned" }],
    },
    257_888,
  );

  it("says its state and for how long, what is missing and what is usual, what is proven, what has not started", () => {
    expect(said(detail)).toBe(
      "Stuck for 4 min 17 s: ShipmentBooked was not seen; it usually follows after 1.3 s (212 sagas). shipping-svc#1 got BookShipment three times, then it went to shipping.book.dlq. No compensation has started.",
    );
    expect(detail.goTo).toEqual({ text: "Go to BookShipment", seq: 3 });
    expect(detail.currentStep).toBe(1);
  });

  it("reads the same in its row", () => {
    expect(detail.row.latest).toEqual({ text: "no ShipmentBooked after 3 deliveries of BookShipment", squiggle: 0 });
    expect(detail.row).toMatchObject({ needsLook: true, state: "stuck", tookMs: 257_888, key: "ORD-1042" });
  });

  it("shows deliveries, the dead letter, the silence and what did not come, in order", () => {
    expect(detail.rows.map(({ kind, note }) => [kind, note])).toEqual([
      ["message", undefined],
      ["message", undefined],
      ["message", undefined],
      ["delivery", "delivery 2"],
      ["delivery", "delivery 3"],
      ["dead letter", "dead-lettered, inferred"],
      ["gap", "4 min 6 s, nothing since"],
      ["missing", "not seen, usually after 1.3 s"],
    ]);
    expect(detail.lanes.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      "participant checkout-bff",
      "participant order-svc",
      "participant inventory-svc",
      "participant shipping-svc#1",
      "channel shipping.book.dlq",
    ]);
    expect(detail.rows.at(-1)).toMatchObject({ name: "ShipmentBooked", line: "missing", from: 3, to: [1] });
  });

  it("ties a row to its cause, with why that is believed", () => {
    expect(detail.rows[1]?.cause).toEqual({
      row: 0,
      evidence: [
        { role: "decides", text: "header ce_causationid is its header ce_id, 3f0c7a52", strength: "declared" },
      ],
    });
  });
});

describe("a reply that is late", () => {
  const detail = detailOf(
    [
      { name: "GetQuote", at: 0, from: "checkout-bff", to: ["pricing-svc#1"] },
      { name: "Quote", at: 6_400, from: "pricing-svc#2", to: ["checkout-bff"] },
    ],
    {
      kind: "exchange",
      state: "late",
      exchanges: [
        {
          request: 1,
          replies: [2],
          state: "late",
          latency: 6_400,
          deadline: { at: 5_000, basis: "message" },
          failed: false,
        },
      ],
    },
    60_000,
  );

  it("says by whom, by how much, and on what the time-out rests", () => {
    expect(said(detail)).toBe("Answered late by pricing-svc#2: Quote came 1.4 s after the 5 s time-out.");
    expect(detail.row.latest.text).toBe("Quote from pricing-svc#2 came 1.4 s after the time-out");
    expect(
      detail.rows.filter(({ kind }) => kind !== "gap").map(({ kind, name, note, state }) => [kind, name, note, state]),
    ).toEqual([
      ["message", "GetQuote", undefined, undefined],
      ["timeout", "5 s time-out, from expiration", undefined, "late"],
      ["message", "Quote", "1.4 s late", "late"],
    ]);
    expect(detail.rows.at(-1)).toMatchObject({ arrow: "reply", latencyMs: 6_400 });
    expect(detail.rows[0]).toMatchObject({ arrow: "command" });
  });
});

describe("a saga that was undone", () => {
  const detail = detailOf(
    [
      { name: "TakePayment", at: 0, from: "order-svc", to: ["payment-svc"] },
      {
        name: "StockReserved",
        at: 10,
        from: "inventory-svc",
        to: ["order-svc"],
        violation: { path: "lines[0].quantity", message: "must be an integer, but is a string." },
      },
      { name: "ShipmentRefused", at: 20, from: "shipping-svc", to: ["order-svc"] },
      { name: "RefundPayment", at: 30, from: "order-svc", to: ["payment-svc"] },
    ],
    {
      state: "compensated",
      endedAt: 30,
      steps: [
        { name: "TakePayment", state: "compensated", seqs: [1], compensation: { name: "RefundPayment", seqs: [4] } },
        { name: "BookShipment", state: "failed", seqs: [3] },
      ],
    },
    5_000,
  );

  it("says who refused, what undid what, and which message broke its contract", () => {
    expect(said(detail)).toBe(
      "Compensated after 30 ms. shipping-svc wrote ShipmentRefused. RefundPayment undid TakePayment. StockReserved breaks its contract at lines[0].quantity: must be an integer, but is a string.",
    );
    expect(detail.row.latest).toEqual({
      text: "StockReserved breaks stock.proto: lines[0].quantity must be an integer, but is a string.",
      squiggle: "StockReserved".length,
    });
  });

  it("ties the compensation to what it undoes", () => {
    expect(detail.rows[3]).toMatchObject({ name: "RefundPayment", state: "compensation", compensates: 0 });
    expect(detail.rows[1]).toMatchObject({ violation: true });
  });
});

describe("what stands", () => {
  it("is said when a step should have been undone and was not", () => {
    const detail = detailOf(
      [
        { name: "TakePayment", at: 0, from: "order-svc", to: ["payment-svc"] },
        { name: "ShipmentRefused", at: 20, from: "shipping-svc", to: ["order-svc"] },
      ],
      {
        state: "failed",
        steps: [
          {
            name: "TakePayment",
            state: "compensation missing",
            seqs: [1],
            compensation: { name: "RefundPayment", seqs: [] },
          },
          { name: "BookShipment", state: "failed", seqs: [2] },
        ],
      },
      9_000,
    );
    expect(said(detail)).toBe(
      "Failed after 20 ms. shipping-svc wrote ShipmentRefused. Nothing undid TakePayment: it still stands.",
    );
    expect(detail.row.latest.text).toBe("no RefundPayment: TakePayment still stands");
    expect(detail.row).toMatchObject({ errors: 2, needsLook: true });
  });
});

describe("a healthy flow", () => {
  it("shows its last message, folds copies, and gives a channel that nobody reads a lane", () => {
    const detail = detailOf(
      [
        { name: "OrderPlaced", at: 0, from: "web", to: ["order-svc"] },
        { name: "OrderPlaced", at: 5, from: "web", to: ["order-svc"], journey: { duplicateOf: 1 } },
        { name: "EmailQueued", at: 10, from: "order-svc", channel: "notify.email" },
      ],
      { kind: "flow", state: "completed", endedAt: 10 },
      1_000,
    );
    expect(detail.row.latest.text).toBe("EmailQueued · OrderPlaced twice");
    expect(said(detail)).toBe("Done in 10 ms: three messages.");
    expect(detail.rows.map(({ name, count, note }) => [name, count, note])).toEqual([
      ["OrderPlaced", 2, "×2"],
      ["EmailQueued", 1, "no reader seen"],
    ]);
    expect(detail.lanes.at(-1)).toMatchObject({ name: "notify.email", kind: "channel" });
  });

  it("says on the row what became of a message: its transaction, its body, that no queue took it", () => {
    const detail = detailOf(
      [
        { name: "A", at: 0, from: "a", to: ["b"], broker: "kafka", journey: { transaction: "aborted" } },
        { name: "B", at: 5, from: "a", to: ["b"], broker: "kafka", journey: { transaction: "pending" } },
        { name: "C", at: 9, from: "a", to: ["b"], bodyShed: true },
        { name: "D", at: 10, from: "a", unroutable: true },
      ],
      { kind: "flow", state: "completed" },
      1_000,
    );
    expect(detail.rows.map(({ note }) => note)).toEqual(["aborted", "not committed yet", "body shed", "unroutable"]);
  });

  it("counts copies for several queues as no redelivery", () => {
    const detail = detailOf(
      [
        {
          name: "OrderShipped",
          at: 0,
          from: "a",
          to: ["b", "c"],
          journey: { deliveries: [delivery(1, "b.q"), delivery(2, "c.q")] },
        },
      ],
      { kind: "flow", state: "completed" },
      10,
    );
    expect(detail.rows.map(({ kind }) => kind)).toEqual(["message"]);
  });
});
