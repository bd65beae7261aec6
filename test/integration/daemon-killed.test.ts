/**
 * The daemon is killed while it taps real brokers: the connection brings it back by itself, and everything that a view
 * was shown is still there, in the same capture, with what came afterwards behind it.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, Partitioners, type Admin, type Producer } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  connectionFileOf,
  isAlive,
  readConnectionFile,
  startDaemon,
  stopDaemon,
  type DaemonConnection,
} from "../../daemon/client/index.ts";
import type { MessageSummary, Status } from "../../daemon/serve/protocol.ts";
import { runShop } from "../../fixtures/shop/index.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "contrail-killed-"));
const workspace = join(root, "fixtures", "shop", "contracts");

afterAll(async () => {
  await stopDaemon(workspace, folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

it("a killed daemon comes back and has kept everything that was shown", async () => {
  const { kafka, rabbitmq } = await brokers();
  const connection = await startDaemon({
    daemonPath: join(root, "daemon", "main.ts"),
    settings: {
      workspaceFolder: workspace,
      taps: [
        { kind: "kafka", brokers: kafka },
        { kind: "rabbitmq", url: rabbitmq },
      ],
    },
    version: "0.1.0",
    client: "extension",
    stateDir: folder,
  });
  const shown = new Map<number, MessageSummary>();
  const twice: number[] = [];
  let status: Status | undefined;
  const captures: string[] = [];
  connection.onMessage((message) => {
    if (message.kind === "status") status = message.status;
    if (message.kind === "welcome") captures.push(message.captureId);
    if (message.kind !== "messages") return;
    for (const summary of message.messages) {
      if (shown.has(summary.seq)) twice.push(summary.seq);
      shown.set(summary.seq, summary);
    }
  });
  connection.send({ kind: "watchMessages", afterSeq: 0 });
  const live = () =>
    expect(status?.taps.map(({ phase, detail }) => (phase === "live" ? phase : detail))).toEqual(["live", "live"]);
  await vi.waitFor(live, { timeout: 20_000, interval: 50 });
  const shop = runShop({ kafka, rabbitmq, orders: 10, seed: 5, pace: "fast", failures: "none", clean: true });
  await vi.waitFor(() => expect(shown.size).toBeGreaterThan(20), { timeout: 20_000, interval: 20 });

  const file = connectionFileOf(workspace, folder);
  const killed = readConnectionFile(file)?.pid ?? 0;
  const before = new Map(shown);
  process.kill(killed, "SIGKILL");
  const isAnother = () => expect(readConnectionFile(file)?.pid ?? killed).not.toBe(killed);
  await vi.waitFor(isAnother, { timeout: 20_000, interval: 50 });
  // What the first one said last is no news of the second.
  status = undefined;
  await vi.waitFor(live, { timeout: 20_000, interval: 50 });
  await shop;
  const atRevival = shown.size;
  // What comes now comes to the same capture, behind what was there.
  await runShop({ kafka, rabbitmq, orders: 3, seed: 6, pace: "fast", failures: "none", clean: true });
  await vi.waitFor(() => expect(shown.size).toBeGreaterThan(atRevival + 10), { timeout: 20_000, interval: 50 });

  // A view that starts anew is shown the very same messages.
  const again = new Map<number, MessageSummary>();
  const stop = connection.onMessage((message) => {
    if (message.kind === "messages") for (const summary of message.messages) again.set(summary.seq, summary);
  });
  connection.send({ kind: "watchMessages", afterSeq: 0 });
  await vi.waitFor(() => expect(again.size).toBeGreaterThanOrEqual(shown.size), { timeout: 20_000, interval: 50 });
  stop();
  for (const [seq, { at, channel, body, name }] of before) {
    expect(again.get(seq)).toMatchObject({ at, channel, body });
    expect(again.get(seq)?.name, `message ${seq}`).toBe(name);
  }
  expect(twice.filter((seq) => !again.has(seq))).toEqual([]);
  expect(new Set(captures).size).toBe(1);
  expect(captures).toHaveLength(2);

  connection.close();
  await stopDaemon(workspace, folder);
  await vi.waitFor(() => expect(existsSync(file)).toBe(false));
  await sleep(100);
  expect(isAlive(killed)).toBe(false);
}, 120_000);

describe("what Kafka took in while no daemon ran", () => {
  let address = "";
  let admin: Admin;
  let producer: Producer;
  const begun: DaemonConnection[] = [];
  const stateDirs: string[] = [];

  beforeAll(async () => {
    address = (await brokers()).kafka;
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await Promise.all([admin.connect(), producer.connect()]);
  });

  afterAll(() => Promise.all([admin.disconnect(), producer.disconnect()]));

  afterEach(async () => {
    for (const connection of begun.splice(0)) connection.close();
    for (const stateDir of stateDirs.splice(0)) await stopDaemon(workspace, stateDir);
  });

  const create = (topic: string, numPartitions = 1) =>
    admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });

  const write = (topic: string, partition: number, ...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ value, partition })) });

  /** A daemon with its state in a folder of this name; it is live when this resolves. */
  async function begin(
    name: string,
    topics: readonly string[],
  ): Promise<{ bodies(): readonly string[]; kill(): void }> {
    const stateDir = join(folder, name);
    stateDirs.push(stateDir);
    const connection = await startDaemon({
      daemonPath: join(root, "daemon", "main.ts"),
      settings: { workspaceFolder: workspace, taps: [{ kind: "kafka", brokers: address, topics }] },
      version: "0.1.0",
      client: "extension",
      stateDir,
    });
    begun.push(connection);
    const seen: MessageSummary[] = [];
    let status: Status | undefined;
    connection.onMessage((message) => {
      if (message.kind === "status" || message.kind === "welcome") status = message.status;
      if (message.kind === "messages") seen.push(...message.messages);
    });
    connection.send({ kind: "watchMessages", afterSeq: 0 });
    const isLive = () => expect(status?.taps.map(({ phase }) => phase)).toEqual(["live"]);
    await vi.waitFor(isLive, { timeout: 20_000, interval: 20 });
    return {
      bodies: () => seen.map(({ body }) => body),
      kill: () => {
        connection.close();
        process.kill(readConnectionFile(connectionFileOf(workspace, stateDir))?.pid ?? 0, "SIGKILL");
      },
    };
  }

  const shows = (daemon: { bodies(): readonly string[] }, ...bodies: readonly string[]) =>
    vi.waitFor(() => expect(daemon.bodies().toSorted()).toEqual(bodies.toSorted()), { timeout: 10_000, interval: 20 });

  it("is fetched by the next one, once and in order", async () => {
    const topic = `${ownPrefix()}gap`;
    await create(topic, 2);
    await write(topic, 0, "before anybody watched");
    const first = await begin("gap", [topic]);
    await write(topic, 0, "one", "two");
    await shows(first, "one", "two");
    first.kill();
    await write(topic, 0, "three", "four");
    // Of this partition the first daemon saw nothing.
    await write(topic, 1, "five");
    const second = await begin("gap", [topic]);
    await write(topic, 0, "six");
    await shows(second, "one", "two", "three", "four", "five", "six");
    const ofPartition = second.bodies().filter((body) => body !== "five");
    expect(ofPartition).toEqual(["one", "two", "three", "four", "six"]);
  });

  it("is fetched also when the one before had seen nothing", async () => {
    const topic = `${ownPrefix()}silent`;
    await create(topic);
    await write(topic, 0, "before anybody watched");
    const first = await begin("silent", [topic]);
    first.kill();
    await write(topic, 0, "meanwhile");
    await shows(await begin("silent", [topic]), "meanwhile");
  });

  it("is fetched whole from topics that were made or made anew", async () => {
    const prefix = ownPrefix();
    const [shorter, longer, other] = [`${prefix}shorter`, `${prefix}longer`, `${prefix}other`];
    await create(shorter);
    await create(longer);
    const first = await begin("anew", [`${prefix}*`]);
    await write(shorter, 0, "a1", "a2", "a3");
    await write(longer, 0, "b1");
    await shows(first, "a1", "a2", "a3", "b1");
    first.kill();
    await admin.deleteTopics({ topics: [shorter, longer] });
    for (const topic of [shorter, longer, other]) await created(topic);
    await write(shorter, 0, "anew a1");
    await write(longer, 0, "anew b1", "anew b2");
    // As a copy of another cluster's topic has them, with the times that they had there.
    await producer.send({ topic: other, messages: [{ value: "c1", timestamp: String(Date.now() - 86_400_000) }] });
    const second = await begin("anew", [`${prefix}*`]);
    await shows(second, "a1", "a2", "a3", "b1", "anew a1", "anew b1", "anew b2", "c1");
  });

  /** Kafka takes a moment to forget the topic of the same name. */
  const created = (topic: string) => vi.waitFor(() => create(topic), { timeout: 10_000, interval: 100 });
});
