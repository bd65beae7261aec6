import { expect, test } from "vitest";
import type { TapEvent } from "./envelope.ts";
import { GroupOffsets } from "./kafka-groups.ts";
import { Positions } from "./kafka-positions.ts";
import { KafkaReading } from "./kafka-reading.ts";
import type { FetchedPartition } from "./kafka-responses.ts";
import { batch, marker } from "./testing/record-sets.ts";

/** A tap that stands at the beginning of two partitions of `orders` and of Kafka's topic of commits. */
function reading() {
  const positions = new Positions(
    (topic) => topic === "orders",
    () => 0,
  );
  const leads = (index: number) => ({ index, leader: 1 });
  positions.update(
    {
      nodes: [{ id: 1, host: "a", port: 1 }],
      topics: [
        { name: "orders", errorCode: 0, internal: false, partitions: [leads(0), leads(1)] },
        { name: "__consumer_offsets", errorCode: 0, internal: true, partitions: [leads(0)] },
      ],
    },
    "beginning",
  );
  for (const { topic, partition } of positions.unplaced(1)) {
    positions.place({ topic, partition, offset: 0n, errorCode: 0 });
  }
  const groups = new GroupOffsets();
  const told: string[] = [];
  const reading = new KafkaReading({
    tap: "kafka:x",
    positions,
    groups,
    limits: { keptBytes: 1 << 20, batchBytes: 1 << 20 },
    tell: () => void told.push("tell"),
    lookAgain: () => void told.push("look again"),
  });
  return { reading, positions, groups, told };
}

function fetched(records: Buffer, more: Partial<FetchedPartition> = {}): FetchedPartition {
  return { topic: "orders", partition: 0, errorCode: 0, highWatermark: 100n, logStart: 0n, records, ...more };
}

const value = (size: number): { readonly value: Buffer } => ({ value: Buffer.alloc(size, 120) });

test("the next fetch is known before anything is decoded, and a portion is decoded when it is asked for", () => {
  const { reading: kafka, positions } = reading();
  const records = [0n, 1_500n, 3_000n].map((base) =>
    batch({ base, records: Array.from({ length: 1_500 }, () => value(10)) }),
  );
  const taken = kafka.take([fetched(Buffer.concat(records))]);
  expect(positions.get("orders", 0)).toMatchObject({ offset: 4_500n, end: 100n });
  expect(kafka.messages).toBe(0);
  const portions = kafka.portions(taken);
  expect((portions.next().value as readonly TapEvent[]).length).toBe(3_000);
  expect(kafka.messages).toBe(3_000);
  expect((portions.next().value as readonly TapEvent[]).length).toBe(1_500);
  expect(portions.next().done).toBe(true);
});

test("large records end a portion before many are together", () => {
  const { reading: kafka } = reading();
  const records = Array.from({ length: 20 }, (_, i) => batch({ base: BigInt(i), records: [value(900_000)] }));
  const sizes = [...kafka.portions(kafka.take([fetched(Buffer.concat(records))]))].map((events) => events.length);
  expect(sizes).toEqual([10, 10]);
});

test("a batch that cannot be read is told, and those around it are read", () => {
  const { reading: kafka, told } = reading();
  const broken = batch({ base: 1n, records: [value(5)], codec: 4 });
  const around = [batch({ records: [value(5)] }), broken, batch({ base: 2n, records: [value(5)] })];
  const events = [...kafka.portions(kafka.take([fetched(Buffer.concat(around))]))].flat();
  expect(events.map((event) => event.kind === "message" && event.envelope.origin)).toMatchObject([
    { offset: 0n },
    { offset: 2n },
  ]);
  expect(kafka.note).toMatch(/^1 record could not be read, last at orders\[0\] 1: zstd: /);
  expect(told).toEqual(["tell"]);
});

test("commits count when they concern what is read, those of transactions when these end", () => {
  const { reading: kafka, groups } = reading();
  const key = (topic: string) => {
    const text = (of: string) => Buffer.concat([Buffer.from([0, of.length]), Buffer.from(of)]);
    return Buffer.concat([Buffer.from([0, 1]), text("shop"), text(topic), Buffer.alloc(4)]);
  };
  const commit = (offset: number) => Buffer.concat([Buffer.alloc(9), Buffer.from([offset]), Buffer.alloc(20)]);
  const ends = () => groups.lags((topic) => (topic === "orders" ? 50n : undefined)).map(({ lag }) => lag);
  const read = (records: Buffer): readonly string[] => {
    const taken = kafka.take([fetched(records, { topic: "__consumer_offsets" })]);
    return [...kafka.portions(taken)].flat().map((event) => (event.kind === "commit" ? `${event.offset}` : event.kind));
  };
  const plain = {
    records: [
      { key: key("orders"), value: commit(7) },
      { key: key("secret"), value: commit(1) },
    ],
  };
  expect(read(batch(plain))).toEqual(["7"]);
  expect(ends()).toEqual([43]);
  const within = { base: 2n, transactional: true, producerId: 5n };
  expect(read(batch({ ...within, records: [{ key: key("orders"), value: commit(9) }] }))).toEqual([]);
  expect(ends()).toEqual([43]);
  expect(read(marker(3n, 5n, "committed"))).toEqual(["9"]);
  expect(ends()).toEqual([41]);
  expect(read(batch({ base: 4n, records: [{ key: key("orders"), value: null }] }))).toEqual([]);
  expect(ends()).toEqual([]);
});

test("an offset that does not exist waits for an explanation; other errors have metadata looked at again", () => {
  const { reading: kafka, positions, told } = reading();
  kafka.take([fetched(Buffer.alloc(0), { errorCode: 1, highWatermark: -1n, logStart: -1n })]);
  kafka.take([fetched(Buffer.alloc(0), { partition: 1, errorCode: 6 })]);
  expect(told).toEqual(["look again"]);
  const position = positions.get("orders", 0);
  if (position === undefined) throw new Error("no position");
  expect(position.missing).toBe(0n);
  kafka.noteRange(position, 12n, 40n);
  expect(kafka.lost).toBe(12);
  expect(kafka.note).toBe("The broker deleted up to 12 records of orders[0] before they could be read.");
});
