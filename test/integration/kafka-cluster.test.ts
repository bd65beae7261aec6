/**
 * Three Kafka nodes, one of which dies under the tap: it goes on with the new leaders, loses nothing, sees nothing
 * twice, and says what happened. The node that dies is the only one that the tap was given.
 */
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKafkaTap, parseKafkaAddress, type Tap } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { startKafkaCluster, type KafkaCluster } from "../../scripts/brokers/index.ts";

let cluster: KafkaCluster;
let kafka: Kafka;

beforeAll(async () => {
  cluster = await startKafkaCluster();
  kafka = new Kafka({
    brokers: cluster.nodes.map(({ address }) => address),
    logLevel: logLevel.NOTHING,
    retry: { retries: 30, initialRetryTime: 100, maxRetryTime: 500 },
  });
});

afterAll(() => cluster.stop());

test("a node that dies: nothing is lost, nothing comes twice, and it says what happened", async () => {
  const topic = "led-by-three";
  const [first, second, third] = cluster.nodes;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three nodes were asked for");
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [
      {
        topic,
        // Partition 0 is led by node 1, and so on.
        replicaAssignment: [0, 1, 2].map((partition) => ({
          partition,
          replicas: [0, 1, 2].map((step) => ((partition + step) % 3) + 1),
        })),
      },
    ],
    waitForLeaders: true,
  });
  const parsed = parseKafkaAddress(first.address);
  if ("failure" in parsed) throw new Error(parsed.failure.message);
  const sink = new WatchingSink();
  const tap: Tap = createKafkaTap({ seeds: parsed.value, topics: [topic] });
  await tap.start(sink);
  expect(sink.state).toMatchObject({ phase: "live", shed: 0 });

  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const writing = new Writing(producer, topic);
  const seen = () => sink.of("message").map(({ envelope }) => Buffer.from(envelope.body ?? []).toString());
  await sink.until(() => seen().length >= 100, "records of all nodes");

  await first.kill();
  const said = (): boolean => sink.states.some(({ detail }) => detail?.includes("is not read meanwhile") === true);
  await sink.until(said, "that a partition is not read meanwhile", 30_000);
  expect(sink.state?.phase).toBe("live");
  const { leaders, nodes } = await newLeaders();
  expect(nodes).toEqual([2, 3]);
  expect(leaders).not.toContain(1);
  const before = seen().length;
  await sink.until(() => seen().length >= before + 100, "records by the new leaders", 30_000);
  await sink.until(
    ({ state }) => state?.phase === "live" && state.detail === undefined,
    "that all is well again",
    30_000,
  );

  await first.start();
  const after = seen().length;
  await sink.until(() => seen().length >= after + 100, "records after it came back", 30_000);
  const written = await writing.end();
  await producer.disconnect();
  await admin.disconnect();
  await sink.until(() => new Set(seen()).size >= written.length, "everything that was written");
  await tap.stop();

  expect([...new Set(seen())].sort()).toEqual([...written].sort());
  const places = sink.of("message").map(({ envelope: { origin } }) => {
    return origin.broker === "kafka" ? `${origin.partition} ${origin.offset}` : "";
  });
  expect(new Set(places).size).toBe(places.length);
  expect(sink.states.some(({ phase }) => phase === "failed")).toBe(false);

  async function newLeaders(): Promise<{ leaders: number[]; nodes: number[] }> {
    for (;;) {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const { brokers } = await admin.describeCluster();
      const leaders = (topics[0]?.partitions ?? []).map(({ leader }) => leader);
      const nodes = brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b);
      if (leaders.every((leader) => leader > 1) && nodes.length === 2) return { leaders, nodes };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});

/** A producer that does not stop: to each partition in turn, each record with a number of its own. */
class Writing {
  readonly #written: string[] = [];
  readonly #loop: Promise<void>;
  #ending = false;

  constructor(producer: Producer, topic: string) {
    this.#loop = this.#write(producer, topic);
  }

  /** Ends, and resolves to what the brokers have confirmed. */
  async end(): Promise<readonly string[]> {
    this.#ending = true;
    await this.#loop;
    return this.#written;
  }

  async #write(producer: Producer, topic: string): Promise<void> {
    for (let number = 0; !this.#ending; number += 3) {
      const messages = [0, 1, 2].map((partition) => ({ partition, value: `record ${number + partition}` }));
      await producer.send({ topic, messages, acks: -1 });
      this.#written.push(...messages.map(({ value }) => value));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
