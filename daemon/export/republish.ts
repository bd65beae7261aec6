/**
 * What was captured, written to a broker again: on this machine only, each message marked, nothing into what belongs
 * to a broker or a framework. Whoever calls this has asked the user first; `planRepublishing` says what for.
 */
import { once } from "node:events";
import type { ConfirmChannel, Options } from "amqplib";
import {
  Kafka,
  logLevel,
  Partitioners,
  type IHeaders,
  type Producer,
  type SASLOptions,
  type TopicMessages,
} from "kafkajs";
import { headerText } from "../pipeline-input.ts";
import {
  createSocketFactory,
  isLoopback,
  openAmqp,
  parseKafkaAddress,
  parseRabbitmqAddress,
  type Envelope,
  type HeaderValue,
  type KafkaOrigin,
  type RabbitmqOrigin,
} from "../tap/index.ts";
import type { TapSettings } from "../serve/protocol.ts";
import type { CaptureReading } from "./reading.ts";

/** Each message that is written carries it: the capture's id and the message's number in it. */
export const replayedHeader = "x-contrail-replayed";

export interface RepublishTargets {
  /** As they would be tapped: the address, a login, TLS. */
  readonly kafka?: Extract<TapSettings, { readonly kind: "kafka" }>;
  /** Everything goes into its virtual host. */
  readonly rabbitmq?: Extract<TapSettings, { readonly kind: "rabbitmq" }>;
  /** What Kafka advertises -> where it is reached from here. */
  readonly addressMap?: Readonly<Record<string, string>>;
}

export interface RepublishPlan {
  /** Numbers of the messages that would be written, in order. */
  readonly seqs: readonly number[];
  /** How many go where: `Kafka topic orders`, `RabbitMQ exchange shop`. */
  readonly destinations: ReadonlyMap<string, number>;
  /** What has to be there. */
  readonly topics: ReadonlySet<string>;
  readonly exchanges: ReadonlySet<string>;
  readonly queues: ReadonlySet<string>;
  /** How many stay, and why, in words that follow "3 messages". */
  readonly skipped: ReadonlyMap<string, number>;
  /** How many of them had secrets masked when they were captured: they are written with the masks. */
  readonly masked: number;
}

export interface Republished {
  readonly written: number;
  /** How many RabbitMQ had no queue for. */
  readonly unroutable: number;
}

/** An address that nothing is written to, or a broker that did not take it: one sentence. */
export class RepublishError extends Error {
  override readonly name = "RepublishError";
}

/** Messages that are due within this time are written together. */
const grainMs = 5;
const mostAtOnce = 500;

/** Says what would be written where, and what not. Connects to nothing; throws a RepublishError for a bad address. */
export function planRepublishing(reading: CaptureReading, targets: RepublishTargets): RepublishPlan {
  requireLoopback(targets);
  const seqs: number[] = [];
  const destinations = new Map<string, number>();
  const skipped = new Map<string, number>();
  const topics = new Set<string>();
  const exchanges = new Set<string>();
  const queues = new Set<string>();
  let masked = 0;
  for (const message of reading.messages()) {
    const transaction = reading.pipeline.correlator.journey(message.seq).transaction;
    const why = reasonToSkip(message.envelope, targets, transaction === "aborted");
    if (why !== undefined) {
      skipped.set(why, (skipped.get(why) ?? 0) + 1);
      continue;
    }
    seqs.push(message.seq);
    const where = placeOf(message.envelope);
    destinations.set(where, (destinations.get(where) ?? 0) + 1);
    const { origin } = message.envelope;
    if (origin.broker === "otlp") continue;
    if (origin.broker === "kafka") topics.add(origin.topic);
    else if (origin.exchange !== "") exchanges.add(origin.exchange);
    else queues.add(origin.routingKeys[0] ?? "");
    if (message.masked > 0) masked++;
  }
  return { seqs, destinations, topics, exchanges, queues, skipped, masked };
}

/**
 * Writes what was planned, at `pace` times the speed at which it was seen, until `signal` ends it. Throws a
 * RepublishError where a broker cannot be reached or lacks a topic, an exchange or a queue, before anything is written.
 */
export async function republish(
  reading: CaptureReading,
  plan: RepublishPlan,
  targets: RepublishTargets,
  options: { readonly pace: number; readonly signal?: AbortSignal },
): Promise<Republished> {
  requireLoopback(targets);
  const kafka = new KafkaWriter(reading.capture.id);
  const rabbitmq = new RabbitmqWriter(reading.capture.id);
  const { seqs } = plan;
  // A capture may be larger than the memory: messages are read when their turn comes.
  const at = (index: number): Numbered | undefined => {
    const seq = seqs[index];
    const envelope = seq === undefined ? undefined : reading.pipeline.message(seq)?.envelope;
    return seq === undefined || envelope === undefined ? undefined : { seq, envelope };
  };
  let written = 0;
  try {
    const { topics, exchanges, queues } = plan;
    if (topics.size > 0 && targets.kafka !== undefined)
      await kafka.open(targets.kafka, targets.addressMap ?? {}, [...topics]);
    if (exchanges.size + queues.size > 0 && targets.rabbitmq !== undefined) {
      await rabbitmq.open(targets.rabbitmq, exchanges, queues);
    }
    const began = performance.now();
    const first = at(0)?.envelope.receivedAt ?? 0;
    const dueIn = ({ envelope }: Numbered) =>
      (envelope.receivedAt - first) / options.pace - (performance.now() - began);
    let next = at(0);
    let index = 0;
    while (next !== undefined) {
      await pause(dueIn(next), options.signal);
      if (isAborted(options.signal)) break;
      const { broker } = next.envelope.origin;
      const batch: Numbered[] = [];
      // What goes to the other broker waits for this to have arrived: an effect never overtakes its cause.
      while (next !== undefined && next.envelope.origin.broker === broker && batch.length < mostAtOnce) {
        if (batch.length > 0 && dueIn(next) > grainMs) break;
        batch.push(next);
        next = at((index += 1));
      }
      await (broker === "kafka" ? kafka : rabbitmq).write(batch);
      written += batch.length;
    }
  } finally {
    await Promise.all([kafka.close(), rabbitmq.close()]);
  }
  return { written, unroutable: rabbitmq.unroutable };
}

interface Numbered {
  readonly seq: number;
  readonly envelope: Envelope;
}

class KafkaWriter {
  private readonly captureId: string;
  private producer: Producer | undefined;
  private readonly partitions = new Map<string, number>();

  constructor(captureId: string) {
    this.captureId = captureId;
  }

  async open(
    { brokers: address, sasl, tls }: NonNullable<RepublishTargets["kafka"]>,
    addressMap: Readonly<Record<string, string>>,
    topics: readonly string[],
  ): Promise<void> {
    const parsed = parseKafkaAddress(address);
    if ("failure" in parsed) throw new RepublishError(parsed.failure.message);
    const client = new Kafka({
      clientId: "contrail-replay",
      brokers: address.split(",").map((part) => part.trim()),
      logLevel: logLevel.NOTHING,
      retry: { retries: 2, initialRetryTime: 200 },
      connectionTimeout: 3_000,
      // A broker may send its clients on to another machine; nothing is written there.
      socketFactory: createSocketFactory({ seeds: parsed.value, addressMap, mayConnect: isLoopback }, new Map()),
      ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
      ...(tls === undefined
        ? {}
        : { ssl: typeof tls === "boolean" || tls.ca === undefined ? tls !== false : { ca: tls.ca } }),
    });
    const admin = client.admin();
    try {
      await admin.connect();
      const known = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !known.has(topic));
      if (missing.length > 0) throw missingThere("Kafka", address, "topic", missing);
      const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
      for (const { name, partitions } of found) this.partitions.set(name, partitions.length);
      this.producer = client.producer({
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await this.producer.connect();
    } catch (cause) {
      throw cause instanceof RepublishError ? cause : notTaken("Kafka", address, cause);
    } finally {
      await admin.disconnect();
    }
  }

  async write(messages: readonly Numbered[]): Promise<void> {
    const byTopic = new Map<string, TopicMessages["messages"]>();
    for (const { seq, envelope } of messages) {
      const origin = envelope.origin as KafkaOrigin;
      const list = byTopic.get(origin.topic) ?? [];
      byTopic.set(origin.topic, list);
      const hasPartition = origin.partition < (this.partitions.get(origin.topic) ?? 0);
      list.push({
        key: envelope.key === null ? null : Buffer.from(envelope.key),
        value: envelope.body === null ? null : Buffer.from(envelope.body),
        headers: kafkaHeaders(envelope, `${this.captureId}/${seq}`),
        ...(hasPartition ? { partition: origin.partition } : {}),
      });
    }
    const topicMessages = [...byTopic].map(([topic, list]) => ({ topic, messages: list }));
    try {
      await this.producer?.sendBatch({ topicMessages, acks: -1 });
    } catch (cause) {
      throw notTaken("Kafka", [...byTopic.keys()].join(", "), cause);
    }
  }

  async close(): Promise<void> {
    await this.producer?.disconnect();
  }
}

class RabbitmqWriter {
  unroutable = 0;
  private readonly captureId: string;
  private channel: ConfirmChannel | undefined;
  private end: () => Promise<void> = () => Promise.resolve();

  constructor(captureId: string) {
    this.captureId = captureId;
  }

  async open(
    { url, tls }: NonNullable<RepublishTargets["rabbitmq"]>,
    exchanges: ReadonlySet<string>,
    queues: ReadonlySet<string>,
  ): Promise<void> {
    const parsed = parseRabbitmqAddress(url);
    if ("failure" in parsed) throw new RepublishError(parsed.failure.message);
    const address = `${parsed.value.host}:${parsed.value.port}`;
    try {
      const { model } = await openAmqp(parsed.value, "contrail replay", tls?.ca);
      model.on("error", () => undefined);
      this.end = () => model.close().catch(() => undefined);
      const isThere = async (ask: (channel: ConfirmChannel) => Promise<unknown>): Promise<boolean> => {
        // What is not there ends the channel that asked.
        const channel = await model.createConfirmChannel();
        channel.on("error", () => undefined);
        const there = await ask(channel).then(
          () => true,
          () => false,
        );
        if (there) await channel.close();
        return there;
      };
      const missing: string[] = [];
      for (const name of exchanges) if (!(await isThere((channel) => channel.checkExchange(name)))) missing.push(name);
      if (missing.length > 0) throw missingThere("RabbitMQ", address, "exchange", missing);
      for (const name of queues) if (!(await isThere((channel) => channel.checkQueue(name)))) missing.push(name);
      if (missing.length > 0) throw missingThere("RabbitMQ", address, "queue", missing);
      this.channel = await model.createConfirmChannel();
      this.channel.on("error", () => undefined);
      this.channel.on("return", () => this.unroutable++);
    } catch (cause) {
      throw cause instanceof RepublishError ? cause : notTaken("RabbitMQ", address, cause);
    }
  }

  async write(messages: readonly Numbered[]): Promise<void> {
    const { channel } = this;
    if (channel === undefined) return;
    try {
      for (const { seq, envelope } of messages) {
        const { exchange, routingKeys } = envelope.origin as RabbitmqOrigin;
        const body = Buffer.from(envelope.body ?? new Uint8Array());
        const more = channel.publish(
          exchange,
          routingKeys[0] ?? "",
          body,
          rabbitmqOptions(envelope, `${this.captureId}/${seq}`),
        );
        if (!more) await once(channel, "drain");
      }
      await channel.waitForConfirms();
    } catch (cause) {
      throw notTaken("RabbitMQ", "the broker", cause);
    }
  }

  async close(): Promise<void> {
    await this.end();
  }
}

/** kafkajs types each mechanism for itself. */
function saslOf({
  mechanism,
  username,
  password,
}: NonNullable<NonNullable<RepublishTargets["kafka"]>["sasl"]>): SASLOptions {
  if (mechanism === "plain") return { mechanism, username, password };
  return mechanism === "scram-sha-256" ? { mechanism, username, password } : { mechanism, username, password };
}

function requireLoopback({ kafka, rabbitmq }: RepublishTargets): void {
  const hosts: string[] = [];
  if (kafka !== undefined) {
    const parsed = parseKafkaAddress(kafka.brokers);
    if ("failure" in parsed) throw new RepublishError(parsed.failure.message);
    hosts.push(...parsed.value.map(({ host }) => host));
  }
  if (rabbitmq !== undefined) {
    const parsed = parseRabbitmqAddress(rabbitmq.url);
    if ("failure" in parsed) throw new RepublishError(parsed.failure.message);
    hosts.push(parsed.value.host);
  }
  const remote = hosts.find((host) => !isLoopback(host));
  if (remote !== undefined) {
    throw new RepublishError(
      `${remote} is another machine, and messages are written again on this machine only. Name a broker at 127.0.0.1.`,
    );
  }
}

function reasonToSkip(envelope: Envelope, targets: RepublishTargets, aborted: boolean): string | undefined {
  const { origin, headers, body, bodySize } = envelope;
  if (origin.broker === "otlp") return "that are spans, which no broker takes";
  if (origin.broker === "kafka") {
    if (targets.kafka === undefined) return "for Kafka, which was not named";
    // By convention a broker's or a tool's own; and what Kafka Streams keeps its state in.
    if (/^_|-(?:changelog|repartition)$/.test(origin.topic)) return "in internal topics";
  } else {
    if (targets.rabbitmq === undefined) return "for RabbitMQ, which was not named";
    const into = origin.exchange === "" ? (origin.routingKeys[0] ?? "") : origin.exchange;
    if (into.startsWith("amq.")) return "for exchanges and queues of RabbitMQ's own (amq.*)";
  }
  if (aborted) return "of transactions that were aborted";
  if (body !== null && bodySize > body.length) return "too large to have been captured whole";
  if (headers.some(({ name }) => name.toLowerCase() === replayedHeader)) return "written by a replay";
  return undefined;
}

function placeOf({ origin }: Envelope): string {
  if (origin.broker === "kafka") return `Kafka topic ${origin.topic}`;
  if (origin.broker === "otlp") return `service ${origin.service}`;
  if (origin.exchange === "") return `RabbitMQ queue ${origin.routingKeys[0] ?? ""}`;
  return `RabbitMQ exchange ${origin.exchange}`;
}

function kafkaHeaders(envelope: Envelope, mark: string): IHeaders {
  const values = new Map<string, Buffer[]>();
  for (const { name, value } of envelope.headers) {
    // kafkajs cannot write a header without a value; an empty one is the nearest.
    values.set(name, [...(values.get(name) ?? []), Buffer.from(headerText(value))]);
  }
  values.set(replayedHeader, [Buffer.from(mark)]);
  return Object.fromEntries(values);
}

function rabbitmqOptions(envelope: Envelope, mark: string): Options.Publish {
  const { userId: _, deliveryMode, replyTo, ...properties } = (envelope.origin as RabbitmqOrigin).properties;
  const headers = Object.fromEntries(envelope.headers.map(({ name, value }) => [name, amqpValue(value)]));
  return {
    ...properties,
    ...(deliveryMode === undefined ? {} : { deliveryMode }),
    // An address for direct replies is valid on the connection that asked only, and the broker ends others for it.
    ...(replyTo === undefined || replyTo.startsWith("amq.") ? {} : { replyTo }),
    headers: { ...headers, [replayedHeader]: mark },
    mandatory: true,
  };
}

function amqpValue(value: HeaderValue): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map((item: HeaderValue) => amqpValue(item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, amqpValue(item)]));
  }
  return value;
}

function missingThere(broker: string, address: string, what: string, names: readonly string[]): RepublishError {
  const list = names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
  return new RepublishError(
    `${broker} at ${address} has no ${what} ${list}. Create ${names.length === 1 ? "it" : "them"} there first; nothing was written.`,
  );
}

function notTaken(broker: string, address: string, cause: unknown): RepublishError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RepublishError(`${broker} (${address}) did not take the messages: ${why}`);
}

/** Asked anew each time: it changes while messages are written. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
