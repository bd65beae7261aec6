import { describe, expect, test } from "vitest";
import {
  isLoopback,
  managementCandidates,
  parseAddressMap,
  parseKafkaAddress,
  parseRabbitmqAddress,
  rabbitmqAddress,
  redact,
} from "./address.ts";

describe("--kafka", () => {
  test.each([
    ["127.0.0.1:9092", [{ host: "127.0.0.1", port: 9092 }]],
    ["localhost", [{ host: "localhost", port: 9092 }]],
    [
      "a.example:1, b-c:65535",
      [
        { host: "a.example", port: 1 },
        { host: "b-c", port: 65_535 },
      ],
    ],
    ["[::1]:9094", [{ host: "::1", port: 9094 }]],
  ])("%s", (text, value) => expect(parseKafkaAddress(text)).toEqual({ value }));

  test.each([
    "",
    "127.0.0.1:",
    "host:0",
    "host:65536",
    "host:9092,",
    "http://host:9092",
    "::1:9092",
    "a b:1",
    "host:9092/x",
  ])("%s is refused with a sentence", (text) => {
    const parsed = parseKafkaAddress(text);
    expect(parsed).toHaveProperty("failure.code", "bad-address");
    expect(parsed).toHaveProperty("failure.message", expect.stringMatching(/^--kafka .*127\.0\.0\.1:9092\.$/));
  });
});

describe("--rabbitmq", () => {
  test.each([
    ["amqp://127.0.0.1", { port: 5672, username: "guest", password: "guest", vhost: "/", tls: false }],
    ["amqp://127.0.0.1/", { vhost: "/" }],
    [
      "amqps://u:p%40%2Fx@broker.example:1234/my%2Fshop",
      { port: 1234, username: "u", password: "p@/x", vhost: "my/shop", tls: true },
    ],
    ["amqps://broker.example", { port: 5671 }],
    ["amqp://u@[::1]:5673/%2F", { host: "::1", port: 5673, username: "u", password: "", vhost: "/" }],
  ])("%s", (text, value) => expect(parseRabbitmqAddress(text)).toMatchObject({ value }));

  test("a bad one is refused without repeating its password", () => {
    for (const text of [
      "http://user:secret@host",
      "amqp:",
      "",
      "amqp://user:secret@host:99999",
      "amqp://user:se/cret@host:1",
    ]) {
      const parsed = parseRabbitmqAddress(text);
      expect(parsed, text).toHaveProperty("failure.code", "bad-address");
      expect(JSON.stringify(parsed)).not.toContain("cret");
    }
  });

  test("its name never holds credentials", () => {
    expect(rabbitmqAddress({ host: "127.0.0.1", port: 5672, vhost: "/" })).toBe("127.0.0.1:5672");
    expect(rabbitmqAddress({ host: "127.0.0.1", port: 5672, vhost: "shop" })).toBe("127.0.0.1:5672/shop");
  });

  test("its management API is looked for where it usually is", () => {
    const address = { host: "127.0.0.1", port: 5672, tls: false, username: "u", password: "p", vhost: "/" };
    expect(managementCandidates(address)).toEqual(["http://127.0.0.1:15672", "http://127.0.0.1:5673"]);
    expect(managementCandidates({ ...address, port: 60_000 })).not.toContain("http://127.0.0.1:70000");
    expect(managementCandidates({ ...address, port: 5671, tls: true })[0]).toBe("https://127.0.0.1:15671");
  });
});

test("what is this machine is told by the text alone", () => {
  for (const host of ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "::1", "[::1]", "::ffff:127.0.0.1"]) {
    expect(isLoopback(host), host).toBe(true);
  }
  for (const host of [
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "0.0.0.0",
    "10.0.0.1",
    "127.0.0.300",
    "kafka",
    "127.1",
    "",
  ]) {
    expect(isLoopback(host), host).toBe(false);
  }
});

test("an address map names pairs", () => {
  expect(parseAddressMap("kafka:9092=127.0.0.1:29092, b:1=[::1]:2")).toEqual({
    value: { "kafka:9092": "127.0.0.1:29092", "b:1": "[::1]:2" },
  });
  expect(parseAddressMap("kafka:9092")).toHaveProperty("failure.code", "bad-address");
});

test("user names and passwords leave every URL in a text", () => {
  expect(redact("tried amqp://bob:s3cret@host:1/v and http://x:y@z/, then host")).toBe(
    "tried amqp://host:1/v and http://z/, then host",
  );
});
