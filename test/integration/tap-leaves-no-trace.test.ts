/**
 * The brokers' whole state before and after a tap, under load, ended in good order and killed: identical, but for the
 * messages that the load itself wrote.
 */
import { connect } from "amqplib";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokers, ownPrefix } from "./brokers.ts";

/** How often each way of ending is gone through; `npm run soak` takes more. */
const cycles = Number(process.env["CONTRAIL_TAP_CYCLES"] ?? 2);
const messagesOfLoad = 40;

const root = join(import.meta.dirname, "..", "..");
const prefix = ownPrefix();
const topic = `${prefix}load`;
const group = `${prefix}readers`;
const vhost = `${prefix}vhost`;
const exchange = `${prefix}events`;
const queue = `${prefix}queue`;

let kafkaAddress: string;
let amqpUrl: string;
let management: URL;
let kafka: Kafka;
let admin: Admin;
let stateDir: string;

beforeAll(async () => {
  const running = await brokers();
  kafkaAddress = running.kafka;
  management = new URL(running.rabbitmqManagement ?? "");
  const url = new URL(running.rabbitmq);
  url.pathname = `/${encodeURIComponent(vhost)}`;
  amqpUrl = url.href;
  stateDir = await mkdtemp(join(tmpdir(), "contrail-no-trace-"));

  // A virtual host with everything that switching its tracing could lose.
  await manage("PUT", `/api/vhosts/${vhost}`, {
    description: "described, with commas",
    tags: "red,green",
    default_queue_type: "quorum",
  });
  const all = { configure: ".*", write: ".*", read: ".*" };
  await manage("PUT", `/api/permissions/${vhost}/${url.username}`, all);
  await manage("PUT", `/api/exchanges/${vhost}/${exchange}`, { type: "topic", durable: true });
  await manage("PUT", `/api/queues/${vhost}/${queue}`, { durable: true, arguments: { "x-queue-type": "classic" } });
  await manage("POST", `/api/bindings/${vhost}/e/${exchange}/q/${queue}`, { routing_key: "load.#" });

  kafka = new Kafka({ brokers: [kafkaAddress], logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await load();
  // A group that has committed: its offsets must stay where they are.
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: "3" }] });
});

afterAll(async () => {
  await admin.deleteGroups([group]);
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  await manage("DELETE", `/api/vhosts/${vhost}`);
  await rm(stateDir, { recursive: true });
});

test.each(Array.from({ length: cycles }, (_, i) => i + 1))("a tap that ends in good order, time %i", async () => {
  const before = await settledState();
  const tap = await startTap();
  await load();
  await tap.sees(messagesOfLoad);
  tap.process.kill("SIGTERM");
  const [code] = (await once(tap.process, "exit")) as [number | null];
  expect(code).toBe(0);
  expect((await vhostState())["tracing"]).toBe(false);
  await expectSameBut(before);
});

test.each(Array.from({ length: cycles }, (_, i) => i + 1))("a tap that is killed, time %i", async () => {
  const before = await settledState();
  const tap = await startTap();
  await load();
  await tap.sees(messagesOfLoad);
  expect((await vhostState())["tracing"]).toBe(true);
  tap.process.kill("SIGKILL");
  const killedAt = performance.now();
  await expect.poll(async () => (await vhostState())["tracing"], { timeout: 2_000, interval: 20 }).toBe(false);
  expect(performance.now() - killedAt).toBeLessThan(2_000);
  await expectSameBut(before);
});

test("a tap that is killed together with its guardian: the next start puts it right", async () => {
  const before = await settledState();
  const tap = await startTap();
  process.kill(tap.guardian, "SIGKILL");
  tap.process.kill("SIGKILL");
  await once(tap.process, "exit");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await vhostState())["tracing"]).toBe(true);
  expect(await readdir(stateDir)).toHaveLength(1);
  const next = await startTap();
  next.process.kill("SIGTERM");
  await once(next.process, "exit");
  await expectSameBut(before, 0);
});

/** Everything there is to see of both brokers that is no statistics. */
async function state(): Promise<Record<string, unknown>> {
  const topics = (await admin.listTopics()).sort();
  const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId).sort();
  const committed: Record<string, unknown> = {};
  for (const groupId of groups) committed[groupId] = await admin.fetchOffsets({ groupId });
  const list = async (path: string, keys: readonly string[]): Promise<unknown[]> =>
    ((await manage("GET", path)) as Record<string, unknown>[])
      .map((item) => Object.fromEntries(keys.map((key) => [key, item[key]])))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return {
    topics,
    groups,
    committed,
    vhosts: await list("/api/vhosts", ["name", "description", "tags", "default_queue_type", "metadata", "tracing"]),
    exchanges: await list("/api/exchanges", [
      "vhost",
      "name",
      "type",
      "durable",
      "auto_delete",
      "internal",
      "arguments",
    ]),
    allQueues: await list("/api/queues", ["vhost", "name"]),
    queues: await list(`/api/queues/${vhost}`, [
      "vhost",
      "name",
      "durable",
      "auto_delete",
      "exclusive",
      "arguments",
      "messages",
    ]),
    bindings: await list("/api/bindings", [
      "vhost",
      "source",
      "destination",
      "destination_type",
      "routing_key",
      "arguments",
    ]),
    connections: await list(`/api/vhosts/${vhost}/connections`, ["name", "user"]),
    users: await list("/api/users", ["name", "tags"]),
    permissions: await list("/api/permissions", ["user", "vhost", "configure", "write", "read"]),
    policies: await list("/api/policies", ["vhost", "name", "definition"]),
    parameters: await list("/api/global-parameters", ["name", "value"]),
    leases: await readdir(stateDir),
    end: (await admin.fetchTopicOffsets(topic))[0]?.offset,
  };
}

/** RabbitMQ's numbers of connections and messages are seconds old; before they have settled they are no basis. */
async function settledState(): Promise<Record<string, unknown>> {
  let last: Record<string, unknown> = {};
  const unsettled = async (): Promise<unknown> => {
    last = await state();
    const queues = last["queues"] as readonly { readonly messages: unknown }[];
    return [last["connections"], queues.filter(({ messages }) => messages !== 0)];
  };
  await expect.poll(unsettled, { timeout: 30_000, interval: 100 }).toEqual([[], []]);
  return last;
}

async function expectSameBut(before: Record<string, unknown>, written = messagesOfLoad): Promise<void> {
  const after = await settledState();
  expect({ ...after, end: undefined }).toEqual({ ...before, end: undefined });
  expect(Number(after["end"]) - Number(before["end"])).toBe(written);
}

/** Writes to both brokers, and reads from RabbitMQ again. */
async function load(): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const client = await connect(amqpUrl);
  const channel = await client.createConfirmChannel();
  let received = 0;
  const consumed = new Promise<void>((resolve) => {
    void channel.consume(queue, (message) => {
      if (message === null) return;
      channel.ack(message);
      if (++received === messagesOfLoad) resolve();
    });
  });
  for (let i = 0; i < messagesOfLoad; i++) {
    await producer.send({ topic, messages: [{ value: `load ${i}` }] });
    channel.publish(exchange, "load.x", Buffer.from(`load ${i}`));
  }
  await channel.waitForConfirms();
  await consumed;
  await channel.close();
  await client.close();
  await producer.disconnect();
}

interface RunningTap {
  readonly process: ChildProcess;
  readonly guardian: number;
  /** Resolves when it has seen that many messages on each broker. */
  sees(count: number): Promise<void>;
}

async function startTap(): Promise<RunningTap> {
  const program = join(root, "daemon", "tap", "testing", "tap-process.ts");
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      TAP_KAFKA: kafkaAddress,
      TAP_RABBITMQ: amqpUrl,
      TAP_MANAGEMENT: management.origin,
      TAP_STATE: stateDir,
      TAP_GUARDIAN: join(root, "daemon", "guardian-main.ts"),
    },
  });
  const lines = createInterface({ input: child.stdout });
  let seen = { kafka: 0, rabbitmq: 0 };
  const [first] = (await once(lines, "line")) as [string];
  lines.on("line", (line) => (seen = JSON.parse(line) as typeof seen));
  return {
    process: child,
    guardian: (JSON.parse(first) as { guardian: number }).guardian,
    async sees(count) {
      await expect.poll(() => seen, { timeout: 10_000, interval: 20 }).toEqual({ kafka: count, rabbitmq: count });
    },
  };
}

async function vhostState(): Promise<Record<string, unknown>> {
  return (await manage("GET", `/api/vhosts/${vhost}`)) as Record<string, unknown>;
}

async function manage(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(path, management.origin), {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${management.username}:${management.password}`).toString("base64")}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
