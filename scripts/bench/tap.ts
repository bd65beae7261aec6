/**
 * Tap to screen, on a real Kafka and a real RabbitMQ: messages with the time of their sending inside, from a producer in
 * a process of its own, through the daemon as it runs behind the editor, to a view and to the pixels of a real browser.
 * The peer in the same run is the bare client library, which reads the same messages at the same time and does nothing
 * with them.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { chromium } from "playwright-core";
import {
  connectionFileOf,
  readConnectionFile,
  startDaemon,
  stopDaemon,
  type DaemonConnection,
  type TapSettings,
} from "../../daemon/client/index.ts";
import { startBrokers, type Brokers } from "../brokers/index.ts";
import { chromiumFlags, ensureChromium } from "../setup/chromium.ts";
import { repositoryRoot } from "../setup/paths.ts";
import { heading, line, quantile, spread } from "./figures.ts";
import { processUsage, usageLine } from "./process-usage.ts";
import type { Job, Outcome } from "./tap-load.ts";
import { nowSince, ordersContract, sentAtOf } from "./tap-messages.ts";

const seconds = 10;
const rates = { kafka: 10_000, rabbitmq: 2_000 } as const;
/** So that all of them fit on one screen: the list draws no more. */
const probeEveryMs = 500;
const drained = 200_000;
/** After the last message was sent, views get so long to see it. */
const patienceMs = 20_000;

type BrokerKind = keyof typeof rates;

interface Bench {
  readonly folder: string;
  readonly addresses: Readonly<Record<BrokerKind, string>>;
  readonly channels: Readonly<Record<BrokerKind | "drain", string>>;
  readonly epoch: number;
}

export async function benchTap(): Promise<void> {
  heading("Tap to screen, on a real Kafka and a real RabbitMQ");
  const chromiumPath = await ensureChromium();
  const brokers = await startBrokers({ say: console.log });
  const folder = await mkdtemp(join(tmpdir(), "contrail-bench-tap-"));
  try {
    const { kafka = "", rabbitmq = "" } = brokers;
    const suffix = Date.now().toString(36);
    const channels = {
      kafka: `bench.orders.${suffix}`,
      rabbitmq: `bench.events.${suffix}`,
      drain: `bench.drain.${suffix}`,
    };
    const bench: Bench = { folder, addresses: { kafka, rabbitmq }, channels, epoch: Date.now() };
    await mkdir(join(folder, "workspace"));
    await writeFile(join(folder, "workspace", "orders.asyncapi.yaml"), ordersContract(Object.values(channels)));
    await createChannels(bench);
    try {
      console.log(`load of this machine before: ${loadavg()[0]?.toFixed(1)}`);
      for (const kind of ["kafka", "rabbitmq"] as const) await benchStream(bench, kind, chromiumPath);
      await benchDrain(bench);
    } finally {
      await removeChannels(bench, brokers);
    }
  } finally {
    await brokers.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

// ---------------------------------------------------------------------------------------------------- a stream

async function benchStream(bench: Bench, kind: BrokerKind, chromiumPath: string): Promise<void> {
  const perSecond = rates[kind];
  console.log(`\n${nameOf(kind)}, ${perSecond.toLocaleString("en")} messages/s of 300 bytes for ${seconds} s`);
  const daemon = await startTap(bench, tapOf(bench, kind));
  const browser = await chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags] });
  try {
    await daemon.live();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(await daemon.connection.browserAddress());
    await page.locator("contrail-conversation-list").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("probe-");
    await page.evaluate(notesProbes);
    const view = watch(daemon.connection, bench.epoch);
    const bare = startLoad({ ...jobOf(bench, kind), kind: "consume" });
    await bare.ready;
    const producer = startLoad({ ...jobOf(bench, kind), kind: "produce", perSecond, seconds, probeEveryMs });
    await producer.ready;
    const before = processUsage(daemon.pid);
    const begun = performance.now();
    const sent = await producer.outcome;
    const took = performance.now() - begun;
    const after = processUsage(daemon.pid);
    const probes = Object.keys(sent.probes);
    const all = sent.count + probes.length;
    await until(() => view.latencies.length >= all, patienceMs);
    bare.finish();
    const peer = await bare.outcome;
    const painted = await paintedWithin(() => page.evaluate("globalThis.contrailProbes"), probes, patienceMs);
    const screen = probes.flatMap((probe) => {
      const at = painted[probe];
      return at === undefined ? [] : [at - (sent.probes[probe] ?? Number.NaN)];
    });
    line(
      "  written",
      `${((sent.count / sent.milliseconds) * 1000).toFixed(0)}/s, ${sent.count.toLocaleString("en")} messages`,
    );
    line("  send to view", spread(view.latencies), "p95 under 250 ms");
    line("  send to screen", `${spread(screen)}${missing(probes.length - screen.length)}`);
    line(`  send to a bare ${kind === "kafka" ? "kafkajs" : "amqplib"} consumer`, spread(peer.latencies));
    line(
      "  ratio of p95, view to bare consumer",
      (quantile(view.latencies, 0.95) / quantile(peer.latencies, 0.95)).toPrecision(2),
    );
    line("  seen, not seen, shed", `${view.latencies.length}, ${all - view.latencies.length}, ${view.shed()}`);
    line("  daemon", usageLine(before, after, took));
    line("  bare consumer", `${Math.round((peer.cpuMilliseconds / took) * 100)} % of a core`);
  } finally {
    await browser.close();
    await daemon.stop();
  }
}

/** Notes in the page when each probe's row was painted: it is in the tree, and the frame after that has begun. */
const notesProbes = `(() => {
  const list = (function find(root) {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "contrail-conversation-list") return element;
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
  })(document);
  const seen = (globalThis.contrailProbes = {});
  let waiting = [];
  const frame = () => {
    for (const probe of waiting) seen[probe] = performance.timeOrigin + performance.now();
    waiting = [];
    for (const [probe] of list.shadowRoot.textContent.matchAll(/probe-[a-z]+-\\d+/g)) {
      if (seen[probe] !== undefined) continue;
      seen[probe] = NaN;
      waiting.push(probe);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()`;

async function paintedWithin(
  read: () => Promise<unknown>,
  probes: readonly string[],
  milliseconds: number,
): Promise<Readonly<Record<string, number>>> {
  let painted: Record<string, number> = {};
  const end = performance.now() + milliseconds;
  do {
    painted = (await read()) as Record<string, number>;
    if (probes.every((probe) => Number.isFinite(painted[probe]))) break;
    await pause(100);
  } while (performance.now() < end);
  return painted;
}

interface Watched {
  readonly latencies: readonly number[];
  shed(): number;
}

/** A view beside the page: every message, and the list. */
function watch(connection: DaemonConnection, epoch: number): Watched {
  const latencies: number[] = [];
  let shed = 0;
  connection.onMessage((message) => {
    if (message.kind === "status") shed = message.status.shed;
    if (message.kind !== "messages") return;
    const at = nowSince(epoch);
    for (const { body } of message.messages) latencies.push(at - sentAtOf(body));
  });
  connection.send({ kind: "watchMessages", afterSeq: 0 });
  connection.send({ kind: "watchConversations", filter: { text: "", states: [] }, first: 0, count: 40 });
  return { latencies, shed: () => shed };
}

// ---------------------------------------------------------------------------------------------------- draining

async function benchDrain(bench: Bench): Promise<void> {
  console.log(`\nDraining ${drained.toLocaleString("en")} records of 300 bytes from Kafka, from the beginning`);
  const job = { ...jobOf(bench, "kafka"), channel: bench.channels.drain };
  await startLoad({ ...job, kind: "fill", count: drained }).outcome;
  const peer = await startLoad({ ...job, kind: "consume", until: drained }).outcome;
  const daemon = await startTap(bench);
  try {
    let seen = 0;
    let asked = 0;
    daemon.connection.onMessage((message) => {
      if (message.kind === "status") seen = message.status.seen;
      if (message.kind === "conversations") asked++;
    });
    daemon.connection.send({ kind: "watchConversations", filter: { text: "", states: [] }, first: 0, count: 40 });
    const before = processUsage(daemon.pid);
    const begun = performance.now();
    await daemon.connection.configure([
      { kind: "kafka", brokers: bench.addresses.kafka, topics: [bench.channels.drain], from: "beginning" },
    ]);
    await until(() => seen >= drained, 120_000);
    const took = performance.now() - begun;
    const ours = (Math.min(seen, drained) / took) * 1000;
    const theirs = (peer.count / peer.milliseconds) * 1000;
    line("  contrail: decoded, correlated, stored", `${ours.toFixed(0)}/s`, "60,000/s");
    line("  bare kafkajs consumer", `${theirs.toFixed(0)}/s`);
    line("  ratio, contrail to kafkajs", (ours / theirs).toPrecision(2));
    line("  not seen; lists sent meanwhile", `${drained - seen}; ${asked}`);
    line("  daemon", usageLine(before, processUsage(daemon.pid), took));
  } finally {
    await daemon.stop();
  }
}

// ---------------------------------------------------------------------------------------------------- the daemon

interface BenchedDaemon {
  readonly connection: DaemonConnection;
  readonly pid: number;
  /** Resolves when every tap stands; rejects with what one says instead. */
  live(): Promise<void>;
  stop(): Promise<void>;
}

async function startTap(bench: Bench, ...taps: TapSettings[]): Promise<BenchedDaemon> {
  const stateDir = join(bench.folder, "state");
  const workspaceFolder = join(bench.folder, "workspace");
  const dist = join(repositoryRoot, "dist");
  const connection = await startDaemon({
    daemonPath: join(dist, "node", "daemon.js"),
    settings: {
      workspaceFolder,
      taps,
      webviewFolder: join(dist, "webview"),
      guardianPath: join(dist, "node", "guardian.js"),
    },
    version: "bench",
    client: "cli",
    stateDir,
  });
  const pid = readConnectionFile(connectionFileOf(workspaceFolder, stateDir))?.pid ?? 0;
  return {
    connection,
    pid,
    live: () =>
      new Promise((resolve, reject) => {
        const stopListening = connection.onMessage((message) => {
          if (message.kind !== "status" && message.kind !== "welcome") return;
          const failed = message.status.taps.find(({ phase }) => phase === "failed");
          const live = message.status.taps.filter(({ phase }) => phase === "live");
          if (failed === undefined && live.length < taps.length) return;
          stopListening();
          if (failed === undefined) resolve();
          else reject(new Error(failed.detail));
        });
      }),
    stop: async () => {
      connection.close();
      await stopDaemon(workspaceFolder, stateDir);
    },
  };
}

function tapOf(bench: Bench, kind: BrokerKind): TapSettings {
  return kind === "kafka"
    ? { kind, brokers: bench.addresses.kafka, topics: [bench.channels.kafka] }
    : { kind, url: bench.addresses.rabbitmq };
}

// ---------------------------------------------------------------------------------------------------- the load

interface Load {
  readonly ready: Promise<void>;
  readonly outcome: Promise<Outcome>;
  /** Tells a consumer that this is all. */
  finish(): void;
}

function jobOf(bench: Bench, kind: BrokerKind): Pick<Job, "broker" | "address" | "channel" | "epoch"> {
  return { broker: kind, address: bench.addresses[kind], channel: bench.channels[kind], epoch: bench.epoch };
}

function startLoad(job: Job): Load {
  const child: ChildProcess = fork(join(import.meta.dirname, "tap-load.ts"), {
    serialization: "advanced",
    // kafkajs 2.2.4 sets such timeouts; they mean nothing.
    execArgv: ["--disable-warning=TimeoutNegativeWarning"],
  });
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("message", (message) => {
      if (message === "ready") isReady();
      else resolve(message as Outcome);
    });
    child.on("exit", (code) => reject(new Error(`The ${job.kind}r of the bench ended with code ${code}.`)));
  });
  // Whoever waits for `ready` alone must not wait for ever when the process dies.
  const died = outcome.then(() => undefined);
  died.catch(() => undefined);
  child.send(job);
  return { ready: Promise.race([ready, died]), outcome, finish: () => child.send("finish") };
}

async function createChannels({ addresses, channels }: Bench): Promise<void> {
  const admin = new Kafka({ brokers: [addresses.kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [channels.kafka, channels.drain].map((topic) => ({ topic, numPartitions: 3 })),
  });
  await admin.disconnect();
  const connection = await connect(addresses.rabbitmq);
  const channel = await connection.createChannel();
  await channel.assertExchange(channels.rabbitmq, "topic", { durable: false });
  await channel.assertQueue(channels.rabbitmq, { durable: false });
  await channel.bindQueue(channels.rabbitmq, channels.rabbitmq, "#");
  await channel.close();
  await connection.close();
}

/** Brokers that were given go on: nothing of the bench stays on them. */
async function removeChannels({ addresses, channels }: Bench, brokers: Brokers): Promise<void> {
  if (brokers.runner !== "given") return;
  const admin = new Kafka({ brokers: [addresses.kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [channels.kafka, channels.drain] });
  await admin.disconnect();
  const connection = await connect(addresses.rabbitmq);
  const channel = await connection.createChannel();
  await channel.deleteQueue(channels.rabbitmq);
  await channel.deleteExchange(channels.rabbitmq);
  await channel.close();
  await connection.close();
}

// ---------------------------------------------------------------------------------------------------- small things

function nameOf(kind: BrokerKind): string {
  return kind === "kafka" ? "Kafka" : "RabbitMQ";
}

function missing(count: number): string {
  return count === 0 ? "" : `, ${count} never`;
}

async function until(done: () => boolean, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!done() && performance.now() < end) await pause(20);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
