/** What hostile or careless senders do must cost little and hide nothing else. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../contracts/codec/index.ts";
import type { Header } from "../tap/envelope.ts";
import { bounds, createCorrelator, type TracedMessage } from "./index.ts";
import { start } from "./testing/check-flow.ts";

const encoder = new TextEncoder();

function message(
  seq: number,
  about: {
    readonly at?: number;
    readonly topic?: string;
    readonly type?: string;
    readonly headers?: readonly Header[];
    readonly body?: JsonValue;
    readonly key?: string;
  },
): TracedMessage {
  const at = start + (about.at ?? seq);
  const text = JSON.stringify(about.body ?? {});
  return {
    seq,
    envelope: {
      tap: "kafka:x",
      receivedAt: at,
      timestamp: Math.floor(at),
      headers: about.headers ?? [],
      key: about.key === undefined ? null : encoder.encode(about.key),
      body: encoder.encode(text),
      bodySize: text.length,
      origin: {
        broker: "kafka",
        topic: about.topic ?? "t",
        partition: 0,
        offset: BigInt(seq),
        timestampType: "create",
        transactional: false,
      },
    },
    decoded: {
      format: "json",
      value: about.body ?? {},
      ...(about.type === undefined ? {} : { typeName: about.type }),
      check: "unchecked",
      violations: [],
      attempts: [],
    },
  };
}

/** What is in use after all that nobody holds is gone. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

const uuid = (kind: number, n: number): string =>
  `${kind.toString(16).padStart(8, "a")}-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

describe("adversaries", () => {
  it("one correlation id on everything stops joining, is named, and does not slow down", () => {
    const correlator = createCorrelator();
    const began = performance.now();
    for (let i = 1; i <= 20_000; i++) {
      correlator.observe(
        message(i, { at: i / 4, type: `T${i % 7}`, headers: [{ name: "correlation-id", value: uuid(1, 1) }] }),
      );
      if (i % 1000 === 0) correlator.tick(start + i / 4);
    }
    expect(performance.now() - began).toBeLessThan(10_000);
    const sizes = [...correlator.conversations()].map((one) => one.seqs.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300);
    expect(correlator.health().setAside.join()).toContain("header correlation-id");
  });

  it("one business value on everything is taken back when it is seen to be everywhere", () => {
    const correlator = createCorrelator();
    for (let i = 1; i <= 1000; i++) {
      correlator.observe(message(i, { at: i * 2, type: `T${i % 7}`, body: { batchNumber: "BATCH-2026" } }));
      if (i % 50 === 0) correlator.tick(start + i * 2);
    }
    correlator.tick(start + 60_000);
    expect(Math.max(...[...correlator.conversations()].map((one) => one.seqs.length))).toBe(1);
    expect(correlator.health().setAside.length).toBeGreaterThan(0);
  });

  it("10,000 headers cost no more than the bound, which counts", () => {
    const correlator = createCorrelator();
    const headers = Array.from({ length: 10_000 }, (_, n) => ({ name: `x-${n}`, value: uuid(2, n) }));
    for (let i = 1; i <= 20; i++) correlator.observe(message(i, { headers }));
    correlator.tick(start + 10_000);
    expect(correlator.health().bounds.headersPerMessage).toBe(20);
    expect(correlator.health().values).toBeLessThanOrEqual(bounds.idsPerMessage * 20);
  });

  it("causes that go in a circle end", () => {
    const correlator = createCorrelator();
    const circle = (self: number, cause: number): Header[] => [
      { name: "message-id", value: uuid(3, self) },
      { name: "causation-id", value: uuid(3, cause) },
    ];
    correlator.observe(message(1, { at: 0, type: "A", headers: circle(1, 3) }));
    correlator.observe(message(2, { at: 20, type: "B", headers: circle(2, 1) }));
    correlator.observe(message(3, { at: 40, type: "C", headers: circle(3, 2) }));
    correlator.observe(message(4, { at: 60, type: "D", headers: circle(4, 4) }));
    correlator.tick(start + 60_000);
    const value = correlator.conversation("c1");
    expect(value?.edges.map((edge) => `${edge.from}>${edge.to}`)).toEqual(["1>2", "2>3"]);
    expect(correlator.conversation("c4")?.edges).toEqual([]);
  });

  it("a value too deep, too long or in too many fields is left out and counted", () => {
    const correlator = createCorrelator();
    let deep: JsonValue = { orderId: "ORD-1042" };
    for (let i = 0; i < 50; i++) deep = { a: deep };
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field${n}Id`, `VAL-${10_000 + n}`]));
    correlator.observe(message(1, { body: deep }));
    correlator.observe(message(2, { body: wide }));
    correlator.observe(message(3, { body: { orderId: "x1".repeat(5000) } }));
    correlator.tick(start + 10_000);
    const { bounds: met, values } = correlator.health();
    expect(met.bodyDepth).toBe(1);
    expect(met.bodyPaths).toBe(1);
    expect(values).toBeLessThanOrEqual(bounds.bodyPaths);
  });

  it("a conversation of 10,000 messages is built in time, and shown whole", () => {
    const correlator = createCorrelator();
    for (let i = 1; i <= 10_000; i++) {
      correlator.observe(
        message(i, {
          at: i,
          type: `T${i % 9}`,
          headers: [
            { name: "NServiceBus.ConversationId", value: uuid(4, 1) },
            { name: "message-id", value: uuid(5, i) },
            ...(i > 1 ? [{ name: "causation-id", value: uuid(5, i - 1) }] : []),
          ],
        }),
      );
    }
    const began = performance.now();
    expect(correlator.conversation("c1")?.seqs.length).toBe(10_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("forgets the oldest at its bound, and says how much", () => {
    const correlator = createCorrelator({ maxMessages: 100 });
    for (let i = 1; i <= 250; i++) {
      correlator.observe(message(i, { at: i * 10, type: "A", body: { orderId: `ORD-${1000 + Math.ceil(i / 2)}` } }));
      if (i % 10 === 0) correlator.tick(start + i * 10);
      if (i === 20) correlator.takeChanges();
    }
    expect(correlator.health().messages).toBeLessThanOrEqual(100);
    expect(correlator.health().bounds.messages).toBeGreaterThan(0);
    expect(correlator.conversation("c1")).toBeUndefined();
    expect(correlator.takeChanges()).toContainEqual({ kind: "conversation", id: "c1" });
    expect(correlator.conversationOf(250)).toBe("c249");
    expect(correlator.health().values).toBeLessThanOrEqual(101);
  });

  it("holds nothing of what it forgot, also while the moments at which it would have looked again are to come", () => {
    const correlator = createCorrelator({ maxMessages: 1_000 });
    const observe = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        const at = i * 3;
        const order = `ORD-${100_000 + Math.floor(i / 4)}`;
        correlator.observe(message(i, { at, type: `T${i % 4}`, body: { orderId: order, note: "x".repeat(100) } }));
        if (i % 50 === 0) correlator.tick(start + at);
      }
      correlator.takeChanges();
    };
    observe(1, 5_000);
    const before = heapInUse();
    observe(5_000, 45_000);
    // All of it would be about 40 MB.
    expect(heapInUse() - before).toBeLessThan(10 * 1024 * 1024);
  });
});

describe("identity", () => {
  it("the older conversation survives a merge, and the other leads to it", () => {
    const correlator = createCorrelator();
    correlator.observe(message(1, { at: 0, type: "A", headers: [{ name: "message-id", value: uuid(6, 1) }] }));
    correlator.observe(message(2, { at: 10, type: "B", headers: [{ name: "message-id", value: uuid(6, 2) }] }));
    expect(correlator.takeChanges()).toEqual([
      { kind: "conversation", id: "c1" },
      { kind: "conversation", id: "c2" },
    ]);
    correlator.observe(
      message(3, {
        at: 20,
        type: "C",
        headers: [
          { name: "causation-id", value: uuid(6, 2) },
          { name: "correlation-id", value: uuid(6, 1) },
        ],
      }),
    );
    expect(correlator.takeChanges()).toEqual([
      { kind: "merged", id: "c2", into: "c1" },
      { kind: "conversation", id: "c1" },
    ]);
    expect(correlator.resolve("c2")).toBe("c1");
    expect(correlator.conversation("c2")).toBeUndefined();
    expect(correlator.takeChanges()).toEqual([]);
  });

  it("a revision grows with every change, over a merge as well", () => {
    const correlator = createCorrelator();
    let last = 0;
    for (let i = 1; i <= 20; i++) {
      correlator.observe(message(i, { type: `T${i}`, headers: [{ name: "correlation-id", value: uuid(7, 1) }] }));
      const revision = correlator.conversation("c1")?.revision ?? 0;
      expect(revision).toBeGreaterThan(last);
      last = revision;
    }
  });

  it("a message that was told twice counts once", () => {
    const correlator = createCorrelator();
    const one = message(1, { type: "A" });
    correlator.observe(one);
    correlator.observe(one);
    expect(correlator.conversation("c1")?.seqs).toEqual([1]);
  });
});
