/** `contrail replay --to-broker` as a user runs it: from a recording to a real Kafka and a real RabbitMQ. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import amqplib, { type Channel, type ConsumeMessage } from "amqplib";
import { Kafka, logLevel, type KafkaMessage } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, removeBundle, runCli } from "../../cli/testing/check-cli.ts";
import { Capture } from "../../daemon/index.ts";
import { kafka as record, rabbit } from "../../daemon/testing/scripted.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const prefix = ownPrefix();
const topic = `${prefix}orders`;
const queue = `${prefix}payments`;
const exchange = `${prefix}shop`;

let folder: string;
let kafka: string;
let rabbitmq: string;
let recording: string;
let captureId: string;
let client: Kafka;
let close: () => Promise<void>;
let channel: Channel;

beforeAll(async () => {
  ({ kafka, rabbitmq } = await brokers());
  folder = mkdtempSync(join(tmpdir(), "contrail-to-broker-"));
  mkdirSync(join(folder, "contracts"));
  await bundleCli();
  client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] });
  await admin.disconnect();
  const connection = await amqplib.connect(rabbitmq);
  close = () => connection.close();
  channel = await connection.createChannel();
  await channel.assertQueue(queue, { autoDelete: true });
  await channel.assertExchange(exchange, "topic", { autoDelete: true });
  await channel.bindQueue(queue, exchange, "paid.#");
  recording = recordingOf("run.contrail", [
    partitioned(record(topic, '{"orderId":"o-1"}', { key: "o-1", headers: { type: "OrderPlaced" }, at: 1_000 }), 2),
    rabbit(queue, '{"paymentId":"p-1"}', {
      at: 1_020,
      headers: { n: "text" },
      properties: {
        contentType: "application/json",
        correlationId: "c-1",
        replyTo: "amq.rabbitmq.reply-to",
        userId: "someone",
      },
    }),
    partitioned({ ...record(topic, "", { key: "o-1", at: 1_040 }), body: null, bodySize: 0 }, 2),
    throughExchange("paid.card", '{"paymentId":"p-2"}', 1_060),
    throughExchange("nobody.listens", "{}", 1_080),
    record("__consumer_offsets", "never", { at: 1_100 }),
    rabbit("amq.gen-1", "never", { at: 1_120 }),
  ]);
}, 120_000);

afterAll(async () => {
  const admin = client.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  await channel.deleteQueue(queue);
  await channel.deleteExchange(exchange).catch(() => undefined);
  await close();
  removeBundle();
  rmSync(folder, { recursive: true, force: true });
});

type Envelope = Parameters<Capture["addMessage"]>[0];

function recordingOf(name: string, envelopes: readonly Envelope[]): string {
  const file = join(folder, name);
  const capture = Capture.create(file, name, 0);
  for (const envelope of envelopes) capture.addMessage(envelope, 0);
  captureId = capture.id;
  capture.close();
  return file;
}

function partitioned(envelope: Envelope, partition: number): Envelope {
  const { origin } = envelope;
  return origin.broker === "kafka" ? { ...envelope, origin: { ...origin, partition } } : envelope;
}

function throughExchange(routingKey: string, body: string, at: number): Envelope {
  const envelope = rabbit("", body, { at });
  return { ...envelope, origin: { ...envelope.origin, exchange, routingKeys: [routingKey], routedQueues: [] } };
}

const replay = (...args: string[]) => runCli(["replay", recording, "--to-broker", ...args], join(folder, "contracts"));

async function readTopic(count: number): Promise<(KafkaMessage & { partition: number })[]> {
  const consumer = client.consumer({ groupId: `${prefix}reader` });
  const found: (KafkaMessage & { partition: number })[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message, partition }) => {
      found.push({ ...message, partition });
      return Promise.resolve();
    },
  });
  for (const end = Date.now() + 20_000; found.length < count && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await consumer.disconnect();
  return found;
}

async function readQueue(): Promise<ConsumeMessage[]> {
  const found: ConsumeMessage[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (message === false) return found;
    found.push(message as unknown as ConsumeMessage);
  }
}

describe("contrail replay --to-broker", () => {
  it("asks: without a terminal and without --yes it writes nothing", async () => {
    const { code, stderr } = await replay("--kafka", kafka, "--rabbitmq", rabbitmq);
    expect(code).toBe(2);
    expect(stderr).toContain("needs your consent");
    expect(await readQueue()).toEqual([]);
  });

  it("goes to no other machine, and says what is missing before it writes anything", async () => {
    const remote = await replay("--yes", "--kafka", "kafka.example.com:9092");
    expect(remote.code).toBe(2);
    expect(remote.stderr).toContain("another machine");
    const before = recording;
    recording = recordingOf("missing.contrail", [rabbit(queue, "{}"), record(`${prefix}nowhere`, "{}")]);
    const missing = await replay("--yes", "--kafka", kafka, "--rabbitmq", rabbitmq);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(`has no topic ${prefix}nowhere`);
    recording = recordingOf("missing-queue.contrail", [rabbit(`${prefix}nobody`, "{}")]);
    expect((await replay("--yes", "--rabbitmq", rabbitmq)).stderr).toContain(`has no queue ${prefix}nobody`);
    recording = before;
    expect(await readQueue()).toEqual([]);
    const admin = client.admin();
    await admin.connect();
    expect(await admin.listTopics()).not.toContain(`${prefix}nowhere`);
    await admin.disconnect();
  });

  it("writes messages as they were, in their order, each marked, and none into what is a broker's own", async () => {
    const file = Capture.open(recording, { readOnly: true });
    captureId = file.id;
    file.close();
    const { code, stderr } = await replay("--yes", "--kafka", kafka, "--rabbitmq", rabbitmq, "--pace", "10");
    expect(stderr).toContain("Not written: 1 message in internal topics.");
    expect(stderr).toContain("5 messages written.");
    expect(stderr).toContain("For 1 message RabbitMQ had no queue");
    expect(code).toBe(0);
    const records = await readTopic(2);
    expect(records.map(({ key, value, partition }) => [String(key), value?.toString() ?? null, partition])).toEqual([
      ["o-1", '{"orderId":"o-1"}', 2],
      ["o-1", null, 2],
    ]);
    expect(String(records[0]?.headers?.["type"])).toBe("OrderPlaced");
    expect(records.map(({ headers }) => String(headers?.["x-contrail-replayed"]))).toEqual([
      `${captureId}/1`,
      `${captureId}/3`,
    ]);
    const queued = await readQueue();
    expect(queued.map(({ content }) => content.toString())).toEqual(['{"paymentId":"p-1"}', '{"paymentId":"p-2"}']);
    expect(queued[0]?.properties).toMatchObject({
      contentType: "application/json",
      correlationId: "c-1",
      headers: { n: "text", "x-contrail-replayed": `${captureId}/2` },
    });
    expect(queued[0]?.properties.replyTo).toBeUndefined();
    expect(queued[1]?.fields.exchange).toBe(exchange);
  });
});
