import { expect, test } from "vitest";
import { readCommit, TransactionalCommits, type CommitEvent } from "./kafka-commits.ts";

function text(value: string): Buffer {
  const size = Buffer.alloc(2);
  size.writeInt16BE(Buffer.byteLength(value));
  return Buffer.concat([size, Buffer.from(value)]);
}

function key(version: number, group = "shop", topic = "orders", partition = 3): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeInt32BE(partition);
  return Buffer.concat([Buffer.from([0, version]), text(group), text(topic), tail]);
}

function value(version: number, offset: bigint): Buffer {
  const bytes = Buffer.alloc(30);
  bytes.writeInt16BE(version, 0);
  bytes.writeBigInt64BE(offset, 2);
  return bytes;
}

test.each([0, 1, 2, 3, 4])("a commit of value version %s is read", (version) => {
  expect(readCommit("kafka:x", key(1), value(version, 42n), 99)).toEqual({
    kind: "commit",
    tap: "kafka:x",
    group: "shop",
    topic: "orders",
    partition: 3,
    offset: 42n,
    at: 99,
  });
});

test("a key without a value says that Kafka forgot the commit", () => {
  const forgotten = { kind: "forgotten", group: "shop", topic: "orders", partition: 3 };
  expect(readCommit("t", key(1), null, 0)).toEqual(forgotten);
});

test("what describes a group or is broken tells none", () => {
  expect(readCommit("t", key(2), value(1, 1n), 0)).toBeUndefined();
  expect(readCommit("t", null, value(1, 1n), 0)).toBeUndefined();
  expect(readCommit("t", key(1).subarray(0, 9), value(1, 1n), 0)).toBeUndefined();
  expect(readCommit("t", Buffer.from([0, 0, 0x7f, 0xff, 1]), value(1, 1n), 0)).toBeUndefined();
  expect(readCommit("t", key(0), Buffer.from([0, 1]), 0)).toBeUndefined();
});

test("commits of a transaction count when it commits, and only then", () => {
  const commits = new TransactionalCommits();
  const commit = (offset: bigint): CommitEvent => ({
    kind: "commit",
    tap: "t",
    group: "g",
    topic: "a",
    partition: 0,
    offset,
    at: 0,
  });
  commits.add(5, 7n, commit(1n));
  commits.add(5, 8n, commit(2n));
  commits.add(6, 7n, commit(3n));
  expect(commits.decide(5, 7n, "committed")).toEqual([commit(1n)]);
  expect(commits.decide(5, 8n, "aborted")).toEqual([]);
  expect(commits.decide(5, 8n, "committed")).toEqual([]);
  expect(commits.decide(6, 7n, "committed")).toEqual([commit(3n)]);
});
