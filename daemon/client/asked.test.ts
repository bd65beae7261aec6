import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostsOf, isThisMachine, readAuthority, readMechanism, readStart } from "./asked.ts";

const now = Date.parse("2026-11-21T12:00:00Z");

describe("where to begin in Kafka", () => {
  const start = (...words: string[]) => readStart(words, now);

  it("is now, the beginning, a time, or offsets", () => {
    expect(start()).toEqual({ value: "now" });
    expect(start("beginning")).toEqual({ value: "beginning" });
    expect(start("-10m")).toEqual({ value: now - 600_000 });
    expect(start("-1.5h")).toEqual({ value: now - 5_400_000 });
    expect(start("2026-11-21T11:30:00Z")).toEqual({ value: now - 1_800_000 });
    expect(start("2026-11-21T12:30+01:00")).toEqual({ value: now - 1_800_000 });
    expect(start("2026-11-20")).toEqual({ value: new Date(2026, 10, 20).getTime() });
    expect(start("orders:0=42,orders:1=7", "pay.ments-2:11=0")).toEqual({
      value: { offsets: { orders: { 0: 42, 1: 7 }, "pay.ments-2": { 11: 0 } } },
    });
  });

  it.each([
    ["yesterday", /"yesterday" says not where to begin/],
    ["2026-13-01", /"2026-13-01" says not where/],
    ["2026-11-21T12:00:01Z", /has not come yet/],
    ["orders=3", /"orders=3" is no offset: write TOPIC:PARTITION=OFFSET/],
    ["orders:0=-3", /is no offset/],
    ["orders:0=1,orders:0=2", /Partition 0 of orders is named twice/],
    ["now,beginning", /begins in one place/],
    ["orders:0=1,now", /begins in one place/],
  ])("is not %s", (words, problem) => {
    expect(start(words)).toEqual({ problem: expect.stringMatching(problem) as unknown });
  });
});

it("a login is by one of three mechanisms, in any case of letters", () => {
  expect(readMechanism("SCRAM-SHA-512")).toEqual({ value: "scram-sha-512" });
  expect(readMechanism("OAUTHBEARER")).toEqual({ problem: expect.stringContaining('not by "OAUTHBEARER"') as unknown });
});

it("an authority is a PEM file that is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "contrail-asked-"));
  try {
    const file = join(folder, "ca.pem");
    writeFileSync(file, "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n");
    expect(readAuthority(file)).toHaveProperty("value");
    writeFileSync(file, "-----BEGIN PRIVATE KEY-----");
    expect(readAuthority(file)).toEqual({ problem: expect.stringContaining("holds no certificate") as unknown });
    expect(readAuthority(join(folder, "none"))).toEqual({ problem: expect.stringContaining("There is no") as unknown });
    writeFileSync(file, Buffer.alloc(200_000));
    expect(readAuthority(file)).toEqual({ problem: expect.stringContaining("larger than") as unknown });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("hosts that settings name", () => {
  it("are found behind ports, users and brackets", () => {
    const hosts = hostsOf([
      { kind: "kafka", brokers: "127.0.0.1:9092, Kafka.Example.com:9092" },
      { kind: "rabbitmq", url: "amqp://127.0.0.1@rabbit.example.com/v", managementUrl: "http://[::1]:15672" },
      { kind: "capture", file: "x", as: "capture" },
    ]);
    expect(hosts).toEqual(["127.0.0.1", "kafka.example.com", "rabbit.example.com", "::1"]);
  });

  it("are this machine by their text alone", () => {
    for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1"]) expect(isThisMachine(host)).toBe(true);
    for (const host of ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "0.0.0.0", ""])
      expect(isThisMachine(host)).toBe(false);
  });
});
