/**
 * The Kafka tap on a real broker beside real clients: everything that was written is seen, once, with what became of it, and
 * soon after it was sent.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CompressionTypes, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createKafkaTap,
  parseKafkaAddress,
  type Envelope,
  type KafkaOrigin,
  type Tap,
} from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { ensureKafkaLibrary } from "../../scripts/brokers/index.ts";
import { brokers, ownPrefix } from "./brokers.ts";
import { bestRound, now, p95 } from "./measuring.ts";

const run = promisify(execFile);
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function bodyOf(envelope: Envelope): string {
  return envelope.body === null ? "" : Buffer.from(envelope.body).toString();
}

function value<T>(parsed: { readonly value: T } | { readonly failure: unknown }): T {
  if (!("value" in parsed)) throw new Error("a bad address");
  return parsed.value;
}

describe("the Kafka tap", () => {
  const prefix = ownPrefix();
  const sink = new WatchingSink();
  let address: string;
  let kafka: Kafka;
  let tap: Tap;

  beforeAll(async () => {
    ({ kafka: address } = await brokers());
    kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: `${prefix}early`, numPartitions: 2 }], waitForLeaders: true });
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: `${prefix}early`, messages: [{ value: "before the tap" }] });
    await producer.disconnect();
    tap = createKafkaTap({ seeds: value(parseKafkaAddress(address)), topics: [`${prefix}*`], keptBytes: 50_000 });
    await tap.start(sink);
  });

  afterAll(() => tap.stop());

  function seen(topic: string): (Envelope & { origin: KafkaOrigin })[] {
    return sink
      .of("message")
      .map(({ envelope }) => envelope)
      .filter((envelope): envelope is Envelope & { origin: KafkaOrigin } => "topic" in envelope.origin)
      .filter(({ origin }) => origin.topic === `${prefix}${topic}`);
  }

  test("is live at once, and begins now", () => {
    expect(sink.state).toMatchObject({ phase: "live", broker: "kafka", address, shed: 0 });
    expect(seen("early")).toEqual([]);
  });

  test("hands a record on within 100 ms of its being sent", async () => {
    const producer = kafka.producer({ idempotent: true });
    await producer.connect();
    let sent = 0;
    const round = async (): Promise<number> => {
      const first = sent;
      for (; sent < first + 100; sent++) {
        await producer.send({ topic: `${prefix}early`, messages: [{ key: `k${sent}`, value: `${now()} ${sent}` }] });
        await pause(5);
      }
      await sink.until(() => seen("early").length >= sent, `${sent} records`);
      const late = seen("early").map((envelope) => envelope.receivedAt - Number(bodyOf(envelope).split(" ")[0]));
      return p95(late.slice(first));
    };
    expect(await bestRound(round)).toBeLessThan(100);
    await producer.disconnect();
    const indices = seen("early").map((envelope) => Number(bodyOf(envelope).split(" ")[1]));
    expect(indices.sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, i) => i));
    expect(seen("early").every(({ origin }) => origin.producerId !== undefined && !origin.transactional)).toBe(true);
  });

  test("a topic that is made while it runs is read from its beginning, within a second", async () => {
    const producer = kafka.producer({ allowAutoTopicCreation: true });
    await producer.connect();
    await producer.send({ topic: `${prefix}later`, messages: [{ value: `${now()}` }, { value: `${now()}` }] });
    await producer.disconnect();
    await sink.until(() => seen("later").length >= 2, "the new topic's records");
    for (const envelope of seen("later")) expect(envelope.receivedAt - Number(bodyOf(envelope))).toBeLessThan(2_000);
  });

  test("null keys, tombstones, repeated and binary headers, empty and huge values", async () => {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic: `${prefix}odd`,
      messages: [
        { partition: 0, key: null, value: null },
        { partition: 0, key: "", value: "" },
        { partition: 0, value: "h", headers: { same: ["1", "2"], raw: Buffer.from([0, 255]) } },
        { partition: 0, value: Buffer.alloc(300_000, 120) },
      ],
    });
    await producer.disconnect();
    await sink.until(() => seen("odd").length >= 4, "4 odd records");
    const [tombstone, empty, headers, huge] = seen("odd");
    expect(tombstone).toMatchObject({ key: null, body: null, bodySize: 0 });
    expect(empty).toMatchObject({ key: Buffer.alloc(0), body: Buffer.alloc(0), bodySize: 0 });
    expect(headers?.headers).toEqual([
      { name: "same", value: Buffer.from("1") },
      { name: "same", value: Buffer.from("2") },
      { name: "raw", value: Buffer.from([0, 255]) },
    ]);
    expect(huge?.bodySize).toBe(300_000);
    expect(huge?.body).toHaveLength(50_000);
  });

  test("every codec, as the Java client writes it", async () => {
    const library = await ensureKafkaLibrary();
    for (const codec of ["snappy", "lz4", "zstd"]) {
      const args = [
        "--topic",
        `${prefix}${codec}`,
        "--num-records",
        "300",
        "--record-size",
        "500",
        "--throughput",
        "-1",
      ];
      const properties = ["--producer-props", `bootstrap.servers=${address}`, `compression.type=${codec}`];
      const java = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", join(library, "*")];
      await run("java", [...java, "org.apache.kafka.tools.ProducerPerformance", ...args, ...properties]);
    }
    const producer = kafka.producer();
    await producer.connect();
    const messages = Array.from({ length: 300 }, () => ({ value: "z".repeat(500) }));
    await producer.send({ topic: `${prefix}gzip`, messages, compression: CompressionTypes.GZIP });
    await producer.disconnect();
    for (const codec of ["snappy", "lz4", "zstd", "gzip"]) {
      await sink.until(() => seen(codec).length >= 300, `300 records by ${codec}`);
      expect(seen(codec)).toHaveLength(300);
      expect(seen(codec).every(({ bodySize, body }) => bodySize === 500 && body?.length === 500)).toBe(true);
    }
    expect(sink.state?.detail).toBeUndefined();
  });

  test("records of transactions, each with its outcome, and commits of groups, in transactions too", async () => {
    const topic = `${prefix}money`;
    const group = `${prefix}readers`;
    const producer = kafka.producer({ transactionalId: `${prefix}tx`, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const first = await producer.transaction();
    await first.send({ topic, messages: [{ value: "undone", partition: 0 }] });
    // On a fresh broker the group's coordinator takes a moment, and kafkajs does not wait for it here.
    await patiently(() => first.sendOffsets({ consumerGroupId: group, topics: [offsetsOf("41")] }));
    await first.abort();
    const second = await producer.transaction();
    await second.send({ topic, messages: [{ value: "done", partition: 0 }] });
    await second.sendOffsets({ consumerGroupId: group, topics: [offsetsOf("42")] });
    await second.commit();
    await producer.disconnect();
    const commits = () => sink.of("commit").filter((commit) => commit.group === group);
    await sink.until(() => sink.of("transaction").filter((end) => end.topic === topic).length >= 2, "both ends");
    await sink.until(() => commits().length > 0, "the commit");
    expect(seen("money").map((envelope) => [bodyOf(envelope), envelope.origin.transactional])).toEqual([
      ["undone", true],
      ["done", true],
    ]);
    const [undone, done] = seen("money");
    const ends = sink.of("transaction").filter((end) => end.topic === topic);
    expect(ends.map(({ outcome }) => outcome)).toEqual(["aborted", "committed"]);
    expect(ends.map(({ producerId }) => producerId)).toEqual([undone?.origin.producerId, done?.origin.producerId]);
    expect(ends[0]?.offset).toBeGreaterThan(undone?.origin.offset ?? 0n);
    expect(ends[1]?.offset).toBeGreaterThan(done?.origin.offset ?? 0n);
    expect(commits().map(({ offset, partition, topic }) => [topic, partition, offset])).toEqual([
      [`${prefix}early`, 0, 42n],
    ]);
  });

  async function patiently(action: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await action();
      } catch (error) {
        if (tries === 50) throw error;
        await pause(200);
      }
    }
  }

  function offsetsOf(offset: string) {
    return { topic: `${prefix}early`, partitions: [{ partition: 0, offset }] };
  }

  test("a topic that is deleted and made anew is read on", async () => {
    const topic = `${prefix}again`;
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    for (const life of ["first", "second"]) {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      await producer.send({ topic, messages: [{ value: life }] });
      await sink.until(() => seen("again").some((envelope) => bodyOf(envelope) === life), `the ${life} life`);
      await admin.deleteTopics({ topics: [topic] });
    }
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    expect(seen("again").map(bodyOf)).toEqual(["first", "second"]);
  });

  test("another tap that begins at the beginning, or at a time, sees the same", async () => {
    const seeds = value(parseKafkaAddress(address));
    const since = seen("early")[50]?.timestamp ?? 0;
    const all = seen("early").length + 1;
    // The order in which records of several partitions were seen need not be that of their times.
    const younger = seen("early").filter(({ timestamp = 0 }) => timestamp >= since).length;
    for (const [from, least] of [
      ["beginning", all],
      [{ time: since }, younger],
    ] as const) {
      const own = new WatchingSink();
      const second = createKafkaTap({ seeds, topics: [`${prefix}early`], from });
      await second.start(own);
      const count = () => own.of("message").length;
      await own.until(() => count() >= least, `${least} records`);
      await second.stop();
      if (from === "beginning") expect(count()).toBe(all);
      else for (const { envelope } of own.of("message")) expect(envelope.timestamp).toBeGreaterThanOrEqual(since);
    }
  });
});
