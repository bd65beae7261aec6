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
