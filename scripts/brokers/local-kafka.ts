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
  readonly say: (line: string) => void;
}

/** Small heap, serial collector, first compiler tier: a broker for tests should start fast and leave the cores alone. */
const javaOptions = [
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Xshare:auto",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/** One Apache Kafka node (KRaft, its own controller) on the loopback address, data in `folder`. */
export async function startLocalKafka(options: LocalKafkaOptions): Promise<Broker> {
  const { folder, port, watch } = options;
  const library = await ensureKafkaLibrary(options.say);
  const classPath = join(library, "*");
  const properties = join(folder, "server.properties");
  await mkdir(folder, { recursive: true });
  await writeFile(properties, serverProperties(folder, port, options.advertised));
  // Kafka reads an id that begins with "-" as an option.
  const clusterId = `k${randomBytes(16).toString("base64url").slice(1)}`;
  try {
    const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
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

function serverProperties(folder: string, port: number, advertised: string | undefined): string {
  return `${[
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${port + 1}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    `advertised.listeners=PLAINTEXT://${advertised ?? `127.0.0.1:${port}`}`,
    "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    `log.dirs=${join(folder, "data")}`,
    "num.partitions=3",
    // One node, so one copy of everything; few partitions of the internal topics, so that they are there at once.
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=8",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "share.coordinator.state.topic.num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    // After a crash the controller takes the node back only when its old session is over: 9 s by default.
    "broker.heartbeat.interval.ms=500",
    "broker.session.timeout.ms=2000",
  ].join("\n")}\n`;
}
