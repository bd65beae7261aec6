import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { giveBackMemoryAtRest } from "./memory-at-rest.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("gives memory back after half a minute of rest, once, and not while there is work", () => {
  checkCollected([9_000, 9_000, 9_000, 9_000], []);
  checkCollected([9_000, 0, 0], []);
  checkCollected([9_000, 0, 0, 0, 0, 0, 0, 0], [4]);
  checkCollected([9_000, 0, 0, 9_000, 0, 0, 0], [7]);
  checkCollected([9_000, 200, 300, 100], [4]);
});

it("leaves the memory of a process that did next to nothing as it is", () => {
  checkCollected([0, 0, 0, 0, 0], []);
  checkCollected([1_000, 0, 0, 0, 0], []);
});

it("gives it back again after the next load", () => {
  checkCollected([9_000, 0, 0, 0, 9_000, 9_000, 0, 0, 0], [4, 9]);
});

it("collects now and then what a light load leaves", () => {
  checkCollected(
    Array.from({ length: 24 }, () => 400),
    [8, 16, 24],
  );
});

/** Looks every ten seconds: `work` is what was done before each, in milliseconds; the looks that collected, from 1. */
function checkCollected(work: readonly number[], looks: readonly number[]): void {
  let done = 0;
  let look = 0;
  const collected: number[] = [];
  const end = giveBackMemoryAtRest({ workMs: () => done, collect: () => collected.push(look) });
  for (const ms of work) {
    done += ms;
    look++;
    vi.advanceTimersByTime(10_000);
  }
  end();
  done += 9_000;
  vi.advanceTimersByTime(100_000);
  expect(collected).toEqual(looks);
}
