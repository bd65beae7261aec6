import { expect, test } from "vitest";
import { readTapSettings } from "./client-message.ts";

const kafka = { kind: "kafka", brokers: "127.0.0.1:9092" };

test.each([
  ["now"],
  ["beginning"],
  [1_795_000_000_000],
  [{ offsets: { orders: { "0": 1041, "12": 0 }, payments: {} } }],
])("a Kafka tap may begin %j", (from) => {
  expect(readTapSettings({ ...kafka, from })).toEqual({ ...kafka, from });
});

test.each([
  ["yesterday"],
  [Number.NaN],
  [{ offsets: [] }],
  [{ offsets: { orders: 7 } }],
  [{ offsets: { orders: { "0": -1 } } }],
  [{ offsets: { orders: { "0": 1.5 } } }],
  [{ offsets: { orders: { "0": "7" } } }],
  [{ offsets: { orders: { first: 7 } } }],
  [{ offset: {} }],
])("settings that would begin %j are none, rather than begin somewhere else", (from) => {
  expect(readTapSettings({ ...kafka, from })).toBeUndefined();
});

test("a Kafka tap may trust an authority of its own", () => {
  for (const tls of [true, false, {}, { ca: "-----BEGIN CERTIFICATE-----" }]) {
    expect(readTapSettings({ ...kafka, tls })).toEqual({ ...kafka, tls });
  }
});

test("settings whose encryption cannot be understood are none, rather than go without", () => {
  for (const tls of ["yes", 1, null, { ca: 7 }]) expect(readTapSettings({ ...kafka, tls })).toBeUndefined();
});
