import { afterEach, describe, expect, test } from "vitest";
import type { Socket } from "node:net";
import type { Tap, TapState } from "./envelope.ts";
import { createKafkaTap } from "./kafka.ts";
import { createRabbitmqTap } from "./rabbitmq.ts";
import { answering, hangingUp, listen, silent, type Listener } from "./testing/brokerlike.ts";
import { WatchingSink } from "./testing/watching-sink.ts";

let listener: Listener | undefined;

afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

async function port(greet: (socket: Socket) => void): Promise<number> {
  listener = await listen(greet);
  return listener.port;
}

/** Starts a tap, waits for its first verdict, and stops it, which must not take long. */
async function verdict(tap: Tap): Promise<TapState> {
  const sink = new WatchingSink();
  try {
    await tap.start(sink);
    await sink.until(({ state }) => state !== undefined && state.phase !== "connecting", "a verdict");
    return sink.state as TapState;
  } finally {
    const begun = performance.now();
    await tap.stop();
    expect(performance.now() - begun).toBeLessThan(1_000);
    await sink.until(({ state }) => state?.phase === "stopped", "the end");
  }
}

function kafka(port: number, tls = false): Tap {
  return createKafkaTap({ seeds: [{ host: "127.0.0.1", port }], connectTimeoutMs: 400, ...(tls ? { tls } : {}) });
}

function rabbitmq(port: number, tls = false): Tap {
  return createRabbitmqTap({
    address: { host: "127.0.0.1", port, tls, username: "bob", password: "s3cret", vhost: "/" },
    connectTimeoutMs: 400,
  });
}

const web = answering("HTTP/1.1 400 Bad Request\r\n\r\n");
const tlsAlert = answering("\u0015\u0003\u0003\u0000\u0002\u0002\u0046");

describe("what the Kafka tap says of a port where there is", () => {
  test.each([
    ["a web server", web, "failed", "is not Kafka; it answers like a web server. Correct the port."],
    ["RabbitMQ", answering("AMQP\u0000\u0000\u0009\u0001"), "failed", "it answers like RabbitMQ (AMQP)."],
    ["a listener for TLS", tlsAlert, "failed", "wants TLS. Switch TLS on for this broker, or name its plain port."],
    ["a listener that wants a login", hangingUp, "failed", "probably wants a user name and password (SASL) or TLS"],
    ["nobody who answers", silent, "reconnecting", "said nothing for 0.4 s. Check that Kafka listens there"],
  ])("%s", async (_, greet, phase, sentence) => {
    const state = await verdict(kafka(await port(greet)));
    expect(state.detail).toContain(sentence);
    expect(state.phase).toBe(phase);
    expect(state.nextTryAt).toBeGreaterThan(Date.now() - 5_000);
  });

  test("nothing", async () => {
    const closed = await port(silent);
    await listener?.close();
    const state = await verdict(kafka(closed));
    expect(state.detail).toBe(
      `Nothing accepts connections for Kafka at 127.0.0.1:${closed} (connection refused). Start the broker, or correct the address.`,
    );
    expect(state.phase).toBe("reconnecting");
  });

  test("plain text, but TLS was asked for", async () => {
    const state = await verdict(kafka(await port(web), true));
    expect(state).toMatchObject({ phase: "failed", detail: expect.stringContaining("the port does not speak TLS") });
  });
});

describe("what the RabbitMQ tap says of a port where there is", () => {
  test.each([
    ["a web server", web, "failed", "is not RabbitMQ; it answers like a web server."],
    ["a listener for TLS", tlsAlert, "failed", "wants TLS. Write the address with amqps://"],
    ["nobody who answers", silent, "reconnecting", "said nothing for 0.4 s. Check that RabbitMQ listens there"],
    ["a program that hangs up", hangingUp, "reconnecting", "closes the connection without a word."],
    [
      "another version of AMQP",
      answering("AMQP\u0003\u0001\u0000\u0000"),
      "failed",
      "a broker of another AMQP version",
    ],
  ])("%s", async (_, greet, phase, sentence) => {
    const state = await verdict(rabbitmq(await port(greet)));
    expect(state.detail).toContain(sentence);
    expect(state.phase).toBe(phase);
    expect(state.detail).not.toContain("s3cret");
  });

  test("plain text, but TLS was asked for", async () => {
    const state = await verdict(rabbitmq(await port(web), true));
    expect(state).toMatchObject({ phase: "failed", detail: expect.stringContaining("the port does not speak TLS") });
  });
});

test.each([
  ["Kafka", (port: number): Tap => createKafkaTap({ seeds: [{ host: "127.0.0.1", port }] })],
  [
    "RabbitMQ",
    (port: number): Tap =>
      createRabbitmqTap({
        address: { host: "127.0.0.1", port, tls: false, username: "bob", password: "s3cret", vhost: "/" },
      }),
  ],
])("a %s tap that is stopped while nobody answers it does not keep anybody waiting", async (_, make) => {
  const tap = make(await port(silent));
  const started = tap.start(new WatchingSink());
  await new Promise((resolve) => setTimeout(resolve, 30));
  const begun = performance.now();
  await tap.stop();
  expect(performance.now() - begun).toBeLessThan(1_900);
  await listener?.close();
  await started;
});
