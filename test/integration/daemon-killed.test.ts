/**
 * The daemon is killed while it taps real brokers: the connection brings it back by itself, and everything that a view
 * was shown is still there, in the same capture, with what came afterwards behind it.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, expect, it, vi } from "vitest";
import { connectionFileOf, isAlive, readConnectionFile, startDaemon, stopDaemon } from "../../daemon/client/index.ts";
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
  status = undefined;
  process.kill(killed, "SIGKILL");
  await vi.waitFor(live, { timeout: 20_000, interval: 50 });
  expect(readConnectionFile(file)?.pid).not.toBe(killed);
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

it("what Kafka took in while no daemon ran is fetched by the next one, once and in order", async () => {
  const { kafka: address } = await brokers();
  const topic = `${ownPrefix()}gap`;
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  const write = (partition: number, ...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ value, partition })) });
  const stateDir = join(folder, "gap");
  const begin = async () => {
    const connection = await startDaemon({
      daemonPath: join(root, "daemon", "main.ts"),
      settings: { workspaceFolder: workspace, taps: [{ kind: "kafka", brokers: address, topics: [topic] }] },
      version: "0.1.0",
      client: "extension",
      stateDir,
    });
    const seen: MessageSummary[] = [];
    let status: Status | undefined;
    connection.onMessage((message) => {
      if (message.kind === "status" || message.kind === "welcome") status = message.status;
      if (message.kind === "messages") seen.push(...message.messages);
    });
    connection.send({ kind: "watchMessages", afterSeq: 0 });
    const isLive = () => expect(status?.taps.map(({ phase }) => phase)).toEqual(["live"]);
    await vi.waitFor(isLive, { timeout: 20_000, interval: 20 });
    return { connection, bodies: () => seen.map(({ body }) => body) };
  };

  await write(0, "before anybody watched");
  const first = await begin();
  await write(0, "one", "two");
  await vi.waitFor(() => expect(first.bodies()).toEqual(["one", "two"]), { timeout: 10_000, interval: 20 });
  first.connection.close();
  process.kill(readConnectionFile(connectionFileOf(workspace, stateDir))?.pid ?? 0, "SIGKILL");

  await write(0, "three", "four");
  // Of this partition the first daemon saw nothing.
  await write(1, "five");
  const second = await begin();
  await write(0, "six");
  const all = ["one", "two", "three", "four", "five", "six"];
  await vi.waitFor(() => expect(new Set(second.bodies())).toEqual(new Set(all)), { timeout: 10_000, interval: 20 });
  expect(second.bodies()).toHaveLength(all.length);
  expect(second.bodies().filter((body) => body !== "five")).toEqual(all.filter((body) => body !== "five"));
  second.connection.close();
  await stopDaemon(workspace, stateDir);
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}, 60_000);
