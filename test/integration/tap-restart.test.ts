/**
 * Brokers that go away under a tap: it says so, goes on where it was, sees what came meanwhile as far as the broker kept
 * it, and has tracing on again.
 */
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createKafkaTap,
  createRabbitmqTap,
  parseKafkaAddress,
  parseRabbitmqAddress,
  type Tap,
  type TapState,
} from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";

let running: Brokers;

beforeAll(async () => {
  running = await startBrokers({ own: true });
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
  test.concurrent("Kafka, killed: nothing is lost, nothing comes twice", async () => {
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

  test.concurrent("RabbitMQ, restarted: tracing is on again, and off at the end", async () => {
    const url = running.rabbitmq ?? "";
    const managementUrl = new URL(running.rabbitmqManagement ?? "").origin;
    const sink = new WatchingSink();
    const tap = createRabbitmqTap({ address: value(parseRabbitmqAddress(url)), managementUrl });
    await tap.start(sink);
    await publish(url, "one");
    await sink.until(() => bodies(sink).length >= 1, "what was published before");
    await running.restartRabbitmq();
    await sink.until(({ states }) => phases(states).join(" ").endsWith("reconnecting live"), "that it is back", 30_000);
    expect(sink.states.find(({ phase }) => phase === "reconnecting")?.nextTryAt).toBeGreaterThan(0);
    expect(sink.state?.mode).toBe("firehose");
    await publish(url, "two");
    await sink.until(() => bodies(sink).includes("two"), "what was published after");
    expect(await tracing(managementUrl)).toBe(true);
    await tap.stop();
    expect(await tracing(managementUrl)).toBe(false);
    expect(bodies(sink)).toEqual(["one", "two"]);
  });

  test("RabbitMQ, whose tracing somebody else switches off: it is on again soon", async () => {
    const address = value(parseRabbitmqAddress(running.rabbitmq ?? ""));
    const managementUrl = new URL(running.rabbitmqManagement ?? "").origin;
    const vhost = "another";
    await manage(managementUrl, "PUT", `/api/vhosts/${vhost}`, {});
    await manage(managementUrl, "PUT", `/api/permissions/${vhost}/guest`, { configure: ".*", write: ".*", read: ".*" });
    const sink = new WatchingSink();
    const tap = createRabbitmqTap({ address: { ...address, vhost }, managementUrl });
    await tap.start(sink);
    expect(await tracing(managementUrl, vhost)).toBe(true);
    await manage(managementUrl, "PUT", `/api/vhosts/${vhost}`, { tracing: false });
    await expect.poll(() => tracing(managementUrl, vhost), { timeout: 5_000, interval: 50 }).toBe(true);
    await tap.stop();
    expect(await tracing(managementUrl, vhost)).toBe(false);
    await manage(managementUrl, "DELETE", `/api/vhosts/${vhost}`);
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

async function publish(url: string, text: string): Promise<void> {
  const client = await connect(url);
  const channel = await client.createConfirmChannel();
  channel.publish("amq.topic", "some.key", Buffer.from(text));
  await channel.waitForConfirms();
  await channel.close();
  await client.close();
}

async function tracing(managementUrl: string, vhost = "%2F"): Promise<unknown> {
  return ((await manage(managementUrl, "GET", `/api/vhosts/${vhost}`)) as { tracing: unknown }).tracing;
}

async function manage(managementUrl: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${managementUrl}${path}`, {
    method,
    headers: { authorization: `Basic ${btoa("guest:guest")}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
