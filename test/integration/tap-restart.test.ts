/** A Kafka that goes away under a tap: it says so, goes on where it was, and sees what came meanwhile. */
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKafkaTap, parseKafkaAddress, type Tap, type TapState } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";

let running: Brokers;

beforeAll(async () => {
  running = await startBrokers({ own: true, rabbitmq: false });
});

afterAll(() => running.stop());

function value<T>(parsed: { readonly value: T } | { readonly failure: unknown }): T {
  if (!("value" in parsed)) throw new Error("a bad address");
  return parsed.value;
}

function bodies(sink: WatchingSink): string[] {
  return sink.of("message").map(({ envelope }) => Buffer.from(envelope.body ?? []).toString());
}

/** The phases it went through, each once in a row. */
function phases(states: readonly TapState[]): string[] {
  return states.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
}

describe("a broker that goes away", () => {
  test("Kafka, killed: nothing is lost, nothing comes twice", async () => {
    const address = running.kafka ?? "";
    const sink = new WatchingSink();
    const tap: Tap = createKafkaTap({ seeds: value(parseKafkaAddress(address)) });
    const topic = "restarted";
    await write(address, topic, ["before the tap"]);
    await tap.start(sink);
    await write(address, topic, ["one", "two"]);
    await sink.until(() => bodies(sink).length >= 2, "what was written before");
    await running.killKafka();
    await sink.until(({ state }) => state?.phase === "reconnecting", "that it is gone");
    expect(sink.state?.detail).toMatch(/^(Nothing accepts connections for Kafka at|Kafka at) 127\.0\.0\.1:\d+ /);
    expect(sink.state?.nextTryAt).toBeGreaterThan(Date.now() - 10_000);
    await running.startKafka();
    await write(address, topic, ["three", "four"]);
    await sink.until(() => bodies(sink).length >= 4, "what was written after");
    await sink.until(({ state }) => state?.phase === "live", "that it is back");
    await new Promise((resolve) => setTimeout(resolve, 300));
    await tap.stop();
    expect(new Set(bodies(sink))).toEqual(new Set(["four", "one", "three", "two"]));
    // By its place in the log: a producer may well have written twice when its broker came back.
    const places = sink.of("message").map(({ envelope: { origin } }) => {
      return origin.broker === "kafka" ? `${origin.topic}[${origin.partition}] ${origin.offset}` : "";
    });
    expect(new Set(places).size).toBe(places.length);
    expect(phases(sink.states)).toEqual(["connecting", "live", "reconnecting", "live", "stopped"]);
  });
});

async function write(address: string, topic: string, values: readonly string[]): Promise<void> {
  const kafka = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 500 },
  });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}
