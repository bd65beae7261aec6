/**
 * Where the Kafka tap begins and goes on: at offsets, in partitions that come later, over what the broker has deleted or
 * compacted away; and what producers other than Java's write.
 */
import { zstdCompressSync } from "node:zlib";
import { createRequire } from "node:module";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel, type Admin, type Producer } from "kafkajs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  createKafkaTap,
  parseKafkaAddress,
  type KafkaOrigin,
  type KafkaTapOptions,
  type Tap,
  type TapEvent,
} from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const require = createRequire(import.meta.url);
const prefix = ownPrefix();
let address: string;
let admin: Admin;
let producer: Producer;
const taps: Tap[] = [];

beforeAll(async () => {
  ({ kafka: address } = await brokers());
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
});

afterEach(async () => {
  await Promise.all(taps.splice(0).map((tap) => tap.stop()));
});

afterAll(async () => {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
});

async function topicOf(
  name: string,
  numPartitions = 1,
  config: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = `${prefix}${name}`;
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true });
  return topic;
}

async function write(topic: string, values: readonly string[], partition = 0): Promise<void> {
  await producer.send({ topic, messages: values.map((value) => ({ value, partition })) });
}

async function deleteBelow(topic: string, offset: string): Promise<void> {
  // kafkajs knows the leader only of topics that it was asked about.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i));
}

async function tapOn(
  topic: string,
  options: Partial<KafkaTapOptions>,
  sink = new WatchingSink(),
): Promise<WatchingSink> {
  const parsed = parseKafkaAddress(address);
  if ("failure" in parsed) throw new Error(parsed.failure.message);
  const tap = createKafkaTap({ seeds: parsed.value, topics: [topic], ...options });
  taps.push(tap);
  await tap.start(sink);
  return sink;
}

/** `partition offset value`, of every record that was seen. */
function seen(sink: WatchingSink): string[] {
  return sink.of("message").map(({ envelope }) => {
    const { partition, offset } = envelope.origin as KafkaOrigin;
    return `${partition} ${offset} ${Buffer.from(envelope.body ?? []).toString()}`;
  });
}

test("it begins at the offsets that are named, and now in partitions that are not", async () => {
  const topic = await topicOf("offsets", 2);
  await write(topic, numbers(0, 10));
  await write(topic, numbers(0, 10), 1);
  const sink = await tapOn(topic, { from: { offsets: { [topic]: { "0": 7 } } } });
  await write(topic, ["later"], 1);
  await sink.until(() => seen(sink).length >= 4, "what lies behind");
  expect(seen(sink).sort()).toEqual(["0 7 7", "0 8 8", "0 9 9", "1 10 later"]);
});

test("an offset that does not exist yet, or no more, is said, and it begins where there is something", async () => {
  const topic = await topicOf("beyond");
  await write(topic, numbers(0, 5));
  const sink = await tapOn(topic, { from: { offsets: { [topic]: { "0": 1_000 } } } });
  await sink.until(({ state }) => state?.detail !== undefined, "what it says");
  expect(sink.state?.detail).toBe(`${topic}[0] has no offset 1000 yet; it is read from its end, 5, on.`);
  await write(topic, ["next"]);
  await sink.until(() => seen(sink).length > 0, "the next");
  expect(seen(sink)).toEqual(["0 5 next"]);
  await deleteBelow(topic, "4");
  const late = await tapOn(topic, { from: { offsets: { [topic]: { "0": 1 } } } });
  await late.until(() => seen(late).length >= 2, "what is left");
  expect(late.state).toMatchObject({
    shed: 0,
    detail: `${topic}[0] no longer has the offset 1; it is read from its beginning, 4.`,
  });
  expect(seen(late)).toEqual(["0 4 4", "0 5 next"]);
});

test("partitions that are added are read from their beginning", async () => {
  const topic = await topicOf("growing");
  const sink = await tapOn(topic, {});
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  await producer.send({ topic, messages: [{ value: "first", partition: 2 }] }).catch(async () => {
    // kafkajs may not have heard of the new partition yet.
    await admin.fetchTopicMetadata({ topics: [topic] });
    await producer.send({ topic, messages: [{ value: "first", partition: 2 }] });
  });
  await sink.until(() => seen(sink).length > 0, "the record of the new partition");
  expect(seen(sink)).toEqual(["2 0 first"]);
});

test("a topic made anew that has more than the old one at once is read whole, and once", async () => {
  const topic = await topicOf("anew");
  const sink = await tapOn(topic, {});
  await write(topic, numbers(0, 5));
  await sink.until(() => seen(sink).length >= 5, "the old one's records");
  await admin.deleteTopics({ topics: [topic] });
  await topicOf("anew");
  await write(topic, numbers(100, 130));
  await sink.until(() => seen(sink).length >= 35, "the new one's records");
  expect(seen(sink).slice(5)).toEqual(numbers(100, 130).map((number, offset) => `0 ${offset} ${number}`));
  expect(sink.state?.detail).toBe(`The topic ${topic} was deleted and made anew.`);
});

test("records that the broker deletes before they could be read are counted, and it goes on behind them", async () => {
  const topic = await topicOf("retention");
  const body = "x".repeat(2_000);
  await write(topic, ["first"]);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  class SlowSink extends WatchingSink {
    override accept(events: readonly TapEvent[]): void {
      super.accept(events);
      if (events.some(({ kind }) => kind === "message")) return released as unknown as void;
    }
  }
  // The least that it fetches at a time is 64 KiB: of three hundred records of 2 kB it has some when the rest goes.
  const sink = await tapOn(topic, { from: "beginning", maxBytes: 64 << 10 }, new SlowSink());
  await sink.until(() => seen(sink).length > 0, "the first");
  for (let i = 0; i < 30; i++)
    await write(
      topic,
      Array.from({ length: 10 }, () => body),
    );
  await deleteBelow(topic, "290");
  release();
  await write(topic, ["last"]);
  await sink.until(() => seen(sink).at(-1) === "0 301 last", "the last");
  const { shed = 0, detail } = sink.state ?? {};
  expect(shed).toBeGreaterThan(100);
  expect(seen(sink)).toHaveLength(302 - shed);
  expect(detail).toBe(`The broker deleted up to ${shed} records of ${topic}[0] before they could be read.`);
});

test("a topic that is deleted while it is read: it goes on, and says how many records it could not read", async () => {
  const [doomed, other] = [await topicOf("doomed"), await topicOf("spared")];
  const body = "x".repeat(2_000);
  // A producer of its own: one that wrote to a topic asks for it ever after, and fails when it is gone.
  const own = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).producer();
  await own.connect();
  for (let i = 0; i < 30; i++) {
    await own.send({ topic: doomed, messages: Array.from({ length: 10 }, () => ({ value: body, partition: 0 })) });
  }
  await own.disconnect();
  class SlowSink extends WatchingSink {
    override accept(events: readonly TapEvent[]): void {
      super.accept(events);
      if (events.some(({ kind }) => kind === "message"))
        return new Promise((resolve) => setTimeout(resolve, 100)) as unknown as void;
    }
  }
  const sink = await tapOn("", { topics: [doomed, other], from: "beginning", maxBytes: 64 << 10 }, new SlowSink());
  await sink.until(() => seen(sink).length > 0, "the first");
  await admin.deleteTopics({ topics: [doomed] });
  await sink.until(({ state }) => (state?.shed ?? 0) > 0, "that something is missing");
  const { shed = 0, detail } = sink.state ?? {};
  expect(detail).toBe(`The topic ${doomed} was deleted before up to ${shed} of its records could be read.`);
  expect(seen(sink)).toHaveLength(300 - shed);
  await write(other, ["goes on"]);
  await sink.until(() => seen(sink).at(-1) === "0 0 goes on", "what comes to the other");
  expect(sink.state?.phase).toBe("live");
});

test("places that are not there are told: offsets of a partition, topics by name", async () => {
  const topic = await topicOf("place");
  const sink = await tapOn(topic, { from: { offsets: { [topic]: { "0": 0, "7": 3 } } } });
  expect(sink.state).toMatchObject({ phase: "live", detail: `There is no ${topic}[7] to read from its offset 3.` });
  const missing = await tapOn(`${prefix}missing*`, {});
  expect(missing.state).toMatchObject({
    phase: "live",
    detail: `Kafka has no topic ${prefix}missing* yet; when there is one, it is read from its beginning.`,
  });
  const made = await topicOf("missing-no-more");
  await write(made, ["first"]);
  await missing.until(() => seen(missing).length > 0, "its first record");
  await missing.until(({ state }) => state?.detail === undefined, "that all is well");
});

test("10,000 records in one batch", async () => {
  const topic = await topicOf("deep", 1, { "max.message.bytes": "10000000" });
  const sink = await tapOn(topic, {});
  // kafkajs copies all that it has so far for each record of a batch: many more would take half a minute.
  await write(topic, numbers(0, 10_000));
  await sink.until(() => sink.of("message").length >= 10_000, "all of the batch");
  const wrong = seen(sink).filter((record, i) => record !== `0 ${i} ${i}`);
  expect(wrong).toEqual([]);
  expect(seen(sink).length).toBe(10_000);
});

test("offsets that compaction took away are no gap to speak of", async () => {
  const topic = await topicOf("compacted", 1, {
    "cleanup.policy": "compact",
    "segment.ms": "50",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "0",
    "max.compaction.lag.ms": "100",
  });
  for (let i = 0; i < 20; i++) {
    await producer.send({ topic, messages: [{ key: `k${i % 2}`, value: String(i) }] });
    if (i % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 80));
  }
  // The broker looks for what to compact every half a second.
  await expect
    .poll(
      async () => {
        const probe = await tapOn(topic, { from: "beginning" });
        await probe.until(() => seen(probe).some((record) => record.endsWith(" 19")), "the newest");
        await Promise.all(taps.splice(0).map((tap) => tap.stop()));
        return seen(probe).length;
      },
      { timeout: 20_000, interval: 300 },
    )
    .toBeLessThan(12);
  const sink = await tapOn(topic, { from: "beginning" });
  await producer.send({ topic, messages: [{ key: "k0", value: "after" }] });
  await sink.until(() => seen(sink).some((record) => record.endsWith("after")), "what comes after");
  expect(sink.state).toMatchObject({ phase: "live", shed: 0 });
  expect(sink.state?.detail).toBeUndefined();
  const offsets = seen(sink).map((record) => Number(record.split(" ")[1]));
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
  expect(offsets.at(-1)).toBe(20);
});

test("codecs as libraries other than Java's write them: snappy without framing, zstd", async () => {
  const snappy = require("snappyjs") as { compress(bytes: Uint8Array): Uint8Array };
  const topic = await topicOf("foreign", 1);
  const sink = await tapOn(topic, {});
  const codecs = {
    Snappy: (bytes: Buffer) => snappy.compress(bytes),
    ZSTD: (bytes: Buffer) => zstdCompressSync(bytes),
  } as const;
  for (const [name, compress] of Object.entries(codecs) as [keyof typeof codecs, (bytes: Buffer) => Uint8Array][]) {
    CompressionCodecs[CompressionTypes[name]] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(Buffer.from(compress(buffer))),
      decompress: () => Promise.reject(new Error("nobody reads here")),
    });
    const messages = numbers(0, 200).map((number) => ({ value: `${name} ${number} ${"y".repeat(100)}` }));
    await producer.send({ topic, messages, compression: CompressionTypes[name] });
  }
  await sink.until(() => seen(sink).length >= 400, "records of both");
  expect(sink.state?.detail).toBeUndefined();
  const values = sink.of("message").map(({ envelope }) => Buffer.from(envelope.body ?? []).toString());
  expect(values.filter((value) => value.startsWith("Snappy 199 y"))).toHaveLength(1);
  expect(values.filter((value) => value.startsWith("ZSTD 199 y"))).toHaveLength(1);
});

test("200 partitions, new to the broker as well, are all read from the moment the tap begins", async () => {
  const topic = await topicOf("wide", 200);
  const sink = await tapOn(topic, {});
  const messages = Array.from({ length: 600 }, (_, i) => ({ partition: i % 200, value: `${i}` }));
  await producer.send({ topic, messages });
  // A producer that is told of a new leader late writes some of it twice.
  await sink.until(() => new Set(seen(sink).map((record) => record.split(" ")[2])).size === 600, "all of them");
  expect(new Set(seen(sink).map((record) => record.split(" ")[0])).size).toBe(200);
});
