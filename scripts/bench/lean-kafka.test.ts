/** What loads of the bench write by themselves is a batch as every reader of Kafka's format reads it. */
import { expect, it } from "vitest";
import { readRecordSet, type KafkaRecord } from "../../daemon/tap/record-batch.ts";
import { batchOf } from "./lean-kafka.ts";

it("writes keys, bodies and headers of any length, at consecutive offsets and at one time", () => {
  const messages = [
    { key: "ord-1", body: '{"status":"PLACED"}', headers: { type: "OrderPlaced", source: "bench" } },
    { key: "", body: "x".repeat(20_000), headers: {} },
    ...Array.from({ length: 100 }, (_, i) => ({ key: `ord-${i}`, body: "y".repeat(i), headers: { n: String(i) } })),
  ];
  const batch = batchOf(messages, 1_795_000_000_123);
  const read: KafkaRecord[] = [];
  readRecordSet(
    batch,
    0n,
    { keptBytes: 1 << 20, batchBytes: 1 << 20 },
    {
      record: (_, record) => void read.push(record),
      marker: () => expect.unreachable(),
      unreadable: (...what) => expect.unreachable(String(what)),
    },
  );
  const text = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value);
  expect(read.map(({ key, value }) => ({ key: text(key), body: text(value) }))).toEqual(
    messages.map(({ key, body }) => ({ key, body })),
  );
  expect(read.map(({ offset }) => offset)).toEqual(messages.map((_, i) => BigInt(i)));
  expect(read.map(({ headers }) => Object.fromEntries(headers.map(({ name, value }) => [name, text(value)])))).toEqual(
    messages.map(({ headers }) => headers),
  );
  expect(new Set(read.map(({ timestamp }) => timestamp))).toEqual(new Set([1_795_000_000_123]));
});

it("bears the checksum CRC-32C, as it comes bit by bit", () => {
  // The checksum covers the batch from its attributes on.
  const batch = batchOf([{ key: "k", body: "v", headers: {} }], 0);
  let crc = ~0;
  for (const byte of batch.subarray(21)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  expect(batch.readUInt32BE(17)).toBe(~crc >>> 0);
});
