/** What the Kafka tap does where it cannot reach everything: it says so in a sentence, and what would help. */
import { connect } from "node:net";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKafkaTap, parseKafkaAddress } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function value<T>(parsed: { readonly value: T } | { readonly failure: unknown }): T {
  if (!("value" in parsed)) throw new Error("a bad address");
  return parsed.value;
}

function bodies(sink: WatchingSink): string[] {
  return sink.of("message").map(({ envelope }) => Buffer.from(envelope.body ?? []).toString());
}

describe("a Kafka that advertises a name nobody here knows", () => {
  let running: Brokers;

  beforeAll(async () => {
    running = await startBrokers({ rabbitmq: false, kafkaAdvertised: "kafka:9092" });
  });

  afterAll(() => running.stop());

  test("is explained, with the way out; and the way out works", async () => {
    const address = running.kafka ?? "";
    const seeds = value(parseKafkaAddress(address));
    const lost = new WatchingSink();
    const first = createKafkaTap({ seeds });
    await first.start(lost);
    await first.stop();
    const told = lost.states.find(({ phase }) => phase === "failed");
    expect(told?.detail).toContain(`Kafka at ${address} tells its clients to go on to kafka:9092`);
    expect(told?.detail).toContain(`kafka:9092=${address}`);

    const found = new WatchingSink();
    const mapped = createKafkaTap({ seeds, addressMap: { "kafka:9092": address } });
    await mapped.start(found);
    expect(found.state).toMatchObject({ phase: "live" });
    const [seed] = seeds;
    const kafka = new Kafka({
      brokers: [address],
      logLevel: logLevel.NOTHING,
      socketFactory: ({ onConnect }) => connect({ host: "127.0.0.1", port: seed?.port ?? 0 }, onConnect),
    });
    const producer = kafka.producer({ allowAutoTopicCreation: true });
    await producer.connect();
    await producer.send({ topic: "by-map", messages: [{ value: "by another way" }] });
    await producer.disconnect();
    await found.until((sink) => bodies(sink).includes("by another way"), "a record of it");
    await mapped.stop();
  });
});

test("a Kafka that nobody reaches is tried again, and seen from when the tap was started", async () => {
  const { kafka: address } = await brokers();
  const topic = `${ownPrefix()}late`;
  const [seed] = value(parseKafkaAddress(address));
  if (seed === undefined) throw new Error("no address");
  const addressMap: Record<string, string> = { [address]: "127.0.0.1:9" };
  const sink = new WatchingSink();
  const tap = createKafkaTap({ seeds: [seed], addressMap, topics: [topic] });
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value: "before" }] });
  await pause(20);
  await tap.start(sink);
  expect(sink.state).toMatchObject({ phase: "reconnecting", detail: expect.stringContaining("connection refused") });
  await producer.send({ topic, messages: [{ value: "while it could not connect" }] });
  await producer.disconnect();
  delete addressMap[address];
  tap.retry?.();
  await sink.until(() => bodies(sink).length > 0, "what was written meanwhile");
  await tap.stop();
  expect(bodies(sink)).toEqual(["while it could not connect"]);
});
