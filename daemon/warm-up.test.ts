/** What a daemon does while it connects: it uses the time, gives it back at once, and is found nowhere afterwards. */
import { expect, it } from "vitest";
import { warmUp } from "./warm-up.ts";

it("puts made-up messages through a pipeline of its own, a few in each turn", async () => {
  let turns = 0;
  const messages = await warmUp(() => ++turns <= 40);
  expect(messages).toBe(40 * 25);
});

it("does nothing where something has come already", async () => {
  expect(await warmUp(() => false)).toBe(0);
});

it("ends by itself, and soon", async () => {
  const begun = performance.now();
  expect(await warmUp(() => true)).toBeGreaterThan(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
});
