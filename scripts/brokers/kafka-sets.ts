/**
 * Kafkas for tests that one plain node is not enough for: three nodes of which one may die, and a node that wants logins
 * and TLS. Always local processes and of this run's own; what is started here is ended here.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker } from "./broker.ts";
import { makeCertificates, type Certificates } from "./certificates.ts";
import { newClusterId, startLocalKafka, type Listener } from "./local-kafka.ts";
import { claimPorts } from "./ports.ts";
import { ResidueWatch } from "./residue.ts";

export interface KafkaNode {
  readonly id: number;
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Ends it as a crash would; its data stay. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface KafkaCluster {
  readonly nodes: readonly KafkaNode[];
  /** Ends everything, with its data. */
  stop(): Promise<void>;
}

/** Three nodes, each broker and controller, every topic with three copies unless it says otherwise. */
export async function startKafkaCluster(): Promise<KafkaCluster> {
  const place = await newPlace(6);
  const clusterId = newClusterId();
  const ports = [0, 2, 4].map((step) => place.firstPort + step);
  const controllerPorts = ports.map((port) => port + 1);
  const started = await Promise.allSettled(
    ports.map((port, i) =>
      startLocalKafka({
        folder: join(place.folder, `node-${i + 1}`),
        port,
        watch: place.watch,
        cluster: { clusterId, nodeId: i + 1, controllerPorts },
        say: () => undefined,
      }),
    ),
  );
  const brokers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await place.end(brokers);
    throw failed.reason;
  }
  return {
    nodes: brokers.map((broker, i) => ({
      id: i + 1,
      address: `127.0.0.1:${ports[i]}`,
      kill: () => broker.kill(),
      start: () => broker.start(),
    })),
    stop: () => place.end(brokers),
  };
}

export interface GuardedKafka {
  /** Without TLS or login; whoever comes here may do everything. */
  readonly open: string;
  /** SASL without TLS: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly login: string;
  /** SASL within TLS, the same mechanisms. */
  readonly loginOverTls: string;
  /** TLS alone. */
  readonly tls: string;
  /** TLS that wants a certificate of the client. */
  readonly mutualTls: string;
  /** SASL that takes OAUTHBEARER only. */
  readonly oauth: string;
  readonly certificates: Certificates;
  /** `boss` may do everything; `reader` only what access control lists grant it. */
  readonly passwords: { readonly boss: string; readonly reader: string };
  stop(): Promise<void>;
}

/** One node with a listener for every way of coming in, and with access control. */
export async function startGuardedKafka(): Promise<GuardedKafka> {
  const place = await newPlace(7);
  const [open, , login, loginOverTls, tls, mutualTls, oauth] = Array.from(
    { length: 7 },
    (_, i) => place.firstPort + i,
  ) as [number, number, number, number, number, number, number];
  const passwords = { boss: "boss-s3cret", reader: "reader-s3cret" };
  let broker: Broker | undefined;
  try {
    const folder = join(place.folder, "tls");
    await mkdir(folder);
    const certificates = await makeCertificates(folder);
    const keyStore = join(folder, "server-store.pem");
    const stored = await Promise.all([readFile(certificates.keyFile), readFile(certificates.certificateFile)]);
    await writeFile(keyStore, Buffer.concat(stored));
    const listeners: Listener[] = [
      { name: "LOGIN", port: login, protocol: "SASL_PLAINTEXT" },
      { name: "LOGINTLS", port: loginOverTls, protocol: "SASL_SSL" },
      { name: "TLS", port: tls, protocol: "SSL" },
      { name: "MUTUAL", port: mutualTls, protocol: "SSL" },
      { name: "OAUTH", port: oauth, protocol: "SASL_PLAINTEXT" },
    ];
    const users = Object.entries(passwords);
    const security = "org.apache.kafka.common.security";
    const plain = `${security}.plain.PlainLoginModule required ${users.map(([name, password]) => `user_${name}="${password}"`).join(" ")};`;
    const loginSettings = ["login", "logintls"].flatMap((name) => [
      `listener.name.${name}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512`,
      `listener.name.${name}.plain.sasl.jaas.config=${plain}`,
      ...["256", "512"].map(
        (bits) =>
          `listener.name.${name}.scram-sha-${bits}.sasl.jaas.config=${security}.scram.ScramLoginModule required;`,
      ),
    ]);
    broker = await startLocalKafka({
      folder: join(place.folder, "kafka"),
      port: open,
      watch: place.watch,
      say: () => undefined,
      listeners,
      scram: users.flatMap(([name, password]) =>
        ["256", "512"].map((bits) => `SCRAM-SHA-${bits}=[name=${name},password=${password}]`),
      ),
      settings: [
        "ssl.keystore.type=PEM",
        `ssl.keystore.location=${keyStore}`,
        "ssl.truststore.type=PEM",
        `ssl.truststore.location=${certificates.authorityFile}`,
        "listener.name.mutual.ssl.client.auth=required",
        ...loginSettings,
        "listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER",
        `listener.name.oauth.oauthbearer.sasl.jaas.config=${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="x";`,
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS;User:boss",
      ],
    });
    const at = (port: number): string => `127.0.0.1:${port}`;
    const running = broker;
    return {
      open: at(open),
      login: at(login),
      loginOverTls: at(loginOverTls),
      tls: at(tls),
      mutualTls: at(mutualTls),
      oauth: at(oauth),
      certificates,
      passwords,
      stop: () => place.end([running]),
    };
  } catch (error) {
    await place.end(broker === undefined ? [] : [broker]);
    throw error;
  }
}

interface Place {
  readonly folder: string;
  readonly firstPort: number;
  readonly watch: ResidueWatch;
  /** Ends these brokers, and leaves nothing behind. */
  end(brokers: readonly Broker[]): Promise<void>;
}

async function newPlace(portCount: number): Promise<Place> {
  const ports = await claimPorts(portCount);
  const watch = new ResidueWatch();
  const folder = await mkdtemp(join(tmpdir(), "contrail-kafka-"));
  watch.add({ kind: "folder", path: folder });
  let ended: Promise<void> | undefined;
  const end = async (brokers: readonly Broker[]): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.stop()));
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    watch.remove({ kind: "folder", path: folder });
    await watch.end();
    await ports.release();
  };
  return { folder, firstPort: ports.first, watch, end: (brokers) => (ended ??= end(brokers)) };
}
