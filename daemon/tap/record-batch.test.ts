import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readRecordSet, type KafkaRecord, type Limits } from "./record-batch.ts";
import { batch, marker, oldMessage } from "./testing/record-sets.ts";

const require = createRequire(import.meta.url);
const snappy = require("snappyjs") as { compress(bytes: Uint8Array): Uint8Array };
const lz4 = require("lz4js") as { compress(bytes: Uint8Array): Uint8Array };

const limits: Limits = { keptBytes: 1_000, batchBytes: 1 << 20 };

function read(bytes: Buffer, from = 0n, given: Limits = limits) {
  const records: KafkaRecord[] = [];
  const batches: { producerId: bigint; transactional: boolean; timestampType: string }[] = [];
  const markers: [bigint, bigint, string][] = [];
  const unreadable: [bigint, number, string][] = [];
  const next = readRecordSet(bytes, from, given, {
    record: (batch, record) => {
      batches.push(batch);
      records.push(record);
    },
    marker: (...marker) => void markers.push(marker),
    unreadable: (...what) => void unreadable.push(what),
  });
  return { records, batches, markers, unreadable, next };
}

function values(records: readonly KafkaRecord[]): string[] {
  return records.map(({ value }) => (value === null ? "null" : Buffer.from(value).toString()));
}

const many = Array.from({ length: 300 }, (_, i) => ({ value: Buffer.from(`message number ${i} `.repeat(4)) }));

function xerial(bytes: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from([0x82]), Buffer.from("SNAPPY\0"), Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4_096) {
    const block = Buffer.from(snappy.compress(bytes.subarray(at, at + 4_096)));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    blocks.push(size, block);
  }
  return Buffer.concat([head, ...blocks]);
}

describe("records", () => {
  test("keep null keys, tombstones, repeated and binary headers, and times", () => {
    const { records, next } = read(
      batch({
        base: 40n,
        records: [
          { key: null, value: null },
          { key: Buffer.from("k"), value: Buffer.alloc(0), timestampDelta: 2_500 },
          {
            timestampDelta: -3,
            headers: [
              ["a", Buffer.from("1")],
              ["a", Buffer.from([0xff, 0])],
              ["b", null],
            ],
          },
        ],
      }),
      40n,
    );
    expect(next).toBe(43n);
    expect(records.map(({ offset }) => offset)).toEqual([40n, 41n, 42n]);
    expect(records[0]).toMatchObject({ key: null, value: null, valueSize: 0, timestamp: 1_795_000_000_000 });
    expect(records[1]).toMatchObject({ valueSize: 0, timestamp: 1_795_000_002_500 });
    expect(records[1]?.value).toHaveLength(0);
    expect(records[2]?.timestamp).toBe(1_794_999_999_997);
    expect(records[2]?.headers).toEqual([
      { name: "a", value: Buffer.from("1") },
      { name: "a", value: Buffer.from([0xff, 0]) },
      { name: "b", value: null },
    ]);
  });

  test("before the asked offset are left out, and gaps of compaction are no loss", () => {
    const { records, next } = read(batch({ base: 10n, records: [{}, {}, {}], deltas: [0, 4, 9], lastDelta: 12 }), 12n);
    expect(records.map(({ offset }) => offset)).toEqual([14n, 19n]);
    expect(next).toBe(23n);
  });

  test("have the broker's time where the topic says so", () => {
    const { records, batches } = read(batch({ records: [{}], append: true, maxTimestamp: 1_796_000_000_000 }));
    expect(records[0]?.timestamp).toBe(1_796_000_000_000);
    expect(batches[0]?.timestampType).toBe("append");
  });

  test("are cut at the limit, and say how large they were", () => {
    const { records } = read(batch({ records: [{ value: Buffer.alloc(5_000, 1) }, { value: Buffer.from("after") }] }));
    expect(records[0]?.value).toHaveLength(1_000);
    expect(records[0]?.valueSize).toBe(5_000);
    expect(values(records)[1]).toBe("after");
  });

  test("are copies: the answer they came in can go", () => {
    const bytes = batch({
      records: [{ key: Buffer.from("key"), value: Buffer.from("value"), headers: [["h", Buffer.from("1")]] }],
    });
    const { records } = read(bytes);
    bytes.fill(0);
    expect(records[0]).toMatchObject({
      key: Buffer.from("key"),
      value: Buffer.from("value"),
      headers: [{ name: "h", value: Buffer.from("1") }],
    });
  });

  test("of a transaction are marked, and its end is told", () => {
    const open = batch({ base: 0n, records: [{}, {}], transactional: true, producerId: 7n });
    const { batches, markers, next } = read(
      Buffer.concat([open, marker(2n, 7n, "aborted"), marker(3n, 9n, "committed")]),
    );
    expect(batches.map(({ transactional, producerId }) => [transactional, producerId])).toEqual([
      [true, 7n],
      [true, 7n],
    ]);
    expect(markers).toEqual([
      [7n, 2n, "aborted"],
      [9n, 3n, "committed"],
    ]);
    expect(next).toBe(4n);
  });
});

describe("codecs", () => {
  test.each([
    ["gzip", 1, (bytes: Buffer) => gzipSync(bytes)],
    ["snappy, bare", 2, (bytes: Buffer) => Buffer.from(snappy.compress(bytes))],
    ["snappy, framed as Java does", 2, xerial],
    ["lz4", 3, (bytes: Buffer) => Buffer.from(lz4.compress(bytes))],
    ["zstd", 4, (bytes: Buffer) => zstdCompressSync(bytes)],
  ])("%s", (_, codec, compress) => {
    const { records, unreadable } = read(batch({ records: many, codec, compress }));
    expect(unreadable).toEqual([]);
    expect(values(records)).toEqual(many.map(({ value }) => value.toString()));
  });

  test.each([
    ["gzip", 1, (bytes: Buffer) => gzipSync(bytes)],
    ["snappy", 2, (bytes: Buffer) => Buffer.from(snappy.compress(bytes))],
    ["lz4", 3, (bytes: Buffer) => Buffer.from(lz4.compress(bytes))],
    ["zstd", 4, (bytes: Buffer) => zstdCompressSync(bytes)],
  ])("a bomb in %s is refused before it goes off", (_, codec, compress) => {
    const bomb = batch({ records: [{ value: Buffer.alloc(8 << 20) }], codec, compress });
    const { records, unreadable, next } = read(bomb);
    expect(records).toEqual([]);
    expect(unreadable).toHaveLength(1);
    expect(next).toBe(1n);
  });

  test("a codec nobody knows costs its batch only", () => {
    const bytes = Buffer.concat([batch({ records: [{}, {}], codec: 6 }), batch({ base: 2n, records: [{}] })]);
    const { records, unreadable, next } = read(bytes);
    expect(unreadable).toEqual([[0n, 2, "compression codec 6 is not known"]]);
    expect(records.map(({ offset }) => offset)).toEqual([2n]);
    expect(next).toBe(3n);
  });
});

describe("broken bytes", () => {
  test("a batch that is cut off at the end is fetched again", () => {
    const whole = batch({ records: [{}, {}] });
    const { records, next, unreadable } = read(
      Buffer.concat([whole, batch({ base: 2n, records: many }).subarray(0, 90)]),
    );
    expect(records).toHaveLength(2);
    expect(next).toBe(2n);
    expect(unreadable).toEqual([]);
  });

  test("records that lie about their length cost the rest of their batch, and are counted", () => {
    const bytes = batch({ records: [{ value: Buffer.from("good") }, { value: Buffer.from("bad") }, {}] });
    bytes[61 + 11] = 0x7e;
    const { records, unreadable, next } = read(bytes);
    expect(values(records)).toEqual(["good"]);
    expect(unreadable).toEqual([[1n, 2, "a record is cut short"]]);
    expect(next).toBe(3n);
  });

  test("nothing makes it throw or stand still", () => {
    const seeds = [
      batch({ records: many.slice(0, 20), codec: 3, compress: (bytes) => Buffer.from(lz4.compress(bytes)) }),
      batch({ records: many.slice(0, 20), codec: 2, compress: xerial }),
      batch({ records: many.slice(0, 20), codec: 1, compress: (bytes) => gzipSync(bytes) }),
      batch({ records: [{ headers: [["h", Buffer.from("v")]] }, {}] }),
      oldMessage({ magic: 1, offset: 3n, value: Buffer.from("old") }),
    ];
    let random = 7;
    const roll = (below: number): number => (random = (random * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let round = 0; round < 4_000; round++) {
      const bytes = Buffer.from(seeds[round % seeds.length] ?? Buffer.alloc(0));
      for (let change = 0; change <= roll(4); change++) bytes[roll(bytes.length)] = roll(256);
      const { next, records, unreadable } = read(bytes.subarray(0, roll(4) === 0 ? roll(bytes.length) : bytes.length));
      // Whatever was read or given up is behind the next fetch; else it would be met again for ever.
      if (records.length + unreadable.length > 0) expect(next).toBeGreaterThan(0n);
    }
  });
});

test("formats from before Kafka 0.11 are read, compressed ones too", () => {
  const inner = Buffer.concat([
    oldMessage({ magic: 1, offset: 0n, value: Buffer.from("one"), key: Buffer.from("k") }),
    oldMessage({ magic: 1, offset: 1n, value: null }),
  ]);
  const bytes = Buffer.concat([
    oldMessage({ magic: 0, offset: 5n, value: Buffer.from("zero") }),
    oldMessage({ magic: 1, offset: 7n, value: gzipSync(inner), codec: 1 }),
  ]);
  const { records, next, unreadable } = read(bytes, 5n);
  expect(unreadable).toEqual([]);
  expect(values(records)).toEqual(["zero", "one", "null"]);
  expect(records.map(({ offset }) => offset)).toEqual([5n, 6n, 7n]);
  expect(records[0]?.timestamp).toBe(-1);
  expect(next).toBe(8n);
});
