import { expect, it } from "vitest";
import { slopePerMinute } from "./memory.ts";

const samples = (size: (at: number) => number) =>
  Array.from({ length: 55 }, (_, i) => ({ at: 60 + i * 10, mebibytes: size(60 + i * 10) }));

it("tells how much memory grows in a minute", () => {
  expect(slopePerMinute(samples(() => 300))).toBe(0);
  expect(slopePerMinute(samples((at) => 300 + at / 60))).toBeCloseTo(1);
  // Up and down around the same height is flat.
  expect(Math.abs(slopePerMinute(samples((at) => 300 + (at % 20 === 0 ? 15 : -15))))).toBeLessThan(0.1);
  expect(slopePerMinute([{ at: 1, mebibytes: 1 }])).toBeNaN();
});
