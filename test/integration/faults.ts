/**
 * What faults are tested with: a daemon in a process of its own, a view that keeps all it was told, a load with numbers
 * in it, and the table of what was said.
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { expect } from "vitest";
import type { MessageSummary, ServerMessage, Status } from "../../daemon/serve/protocol.ts";
import { startTapping, type TappingDaemon, type TappingOptions } from "../../scripts/soak/index.ts";

/** A daemon and one view on it that asks for every message. */
export class Watched {
  readonly daemon: TappingDaemon;
  /** Messages by the number inside of them, each with all the times that it was shown. */
  readonly shown = new Map<number, MessageSummary[]>();
  readonly said: string[] = [];
  readonly received: ServerMessage[] = [];
  status: Status | undefined;
  /** When the last status came, by the clock that is not set. */
  statusAt = 0;

  private constructor(daemon: TappingDaemon) {
    this.daemon = daemon;
    this.status = daemon.status();
    daemon.connection.onMessage((message) => this.#take(message));
  }

  static async start(options: TappingOptions): Promise<Watched> {
    const watched = new Watched(await startTapping(options));
    if (options.taps.length > 0) await watched.daemon.live();
    return watched;
  }

  /** The newest message of a kind that satisfies `wanted`, as soon as there is one. */
  async next<K extends ServerMessage["kind"]>(
    kind: K,
    wanted: (message: Extract<ServerMessage, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<ServerMessage, { kind: K }>> {
    const find = () =>
      this.received.findLast(
        (message): message is Extract<ServerMessage, { kind: K }> =>
          message.kind === kind && wanted(message as Extract<ServerMessage, { kind: K }>),
      );
    try {
      await this.until(() => find() !== undefined, `${kind} as wanted came`);
    } catch (cause) {
      const last = this.received.findLast((message) => message.kind === kind);
      throw new Error(`${(cause as Error).message}\n  last ${JSON.stringify(last)?.slice(0, 3_000)}`, { cause });
    }
    return find() as Extract<ServerMessage, { kind: K }>;
  }

  async until(done: () => boolean, what: string, withinMs = 20_000): Promise<void> {
    for (const end = performance.now() + withinMs; !done();) {
      if (performance.now() > end) {
        throw new Error(
          `waited ${withinMs} ms until ${what}; ${this.shown.size} messages were shown, and this was said:\n  ${this.said.join("\n  ")}`,
        );
      }
      await pause(10);
    }
  }

  /** Asks for a conversation by words, as the filter of the list does. */
  search(text: string): void {
    this.received.length = 0;
    this.daemon.connection.send({
      kind: "watchConversations",
      filter: { text, states: [] },
      first: 0,
      count: 50,
    });
  }

  #take(message: ServerMessage): void {
    this.received.push(message);
    if (this.received.length > 5_000) this.received.splice(0, 2_500);
    if (message.kind === "status" || message.kind === "welcome") {
      this.status = message.status;
      this.statusAt = performance.now();
      this.#hear(message.status);
    }
    if (message.kind !== "messages") return;
    for (const summary of message.messages) {
      const number = numberIn(summary.body);
      if (number === undefined) continue;
      const known = this.shown.get(number);
      if (known === undefined) this.shown.set(number, [summary]);
      else known.push(summary);
    }
  }

  #hear({ taps, capture, search, notes }: Status): void {
    const sentences = [
      ...taps.map(({ broker, phase, detail }) => `${broker} ${phase}${detail === undefined ? "" : `: ${detail}`}`),
      ...[capture?.problem, search?.problem, ...(notes ?? [])].filter((one) => one !== undefined),
    ];
    for (const sentence of sentences)
      if (this.said.at(-1) !== sentence && !this.said.includes(sentence)) this.said.push(sentence);
  }
}

/** Writes numbered messages to both brokers; what a broker did not acknowledge is written again by its client. */
export class NumberedLoad {
  readonly #kafka: Kafka;
  readonly #amqp: string;
  readonly topic: string;
  #next = 1;

  constructor(kafka: string, amqp: string, topic: string) {
    this.#kafka = new Kafka({
      brokers: [kafka],
      logLevel: logLevel.NOTHING,
      retry: { retries: 30, initialRetryTime: 100, maxRetryTime: 400 },
    });
    this.#amqp = amqp;
    this.topic = topic;
  }

  async createTopic(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: this.topic, numPartitions: 3 }], waitForLeaders: true });
    await admin.disconnect();
  }

  /** The numbers that it wrote. */
  async toKafka(count: number, filler = ""): Promise<readonly number[]> {
    const producer = this.#kafka.producer({ idempotent: true });
    await producer.connect();
    const numbers: number[] = [];
    for (let left = count; left > 0; left -= 50) {
      const some = Array.from({ length: Math.min(50, left) }, () => this.#next++);
      numbers.push(...some);
      await producer.send({
        topic: this.topic,
        messages: some.map((number) => ({ key: `k-${number}`, value: bodyOf(number, filler) })),
      });
    }
    await producer.disconnect();
    return numbers;
  }

  /** A request now, and its reply when the returned function is called. */
  async requestByRabbitmq(): Promise<{ readonly number: number; reply(): Promise<void> }> {
    const number = this.#next++;
    const connection = await connect(this.#amqp);
    const channel = await connection.createConfirmChannel();
    const correlationId = randomUUID();
    const replyTo = `replies-${this.topic}`;
    channel.publish("amq.topic", this.topic, Buffer.from(bodyOf(number, "")), { replyTo, correlationId });
    await channel.waitForConfirms();
    return {
      number,
      async reply() {
        channel.publish("", replyTo, Buffer.from(`{"answer":true}`), { correlationId });
        await channel.waitForConfirms();
        await channel.close();
        await connection.close();
      },
    };
  }

  async toRabbitmq(count: number): Promise<readonly number[]> {
    const numbers = Array.from({ length: count }, () => this.#next++);
    const connection = await connect(this.#amqp);
    const channel = await connection.createConfirmChannel();
    for (const number of numbers) channel.publish("amq.topic", this.topic, Buffer.from(bodyOf(number, "")));
    await channel.waitForConfirms();
    await channel.close();
    await connection.close();
    return numbers;
  }

  /** Goes on writing to Kafka until it is told to stop. */
  steady(): { stop(): Promise<void> } {
    const producer = this.#kafka.producer({ idempotent: true });
    const stopping = new AbortController();
    const working = (async () => {
      await producer.connect();
      while (!stopping.signal.aborted) {
        const messages = Array.from({ length: 15 }, () => ({ value: bodyOf(this.#next++, "") }));
        await producer.send({ topic: this.topic, messages });
        await pause(10);
      }
      await producer.disconnect();
    })();
    return {
      async stop() {
        stopping.abort();
        await working;
      },
    };
  }
}

function bodyOf(number: number, filler: string): string {
  return JSON.stringify({ number, colour: `shade${number}x`, filler });
}

/** The number that a load wrote into a body. */
export function numberIn(body: string): number | undefined {
  const found = /"number":(\d+)/.exec(body)?.[1];
  return found === undefined ? undefined : Number(found);
}

export function expectEachOnce(watched: Watched, numbers: readonly number[]): void {
  const missing = numbers.filter((number) => !watched.shown.has(number));
  const twice = numbers.filter((number) => {
    const seqs = new Set(watched.shown.get(number)?.map(({ seq }) => seq));
    return seqs.size > 1;
  });
  expect({ missing, twice }).toEqual({ missing: [], twice: [] });
}

export interface SmallDisk {
  readonly folder: string;
  /** How a daemon is to be started there: with a limit of its own where the disk itself has none. */
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
}

/** A file system of its own with `megabytes`; `undefined` where this user may mount none. */
export function smallDisk(folder: string, megabytes: number): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "ignore" });
  if (mounted.status !== 0) return undefined;
  return { folder, env: {}, remove: () => void spawnSync("umount", ["-l", folder], { stdio: "ignore" }) };
}

/** What was done, and what the view said to it: printed when all is over. */
export class FaultTable {
  readonly #rows: { fault: string; said: readonly string[]; kept: string }[] = [];

  add(fault: string, said: readonly string[], kept: string): void {
    this.#rows.push({ fault, said, kept });
  }

  print(): void {
    const lines = this.#rows.flatMap(({ fault, said, kept }) => [
      `  ${fault}`,
      ...said.map((sentence) => `      said  ${sentence}`),
      `      kept  ${kept}`,
    ]);
    console.log(["Faults, what the view said to each, and what was kept:", ...lines].join("\n"));
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
