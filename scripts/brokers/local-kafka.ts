import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Broker } from "./broker.ts";
import { startProcessGroup, type ProcessGroup } from "./process-group.ts";
import { kafkaReady, until } from "./ready.ts";
import type { ResidueWatch } from "./residue.ts";
import { ensureKafkaLibrary } from "./tools.ts";

const run = promisify(execFile);

export interface LocalKafkaOptions {
  readonly folder: string;
  /** The broker listens here, its controller on the next port. */
  readonly port: number;
  readonly watch: ResidueWatch;
  /** What clients are told to connect to instead of the real address, for tests of just that. */
  readonly advertised?: string;
  /** The node's place in a cluster; without it, it is one of its own. */
  readonly cluster?: ClusterPlace;
  /** Further listeners, and lines of `server.properties`. */
  readonly listeners?: readonly Listener[];
  readonly settings?: readonly string[];
  /** Users to be made for SCRAM, as `StorageTool format --add-scram` takes them. */
  readonly scram?: readonly string[];
  readonly say: (line: string) => void;
}

export interface ClusterPlace {
  readonly clusterId: string;
  readonly nodeId: number;
  /** The controllers' ports, those of nodes 1, 2, ... */
  readonly controllerPorts: readonly number[];
}

export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
}

/** Small heap, serial collector, first compiler tier: a broker for tests should start fast and leave the cores alone. */
const javaOptions = [
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Xshare:auto",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/** One Apache Kafka node (KRaft, broker and controller) on the loopback address, data in `folder`. */
export async function startLocalKafka(options: LocalKafkaOptions): Promise<Broker> {
  const { folder, port, watch } = options;
  const library = await ensureKafkaLibrary(options.say);
  const classPath = join(library, "*");
  const properties = join(folder, "server.properties");
  await mkdir(folder, { recursive: true });
  await writeFile(properties, serverProperties(options));
  try {
    const users = (options.scram ?? []).flatMap((user) => ["--add-scram", user]);
    const clusterId = options.cluster?.clusterId ?? newClusterId();
    const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties, ...users];
    await run("java", [...javaOptions, "-cp", classPath, ...format], { cwd: folder });
  } catch (cause) {
    const { stderr = "", message } = cause as Error & { stderr?: string };
    const [reason = message] = stderr.trim().split("\n");
    throw new Error(`Kafka could not prepare its data folder: ${reason}. It needs Java 17 or newer.`, { cause });
  }

  let group: ProcessGroup | undefined;
  const start = async (): Promise<void> => {
    const started = await startProcessGroup("java", [...javaOptions, "-cp", classPath, "kafka.Kafka", properties], {
      cwd: folder,
      log: join(folder, "kafka.log"),
      watch,
    });
    group = started;
    const ready = await until(() => kafkaReady("127.0.0.1", port), { timeout: 60_000, alive: started.alive });
    if (!ready) {
      const tail = started.tail();
      await started.end(0);
      throw new Error(`Kafka did not come up on 127.0.0.1:${port}. Its last words:\n${tail}`);
    }
  };
  const end = async (patience: number): Promise<void> => {
    await group?.end(patience);
    group = undefined;
  };
  await start();
  return {
    stop: () => end(0),
    kill: () => end(0),
    start,
    async restart() {
      await end(15_000);
      await start();
    },
  };
}

/** Kafka reads an id that begins with "-" as an option. */
export function newClusterId(): string {
  return `k${randomBytes(16).toString("base64url").slice(1)}`;
}

function serverProperties({
  folder,
  port,
  advertised,
  cluster,
  listeners = [],
  settings = [],
}: LocalKafkaOptions): string {
  const { nodeId, controllerPorts } = cluster ?? { nodeId: 1, controllerPorts: [port + 1] };
  const controllers = controllerPorts.map((controller, i) => `${i + 1}@127.0.0.1:${controller}`);
  const copies = Math.min(3, controllers.length);
  const at = (name: string, number: number): string => `${name}://127.0.0.1:${number}`;
  const others = listeners.map((listener) => at(listener.name, listener.port));
  const protocols = listeners.map(({ name, protocol }) => `${name}:${protocol}`);
  return `${[
    "process.roles=broker,controller",
    `node.id=${nodeId}`,
    `controller.quorum.voters=${controllers.join(",")}`,
    `listeners=${[at("PLAINTEXT", port), ...others, at("CONTROLLER", port + 1)].join(",")}`,
    `advertised.listeners=${[`PLAINTEXT://${advertised ?? `127.0.0.1:${port}`}`, ...others].join(",")}`,
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=PLAINTEXT",
    `listener.security.protocol.map=${["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", ...protocols].join(",")}`,
    `log.dirs=${join(folder, "data")}`,
    "num.partitions=3",
    `default.replication.factor=${copies}`,
    // As many copies as there are nodes; few partitions of the internal topics, so that they are there at once.
    `offsets.topic.replication.factor=${copies}`,
    "offsets.topic.num.partitions=8",
    `transaction.state.log.replication.factor=${copies}`,
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    `share.coordinator.state.topic.replication.factor=${copies}`,
    "share.coordinator.state.topic.min.isr=1",
    "share.coordinator.state.topic.num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    // After a crash the controller takes the node back only when its old session is over: 9 s by default.
    "broker.heartbeat.interval.ms=500",
    "broker.session.timeout.ms=2000",
    // Tests of compaction wait for the cleaner, which rests 15 s by default.
    "log.cleaner.backoff.ms=500",
    ...settings,
  ].join("\n")}\n`;
}
