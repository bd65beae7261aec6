/** The flags that name brokers: what the daemon is told, and the sentence for each way to get them wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as daemon from "../daemon/index.ts";
import { sourceFlags, sourcesOf, type Sources } from "./source-flags.ts";
import { helpText, parseCommand, UsageError, type Command } from "./usage.ts";

const command: Command = {
  name: "tap",
  summary: "",
  usage: "",
  about: "",
  flags: sourceFlags,
  examples: [],
  run: () => Promise.resolve(0),
};

let folder: string;
const pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-flags-"));
  writeFileSync(join(folder, "ca.pem"), pem);
  writeFileSync(join(folder, "password"), "s3cret\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("CONTRAIL_")) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

function sources(...args: string[]): Promise<Sources> {
  const parsed = parseCommand(command, args);
  if (parsed === "help") throw new Error("help was not asked for");
  return sourcesOf(parsed, daemon);
}

describe("flags for Kafka", () => {
  it("say where, which topics and from where", async () => {
    const { taps } = await sources("--kafka", "127.0.0.1:9092", "--topic", "orders.*,stock", "--from", "orders:0=3");
    expect(taps).toEqual([
      {
        kind: "kafka",
        brokers: "127.0.0.1:9092",
        topics: ["orders.*", "stock"],
        from: { offsets: { orders: { 0: 3 } } },
      },
    ]);
  });

  it("begin some time ago, though that looks like a flag", async () => {
    const { taps } = await sources("--kafka", "127.0.0.1:9092", "--from", "-10m");
    const [tap] = taps as readonly { readonly from: number }[];
    expect(Date.now() - (tap?.from ?? 0)).toBeGreaterThanOrEqual(600_000);
    expect(Date.now() - (tap?.from ?? 0)).toBeLessThan(660_000);
  });

  it("log in by a password from a file, or from the environment", async () => {
    const login = ["--kafka", "127.0.0.1:9092", "--kafka-username", "me", "--kafka-mechanism", "SCRAM-SHA-512"];
    const byFile = await sources(...login, "--kafka-password-file", join(folder, "password"));
    expect(byFile.taps[0]).toMatchObject({ sasl: { mechanism: "scram-sha-512", username: "me", password: "s3cret" } });
    vi.stubEnv("CONTRAIL_KAFKA_PASSWORD", "other");
    expect((await sources(...login)).taps[0]).toMatchObject({ sasl: { password: "other" } });
  });

  it("trust an authority, and so speak TLS", async () => {
    const { taps } = await sources("--kafka", "127.0.0.1:9092", "--kafka-ca", join(folder, "ca.pem"));
    expect(taps[0]).toMatchObject({ tls: { ca: pem } });
    expect((await sources("--kafka", "127.0.0.1:9092", "--kafka-tls")).taps[0]).toMatchObject({ tls: true });
  });

  it("can stand in the environment", async () => {
    vi.stubEnv("CONTRAIL_KAFKA", "127.0.0.1:9092");
    vi.stubEnv("CONTRAIL_KAFKA_USERNAME", "me");
    vi.stubEnv("CONTRAIL_KAFKA_PASSWORD", "p");
    vi.stubEnv("CONTRAIL_KAFKA_CA", join(folder, "ca.pem"));
    expect((await sources()).taps).toEqual([
      {
        kind: "kafka",
        brokers: "127.0.0.1:9092",
        sasl: { mechanism: "plain", username: "me", password: "p" },
        tls: { ca: pem },
      },
    ]);
  });
});

describe("flags for RabbitMQ", () => {
  it("are one tap for each virtual host, with one management for all", async () => {
    const { taps } = await sources(
      ...["--rabbitmq", "amqp://127.0.0.1/a", "--rabbitmq", "amqp://127.0.0.1/b"],
      ...["--rabbitmq-management", "http://127.0.0.1:15672"],
    );
    const managementUrl = "http://127.0.0.1:15672";
    expect(taps).toEqual([
      { kind: "rabbitmq", url: "amqp://127.0.0.1/a", managementUrl },
      { kind: "rabbitmq", url: "amqp://127.0.0.1/b", managementUrl },
    ]);
  });

  it("put a password that is not in the address into it, and say that one in an argument can be read", async () => {
    vi.stubEnv("CONTRAIL_RABBITMQ_PASSWORD", "p@ss");
    const quiet = await sources("--rabbitmq", "amqps://me@127.0.0.1", "--rabbitmq-ca", join(folder, "ca.pem"));
    expect(quiet).toMatchObject({ taps: [{ url: "amqps://me:p%40ss@127.0.0.1", tls: { ca: pem } }], notes: [] });
    const loud = await sources("--rabbitmq", "amqp://me:p@127.0.0.1");
    expect(loud.notes).toEqual([expect.stringContaining("can be read by every program on this machine")]);
    expect((await sources("--rabbitmq", "amqp://guest:guest@127.0.0.1")).notes).toEqual([]);
  });
});

it("spans are taken on the usual port, or on another", async () => {
  expect((await sources("--otlp")).taps).toEqual([{ kind: "otlp", port: 4318 }]);
  expect((await sources("--otlp", "5000")).taps).toEqual([{ kind: "otlp", port: 5000 }]);
  expect((await sources("--otlp", "--kafka", "127.0.0.1:1")).taps).toHaveLength(2);
});

it("a registry has its password beside its address", async () => {
  const { registry } = await sources("--registry", "https://me:p@127.0.0.1:8081/x", "--otlp");
  expect(registry).toEqual({ url: "https://127.0.0.1:8081/x", username: "me", password: "p" });
});

it.each([
  [["--kafka", "http://x"], /"http:\/\/x" is not an address; it takes HOST:PORT/],
  [["--kafka", "127.0.0.1:99999"], /is not an address/],
  [["--topic", "a"], /--topic needs --kafka HOST:PORT beside it/],
  [["--kafka", "127.0.0.1:1", "--from", "soon"], /"soon" says not where to begin/],
  [["--kafka", "127.0.0.1:1", "--kafka-mechanism", "GSSAPI", "--kafka-username", "me"], /not by "GSSAPI"/],
  [["--kafka", "127.0.0.1:1", "--kafka-mechanism", "plain"], /say who: --kafka-username NAME/],
  [["--kafka", "127.0.0.1:1", "--kafka-username", "me"], /Set CONTRAIL_KAFKA_PASSWORD, name a file/],
  [["--kafka", "127.0.0.1:1", "--kafka-ca", "nowhere.pem"], /There is no "nowhere.pem"/],
  [["--kafka", "127.0.0.1:1", "--address-map", "x"], /--address-map "x" is not an address/],
  [["--rabbitmq", "127.0.0.1:5672"], /it takes amqp:\/\/USER/],
  [["--rabbitmq-management", "http://127.0.0.1:15672"], /needs --rabbitmq URL beside it/],
  [["--rabbitmq", "amqp://127.0.0.1", "--rabbitmq-management", "me:pw@127.0.0.1"], /such as http:\/\/127.0.0.1:15672/],
  [["--rabbitmq", "amqp://127.0.0.1", "--rabbitmq-ca", "x.pem"], /There is no "x.pem"/],
  [["--otlp", "0"], /--otlp takes a port/],
  [["--registry", "127.0.0.1:8081"], /--registry takes an address such as/],
  [["--registry-username", "me"], /needs --registry URL/],
] as const)("%j is told in a sentence", async (args, sentence) => {
  const failed = await sources(...args).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(UsageError);
  expect((failed as UsageError).message).toMatch(sentence);
});

it("the help has a heading for each broker, and says of each flag what it is for", () => {
  const help = helpText(command);
  expect(help).toMatch(/^Kafka:\n {6}--kafka HOST:PORT/m);
  expect(help).toMatch(/^RabbitMQ:$/m);
  expect(help).toContain("--otlp [PORT]");
});
