import { describe, expect, it } from "vitest";
import { BySeq } from "./by-seq.ts";
import { Timers } from "./timers.ts";

describe("timers", () => {
  const times = Array.from({ length: 500 }, (_, i) => (i * 7_919) % 1_000);

  it("hand out what is due, the earliest first", () => {
    const timers = new Timers<number>();
    for (const at of times) timers.add(at, at);
    expect(due(timers, 600)).toEqual(times.filter((at) => at <= 600).sort((a, b) => a - b));
    expect(due(timers, 1_000)).toEqual(times.filter((at) => at > 600).sort((a, b) => a - b));
  });

  it("keep their order when some are forgotten", () => {
    const timers = new Timers<number>();
    for (const at of times) timers.add(at, at);
    timers.keep((what, at) => what === at && at % 3 === 0);
    const kept = times.filter((at) => at % 3 === 0);
    expect(timers.size).toBe(kept.length);
    expect(due(timers, 1_000)).toEqual(kept.sort((a, b) => a - b));
  });

  function due(timers: Timers<number>, now: number): number[] {
    const all: number[] = [];
    for (let one = timers.takeDue(now); one; one = timers.takeDue(now)) all.push(one.what);
    return all;
  }
});

describe("what is kept by number", () => {
  it("is what a map would keep", () => {
    const items = new BySeq<string>();
    const judge = new Map<number, string>();
    for (let i = 0; i < 5_000; i++) {
      const seq = (i * 7_919) % 3_000;
      if (i % 3 === 2) {
        items.delete(seq);
        judge.delete(seq);
      } else {
        items.set(seq, `${i}`);
        judge.set(seq, `${i}`);
      }
    }
    expect(items.size).toBe(judge.size);
    expect(new Set(items.values())).toEqual(new Set(judge.values()));
    for (let seq = 0; seq < 3_001; seq++) expect(items.get(seq)).toBe(judge.get(seq));
  });
});
