import { expect, test } from "vitest";
import { GroupOffsets } from "./kafka-groups.ts";

const ends: Readonly<Record<string, bigint>> = { "orders 0": 100n, "orders 1": 50n, "payments 0": 7n };
const endOf = (topic: string, partition: number): bigint | undefined => ends[`${topic} ${partition}`];

test("a group's lag is what lies behind its commits, over the partitions where it ever committed", () => {
  const groups = new GroupOffsets();
  groups.commit("shop", "orders", 0, 90n, 1_000);
  groups.commit("shop", "orders", 1, 20n, 2_000);
  groups.commit("billing", "orders", 0, 100n, 500);
  groups.answered("shop", "payments", 0, 3n);
  expect(groups.lags(endOf)).toEqual([
    { group: "shop", topic: "orders", lag: 40, committedAt: 2_000 },
    { group: "shop", topic: "payments", lag: 4 },
    { group: "billing", topic: "orders", lag: 0, committedAt: 500 },
  ]);
});

test("a topic that the tap does not read has no lag, and a commit ahead of what is known is none", () => {
  const groups = new GroupOffsets();
  groups.commit("shop", "secret", 0, 1n, 0);
  groups.commit("shop", "payments", 0, 9n, 0);
  expect(groups.lags(endOf)).toEqual([{ group: "shop", topic: "payments", lag: 0, committedAt: 0 }]);
});

test("what the broker answers is news only when it differs", () => {
  const groups = new GroupOffsets();
  expect(groups.answered("shop", "orders", 0, 5n)).toBe(true);
  expect(groups.answered("shop", "orders", 0, 5n)).toBe(false);
  groups.commit("shop", "orders", 0, 6n, 0);
  expect(groups.answered("shop", "orders", 0, 6n)).toBe(false);
  // A group may be reset to an earlier offset.
  expect(groups.answered("shop", "orders", 0, 2n)).toBe(true);
});

test("a group that Kafka forgot has no lag any more", () => {
  const groups = new GroupOffsets();
  groups.commit("shop", "orders", 0, 5n, 0);
  groups.commit("billing", "orders", 0, 5n, 0);
  groups.forget("shop", "orders", 0);
  groups.forget("shop", "orders", 3);
  expect(groups.lags(endOf).map(({ group }) => group)).toEqual(["billing"]);
  groups.keepOnly(new Set());
  expect(groups.lags(endOf)).toEqual([]);
});
