/**
 * What benches of taps stand on: both brokers, a workspace with the contract of the messages, the built daemon, and
 * loads in processes of their own. Takes in nothing; hands out the parts, and takes all of them away again.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import {
  connectionFileOf,
  daemonFolder,
  readConnectionFile,
  type DaemonConnection,
  type TapSettings,
} from "../../daemon/client/index.ts";
import { startBrokers, type Brokers } from "../brokers/index.ts";
import { repositoryRoot } from "../setup/paths.ts";
import { startBuiltDaemon } from "./built-daemon.ts";
import type { Job, Outcome } from "./tap-load.ts";
import { ordersContract } from "./tap-messages.ts";
import type { StoredJob, StoredOutcome } from "./tap-stored.ts";
import { processToBeEnded, toBeEnded } from "./undo.ts";

export type BrokerKind = "kafka" | "rabbitmq";

export interface TapRig {
  readonly folder: string;
  readonly addresses: Readonly<Record<BrokerKind, string>>;
  /** A topic, an exchange with a queue of the same name, and a topic to drain. */
  readonly channels: Readonly<Record<BrokerKind | "drain", string>>;
  /** Times in bodies count from here. */
  readonly epoch: number;
  close(): Promise<void>;
}

export async function openTapRig(): Promise<TapRig> {
  const starting = startBrokers({ say: console.log });
  const folder = await mkdtemp(join(tmpdir(), "contrail-bench-tap-"));
  const suffix = Date.now().toString(36);
  const channels = {
    kafka: `bench.orders.${suffix}`,
    rabbitmq: `bench.events.${suffix}`,
    drain: `bench.drain.${suffix}`,
  };
  const opening = starting.then((brokers) => {
    const { kafka = "", rabbitmq = "" } = brokers;
    return { brokers, rig: { folder, addresses: { kafka, rabbitmq }, channels, epoch: Date.now() } };
  });
  const close = toBeEnded(async () => {
    try {
      const { brokers, rig } = await opening;
      await removeChannels(rig, brokers);
      await brokers.stop();
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  });
  try {
    const { rig } = await opening;
    await mkdir(workspaceOf(rig));
    await writeFile(join(workspaceOf(rig), "orders.asyncapi.yaml"), ordersContract(Object.values(channels)));
    await createChannels(rig);
    return { ...rig, close };
  } catch (cause) {
    await close().catch(() => undefined);
    throw cause;
  }
}

type Places = Pick<TapRig, "folder" | "addresses" | "channels">;

function workspaceOf({ folder }: Pick<TapRig, "folder">): string {
  return join(folder, "workspace");
}

// ---------------------------------------------------------------------------------------------------- the daemon

export interface BenchedDaemon {
  readonly connection: DaemonConnection;
  readonly pid: number;
  /** Where it keeps its captures. */
  readonly captures: string;
  /** Resolves when every tap stands; rejects with what one says instead. */
  live(): Promise<void>;
  stop(): Promise<void>;
}

/** The daemon as it runs behind the editor, from `dist`; each begins a capture of its own. */
export async function startTap(rig: TapRig, ...taps: TapSettings[]): Promise<BenchedDaemon> {
  const stateDir = await mkdtemp(join(rig.folder, "state-"));
  const workspaceFolder = workspaceOf(rig);
  const dist = join(repositoryRoot, "dist");
  const { starting, stop } = startBuiltDaemon(
    {
      workspaceFolder,
      taps,
      webviewFolder: join(dist, "webview"),
      guardianPath: join(dist, "node", "guardian.js"),
    },
    stateDir,
    () => rm(stateDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  );
  const connection = await starting;
  const pid = readConnectionFile(connectionFileOf(workspaceFolder, stateDir))?.pid ?? 0;
  return {
    connection,
    pid,
    captures: join(daemonFolder(workspaceFolder, stateDir), "captures"),
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
    stop,
  };
}

export function tapOf(rig: TapRig, kind: BrokerKind): TapSettings {
  return kind === "kafka"
    ? { kind, brokers: rig.addresses.kafka, topics: [rig.channels.kafka] }
    : { kind, url: rig.addresses.rabbitmq };
}

// ---------------------------------------------------------------------------------------------------- the load

export interface Load<T = Outcome> {
  readonly ready: Promise<void>;
  readonly outcome: Promise<T>;
  /** Tells a producer that has warmed up to begin. */
  begin(): void;
  /** Tells a consumer that this is all. */
  finish(): void;
}

export function jobOf(rig: TapRig, kind: BrokerKind): Pick<Job, "broker" | "address" | "channel" | "epoch"> {
  return { broker: kind, address: rig.addresses[kind], channel: rig.channels[kind], epoch: rig.epoch };
}

export function startLoad(job: Job): Load {
  return startProcess("tap-load.ts", job, `${job.kind}r`);
}

/** Reads from the capture file what is stored, and when. */
export function startStoredReader(job: StoredJob): Load<StoredOutcome> {
  return startProcess("tap-stored.ts", job, "reader of the capture");
}

/** Messages a second, by broker. */
export type Rates = Readonly<Record<BrokerKind, number>>;

/** The same reader for a steady load on both brokers, with about 60,000 samples. */
export function readSteadyLoad(
  rig: TapRig,
  daemon: BenchedDaemon,
  { seconds, rates, everyMs }: { readonly seconds: number; readonly rates: Rates; readonly everyMs: number },
): Load<StoredOutcome> {
  return startStoredReader({
    folder: daemon.captures,
    epoch: rig.epoch,
    channels: rig.channels,
    everyMs,
    sample: Math.max(1, Math.round(((rates.kafka + rates.rabbitmq) * seconds) / 60_000)),
  });
}

/** Writes to one broker at a steady rate, and looks for no message of its own. */
export function produceSteadily(
  rig: TapRig,
  kind: BrokerKind,
  perSecond: number,
  seconds: number,
  warmUpSeconds?: number,
): Load {
  return startLoad({
    ...jobOf(rig, kind),
    kind: "produce",
    perSecond,
    seconds,
    probeEveryMs: Number.POSITIVE_INFINITY,
    ...(warmUpSeconds === undefined ? {} : { warmUpSeconds }),
  });
}

function startProcess<T>(program: string, job: object, who: string): Load<T> {
  const child: ChildProcess = fork(join(import.meta.dirname, program), {
    serialization: "advanced",
    // Ctrl-C is for the bench: it ends this process after the daemon that taps what it writes.
    detached: true,
    // kafkajs 2.2.4 sets such timeouts; they mean nothing.
    execArgv: ["--disable-warning=TimeoutNegativeWarning", "--disable-warning=ExperimentalWarning"],
  });
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const outcome = new Promise<T>((resolve, reject) => {
    child.on("message", (message) => {
      if (message === "ready") isReady();
      else resolve(message as T);
    });
    child.on("exit", (code) => reject(new Error(`The ${who} of the bench ended with code ${code}.`)));
  });
  processToBeEnded(child);
  // Whoever waits for `ready` alone must not wait for ever when the process dies.
  const died = outcome.then(() => undefined);
  died.catch(() => undefined);
  child.send(job);
  const tell = (what: "begin" | "finish"): void => {
    // It may have ended by itself meanwhile.
    if (child.connected) child.send(what, () => undefined);
  };
  return {
    ready: Promise.race([ready, died]),
    outcome,
    begin: () => tell("begin"),
    finish: () => tell("finish"),
  };
}

// ---------------------------------------------------------------------------------------------------- the brokers

async function createChannels({ addresses, channels }: Places): Promise<void> {
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
  // What no bare consumer takes must not fill the broker.
  await channel.assertQueue(channels.rabbitmq, { durable: false, maxLength: 20_000 });
  await channel.bindQueue(channels.rabbitmq, channels.rabbitmq, "#");
  await channel.close();
  await connection.close();
}

/** Empties the queue, so that a consumer that starts now gets what comes from now on. */
export async function purge({ addresses, channels }: Places): Promise<void> {
  const connection = await connect(addresses.rabbitmq);
  const channel = await connection.createChannel();
  await channel.purgeQueue(channels.rabbitmq);
  await channel.close();
  await connection.close();
}

/** Brokers that were given go on: nothing of the bench stays on them. */
async function removeChannels({ addresses, channels }: Places, brokers: Brokers): Promise<void> {
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

export function nameOf(kind: BrokerKind): string {
  return kind === "kafka" ? "Kafka" : "RabbitMQ";
}

export async function until(done: () => boolean, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!done() && performance.now() < end) await pause(20);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
