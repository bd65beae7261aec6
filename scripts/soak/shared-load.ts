/**
 * The services beside which a tap runs: they write to both brokers and read from both, until they are told to stop;
 * then they take in what is under way, commit, acknowledge and leave. They know exactly what they wrote.
 */
import { connect, type Channel, type ConfirmChannel } from "amqplib";
import { Kafka, logLevel, type Consumer, type Producer } from "kafkajs";
import type { ManagementApi } from "./management-api.ts";

export interface LoadPlaces {
  readonly kafka: string;
  /** With the virtual host in its path. */
  readonly amqp: string;
  readonly topic: string;
  readonly group: string;
  readonly exchange: string;
  readonly queue: string;
}

/** What a load wrote and read, by itself. */
export interface LoadDone {
  /** Records to the topic, messages to RabbitMQ's exchanges. */
  readonly kafka: number;
  readonly rabbitmq: number;
  /** Records that its group's commits put into Kafka's own topic of offsets. */
  readonly commits: number;
}

export interface RunningLoad {
  readonly sent: () => { readonly kafka: number; readonly rabbitmq: number };
  stop(): Promise<LoadDone>;
}

const partitions = 3;
const everyMs = 10;
const atOnce = 3;
const drainWithinMs = 20_000;

/** A virtual host with everything that switching its tracing could lose, an exchange, a queue and a topic. */
export async function prepareLoad(places: LoadPlaces, management: ManagementApi, vhost: string): Promise<void> {
  const name = encodeURIComponent(vhost);
  await management.ask("PUT", `/api/vhosts/${name}`, {
    description: "described, with commas",
    tags: "red,green",
    default_queue_type: "quorum",
  });
  const user = decodeURIComponent(new URL(places.amqp).username);
  const all = { configure: ".*", write: ".*", read: ".*" };
  await management.ask("PUT", `/api/permissions/${name}/${encodeURIComponent(user)}`, all);
  await management.ask("PUT", `/api/exchanges/${name}/${places.exchange}`, { type: "topic", durable: true });
  await management.ask("PUT", `/api/queues/${name}/${places.queue}`, {
    durable: true,
    arguments: { "x-queue-type": "classic" },
  });
  await management.ask("POST", `/api/bindings/${name}/e/${places.exchange}/q/${places.queue}`, {
    routing_key: "load.#",
  });
  const admin = kafkaOf(places).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: places.topic, numPartitions: partitions }], waitForLeaders: true });
  await admin.disconnect();
}

export async function removeLoad(places: LoadPlaces, management: ManagementApi, vhost: string): Promise<void> {
  const admin = kafkaOf(places).admin();
  await admin.connect();
  await admin.deleteGroups([places.group]).catch(() => undefined);
  await admin.deleteTopics({ topics: [places.topic] });
  await admin.disconnect();
  await management.ask("DELETE", `/api/vhosts/${encodeURIComponent(vhost)}`);
}

export async function startLoad(places: LoadPlaces): Promise<RunningLoad> {
  const kafka = kafkaOf(places);
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: places.group, maxWaitTimeInMs: 100 });
  await producer.connect();
  const consumed = new Map<number, bigint>();
  let received = 0;
  await joined(consumer, places.topic, (partition, offset) => {
    received++;
    consumed.set(partition, offset);
  });
  const writing = await connect(places.amqp, { clientProperties: { connection_name: "load-writer" } });
  const reading = await connect(places.amqp, { clientProperties: { connection_name: "load-reader" } });
  const publisher = await writing.createConfirmChannel();
  const reader = await reading.createChannel();
  const amqp = { answered: 0, acknowledged: 0 };
  await consumeAll(reader, places.queue, amqp);
  await publisher.consume("amq.rabbitmq.reply-to", () => void amqp.answered++, { noAck: true });

  const sent = { kafka: 0, rabbitmq: 0, requests: 0 };
  const stopping = new AbortController();
  const working = (async () => {
    while (!stopping.signal.aborted) {
      await Promise.all([writeKafka(producer, places.topic, sent), writeRabbitmq(publisher, places, sent)]);
      await pause(everyMs);
    }
  })();
  return {
    sent: () => ({ kafka: sent.kafka, rabbitmq: sent.rabbitmq }),
    async stop() {
      stopping.abort();
      await working;
      await publisher.waitForConfirms();
      const until = Date.now() + drainWithinMs;
      const all = () =>
        received === sent.kafka && amqp.acknowledged === sent.rabbitmq && amqp.answered === sent.requests;
      while (!all() && Date.now() < until) await pause(5);
      if (!all()) {
        throw new Error(
          `The load's own readers did not get everything: ${JSON.stringify({ sent, received, ...amqp })}`,
        );
      }
      const offsets = [...consumed].map(([partition, offset]) => ({
        topic: places.topic,
        partition,
        offset: String(offset + 1n),
      }));
      await consumer.commitOffsets(offsets);
      await consumer.disconnect();
      await producer.disconnect();
      for (const channel of [publisher, reader]) await channel.close();
      for (const connection of [writing, reading]) await connection.close();
      // Each reply is a message of its own.
      return { kafka: sent.kafka, rabbitmq: sent.rabbitmq + sent.requests, commits: offsets.length };
    },
  };
}

async function joined(
  consumer: Consumer,
  topic: string,
  take: (partition: number, offset: bigint) => void,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const inGroup = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ partition, message }) => {
      take(partition, BigInt(message.offset));
      return Promise.resolve();
    },
  });
  await inGroup;
}

async function consumeAll(channel: Channel, queue: string, count: { acknowledged: number }): Promise<void> {
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const replyTo = message.properties.replyTo as unknown;
    if (typeof replyTo === "string") channel.publish("", replyTo, Buffer.from("answer"));
    channel.ack(message);
    count.acknowledged++;
  });
}

async function writeKafka(producer: Producer, topic: string, sent: { kafka: number }): Promise<void> {
  const messages = Array.from({ length: atOnce }, (_, i) => {
    const number = sent.kafka + i;
    return { key: `k-${number % 50}`, value: `{"number":${number}}`, partition: number % partitions };
  });
  await producer.send({ topic, messages });
  sent.kafka += atOnce;
}

/** By an exchange, past all exchanges, and as requests with direct replies. */
async function writeRabbitmq(
  channel: ConfirmChannel,
  { exchange, queue }: LoadPlaces,
  sent: { rabbitmq: number; requests: number },
): Promise<void> {
  for (let i = 0; i < atOnce; i++) {
    const number = sent.rabbitmq++;
    const body = Buffer.from(`{"number":${number}}`);
    if (number % 10 === 5) channel.publish("", queue, body);
    else if (number % 10 === 8) {
      sent.requests++;
      channel.publish(exchange, "load.request", body, {
        replyTo: "amq.rabbitmq.reply-to",
        correlationId: String(number),
      });
    } else channel.publish(exchange, "load.event", body);
  }
  await channel.waitForConfirms();
}

function kafkaOf({ kafka }: LoadPlaces): Kafka {
  return new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
