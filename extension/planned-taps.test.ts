import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  loginsOf,
  planOf,
  remoteHostsOf,
  splitPassword,
  wantsPassword,
  withCredentials,
  type BrokerSettings,
  type Plan,
} from "./planned-taps.ts";

const nothing: BrokerSettings = {
  kafkaBrokers: [],
  kafkaTopics: [],
  kafkaFrom: "now",
  kafkaUsername: "",
  kafkaMechanism: "plain",
  kafkaTls: false,
  kafkaCaFile: "",
  kafkaAddressMap: {},
  rabbitmqUrl: "",
  rabbitmqManagementUrl: "",
  rabbitmqExchanges: [],
  rabbitmqCaFile: "",
  otlpPort: 0,
  registryUrl: "",
};

function plan(settings: Partial<BrokerSettings>, folder?: string): Plan {
  const asked = planOf({ ...nothing, ...settings }, Date.now(), folder);
  if ("problem" in asked) throw new Error(asked.problem);
  return asked.value;
}

describe("the settings as taps", () => {
  it("are nothing, where nothing is set", () => {
    expect(plan({})).toEqual({ taps: [], registry: undefined, addressMap: {} });
  });

  it("name Kafka with topics, a place to begin, a login and TLS", () => {
    expect(
      plan({
        kafkaBrokers: ["127.0.0.1:9092", " 127.0.0.1:9093,127.0.0.1:9094 "],
        kafkaTopics: ["orders.*"],
        kafkaFrom: "orders:0=42",
        kafkaUsername: "me",
        kafkaMechanism: "scram-sha-512",
        kafkaTls: true,
      }).taps,
    ).toEqual([
      {
        kind: "kafka",
        brokers: "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094",
        topics: ["orders.*"],
        from: { offsets: { orders: { 0: 42 } } },
        sasl: { mechanism: "scram-sha-512", username: "me", password: "" },
        tls: true,
      },
    ]);
  });

  it("name a tap for each virtual host of RabbitMQ, a port for spans, and a registry", () => {
    const { taps, registry } = plan({
      rabbitmqUrl: "amqp://127.0.0.1/a  amqp://127.0.0.1/b",
      rabbitmqManagementUrl: "http://127.0.0.1:15672",
      otlpPort: 4318,
      registryUrl: "http://127.0.0.1:8081",
    });
    const managementUrl = "http://127.0.0.1:15672";
    expect(taps).toEqual([
      { kind: "rabbitmq", url: "amqp://127.0.0.1/a", managementUrl },
      { kind: "rabbitmq", url: "amqp://127.0.0.1/b", managementUrl },
      { kind: "otlp", port: 4318 },
    ]);
    expect(registry).toEqual({ url: "http://127.0.0.1:8081" });
  });

  it("read an authority from a file beside the workspace, and say what is wrong with it", () => {
    const folder = mkdtempSync(join(tmpdir(), "contrail-planned-"));
    const pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
    writeFileSync(join(folder, "ca.pem"), pem);
    const [tap] = plan({ kafkaBrokers: ["127.0.0.1:9092"], kafkaCaFile: "ca.pem" }, folder).taps;
    expect(tap).toMatchObject({ tls: { ca: pem } });
    const wrong = planOf({ ...nothing, rabbitmqUrl: "amqps://127.0.0.1", rabbitmqCaFile: "none.pem" }, 0, folder);
    expect(wrong).toEqual({ problem: expect.stringContaining("none.pem") as unknown });
    rmSync(folder, { recursive: true });
  });

  it("say in a sentence where they cannot be read", () => {
    const wrong = planOf({ ...nothing, kafkaBrokers: ["127.0.0.1:9092"], kafkaFrom: "yesterday" }, 0, undefined);
    expect(wrong).toEqual({ problem: expect.stringContaining("yesterday") as unknown });
  });
});

describe("hosts that the user has to agree to", () => {
  it("are all that anything leads to beyond this machine: brokers, management, registry, mapped addresses", () => {
    const remote = plan({
      kafkaBrokers: ["127.0.0.1:9092,kafka.example.com:9092"],
      kafkaAddressMap: { "kafka:9092": "10.0.0.9:9092", "other:9092": "127.0.0.1:9092" },
      rabbitmqUrl: "amqp://127.0.0.1@rabbit.example.com/ amqp://localhost/v",
      rabbitmqManagementUrl: "http://manage.example.com:15672",
      registryUrl: "https://schemas.example.com",
    });
    expect(remoteHostsOf(remote)).toEqual([
      "kafka.example.com",
      "rabbit.example.com",
      "manage.example.com",
      "10.0.0.9",
      "schemas.example.com",
    ]);
  });

  it("are none for this machine", () => {
    expect(remoteHostsOf(plan({ kafkaBrokers: ["127.0.0.1:1", "[::1]:1"], rabbitmqUrl: "amqp://localhost" }))).toEqual(
      [],
    );
  });
});

describe("passwords", () => {
  const login = plan({
    kafkaBrokers: ["127.0.0.1:9092"],
    kafkaUsername: "me",
    rabbitmqUrl: "amqp://127.0.0.1/a amqp://127.0.0.1/b amqp://you@127.0.0.2",
    registryUrl: "http://127.0.0.1:8081",
  });

  it("may be wanted once for each broker, and have to be given where the settings name a user", () => {
    const logins = loginsOf(login);
    expect(logins.map(({ kind, authority, username }) => [kind, authority, username])).toEqual([
      ["kafka", "127.0.0.1:9092", "me"],
      ["rabbitmq", "127.0.0.1", undefined],
      ["rabbitmq", "127.0.0.2", "you"],
      ["registry", "127.0.0.1:8081", undefined],
    ]);
    expect(logins.map((each) => wantsPassword(login, each))).toEqual([true, false, true, false]);
  });

  it("go where they were given for, and to nobody else", () => {
    const { taps, registry } = withCredentials(login, ({ kind, authority }) =>
      authority === "127.0.0.2" ? { username: "somebody else", password: "p" } : { username: kind, password: "p/w" },
    );
    expect(taps).toMatchObject([
      { sasl: { username: "kafka", password: "p/w" } },
      { url: "amqp://rabbitmq:p%2Fw@127.0.0.1/a" },
      { url: "amqp://rabbitmq:p%2Fw@127.0.0.1/b" },
      { url: "amqp://you@127.0.0.2" },
    ]);
    expect(registry).toEqual({ url: "http://127.0.0.1:8081/", username: "registry", password: "p/w" });
  });

  it("that were typed into an address are taken out of it", () => {
    expect(splitPassword("amqp://me:p%40ss@127.0.0.1:5672/v")).toEqual({
      url: "amqp://me@127.0.0.1:5672/v",
      login: { kind: "rabbitmq", authority: "127.0.0.1:5672", username: "me" },
      credentials: { username: "me", password: "p@ss" },
    });
    expect(splitPassword("amqp://127.0.0.1").credentials).toBeUndefined();
  });
});
