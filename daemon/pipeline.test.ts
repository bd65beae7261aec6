import { describe, expect, it } from "vitest";
import { contractsOf, noContracts } from "./contracts.ts";
import { createCorrelator } from "./correlate/index.ts";
import { PipelineQueue } from "./pipeline-queue.ts";
import { Pipeline } from "./pipeline.ts";
import { readClientMessage } from "./serve/client-message.ts";
import { Capture } from "./store/index.ts";
import type { TapEvent } from "./tap/envelope.ts";
import { kafka, rabbit } from "./testing/scripted.ts";

const event = (envelope: ReturnType<typeof kafka>): TapEvent => ({ kind: "message", envelope });

describe("PipelineQueue", () => {
  it("makes Kafka wait and drops nothing of it", async () => {
    const queue = new PipelineQueue({ events: 400, bytes: 1e9 });
    queue.push(Array.from({ length: 90 }, () => event(kafka("t", {}))));
    let released = false;
    const room = Promise.resolve(queue.room()).then(() => (released = true));
    queue.take(30);
    await Promise.resolve();
    expect(released).toBe(false);
    queue.take(40);
    await room;
    expect(queue.shed).toEqual({ bodies: 0, messages: 0 });
    expect(queue.room()).toBeUndefined();
  });

  it("takes from RabbitMQ bodies first, then messages, and counts both", () => {
    const queue = new PipelineQueue({ events: 100, bytes: 1e9 });
    queue.push(Array.from({ length: 130 }, () => event(rabbit("q", { big: "x".repeat(100) }))));
    expect(queue.shed).toEqual({ bodies: 50, messages: 30 });
    const taken = queue.take(1000);
    expect(taken).toHaveLength(100);
    const last = taken.at(-1);
    expect(last?.kind === "message" && last.envelope.body?.length).toBe(0);
    expect(last?.kind === "message" && last.envelope.bodySize).toBeGreaterThan(100);
  });

  it("is bounded in bytes as well", () => {
    const queue = new PipelineQueue({ events: 1e6, bytes: 1e6 });
    queue.push(Array.from({ length: 5000 }, () => event(rabbit("q", "x".repeat(10_000)))));
    expect(queue.size * 512).toBeLessThan(1.1e6);
    expect(queue.shed.messages).toBeGreaterThan(0);
  });
});

describe("Pipeline", () => {
  function pipeline(limits?: { events: number; bytes: number }): Pipeline {
    return new Pipeline({
      capture: Capture.create(undefined, "test", 0),
      contracts: contractsOf(noContracts, ""),
      createCorrelator: (hints) => createCorrelator({ hints }),
      now: () => 0,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  it("takes a burst in order, without holding the loop, and stores all of it", async () => {
    const made = pipeline();
    const events = Array.from({ length: 3000 }, (_, i) => event(kafka("t", { i }, { at: i })));
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    await made.accept(events);
    await made.caughtUp();
    clearInterval(counting);
    expect(turns).toBeGreaterThan(1);
    expect(made.capture.messages(0, 5000).map(({ envelope }) => envelope.receivedAt)).toEqual(events.map((_, i) => i));
  });

  it("says what it shed, and since when", () => {
    const made = pipeline({ events: 10, bytes: 1e9 });
    void made.accept(Array.from({ length: 300 }, () => event(rabbit("q", {}))));
    expect(made.shed).toBeGreaterThan(280);
    expect(made.shedSince).toBe(0);
  });

  it("survives whatever a body, a key or a header holds", async () => {
    const made = pipeline();
    const random = seeded(7);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
      const envelope =
        i % 2 === 0 ? kafka("fuzz", bytes) : rabbit("fuzz", bytes, { properties: { contentType: "application/json" } });
      void made.accept([
        event({
          ...envelope,
          key: bytes,
          headers: [
            { name: "h", value: bytes },
            { name: "h", value: { deep: [bytes, null, 1n] } },
          ],
        }),
      ]);
    }
    await made.caughtUp();
    expect(made.seen).toBe(2000);
    expect(made.message(2000)?.envelope.headers).toHaveLength(2);
  });
});

describe("readClientMessage", () => {
  it("never throws, and takes nothing that it does not know exactly", () => {
    const random = seeded(3);
    const seeds = [
      '{"kind":"hello","protocolVersion":1,"client":"page","revision":0}',
      '{"kind":"watchConversations","filter":{"text":"a","states":["stuck"]},"first":0,"count":10}',
      '{"kind":"configure","request":1,"taps":[{"kind":"kafka","brokers":"x"},{"kind":"rabbitmq","url":"y"}],"addressMap":{"a":"b"}}',
    ];
    for (let i = 0; i < 100_000; i++) {
      const text = (seeds[i % seeds.length] ?? "").split("");
      for (let edits = 0; edits < 3; edits++) {
        const at = Math.floor(random() * text.length);
        const what = random();
        if (what < 0.3) text.splice(at, 1 + Math.floor(random() * 5));
        else if (what < 0.7) text[at] = String.fromCharCode(32 + Math.floor(random() * 95));
        else text.splice(at, 0, ...text.slice(0, Math.floor(random() * 20)));
      }
      const message = readClientMessage(text.join(""));
      if (message !== undefined) expect(typeof message.kind).toBe("string");
    }
  });
});

/** Numbers between 0 and 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
