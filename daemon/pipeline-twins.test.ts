import { expect, it } from "vitest";
import { Twins } from "./pipeline-twins.ts";
import { rabbit } from "./testing/scripted.ts";

it("finds the newest message with the same body", () => {
  const twins = new Twins();
  twins.add(1, rabbit("orders", "one"), true);
  twins.add(2, rabbit("orders", "two"), true);
  twins.add(3, rabbit("orders", "one"), true);
  expect(twins.of(rabbit("orders", "one"))?.seq).toBe(3);
  expect(twins.cleanOf(rabbit("orders", "two"))?.seq).toBe(2);
  expect(twins.of(rabbit("orders", "three"))).toBeUndefined();
});

it("keeps the newest, bounded by their bytes as well", () => {
  const twins = new Twins();
  const large = "x".repeat(1024 * 1024);
  for (let seq = 1; seq <= 100; seq++) twins.add(seq, rabbit("orders", `${seq}${large}`), true);
  expect(twins.size).toBeLessThanOrEqual(32);
  expect(twins.of(rabbit("orders", `100${large}`))?.seq).toBe(100);
  for (let round = 0; round < 100; round++) twins.add(200 + round, rabbit("orders", `same${large}`), true);
  expect(twins.size).toBeGreaterThan(25);
});

it("keeps many for a moment only, and some for longer", () => {
  const twins = new Twins();
  const add = (seq: number, at: number) => twins.add(seq, rabbit("orders", `body ${seq}`, { at }), true);
  for (let seq = 1; seq <= 3_000; seq++) add(seq, 1_000);
  expect(twins.size).toBeGreaterThan(1_500);
  for (let seq = 3_001; seq <= 3_100; seq++) add(seq, 2_000);
  expect(twins.size).toBe(500);
  expect(twins.of(rabbit("orders", "body 3100"))?.seq).toBe(3_100);
  expect(twins.of(rabbit("orders", "body 2990"))?.seq).toBe(2_990);
  expect(twins.of(rabbit("orders", "body 2000"))).toBeUndefined();
});

it("never keeps more than it has places, nor one that gave way", () => {
  const twins = new Twins();
  for (let seq = 1; seq <= 20_000; seq++) twins.add(seq, rabbit("orders", `body ${seq}`, { at: 1_000 }), true);
  expect(twins.size).toBeLessThanOrEqual(4_096);
  let found = 0;
  for (let seq = 1; seq <= 20_000; seq++) if (twins.of(rabbit("orders", `body ${seq}`))?.seq === seq) found++;
  expect(found).toBe(twins.size);
});
