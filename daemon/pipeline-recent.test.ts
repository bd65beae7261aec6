import { expect, it } from "vitest";
import { type ReadMessage, RecentMessages } from "./pipeline-recent.ts";
import { rabbit } from "./testing/scripted.ts";

it("keeps the newest: few, and many while somebody takes one after the other", () => {
  const recent = new RecentMessages();
  for (let seq = 1; seq <= 5_000; seq++) recent.add(message(seq));
  expect(kept(recent, 1, 5_000)).toEqual([4_951, 5_000]);
  recent.areTaken = true;
  for (let seq = 5_001; seq <= 15_000; seq++) recent.add(message(seq));
  expect(kept(recent, 1, 15_000)).toEqual([7_001, 15_000]);
  recent.areTaken = false;
  recent.add(message(15_001));
  expect(kept(recent, 1, 15_001)).toEqual([14_952, 15_001]);
});

it("keeps nothing of before a leap of numbers that is as long as all that is kept", () => {
  const recent = new RecentMessages();
  recent.areTaken = true;
  for (const seq of [7, 8, 500, 1_000_000, 1_000_001, 1_001_000]) recent.add(message(seq));
  expect(kept(recent, 1, 1_002_000)).toEqual([1_000_000, 1_001_000]);
  expect(recent.get(500)).toBeUndefined();
});

it("puts another reading in the place of the one that is here, and of no other", () => {
  const recent = new RecentMessages();
  recent.add(message(1));
  recent.replace({ ...message(1), masked: 3 });
  recent.replace({ ...message(2), masked: 3 });
  expect(recent.get(1)?.masked).toBe(3);
  expect(recent.get(2)).toBeUndefined();
});

it("is bounded by the bytes of bodies as well, and keeps the newest however large it is", () => {
  const recent = new RecentMessages();
  const mebibyte = "x".repeat(1024 * 1024);
  for (let seq = 1; seq <= 40; seq++) recent.add(message(seq, mebibyte));
  expect(kept(recent, 1, 40)).toEqual([25, 40]);
  for (let round = 0; round < 40; round++) recent.replace(message(30, ""));
  recent.add(message(41, mebibyte));
  expect(kept(recent, 1, 41)).toEqual([25, 41]);
  recent.add(message(42, mebibyte.repeat(20)));
  expect(kept(recent, 1, 42)).toEqual([42, 42]);
});

/** The first and the last number of those between that are kept. */
function kept(recent: RecentMessages, from: number, to: number): [number | undefined, number | undefined] {
  const seqs = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((seq) => recent.get(seq)?.seq === seq);
  return [seqs[0], seqs.at(-1)];
}

function message(seq: number, body = "{}"): ReadMessage {
  return {
    seq,
    envelope: rabbit("orders", body),
    decoded: { format: "json", check: "unchecked", violations: [], attempts: [] },
    masked: 0,
  };
}
