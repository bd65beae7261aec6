import { describe, expect, it } from "vitest";
import type { Journey } from "../correlate/model.ts";
import type { Pipeline } from "../pipeline.ts";
import { kafka, rabbit } from "../testing/scripted.ts";
import type { Envelope } from "../tap/envelope.ts";
import { journeyOf } from "./present-journey.ts";

/** What the view says of a message that went through this: a line a leg, marked where it is worth a look. */
function said(envelope: Envelope, journey: Partial<Journey>, { mode = "firehose", unroutable = false } = {}): string[] {
  const pipeline = {
    correlator: { journey: (): Journey => ({ deliveries: [], committedBy: [], ...journey }) },
    taps: new Map([[envelope.tap, { mode }]]),
    factsOf: () => ({ unroutable }),
  } as unknown as Pipeline;
  return journeyOf(pipeline, 1, envelope).map(({ text, mark }) => (mark === undefined ? text : `${mark}: ${text}`));
}

describe("the journey of a Kafka record", () => {
  const record = kafka("orders", { id: 1 });
  const { offset } = record.origin as { offset: bigint };
  const written = `written to orders, partition 0, at offset ${offset}`;

  it("names each group that has committed past it, and says where none did", () => {
    const committedBy = [
      { group: "billing", at: 5 },
      { group: "search", at: 9 },
    ];
    expect(said(record, { committedBy })).toEqual([
      written,
      "group billing has committed past it",
      "group search has committed past it",
    ]);
    expect(said(record, {})).toEqual([written, "no group was seen to commit past it"]);
  });

  it("says how its transaction stands", () => {
    expect(said(record, { transaction: "committed" })[1]).toBe("its transaction was committed");
    expect(said(record, { transaction: "pending" })[1]).toMatch(/^warn: its transaction has not ended/);
    expect(said(record, { transaction: "aborted" })[1]).toMatch(/^bad: its transaction was aborted: .* skip it$/);
  });
});

describe("the journey of a RabbitMQ message", () => {
  const message = rabbit("book", { id: 1 });
  const delivery = (queue: string, redelivered = false) => ({ queue, redelivered, receivedAt: 3, participant: "svc" });

  it("tells each delivery, and that a later one is a redelivery", () => {
    expect(said(message, { deliveries: [delivery("book"), delivery("book", true)] })).toEqual([
      "published to the default exchange with key book",
      "routed to book",
      "delivered from book to svc",
      "warn: delivery 2 from book to svc, redelivered: it was handed out before and came back",
    ]);
  });

  it("tells each queue that it died in, why, and where it lies now", () => {
    const hops = [
      { queue: "book", reason: "rejected", count: 1 },
      { queue: "book.retry", reason: "expired", count: 3 },
    ];
    const deadLettered = { queue: "book.dlq", reason: "expired", count: 4, hops };
    expect(said(message, { deliveries: [delivery("book")], deadLettered }).slice(3)).toEqual([
      "bad: dead-lettered from book, as a consumer rejected it",
      "bad: dead-lettered from book.retry, as its time ran out (3 times)",
      "bad: dead-lettered into book.dlq",
    ]);
    expect(said(message, { deadLettered: { queue: "book.dlq", reason: "", count: 1 } }).at(-1)).toBe(
      "bad: dead-lettered into book.dlq: inferred, as that queue grew by one",
    );
  });

  it("says that nobody gets it, that it waits, or that the tap cannot know", () => {
    expect(said(message, {}, { unroutable: true })).toContain(
      "bad: unroutable: no queue is bound for it, so nobody gets it",
    );
    expect(said(message, {})).toContain("not delivered yet from book");
    expect(said(message, {}, { mode: "bindings" })).toContain("whether it was delivered is not seen by bindings");
  });
});
