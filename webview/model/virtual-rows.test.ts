import { describe, expect, it } from "vitest";
import {
  covers,
  positionToShow,
  rowsBetween,
  rowsShifted,
  scrollArea,
  scrolled,
  settledScrollTop,
  tallestArea,
  tops,
  windowAround,
} from "./virtual-rows.ts";

const million = scrollArea(1_000_000 * 22, 600);
const small = scrollArea(1_000 * 22, 600);

describe("scrolling", () => {
  it("is plain where the browser can show the whole height", () => {
    expect(scrolled({ position: 0, scrollTop: 0 }, 500, small)).toEqual({ position: 500, scrollTop: 500 });
    expect(small.area).toBe(22_000);
  });

  it("moves a million rows pixel by pixel from where they are", () => {
    expect(million.area).toBe(tallestArea);
    const from = { position: 9_000_000, scrollTop: 3_000_000 };
    expect(scrolled(from, 3_000_040, million).position).toBe(9_000_040);
  });

  it("jumps to the same fraction when the scrollbar is dragged", () => {
    const jumped = scrolled({ position: 0, scrollTop: 0 }, (tallestArea - 600) / 2, million);
    expect(jumped.position).toBeCloseTo((22_000_000 - 600) / 2, -1);
  });

  it("reaches both ends of a million rows", () => {
    expect(scrolled({ position: 5000, scrollTop: 300 }, 0, million).position).toBe(0);
    expect(scrolled({ position: 5, scrollTop: 5 }, tallestArea - 600, million).position).toBe(22_000_000 - 600);
    expect(settledScrollTop(22_000_000 - 600, million)).toBe(tallestArea - 600);
    expect(settledScrollTop(0, million)).toBe(0);
  });

  it("moves as little as possible to show a row", () => {
    expect(positionToShow(100, 200, 150, 22)).toBe(100);
    expect(positionToShow(100, 200, 50, 22)).toBe(50);
    expect(positionToShow(100, 200, 300, 22)).toBe(122);
  });
});

describe("windows of rows", () => {
  it("asks for what is visible and a page around it", () => {
    expect(windowAround({ first: 100, count: 30 }, 1000)).toEqual({ first: 70, count: 90 });
    expect(windowAround({ first: 0, count: 30 }, 40)).toEqual({ first: 0, count: 40 });
  });

  it("asks again only when half a page is left", () => {
    expect(covers({ first: 70, count: 90 }, { first: 100, count: 30 }, 1000)).toBe(true);
    expect(covers({ first: 70, count: 90 }, { first: 140, count: 30 }, 1000)).toBe(false);
    expect(covers({ first: 0, count: 40 }, { first: 10, count: 30 }, 40)).toBe(true);
  });

  it("finds how far rows moved by one that both have", () => {
    const before = { first: 50, ids: ["a", "b"], total: 100 };
    expect(rowsShifted(before, { first: 50, ids: ["x", "y", "z", "a"], total: 103 })).toBe(3);
  });

  it("goes by the growth of the list when none is left", () => {
    const before = { first: 50, ids: ["a"], total: 100 };
    expect(rowsShifted(before, { first: 50, ids: ["x"], total: 400 })).toBe(300);
    expect(rowsShifted({ ...before, ids: [] }, { first: 50, ids: ["x"], total: 400 })).toBe(0);
  });
});

describe("rows of different heights", () => {
  const heights = tops([24, 24, 20, 24]);

  it("knows their tops and which are visible", () => {
    expect([...heights]).toEqual([0, 24, 48, 68, 92]);
    expect(rowsBetween(heights, 30, 60)).toEqual({ first: 1, count: 2 });
    expect(rowsBetween(heights, -100, 1000)).toEqual({ first: 0, count: 4 });
    expect(rowsBetween(tops([]), 0, 100)).toEqual({ first: 0, count: 0 });
  });
});
