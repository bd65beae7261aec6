/**
 * What becomes of a Kafka record, as the daemon joins it: how its transaction stands, and which groups have committed
 * past it; with real producers and consumers.
 */
import { Kafka, logLevel, type Consumer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTrace, type RunningTrace } from "../../daemon/index.ts";
import { createCorrelator, type Journey } from "../../daemon/correlate/index.ts";
import { createKafkaTap, parseKafkaAddress, type Tap } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokers, ownPrefix } from "./brokers.ts";

const prefix = ownPrefix();
const sink = new WatchingSink();
const undecoded = { format: "text", check: "unchecked", violations: [], attempts: [] } as const;
let address: string;
let kafka: Kafka;
let tap: Tap;

beforeAll(async () => {
  ({ kafka: address } = await brokers());
  kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: ["money", "read"].map((name) => ({ topic: `${prefix}${name}`, numPartitions: 1 })),
    waitForLeaders: true,
  });
  await admin.disconnect();
  const parsed = parseKafkaAddress(address);
  if ("failure" in parsed) throw new Error(parsed.failure.message);
  tap = createKafkaTap({ seeds: parsed.value, topics: [`${prefix}*`] });
  await tap.start(sink);
});

afterAll(() => tap.stop());

/** What became of the records that were seen so far, by what they say. */
function journeys(): ReadonlyMap<string, Journey> {
  const correlator = createCorrelator();
  const seqs = new Map<string, number>();
  for (const event of sink.events) {
    if (event.kind === "message") {
      seqs.set(Buffer.from(event.envelope.body ?? []).toString(), seqs.size + 1);
      correlator.observe({ seq: seqs.size, envelope: event.envelope, decoded: undecoded });
    } else if (event.kind === "commit") {
      correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
    } else if (event.kind === "transaction") {
      const { topic, partition, producerId, offset, outcome } = event;
      correlator.transaction(topic, partition, producerId, offset, outcome);
    }
  }
  return new Map([...seqs].map(([body, seq]) => [body, correlator.journey(seq)]));
}

test("records of transactions that are under way are seen, as pending; then as what became of them", async () => {
  const topic = `${prefix}money`;
  const producers = ["kept", "undone"].map((name) =>
    kafka.producer({ transactionalId: `${prefix}${name}`, idempotent: true, maxInFlightRequests: 1 }),
  );
  const [kept, undone] = producers;
  if (kept === undefined || undone === undefined) throw new Error("two were asked for");
  await Promise.all(producers.map((producer) => producer.connect()));
  const transactions = { kept: await kept.transaction(), undone: await undone.transaction() };
  // One between the other's, so that only the producer tells them apart.
  await transactions.kept.send({ topic, messages: [{ value: "kept 1", partition: 0 }] });
  await transactions.undone.send({ topic, messages: [{ value: "undone 1", partition: 0 }] });
  await transactions.kept.send({ topic, messages: [{ value: "kept 2", partition: 0 }] });
  const standing = (): string[] => [...journeys()].map(([body, { transaction }]) => `${body}: ${transaction}`);
  await sink.until(() => sink.of("message").length >= 3, "what is under way");
  expect(standing()).toEqual(["kept 1: pending", "undone 1: pending", "kept 2: pending"]);
  await transactions.undone.abort();
  await sink.until(() => sink.of("transaction").length >= 1, "the end of one");
  expect(standing()).toEqual(["kept 1: pending", "undone 1: aborted", "kept 2: pending"]);
  await transactions.kept.commit();
  await sink.until(() => sink.of("transaction").length >= 2, "the end of both");
  expect(standing()).toEqual(["kept 1: committed", "undone 1: aborted", "kept 2: committed"]);
  await Promise.all(producers.map((producer) => producer.disconnect()));
});

test("each record knows which groups have committed past it, and no other", async () => {
  const topic = `${prefix}read`;
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: ["a", "b", "c"].map((value) => ({ value })) });
  await producer.disconnect();
  const consumers: Consumer[] = [];
  const admin = kafka.admin();
  await admin.connect();
  for (const [group, offset] of [
    ["slow", "1"],
    ["quick", "3"],
  ] as const) {
    const consumer = kafka.consumer({ groupId: `${prefix}${group}`, maxWaitTimeInMs: 20 });
    consumers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
    await joined;
    // kafkajs commits nothing where it has not yet noticed that it may.
    for (let committed: string | undefined; committed !== offset;) {
      await consumer.commitOffsets([{ topic, partition: 0, offset }]);
      const [answer] = await admin.fetchOffsets({ groupId: `${prefix}${group}`, topics: [topic] });
      committed = answer?.partitions[0]?.offset;
    }
  }
  const readers = (body: string): string[] =>
    (journeys().get(body)?.committedBy ?? []).map(({ group }) => group.replace(prefix, "")).sort();
  await expect.poll(() => ["a", "b", "c"].map(readers)).toEqual([["quick", "slow"], ["quick"], ["quick"]]);
  expect(tap.groups?.().map(({ group, lag }) => [group.replace(prefix, ""), lag])).toEqual([
    ["slow", 2],
    ["quick", 0],
  ]);
  await Promise.all([admin, ...consumers].map((client) => client.disconnect()));
});

test("a daemon that begins now does so at the end of the log, also behind a record that is dated in the future", async () => {
  const topic = `${prefix}ahead`;
  const producer = kafka.producer({ allowAutoTopicCreation: true });
  await producer.connect();
  const ahead = String(Date.now() + 1_800_000);
  await producer.send({ topic, messages: [{ value: "ahead", timestamp: ahead, partition: 0 }] });
  await producer.send({ topic, messages: [{ value: "old", partition: 0 }] });
  const folder = mkdtempSync(join(tmpdir(), "contrail-now-"));
  const trace: RunningTrace = await runTrace({
    taps: [{ kind: "kafka", brokers: address, topics: [topic] }],
    captureFolder: folder,
    stateDir: folder,
  });
  await expect.poll(() => [...trace.pipeline.taps.values()].map(({ phase }) => phase)).toEqual(["live"]);
  await producer.send({ topic, messages: [{ value: "new", partition: 0 }] });
  await expect.poll(() => trace.pipeline.capture.lastSeq).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { lastSeq } = trace.pipeline.capture;
  const [newest] = [trace.pipeline.capture.message(lastSeq)?.envelope.body ?? []];
  await trace.stop();
  await producer.disconnect();
  rmSync(folder, { recursive: true, force: true });
  expect([lastSeq, Buffer.from(newest).toString()]).toEqual([1, "new"]);
});
