import { describe, expect, it } from "vitest";
import {
  age,
  axisTime,
  bytes,
  count,
  counted,
  duration,
  exactTime,
  offset,
  shortId,
  shortName,
  threeDigits,
} from "./format.ts";

function table<T>(say: (value: T) => string, cases: ReadonlyArray<readonly [T, string]>): void {
  for (const [value, text] of cases) expect(say(value), String(value)).toBe(text);
}

describe("numbers", () => {
  it("has three significant digits", () => {
    table(threeDigits, [
      [0.2143, "0.214"],
      [6.402, "6.40"],
      [15.94, "15.9"],
      [214.4, "214"],
      [37, "37"],
      [99.96, "100"],
    ]);
  });

  it("says how long something took, with a space before the unit", () => {
    table(duration, [
      [0.214, "0.214 ms"],
      [2.5, "2.50 ms"],
      [37, "37 ms"],
      [999.4, "999 ms"],
      [999.6, "1.00 s"],
      [3981, "3.98 s"],
      [15_940, "15.9 s"],
      [59_960, "1 min"],
      [258_000, "4 min 18 s"],
      [7_500_000, "2 h 5 min"],
      [273_600_000, "3 d 4 h"],
      [Number.NaN, ""],
    ]);
  });

  it("says the time since the start as the lanes do", () => {
    table(offset, [
      [0, "0"],
      [0.3, "0"],
      [247, "+247 ms"],
      [3044, "+3.044 s"],
      [15_900, "+15.90 s"],
      [242_000, "+4 min 2 s"],
      [-12, "−12 ms"],
    ]);
  });

  it("says ages in one unit", () => {
    table(age, [
      [400, "now"],
      [12_000, "12 s"],
      [258_000, "4 min"],
      [7_200_000, "2 h"],
      [3 * 86_400_000, "3 d"],
    ]);
  });

  it("groups thousands, counts and sizes", () => {
    expect(count(48_212)).toBe("48,212");
    expect(count(999)).toBe("999");
    expect(counted(1, "message")).toBe("1 message");
    expect(counted(3412, "message")).toBe("3,412 messages");
    expect(bytes(1)).toBe("1 byte");
    expect(bytes(12_000_000)).toBe("12 MB");
    expect(bytes(8_214_000)).toBe("8.21 MB");
  });

  it("shows times of the reader's clock", () => {
    const at = new Date(2026, 10, 21, 14, 0, 51, 204).getTime();
    expect(exactTime(at)).toBe("14:00:51.204");
    expect(axisTime(at, 60_000)).toBe("14:00");
    expect(axisTime(at, 5_000)).toBe("14:00:51");
  });
});

describe("names", () => {
  it("takes the middle out of an id, and keeps what fits", () => {
    expect(shortId("ORD-1042", 18)).toBe("ORD-1042");
    expect(shortId("3f0c7a52-91be-4d0e-8a77-0b6a1d2c9e41", 13)).toBe("3f0c7a…2c9e41");
  });

  it("never cuts a character of two code units in half", () => {
    expect(shortId("😀".repeat(20), 9)).toBe(`${"😀".repeat(4)}…${"😀".repeat(4)}`);
  });

  it("takes the prefix off a name", () => {
    expect(shortName("shop.inventory.v1.StockReserved", 18)).toBe("…v1.StockReserved");
    expect(shortName("shop.inventory.v1.StockReserved", 15)).toBe("…StockReserved");
    expect(shortName("OrderPlaced", 20)).toBe("OrderPlaced");
  });
});
