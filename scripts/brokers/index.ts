/**
 * Real brokers for tests, demonstrations and development.
 *
 * Takes in: which brokers are wanted. Hands out: their addresses, and the means to stop, restart, kill and administer
 * them. Brokers named by CONTRAIL_KAFKA and CONTRAIL_RABBITMQ are used as they are; else Docker Compose starts them
 * where Docker answers; else they run as local processes. What it started it ends, its data included, also when this
 * process is killed (see guardian.ts).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker } from "./broker.ts";
import type { Certificates } from "./certificates.ts";
import { dockerAnswers, startCompose } from "./compose.ts";
import { startLocalKafka } from "./local-kafka.ts";
import { startLocalRabbitmq, type LocalRabbitmqOptions, type RabbitmqBroker } from "./local-rabbitmq.ts";
import { claimPorts } from "./ports.ts";
import { ensureRabbitmq4 } from "./rabbitmq4.ts";
import { kafkaReady, rabbitmqReady, until } from "./ready.ts";
import { ResidueWatch } from "./residue.ts";
import { missingTools } from "./tools.ts";

export { makeCertificates, type Certificates } from "./certificates.ts";
export { startGuardedKafka, startKafkaCluster, type GuardedKafka, type KafkaCluster } from "./kafka-sets.ts";
export { claimPorts, type PortBlock } from "./ports.ts";
export { ensureRabbitmq4 } from "./rabbitmq4.ts";
export { cacheFolder, ensureKafkaLibrary, missingTools, type MissingTool } from "./tools.ts";

export interface BrokerRequest {
  /** Whether Kafka is wanted; default yes. */
  readonly kafka?: boolean;
  /** Whether RabbitMQ is wanted; default yes. */
  readonly rabbitmq?: boolean;
  /** 4: RabbitMQ 4, given by CONTRAIL_RABBITMQ4 or unpacked here; default: whichever this machine has. */
  readonly rabbitmqVersion?: 4;
  /** RabbitMQ's plug-ins beside the management API; implies `own` and a local process. */
  readonly rabbitmqPlugins?: readonly string[];
  /** RabbitMQ listens with TLS as well, by these certificates; implies `own` and a local process. */
  readonly rabbitmqCertificates?: Certificates;
  /** By TLS, RabbitMQ wants a certificate of the client too. */
  readonly rabbitmqWantsCertificate?: boolean;
  /** Starts brokers of this run's own even where the environment names some: for tests that kill or reconfigure them. */
  readonly own?: boolean;
  /** What Kafka tells clients to connect to instead of its real address, such as `kafka:9092`; implies `own`. */
  readonly kafkaAdvertised?: string;
  /** Hears what takes long. */
  readonly say?: (line: string) => void;
}

export interface Brokers {
  /** `127.0.0.1:PORT` */
  readonly kafka?: string;
  /** `amqp://guest:guest@127.0.0.1:PORT` */
  readonly rabbitmq?: string;
  /** `http://guest:guest@127.0.0.1:PORT`, where it is known. */
  readonly rabbitmqManagement?: string;
  /** `amqps://guest:guest@localhost:PORT` and its management API, where TLS was asked for. */
  readonly rabbitmqTls?: { readonly url: string; readonly management: string };
  /** Who runs them. */
  readonly runner: "given" | "docker" | "local";
  /** Ends what was started, with its data; brokers that were given stay as they are. Safe to call twice. */
  stop(): Promise<void>;
  restartKafka(): Promise<void>;
  restartRabbitmq(): Promise<void>;
  /** Ends Kafka as a crash would; `startKafka` brings it back with its data. */
  killKafka(): Promise<void>;
  killRabbitmq(): Promise<void>;
  startKafka(): Promise<void>;
  startRabbitmq(): Promise<void>;
  /** Runs `rabbitmqctl` on the node and resolves to what it printed. */
  rabbitmqctl(args: readonly string[]): Promise<string>;
}

interface Running {
  readonly kafkaAddress?: string;
  readonly rabbitmqAddress?: string;
  readonly management?: string;
  readonly tls?: { readonly url: string; readonly management: string };
  readonly kafka?: Broker;
  readonly rabbitmq?: RabbitmqBroker;
  readonly runner: Brokers["runner"];
  stop(): Promise<void>;
}

/** Starts the brokers that are asked for and resolves when they serve. */
export async function startBrokers(request: BrokerRequest = {}): Promise<Brokers> {
  const wanted = { kafka: request.kafka ?? true, rabbitmq: request.rabbitmq ?? true };
  const own =
    request.own === true ||
    request.kafkaAdvertised !== undefined ||
    request.rabbitmqPlugins !== undefined ||
    request.rabbitmqCertificates !== undefined;
  const rabbitmqVariable = request.rabbitmqVersion === 4 ? "CONTRAIL_RABBITMQ4" : "CONTRAIL_RABBITMQ";
  const given = {
    kafka: wanted.kafka && !own ? process.env["CONTRAIL_KAFKA"] : undefined,
    rabbitmq: wanted.rabbitmq && !own ? process.env[rabbitmqVariable] : undefined,
  };
  await Promise.all([
    given.kafka === undefined ? undefined : expectKafka(given.kafka),
    given.rabbitmq === undefined ? undefined : expectRabbitmq(given.rabbitmq, rabbitmqVariable),
  ]);
  const toStart = {
    kafka: wanted.kafka && given.kafka === undefined,
    rabbitmq: wanted.rabbitmq && given.rabbitmq === undefined,
  };
  const running = toStart.kafka || toStart.rabbitmq ? await startOwn(toStart, request) : nothing;
  const kafka = given.kafka ?? running.kafkaAddress;
  const rabbitmq = given.rabbitmq ?? running.rabbitmqAddress;
  const management = given.rabbitmq === undefined ? running.management : process.env[`${rabbitmqVariable}_MANAGEMENT`];
  const ownKafka = (): Broker => running.kafka ?? notOurs("Kafka", kafka);
  const ownRabbitmq = (): RabbitmqBroker => running.rabbitmq ?? notOurs("RabbitMQ", rabbitmq);
  let stopped: Promise<void> | undefined;
  return {
    ...(kafka === undefined ? {} : { kafka }),
    ...(rabbitmq === undefined ? {} : { rabbitmq }),
    ...(management === undefined ? {} : { rabbitmqManagement: management }),
    ...(running.tls === undefined ? {} : { rabbitmqTls: running.tls }),
    runner: running.runner,
    stop: () => (stopped ??= running.stop()),
    restartKafka: async () => ownKafka().restart(),
    restartRabbitmq: async () => ownRabbitmq().restart(),
    killKafka: async () => ownKafka().kill(),
    killRabbitmq: async () => ownRabbitmq().kill(),
    startKafka: async () => ownKafka().start(),
    startRabbitmq: async () => ownRabbitmq().start(),
    rabbitmqctl: async (args) => ownRabbitmq().rabbitmqctl(args),
  };
}

const nothing: Running = { runner: "given", stop: () => Promise.resolve() };

interface Wanted {
  readonly kafka: boolean;
  readonly rabbitmq: boolean;
}

async function startOwn(wanted: Wanted, request: BrokerRequest): Promise<Running> {
  const say = request.say ?? (() => undefined);
  const onlyLocally = request.rabbitmqCertificates !== undefined || request.rabbitmqPlugins !== undefined;
  if (!onlyLocally && (await dockerAnswers())) {
    try {
      return await startInDocker(wanted, request);
    } catch (error) {
      say(`Docker answers but could not run the brokers, so they run as local processes: ${(error as Error).message}`);
    }
  }
  const missing = missingTools({ ...wanted, rabbitmq: wanted.rabbitmq && request.rabbitmqVersion === undefined });
  if (missing.length > 0) {
    const programs = missing.map((tool) => tool.program).join(", ");
    const packages = missing.map((tool) => tool.debianPackage).join(" ");
    throw new Error(
      `Cannot start the brokers: ${programs} not found. Run "npm run test:setup", or "apt-get install --no-install-recommends ${packages}", or name running brokers in CONTRAIL_KAFKA and CONTRAIL_RABBITMQ.`,
    );
  }
  return startLocally(wanted, request, say);
}

async function startInDocker(wanted: Wanted, request: BrokerRequest): Promise<Running> {
  const ports = await claimPorts(3);
  const watch = new ResidueWatch();
  const end = async (): Promise<void> => {
    await watch.end();
    await ports.release();
  };
  const port = ports.first;
  try {
    const advertised = request.kafkaAdvertised === undefined ? {} : { advertised: request.kafkaAdvertised };
    const compose = await startCompose({ ...wanted, port, ...advertised, watch });
    return {
      ...compose,
      ...addresses(wanted, { kafka: port, amqp: port + 1, management: port + 2 }),
      runner: "docker",
      async stop() {
        await compose.stop();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function startLocally(wanted: Wanted, request: BrokerRequest, say: (line: string) => void): Promise<Running> {
  // Kafka and its controller; then AMQP, management, Erlang's distribution and its port mapper, AMQP and management by TLS.
  const ports = await claimPorts(8);
  const watch = new ResidueWatch();
  const folder = await mkdtemp(join(tmpdir(), "contrail-brokers-"));
  watch.add({ kind: "folder", path: folder });
  const end = async (brokers: readonly (Broker | undefined)[]): Promise<void> => {
    await Promise.all(brokers.map(async (broker) => broker?.stop()));
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    watch.remove({ kind: "folder", path: folder });
    await watch.end();
    await ports.release();
  };
  const kafkaPort = ports.first;
  const amqpPort = ports.first + 2;
  const advertised = request.kafkaAdvertised === undefined ? {} : { advertised: request.kafkaAdvertised };
  const [kafka, rabbitmq] = await Promise.allSettled([
    wanted.kafka
      ? startLocalKafka({ folder: join(folder, "kafka"), port: kafkaPort, watch, say, ...advertised })
      : undefined,
    wanted.rabbitmq
      ? startRabbitmq(request, { folder: join(folder, "rabbitmq"), port: amqpPort, watch }, say)
      : undefined,
  ]);
  if (kafka.status === "rejected" || rabbitmq.status === "rejected") {
    await end([kafka, rabbitmq].map((result) => (result.status === "fulfilled" ? result.value : undefined)));
    throw kafka.status === "rejected" ? kafka.reason : (rabbitmq as PromiseRejectedResult).reason;
  }
  return {
    ...addresses(wanted, { kafka: kafkaPort, amqp: amqpPort, management: amqpPort + 1 }),
    ...(kafka.value === undefined ? {} : { kafka: kafka.value }),
    ...(rabbitmq.value === undefined ? {} : { rabbitmq: rabbitmq.value }),
    ...(request.rabbitmqCertificates === undefined
      ? {}
      : {
          tls: {
            url: `amqps://guest:guest@localhost:${amqpPort + 4}`,
            management: `https://guest:guest@localhost:${amqpPort + 5}`,
          },
        }),
    runner: "local",
    stop: () => end([kafka.value, rabbitmq.value]),
  };
}

async function startRabbitmq(
  request: BrokerRequest,
  options: LocalRabbitmqOptions,
  say: (line: string) => void,
): Promise<RabbitmqBroker> {
  const { rabbitmqVersion, rabbitmqPlugins, rabbitmqCertificates, rabbitmqWantsCertificate } = request;
  return startLocalRabbitmq({
    ...options,
    ...(rabbitmqVersion === undefined ? {} : { installation: await ensureRabbitmq4(say) }),
    ...(rabbitmqPlugins === undefined ? {} : { plugins: rabbitmqPlugins }),
    ...(rabbitmqCertificates === undefined
      ? {}
      : { tls: { ...rabbitmqCertificates, mutual: rabbitmqWantsCertificate === true } }),
  });
}

function addresses(
  wanted: Wanted,
  ports: { readonly kafka: number; readonly amqp: number; readonly management: number },
): Pick<Running, "kafkaAddress" | "rabbitmqAddress" | "management"> {
  return {
    ...(wanted.kafka ? { kafkaAddress: `127.0.0.1:${ports.kafka}` } : {}),
    ...(wanted.rabbitmq
      ? {
          rabbitmqAddress: `amqp://guest:guest@127.0.0.1:${ports.amqp}`,
          management: `http://guest:guest@127.0.0.1:${ports.management}`,
        }
      : {}),
  };
}

async function expectKafka(address: string): Promise<void> {
  const [first = ""] = address.split(",");
  const colon = first.lastIndexOf(":");
  const host = colon < 0 ? first : first.slice(0, colon);
  const port = colon < 0 ? 9092 : Number(first.slice(colon + 1));
  if (await until(() => kafkaReady(host, port), { timeout: 5_000 })) return;
  throw new Error(`No Kafka answers at ${first}, which CONTRAIL_KAFKA names. Start it, or unset CONTRAIL_KAFKA.`);
}

async function expectRabbitmq(address: string, variable: string): Promise<void> {
  const url = new URL(address);
  const port = url.port === "" ? 5672 : Number(url.port);
  if (await until(() => rabbitmqReady(url.hostname, port), { timeout: 5_000 })) return;
  throw new Error(
    `No RabbitMQ answers at ${url.hostname}:${port}, which ${variable} names. Start it, or unset ${variable}.`,
  );
}

function notOurs(broker: string, address: string | undefined): never {
  throw new Error(
    address === undefined
      ? `${broker} was not asked for, so it cannot be stopped, restarted or administered.`
      : `${broker} at ${address} was given by the environment; only brokers that were started here are stopped, restarted or administered.`,
  );
}
