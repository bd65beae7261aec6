/** Everything that `contrail tap` can be told about a broker, as a user tells it: logins, TLS, offsets, virtual hosts, filters. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import amqplib from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, removeBundle, runCli } from "../../cli/testing/check-cli.ts";
import {
  makeCertificates,
  startBrokers,
  startGuardedKafka,
  type Brokers,
  type GuardedKafka,
} from "../../scripts/brokers/index.ts";
import { ownPrefix } from "./brokers.ts";

const topic = `${ownPrefix()}orders`;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-tap-flags-"));
  mkdirSync(join(folder, "empty"));
  await bundleCli();
}, 120_000);

afterAll(() => {
  removeBundle();
  rmSync(folder, { recursive: true, force: true });
});

type Line = Readonly<Record<string, unknown>>;

async function tap(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly lines: readonly Line[]; readonly stderr: string; readonly code: number | null }> {
  const { stdout, stderr, code } = await runCli(["tap", "--json", ...args], join(folder, "empty"), {
    CONTRAIL_STATE_DIR: join(folder, "state"),
    ...env,
  });
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  return { lines, stderr, code };
}

describe("a Kafka that wants logins and TLS", () => {
  let guarded: GuardedKafka;
  let authority: string;
  let afterFive: number;

  beforeAll(async () => {
    guarded = await startGuardedKafka();
    authority = join(folder, "kafka-ca.pem");
    writeFileSync(authority, guarded.certificates.authority);
    const kafka = new Kafka({ brokers: [guarded.open], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    const write = (from: number) =>
      producer.send({ topic, messages: Array.from({ length: 5 }, (_, i) => ({ value: `{"n":${from + i}}` })) });
    await write(0);
    await sleep(50);
    afterFive = Date.now();
    await sleep(50);
    await write(5);
    await producer.disconnect();
  }, 120_000);

  afterAll(() => guarded.stop());

  const numbers = (lines: readonly Line[]) => lines.map(({ decoded }) => (decoded as { readonly n: number }).n);

  it("is read with a login over TLS, its password from the environment", async () => {
    const { lines, code } = await tap(
      [
        ...["--kafka", guarded.loginOverTls, "--kafka-ca", authority, "--topic", topic, "--from", "beginning"],
        ...["--kafka-username", "boss", "--kafka-mechanism", "scram-sha-256", "--for", "4s"],
      ],
      { CONTRAIL_KAFKA_PASSWORD: guarded.passwords.boss },
    );
    expect(numbers(lines)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(code).toBe(0);
  }, 30_000);

  it("says what is wrong with a password, and with an authority that is not its own", async () => {
    const password = join(folder, "password");
    writeFileSync(password, "wr0ng-s3cret\n");
    const login = ["--kafka-username", "boss", "--kafka-password-file", password];
    const refused = await tap(["--kafka", guarded.login, ...login, "--for", "5s"]);
    expect(refused.stderr).toContain('did not accept the user "boss" with the given password');
    expect(refused.stderr).not.toContain("wr0ng-s3cret");
    expect(refused.code).toBe(2);
    const untrusted = await tap(["--kafka", guarded.tls, "--kafka-tls", "--for", "5s"]);
    expect(untrusted.stderr).toContain("In a terminal that is --kafka-ca FILE");
    expect(untrusted.code).toBe(2);
  }, 30_000);

  it.each([
    ["offsets", () => `${topic}:0=7`, [7, 8, 9]],
    ["a time", () => new Date(afterFive).toISOString(), [5, 6, 7, 8, 9]],
    ["some time ago", () => "-1h", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])("is read from %s", async (_, from, expected) => {
    const { lines } = await tap(["--kafka", guarded.open, "--topic", topic, "--from", from(), "--for", "3s"]);
    expect(numbers(lines)).toEqual(expected);
  });
});

describe("a RabbitMQ with TLS and two virtual hosts", () => {
  let running: Brokers;
  let authority: string;

  beforeAll(async () => {
    mkdirSync(join(folder, "tls"));
    const certificates = await makeCertificates(join(folder, "tls"));
    authority = join(folder, "rabbitmq-ca.pem");
    writeFileSync(authority, certificates.authority);
    running = await startBrokers({ kafka: false, rabbitmqCertificates: certificates });
    await running.rabbitmqctl(["add_vhost", "shop"]);
    await running.rabbitmqctl(["set_permissions", "-p", "shop", "guest", ".*", ".*", ".*"]);
  }, 180_000);

  afterAll(() => running.stop());

  it("is seen in both, and filters say what of it is printed", async () => {
    const { url, management } = running.rabbitmqTls ?? { url: "", management: "" };
    const seen = tap([
      ...["--rabbitmq", url, "--rabbitmq", `${url}/shop`, "--rabbitmq-ca", authority],
      ...["--rabbitmq-management", management, "--channel", "orders,amq.topic/*", "--for", "11s"],
    ]);
    const plain = running.rabbitmq ?? "";
    // Again and again, since the machine may need longer until both are tapped.
    for (let round = 0; round < 4; round++) {
      await sleep(2_000);
      for (const vhost of ["", "/shop"]) await publish(plain + vhost, vhost);
    }
    const { lines, stderr, code } = await seen;
    expect(stderr.match(/: live \(firehose\)/g)).toHaveLength(2);
    const shown = lines.map(({ channel, decoded }) => `${String(channel)} in ${(decoded as { in: string }).in}`);
    expect(new Set(shown)).toEqual(
      new Set(["orders in ", "orders in /shop", "amq.topic/order.placed in ", "amq.topic/order.placed in /shop"]),
    );
    expect(code).toBe(0);
  }, 60_000);
});

async function publish(url: string, vhost: string): Promise<void> {
  const connection = await amqplib.connect(url);
  const channel = await connection.createConfirmChannel();
  channel.publish("", "orders", Buffer.from(`{"in":"${vhost}"}`));
  channel.publish("amq.topic", "order.placed", Buffer.from(`{"in":"${vhost}"}`));
  channel.publish("", "else", Buffer.from("{}"));
  await channel.waitForConfirms();
  await connection.close();
}
