import { expect, it } from "vitest";
import { count, duration, list, shortId, times } from "./words.ts";

it.each([
  [0, "0 ms"],
  [0.25, "0.3 ms"],
  [37.4, "37 ms"],
  [999.4, "999 ms"],
  [999.6, "1 s"],
  [2012, "2.01 s"],
  [15_900, "15.9 s"],
  [60_000, "60 s"],
  [257_000, "4 min 17 s"],
  [3_600_000, "1 h"],
  [11_100_000, "3 h 5 min"],
  [200_000_000, "2 d 7 h"],
  [-5, "0 ms"],
])("says %d ms as %s", (ms, text) => expect(duration(ms)).toBe(text));

it("says figures as sentences do", () => {
  expect(count(1, "message")).toBe("one message");
  expect(count(1204, "message")).toBe("1,204 messages");
  expect([1, 2, 3].map(times)).toEqual(["once", "twice", "three times"]);
  expect(list(["a", "b", "c"])).toBe("a, b and c");
});

it("takes the middle out of ids, never an end", () => {
  const short = shortId("3f0c7a52-91be-4d0e-9d1f-6a5b8f0e2c11", 16);
  expect(short).toHaveLength(15);
  expect(short).toMatch(/^3f0c7a5.*0e2c11$/);
  expect(shortId("short")).toBe("short");
});
