import { expect, test } from "vitest";
import { Positions } from "./kafka-positions.ts";
import type { Metadata } from "./kafka-responses.ts";

function metadata(
  topics: Record<string, { id?: string; leaders: number[]; internal?: boolean; errorCode?: number }>,
): Metadata {
  return {
    nodes: [
      { id: 1, host: "a", port: 1 },
      { id: 2, host: "b", port: 2 },
    ],
    topics: Object.entries(topics).map(([name, { id, leaders, internal = false, errorCode = 0 }]) => ({
      name,
      internal,
      errorCode,
      ...(id === undefined ? {} : { id }),
      partitions: leaders.map((leader, index) => ({ index, leader })),
    })),
  };
}

function positions(now = { at: 0 }): Positions {
  return new Positions(
    () => true,
    () => now.at,
  );
}

const found = (topic: string, offset: bigint, errorCode = 0) => ({ topic, partition: 0, offset, errorCode });

test("topics that are there begin where one asked, later ones at their beginning, internal ones not at all", () => {
  const at = positions();
  at.update(metadata({ a: { leaders: [1] }, __hidden: { leaders: [1], internal: true } }), "now");
  expect(at.unplaced(1).map(({ topic, start }) => [topic, start])).toEqual([["a", "now"]]);
  at.place(found("a", 7n));
  at.update(metadata({ a: { leaders: [1, 2] }, b: { leaders: [1] } }), "now");
  expect(at.unplaced(1).map(({ topic, start }) => [topic, start])).toEqual([["b", "beginning"]]);
  expect(at.unplaced(2).map(({ topic, partition, start }) => [topic, partition, start])).toEqual([
    ["a", 1, "beginning"],
  ]);
  expect(at.readable(1).map(({ topic, offset }) => [topic, offset])).toEqual([["a", 7n]]);
});

test("a partition is read from its new leader where it was left", () => {
  const at = positions();
  at.update(metadata({ a: { leaders: [1] } }), "now");
  at.place(found("a", 7n));
  at.update(metadata({ a: { leaders: [2] } }), "now");
  expect(at.readable(1)).toEqual([]);
  expect(at.readable(2)).toMatchObject([{ topic: "a", offset: 7n }]);
});

test("metadata that shows nothing for a moment forgets nothing", () => {
  const at = positions();
  at.update(metadata({ a: { id: "x", leaders: [1] } }), "now");
  at.place(found("a", 7n));
  at.update(metadata({}), "now");
  expect(at.readable(1)).toEqual([]);
  expect(at.update(metadata({ a: { id: "x", leaders: [1] } }), "now")).toEqual([]);
  expect(at.readable(1)).toMatchObject([{ topic: "a", offset: 7n }]);
});

test("a topic made anew is another one, read whole, and that is said", () => {
  const at = positions();
  at.update(metadata({ a: { id: "x", leaders: [1] } }), "now");
  at.place(found("a", 7n));
  const notes = at.update(metadata({ a: { id: "y", leaders: [1] } }), "now");
  expect(notes).toEqual([{ note: "The topic a was deleted and made anew.", lost: 0 }]);
  expect(at.unplaced(1)).toMatchObject([{ topic: "a", start: "beginning" }]);
});

test("a topic that is deleted before it was read to its end: how much is missing is told once", () => {
  const now = { at: 0 };
  const at = positions(now);
  const look = (topics: Parameters<typeof metadata>[0]) => at.update(metadata(topics), "now");
  const read = (end: bigint) => {
    at.place(found("a", 7n));
    Object.assign(at.get("a", 0) ?? {}, { end });
  };
  look({ a: { id: "x", leaders: [1] } });
  read(19n);
  expect(look({})).toEqual([]);
  now.at += 5_000;
  const told = { note: "The topic a was deleted before up to 12 of its records could be read.", lost: 12 };
  expect(look({})).toEqual([told]);
  now.at += 5_000;
  expect(look({})).toEqual([]);
  expect(look({ a: { id: "y", leaders: [1] } })).toEqual([{ note: "The topic a was deleted and made anew.", lost: 0 }]);
  read(10n);
  expect(look({ a: { id: "z", leaders: [1] } })).toEqual([
    { note: "The topic a was deleted and made anew before up to 3 of its old records could be read.", lost: 3 },
  ]);
});

test("an offset of a partition that is not there is told", () => {
  const notes = positions().update(metadata({ a: { leaders: [1] } }), { offsets: { a: { "0": 5, "7": 3 } } });
  expect(notes).toEqual([{ note: "There is no a[7] to read from its offset 3.", lost: 0 }]);
});

test("a time that nothing is as young as means the end", () => {
  const at = positions();
  at.update(metadata({ a: { leaders: [1] } }), { time: 5_000 });
  at.place(found("a", -1n));
  expect(at.unplaced(1)).toMatchObject([{ start: "now" }]);
});

test("a partition that cannot be placed waits, and others do not", () => {
  const now = { at: 1_000 };
  const at = positions(now);
  at.update(metadata({ a: { leaders: [1] }, b: { leaders: [1] } }), "now");
  at.place(found("a", -1n, 6));
  at.place(found("b", 3n));
  expect(at.unplaced(1)).toEqual([]);
  expect(at.readable(1)).toMatchObject([{ topic: "b" }]);
  now.at += 300;
  expect(at.unplaced(1)).toMatchObject([{ topic: "a" }]);
});

test("what is not ready when the tap begins now is read from when it was first known", () => {
  const now = { at: 1_000 };
  const at = positions(now);
  const starts = () => at.unplaced(1).map((position) => [position.topic, at.startOf(position)]);
  at.update(metadata({ ready: { leaders: [1] }, unready: { leaders: [1] }, headless: { leaders: [-1] } }), "now");
  expect(starts()).toEqual([
    ["ready", "now"],
    ["unready", "now"],
  ]);
  expect(at.isSettling(1)).toBe(true);
  at.place(found("ready", 7n));
  at.place(found("unready", -1n, 6));
  expect(at.isSettling(1)).toBe(true);
  now.at += 300;
  at.update(metadata({ ready: { leaders: [1] }, unready: { leaders: [1] }, headless: { leaders: [1] } }), "now");
  expect(starts()).toEqual([
    ["unready", { time: 1_000 }],
    ["headless", { time: 1_000 }],
  ]);
  // What may not be read is not waited for.
  at.place(found("unready", -1n, 29));
  at.place(found("headless", 0n));
  expect(at.isSettling(1)).toBe(false);
});

test("retention that overtook the tap is a counted gap; a shorter log is read anew", () => {
  const at = positions();
  at.update(metadata({ a: { leaders: [1] } }), "now");
  at.place(found("a", 10n));
  const position = at.get("a", 0);
  if (position === undefined) throw new Error("no position");
  at.outOfRange(position);
  expect(at.readable(1)).toEqual([]);
  expect(at.unplaced(1)).toMatchObject([{ topic: "a", missing: 10n }]);
  expect(at.explain(position, 25n, 30n)).toEqual({
    lost: 15,
    note: "The broker deleted up to 15 records of a[0] before they could be read.",
  });
  expect(position.offset).toBe(25n);
  at.outOfRange(position);
  expect(at.explain(position, 0n, 3n)).toMatchObject({ lost: 0 });
  expect(position.offset).toBe(0n);
});

test("a log that is shorter and still the same has lost its end; metadata is looked at twice before that is believed", () => {
  const at = positions();
  const look = () => at.update(metadata({ a: { id: "x", leaders: [1] } }), "now");
  look();
  at.place(found("a", 10n));
  const position = at.get("a", 0);
  if (position === undefined) throw new Error("no position");
  at.outOfRange(position);
  expect(at.explain(position, 0n, 3n)).toEqual({ lost: 0, lookAgain: true });
  look();
  expect(at.explain(position, 0n, 3n)).toEqual({ lost: 0, lookAgain: true });
  look();
  expect(at.explain(position, 0n, 4n)).toEqual({
    lost: 0,
    note: "a[0] lost its end at the broker, from 4 on; it is read on from there.",
  });
  expect(position).toMatchObject({ offset: 4n, missing: undefined });
});

test("a log that is shorter because it was made anew is read whole", () => {
  const at = positions();
  at.update(metadata({ a: { id: "x", leaders: [1] } }), "now");
  at.place(found("a", 10n));
  const position = at.get("a", 0);
  if (position === undefined) throw new Error("no position");
  at.outOfRange(position);
  at.explain(position, 0n, 3n);
  at.update(metadata({ a: { id: "y", leaders: [1] } }), "now");
  expect(at.unplaced(1)).toMatchObject([{ topic: "a", start: "beginning" }]);
  expect(at.unplaced(1)[0]?.missing).toBeUndefined();
});

test("offsets begin where they say; partitions they do not name begin now", () => {
  const at = positions();
  at.update(metadata({ a: { leaders: [1, 1] }, b: { leaders: [1] } }), { offsets: { a: { "1": 7 } } });
  expect(at.readable(1)).toMatchObject([{ topic: "a", partition: 1, offset: 7n }]);
  expect(at.unplaced(1).map(({ topic, partition, start }) => [topic, partition, start])).toEqual([
    ["a", 0, "now"],
    ["b", 0, "now"],
  ]);
});

test("a tap that goes on begins where the one before left off, and elsewhere where it is told", () => {
  const at = positions();
  const resume = new Map([["a", new Map([[0, 12n]])]]);
  at.update(metadata({ a: { leaders: [1, 1] } }), { resume, otherwise: { time: 5_000 } });
  expect(at.readable(1)).toMatchObject([{ partition: 0, offset: 12n }]);
  expect(at.unplaced(1)).toMatchObject([{ partition: 1, start: { time: 5_000 } }]);
});

test("a tap that goes on reads topics whole that were made since, or made anew", () => {
  const at = positions();
  const resume = new Map(["a", "b"].map((topic) => [topic, new Map([[0, 12n]])]));
  const topics = new Map([
    ["a", "x"],
    ["b", "y"],
    ["quiet", "z"],
  ]);
  const now = { a: { id: "x", leaders: [1] }, b: { id: "other", leaders: [1] }, quiet: { id: "z", leaders: [1] } };
  const notes = at.update(metadata({ ...now, since: { id: "v", leaders: [1] } }), {
    resume,
    otherwise: { time: 5_000 },
    topics,
  });
  expect(notes).toEqual([{ note: "The topic b was deleted and made anew.", lost: 0 }]);
  expect(at.readable(1)).toMatchObject([{ topic: "a", offset: 12n }]);
  expect(at.unplaced(1).map(({ topic, start }) => [topic, start])).toEqual([
    ["b", "beginning"],
    ["quiet", { time: 5_000 }],
    ["since", "beginning"],
  ]);
  expect(at.topicIds.get("b")).toBe("other");
});

test("every partition gets its turn to be first in a fetch", () => {
  const at = positions();
  at.update(metadata({ a: { leaders: [1, 1, 1] } }), "now");
  for (let partition = 0; partition < 3; partition++) at.place({ topic: "a", partition, offset: 1n, errorCode: 0 });
  const firsts = [0, 1, 2].map(() => at.readable(1)[0]?.partition);
  expect(firsts).toEqual([0, 1, 2]);
  expect(at.readable(1)).toHaveLength(3);
});
