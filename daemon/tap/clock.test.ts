import { afterEach, describe, expect, it, vi } from "vitest";
import { preciseNow, wallClockBehind } from "./clock.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function setClock(to: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => to + performance.now());
}

describe("the clock of the taps", () => {
  it("follows a clock that is set forward, and not one that is set back", () => {
    const start = Date.now() - performance.now();
    expect(Math.abs(preciseNow() - Date.now())).toBeLessThan(25);
    setClock(start + 3_600_000);
    expect(Math.abs(preciseNow() - Date.now())).toBeLessThan(25);
    expect(wallClockBehind()).toBe(0);
    const before = preciseNow();
    setClock(start);
    expect(preciseNow()).toBeGreaterThanOrEqual(before);
    expect(wallClockBehind()).toBeGreaterThan(3_599_000);
    // Set right again, it is followed again.
    setClock(start + 3_700_000);
    expect(Math.abs(preciseNow() - Date.now())).toBeLessThan(25);
    expect(wallClockBehind()).toBe(0);
  });

  it("never goes back", () => {
    const times = Array.from({ length: 1_000 }, () => preciseNow());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});
