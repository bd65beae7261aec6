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
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error("three nodes were asked for");
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
    waitForLeaders: false,
  });
  // kafkajs fails at once when a node that it asks has not heard of the topic yet.
  const leaders = async (): Promise<number> => {
    const found = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => undefined);
    return found?.topics[0]?.partitions.filter(({ leader }) => leader > 0).length ?? 0;
  };
  await expect.poll(leaders, { timeout: 15_000 }).toBe(3);
  await admin.disconnect();
  const parsed = parseKafkaAddress(first.address);
  if ("failure" in parsed) throw new Error(parsed.failure.message);
  const sink = new WatchingSink();
  const tap: Tap = createKafkaTap({ seeds: parsed.value, topics: [topic] });
  await tap.start(sink);
  expect(sink.state).toMatchObject({ phase: "live", shed: 0 });

  const producer = kafka.producer();
  await producer.connect();
  const writing = new Writing(producer, topic);
  const seen = () => sink.of("message").map(({ envelope }) => Buffer.from(envelope.body ?? []).toString());
  await sink.until(() => seen().length >= 100, "records of all nodes");

  /** How many records were seen of the partition that the first node leads. */
  const ofFirst = () => places(sink).filter((place) => place.startsWith("0 ")).length;
  await first.kill();
  const said = (): boolean => sink.states.some(({ detail }) => detail?.includes("is not read meanwhile") === true);
  await sink.until(said, "that a partition is not read meanwhile", 30_000);
  expect(sink.state?.phase).toBe("live");
  const before = ofFirst();
  await sink.until(() => ofFirst() >= before + 20, "records of its partition by another leader", 30_000);
  const isWell = ({ state }: WatchingSink): boolean => state?.phase === "live" && state.detail === undefined;
  await sink.until(isWell, "that all is well again", 30_000);

  await first.start();
  const after = seen().length;
  await sink.until(() => seen().length >= after + 100, "records after it came back", 30_000);
  const written = await writing.end();
  await producer.disconnect();
  // What was written is what the log has in the end: a producer may lose what it wrote to a node that died, or repeat it.
  const whole = new WatchingSink();
  const reader = createKafkaTap({ seeds: parsed.value, topics: [topic], from: "beginning" });
  await reader.start(whole);
  await whole.until(() => places(whole).length >= written.length * 0.9, "the log from its beginning");
  await expect.poll(() => missing(places(whole), places(sink)), { timeout: 15_000 }).toEqual([]);
  await Promise.all([tap.stop(), reader.stop()]);

  expect(places(whole).length).toBeGreaterThan(300);
  expect(new Set(places(sink)).size).toBe(places(sink).length);
  expect(missing(places(sink), places(whole))).toEqual([]);
  expect(sink.states.some(({ phase }) => phase === "failed")).toBe(false);
});

/** Each record by its place in the log, with what it says. */
function places(sink: WatchingSink): readonly string[] {
  return sink.of("message").map(({ envelope: { origin, body } }) => {
    return origin.broker === "kafka"
      ? `${origin.partition} ${origin.offset} ${Buffer.from(body ?? []).toString()}`
      : "";
  });
}

/** What is in one list and not in the other. */
function missing(of: readonly string[], where: readonly string[]): readonly string[] {
  const found = new Set(where);
  return of.filter((item) => !found.has(item));
}

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
      try {
        await producer.send({ topic, messages, acks: -1 });
        this.#written.push(...messages.map(({ value }) => value));
      } catch {
        // Its node has just gone; the next ones are for its successor.
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
