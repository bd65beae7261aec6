/** A trace that runs all day: connections, producers, groups and topics come and go, and leave nothing behind. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Envelope, RabbitmqOrigin } from "../tap/envelope.ts";
import { Clock } from "./clocks.ts";
import { bounds, createCorrelator, type TracedMessage } from "./index.ts";
import { start } from "./testing/check-flow.ts";

type Published = Envelope & { readonly origin: RabbitmqOrigin };

interface About {
  readonly at?: number;
  readonly by?: string;
  readonly key?: string;
  readonly replyTo?: string;
  readonly body?: Uint8Array;
}

function published({ at = 0, by, key = "orders", replyTo, body = Buffer.from("{}") }: About): Published {
  return {
    tap: "rabbitmq:1",
    receivedAt: start + at,
    headers: [],
    key: null,
    body,
    bodySize: body.length,
    origin: {
      broker: "rabbitmq",
      vhost: "/",
      exchange: "",
      routingKeys: [key],
      properties: replyTo === undefined ? {} : { replyTo },
      ...(by === undefined ? {} : { connection: by }),
    },
  };
}

function read(seq: number, envelope: Envelope): TracedMessage {
  return { seq, envelope, decoded: { format: "binary", check: "unchecked", violations: [], attempts: [] } };
}

function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

describe("what comes and goes", () => {
  it("is not held by who read it and is gone", () => {
    const correlator = createCorrelator({ maxMessages: 1_000 });
    const read20 = (from: number, to: number): void => {
      for (let seq = from; seq < to; seq++) {
        const at = seq * 10;
        const message = published({ at, body: Buffer.from(`{"n":${seq}}`), by: "127.0.0.1:1 -> 127.0.0.1:2" });
        correlator.observe(read(seq, message));
        const reader = `127.0.0.1:${Math.floor(seq / 20) + 10} -> 127.0.0.1:2`;
        const delivery = { tap: "rabbitmq:1", vhost: "/", queue: "orders", redelivered: false, connection: reader };
        correlator.deliver({ ...delivery, receivedAt: start + at + 1, message });
        if (seq % 25 === 0) correlator.tick(start + at);
      }
      correlator.takeChanges();
    };
    read20(1, 5_000);
    const before = heapInUse();
    read20(5_000, 25_000);
    expect((heapInUse() - before) / 1024 / 1024).toBeLessThan(10);
  });

  it("does not keep others from being known by their names", () => {
    const correlator = createCorrelator();
    const connection = (n: number): string => `127.0.0.1:${n} -> 127.0.0.1:2`;
    const last = bounds.producers + 5;
    for (let n = 1; n <= last; n++) correlator.nameConnection("rabbitmq:1", connection(n), `service ${n}`);
    correlator.observe(read(1, published({ by: connection(last) })));
    expect(correlator.parties(1).writer).toEqual({ name: `service ${last}`, basis: "observed" });
    expect(correlator.health().bounds.producers).toBe(5);
  });

  it("has its name shown once a second while messages come, and at once where none do", () => {
    const correlator = createCorrelator();
    const told = (): number => correlator.takeChanges().filter(({ kind }) => kind === "message").length;
    let shown = 0;
    for (let n = 1; n <= 100; n++) {
      const by = `127.0.0.1:${n} -> 127.0.0.1:2`;
      correlator.observe(read(n, published({ at: n * 50, by, body: Buffer.from(`{"n":${n}}`) })));
      correlator.tick(start + n * 50);
      correlator.nameConnection("rabbitmq:1", by, `service ${n}`);
      if (told() > 0) shown++;
    }
    expect(shown).toBe(5);
    expect(told()).toBeGreaterThan(0);
    expect(correlator.parties(100).writer).toEqual({ name: "service 100", basis: "observed" });
    expect(told()).toBe(0);
  });

  it("does not keep others from being answered where nobody waited before", () => {
    const correlator = createCorrelator({ maxMessages: 500 });
    let seq = 0;
    for (let n = 1; n <= 20_100; n++) {
      correlator.observe(read(++seq, published({ at: n, key: "pricing", replyTo: `mine-${n}` })));
      if (n % 100 === 0) correlator.tick(start + n);
    }
    correlator.observe(read(++seq, published({ at: 20_150, key: "mine-20100" })));
    correlator.tick(start + 25_000);
    expect(correlator.conversation(correlator.conversationOf(seq) ?? "")?.exchanges).toMatchObject([
      { request: seq - 1, replies: [seq], state: "replied" },
    ]);
  });

  it("waits for its publish without the bytes of its body", () => {
    const correlator = createCorrelator();
    const messages = Array.from({ length: 200 }, (_, n) => {
      const body = Buffer.alloc(100_000, n);
      body.writeUInt32BE(n);
      return published({ at: n, body });
    });
    for (const message of messages) {
      const delivery = { tap: "rabbitmq:1", vhost: "/", queue: "orders", redelivered: false };
      expect(correlator.deliver({ ...delivery, receivedAt: message.receivedAt + 1, message })).toBeUndefined();
    }
    messages.forEach((message, n) => correlator.observe(read(n + 1, message)));
    const delivered = messages.filter((_, n) => correlator.journey(n + 1).deliveries.length === 1);
    expect(delivered).toHaveLength(200);
  });

  it("of a clock is what the last minutes said, also where it drifts one way all day", () => {
    const clock = new Clock();
    for (let second = 0; second < 86_400; second++) clock.note(second * 1000, 500 - second / 1000);
    expect(clock.size).toBeLessThan(200);
    expect(clock.offset()).toBe(500 - 86_399 / 1000);
  });
});
