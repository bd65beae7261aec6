import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SortedList } from "./sorted-list.ts";

interface Item {
  readonly at: number;
  readonly name: number;
}

const byTime = (a: Item, b: Item) => a.at - b.at;

/** Does the same to a plain list that is put in order each time, and compares what both say. */
function checkAgainstPlain(commands: ReadonlyArray<{ readonly what: number; readonly at: number }>): void {
  const list = new SortedList(byTime);
  let plain: Item[] = [];
  commands.forEach(({ what, at }, name) => {
    const item = { at, name };
    const other = plain[at % Math.max(1, plain.length)];
    if (what < 60) {
      list.add(item);
      plain = [...plain, item].sort(byTime);
    } else if (what < 85) {
      expect(list.remove(other ?? item)).toBe(other !== undefined);
      plain = plain.filter((one) => one !== other);
    } else if (what < 95 && other !== undefined) {
      const next = what < 90 ? { at: other.at, name } : item;
      list.replace(other, next);
      if (next.at === other.at) plain = plain.map((one) => (one === other ? next : one));
      else plain = [...plain.filter((one) => one !== other), next].sort(byTime);
    } else {
      expect(list.dropFirst(what % 5)).toEqual(plain.slice(0, what % 5));
      plain = plain.slice(what % 5);
    }
  });
  expect(list.toReversed()).toEqual(plain.toReversed());
  expect([...list.from((item) => item.at < 500)]).toEqual(plain.filter((item) => item.at >= 500));
  expect([list.length, list.first]).toEqual([plain.length, plain[0]]);
  plain.forEach((item, i) => {
    expect(list.fromEnd(plain.length - 1 - i)).toBe(item);
    const firstAlike = plain.findIndex(({ at }) => at === item.at);
    expect(list.behind(item)).toBe(plain.length - 1 - firstAlike);
  });
  expect(list.fromEnd(plain.length)).toBeUndefined();
}

describe("a sorted list", () => {
  it("is what a plain list put in order is, whatever is done to it", () => {
    const command = fc.record({ what: fc.nat(99), at: fc.nat(999) });
    fc.assert(fc.property(fc.array(command, { maxLength: 120 }), checkAgainstPlain), { numRuns: 200 });
  });

  it("is so with more than one piece", () => {
    const commands = Array.from({ length: 3_000 }, (_, i) => ({ what: (i * 37) % 84, at: (i * 7919) % 1000 }));
    checkAgainstPlain(commands);
    checkAgainstPlain([
      ...Array.from({ length: 2_000 }, (_, i) => ({ what: 0, at: i })),
      ...Array.from({ length: 500 }, (_, i) => ({ what: 99, at: i })),
    ]);
  });
});
