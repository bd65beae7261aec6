/**
 * What the bench of taps runs in a process of its own: a producer with a steady rate, or a bare consumer to compare with.
 * Takes in one `Job` by IPC, says `ready`, works until it is done (or, a consumer, until it is told to), and hands back
 * its `Outcome`.
 */
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { leanProducer } from "./lean-kafka.ts";
import { nowSince, orderMessage, probeMessage, sentAtOf, type OrderMessage } from "./tap-messages.ts";

export type Job = {
  readonly broker: "kafka" | "rabbitmq";
  readonly address: string;
  /** The topic, or the exchange, whose queue for the bare consumer has the same name. */
  readonly channel: string;
  /** Times in bodies count from here, milliseconds since the Unix epoch. */
  readonly epoch: number;
} & (
  | {
      readonly kind: "produce";
      readonly perSecond: number;
      readonly seconds: number;
      /** A message with a key of its own, `probe-N`, so often. */
      readonly probeEveryMs: number;
      /** So long it writes at the same rate before it says `ready`, and then waits until it is told to begin. */
      readonly warmUpSeconds?: number;
    }
  | { readonly kind: "fill"; readonly count: number }
  /** As fast as the broker acknowledges. */
  | { readonly kind: "flood"; readonly seconds: number }
  /** At a steady rate, each acknowledgement timed. */
  | { readonly kind: "pace"; readonly perSecond: number; readonly seconds: number }
  | { readonly kind: "consume"; readonly until?: number }
);

export interface Outcome {
  readonly count: number;
  /** From the first record to the last, or from the first send to the last. */
  readonly milliseconds: number;
  /** From send to here, of a consumer; from send to acknowledgement, of a producer that keeps a pace. */
  readonly latencies: readonly number[];
  /** When what a consumer read was sent, in the order of `latencies`; of others, nothing. */
  readonly sentAt: readonly number[];
  /** When each probe was sent, of a producer. */
  readonly probes: Readonly<Record<string, number>>;
  readonly cpuMilliseconds: number;
}

function ordersOf({ broker }: Job): string {
  return broker === "kafka" ? "ord" : "sub";
}

/** Resolves when the messages are on their way; where the job is about acknowledgements, when the broker has them. */
type Sender = (messages: readonly OrderMessage[]) => Promise<void>;

async function kafkaSender(job: Job): Promise<{ send: Sender; close: () => Promise<void> }> {
  const producer = new Kafka({ brokers: [job.address], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  return {
    send: async (messages) => {
      await producer.send({
        topic: job.channel,
        acks: 1,
        messages: messages.map(({ key, body, headers }) => ({ key, value: body, headers: { ...headers } })),
      });
    },
    close: () => producer.disconnect(),
  };
}

/** Needs little of the processor; where several brokers lead the partitions, kafkajs does it. */
async function leanKafkaSender(job: Job): Promise<{ send: Sender; close: () => Promise<void> }> {
  const admin = new Kafka({ brokers: [job.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  const { topics } = await admin.fetchTopicMetadata({ topics: [job.channel] });
  await admin.disconnect();
  if (brokers.length > 1) return kafkaSender(job);
  return leanProducer(job.address, job.channel, topics[0]?.partitions.length ?? 1);
}

async function rabbitmqSender(job: Job): Promise<{ send: Sender; close: () => Promise<void> }> {
  const connection = await connect(job.address);
  const channel = await connection.createChannel();
  return {
    send: async (messages) => {
      let flows = true;
      for (const { routingKey, body, headers } of messages) {
        flows = channel.publish(job.channel, routingKey, Buffer.from(body), {
          contentType: "application/json",
          headers,
        });
      }
      if (!flows) await new Promise<void>((resolve) => channel.once("drain", resolve));
    },
    close: async () => {
      await channel.close();
      await connection.close();
    },
  };
}

/** With acknowledgements, as a careful service publishes; each message resolves by itself. */
async function confirmedSender(job: Job): Promise<{ send: Sender; close: () => Promise<void> }> {
  const connection = await connect(job.address);
  const channel = await connection.createConfirmChannel();
  return {
    send: async (messages) => {
      const publish = ({ routingKey, body, headers }: OrderMessage) =>
        new Promise<void>((resolve, reject) => {
          channel.publish(
            job.channel,
            routingKey,
            Buffer.from(body),
            { contentType: "application/json", headers },
            (cause) => (cause === null ? resolve() : reject(cause as Error)),
          );
        });
      await Promise.all(messages.map(publish));
    },
    close: async () => {
      await channel.close();
      await connection.close();
    },
  };
}

/** So many batches, of so many messages, are under way at a time: more would only wait in this process. */
const underWay = { kafka: { batches: 4, messages: 500 }, rabbitmq: { batches: 8, messages: 100 } } as const;

async function flood(job: Extract<Job, { kind: "flood" }>): Promise<Outcome> {
  const { send, close } = await (job.broker === "kafka" ? kafkaSender(job) : confirmedSender(job));
  process.send?.("ready");
  const cpu = process.cpuUsage();
  const { batches, messages } = underWay[job.broker];
  const begun = performance.now();
  let sent = 0;
  let acknowledged = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - begun < job.seconds * 1000) {
      await send(Array.from({ length: messages }, () => orderMessage(sent++, nowSince(job.epoch), ordersOf(job))));
      acknowledged += messages;
    }
  };
  await Promise.all(Array.from({ length: batches }, one));
  const milliseconds = performance.now() - begun;
  await close();
  return { count: acknowledged, milliseconds, latencies: [], sentAt: [], probes: {}, cpuMilliseconds: cpuSince(cpu) };
}

async function pace(job: Extract<Job, { kind: "pace" }>): Promise<Outcome> {
  const { send, close } = await (job.broker === "kafka" ? kafkaSender(job) : confirmedSender(job));
  process.send?.("ready");
  const cpu = process.cpuUsage();
  const latencies: number[] = [];
  const going = new Set<Promise<void>>();
  const begun = performance.now();
  let sent = 0;
  for (;;) {
    const elapsed = performance.now() - begun;
    if (elapsed >= job.seconds * 1000) break;
    const due = Math.floor((elapsed / 1000) * job.perSecond) - sent;
    const messages = Array.from({ length: Math.min(due, 2_000) }, () =>
      orderMessage(sent++, nowSince(job.epoch), ordersOf(job)),
    );
    if (messages.length > 0) {
      const at = performance.now();
      const sending = send(messages)
        .then(() => void latencies.push(performance.now() - at))
        .finally(() => going.delete(sending));
      going.add(sending);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(going);
  const milliseconds = performance.now() - begun;
  await close();
  return { count: sent, milliseconds, latencies, sentAt: [], probes: {}, cpuMilliseconds: cpuSince(cpu) };
}

async function produce(job: Extract<Job, { kind: "produce" }>): Promise<Outcome> {
  const { send, close } = await (job.broker === "kafka" ? leanKafkaSender(job) : rabbitmqSender(job));
  if (job.warmUpSeconds !== undefined) {
    await writeSteadily({ ...job, seconds: job.warmUpSeconds }, send);
    const begin = new Promise((resolve) => process.once("message", resolve));
    process.send?.("ready");
    await begin;
  } else {
    process.send?.("ready");
  }
  const cpu = process.cpuUsage();
  const written = await writeSteadily(job, send);
  await close();
  return { ...written, latencies: [], sentAt: [], cpuMilliseconds: cpuSince(cpu) };
}

/** Every 10 ms what is due by then; a send that takes longer does not lower the rate. */
async function writeSteadily(
  job: Extract<Job, { kind: "produce" }>,
  send: Sender,
): Promise<Pick<Outcome, "count" | "milliseconds" | "probes">> {
  const probes: Record<string, number> = {};
  const begun = performance.now();
  let sent = 0;
  let nextProbe = job.probeEveryMs;
  const going = new Set<Promise<void>>();
  for (;;) {
    const elapsed = performance.now() - begun;
    if (elapsed >= job.seconds * 1000) break;
    const due = Math.floor((elapsed / 1000) * job.perSecond) - sent;
    const messages = Array.from({ length: Math.min(due, 2_000) }, () =>
      orderMessage(sent++, nowSince(job.epoch), ordersOf(job)),
    );
    if (elapsed >= nextProbe) {
      nextProbe += job.probeEveryMs;
      const key = `probe-${job.broker}-${Object.keys(probes).length}`;
      probes[key] = nowSince(0);
      messages.push(probeMessage(key, sent, nowSince(job.epoch)));
    }
    if (messages.length > 0) {
      const sending = send(messages).finally(() => going.delete(sending));
      going.add(sending);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (going.size > 50) await Promise.race(going);
  }
  await Promise.all(going);
  return { count: sent, milliseconds: performance.now() - begun, probes };
}

async function fill(job: Extract<Job, { kind: "fill" }>): Promise<Outcome> {
  const { send, close } = await kafkaSender(job);
  process.send?.("ready");
  const begun = performance.now();
  for (let sent = 0; sent < job.count;) {
    const size = Math.min(2_000, job.count - sent);
    await send(Array.from({ length: size }, (_, i) => orderMessage(sent + i, nowSince(job.epoch), ordersOf(job))));
    sent += size;
  }
  await close();
  return {
    count: job.count,
    milliseconds: performance.now() - begun,
    latencies: [],
    sentAt: [],
    probes: {},
    cpuMilliseconds: 0,
  };
}

/** A consumer as their documentation writes it: each body as text, its JSON read, nothing else done with it. */
async function consume(job: Extract<Job, { kind: "consume" }>): Promise<Outcome> {
  const latencies: number[] = [];
  const sentAt: number[] = [];
  let first = 0;
  let last = 0;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const cpu = process.cpuUsage();
  const take = (body: Buffer | null) => {
    const at = nowSince(job.epoch);
    if (latencies.length === 0) first = performance.now();
    const sent = sentAtOf(body?.toString("utf8") ?? "");
    sentAt.push(sent);
    latencies.push(at - sent);
    last = performance.now();
    if (latencies.length === job.until) end();
  };
  process.once("message", end);
  const close = await (job.broker === "kafka" ? consumeKafka(job, take) : consumeRabbitmq(job, take));
  process.send?.("ready");
  await ended;
  const cpuMilliseconds = cpuSince(cpu);
  await close();
  return { count: latencies.length, milliseconds: last - first, latencies, sentAt, probes: {}, cpuMilliseconds };
}

async function consumeKafka(
  job: Extract<Job, { kind: "consume" }>,
  take: (body: Buffer | null) => void,
): Promise<() => Promise<void>> {
  const kafka = new Kafka({ brokers: [job.address], logLevel: logLevel.NOTHING });
  const groupId = `${job.channel}-bare`;
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [job.channel], fromBeginning: job.until !== undefined });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs wants a promise
    eachMessage: async ({ message }) => take(message.value),
  });
  await joined;
  return async () => {
    await consumer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  };
}

async function consumeRabbitmq(job: Job, take: (body: Buffer | null) => void): Promise<() => Promise<void>> {
  const connection = await connect(job.address);
  const channel = await connection.createChannel();
  await channel.consume(job.channel, (message) => take(message?.content ?? null), { noAck: true });
  return async () => {
    await channel.close();
    await connection.close();
  };
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function work(job: Job): Promise<Outcome> {
  switch (job.kind) {
    case "produce":
      return produce(job);
    case "fill":
      return fill(job);
    case "flood":
      return flood(job);
    case "pace":
      return pace(job);
    default:
      return consume(job);
  }
}

// Whoever started it is gone: there is nobody to work for.
process.once("disconnect", () => process.exit());
process.once("message", (message) => {
  const job = message as Job;
  work(job).then(
    (outcome) => process.send?.(outcome, () => process.disconnect()),
    (cause: unknown) => {
      console.error(cause);
      process.exit(1);
    },
  );
});
