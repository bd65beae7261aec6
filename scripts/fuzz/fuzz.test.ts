import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createCatalog, type MessageInput } from "../../contracts/codec/index.ts";
import { readClientMessage } from "../../daemon/serve/client-message.ts";
import { decompress } from "../../daemon/tap/compression.ts";
import { readRecordSet } from "../../daemon/tap/record-batch.ts";
import { fuzz } from "./run.ts";
import { contracts, samples } from "./samples.ts";
import { fuzzTargets } from "./targets.ts";

const targets = fuzzTargets();
const runsEach = Math.ceil(150_000 / targets.length);

describe("changed inputs", () => {
  it.each(targets.map((target, i) => [target.name, target, 2026 + i] as const))(
    "%s: each is read or refused, in time and without keeping memory",
    async (_name, target, seed) => {
      const runs = Math.ceil(runsEach * (target.share ?? 1));
      const { inputs, broken } = await fuzz(target, runs, seed);
      const shown = broken.map(({ why, input }) => `${why}: ${Buffer.from(input).toString("hex")}`);
      expect(shown).toEqual([]);
      expect(inputs).toBe(runs);
    },
    60_000,
  );

  it("that break a reader are told", async () => {
    const seeds = [Uint8Array.from([1, 2, 3, 4])];
    const read = (bytes: Uint8Array) => {
      if (bytes.includes(0xff)) throw new Error("met it");
    };
    expect((await fuzz({ name: "thrower", seeds, read }, 2000, 1)).broken[0]?.why).toContain("met it");
    const refuses = { name: "refuser", seeds, read, refusesByThrowing: true } as const;
    expect((await fuzz(refuses, 2000, 1)).broken).toEqual([]);
    const endless = () => {
      throw new RangeError("Maximum call stack size exceeded");
    };
    expect((await fuzz({ ...refuses, read: endless }, 10, 1)).broken).not.toEqual([]);
  });

  it("are the same for the same seed", async () => {
    const seen: string[] = [];
    for (let i = 0; i < 2; i++) {
      const inputs: string[] = [];
      const read = (bytes: Uint8Array) => void inputs.push(Buffer.from(bytes).toString("hex"));
      await fuzz({ name: "recorder", seeds: [samples.json, samples.avro], read }, 500, 7);
      seen.push(inputs.join());
    }
    expect(seen[0]).toBe(seen[1]);
  });
});

const catalog = createCatalog({ files: contracts, protoModules: [] });
const decode = (body: Uint8Array, input: Partial<MessageInput> = {}) =>
  catalog.decode({ broker: "kafka", channel: "elsewhere", headers: [], body, ...input });

/** Runs within two seconds, and adds no more than this to the process' memory. */
function within(megabytes: number, run: () => void): void {
  const before = process.memoryUsage();
  const began = performance.now();
  run();
  expect(performance.now() - began).toBeLessThan(2000);
  const after = process.memoryUsage();
  expect((after.rss - before.rss) / 2 ** 20).toBeLessThan(megabytes);
}

describe("decompression bombs", () => {
  const zeros = Buffer.alloc(64 * 2 ** 20);
  const lz4Bomb = Buffer.from([
    ...[0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0, 0x10, 0, 1, 0, 0x1f, 0, 1, 0],
    ...Array.from({ length: 65_531 }, () => 0xff),
    ...[0, 0, 0, 0],
  ]);
  const snappyBomb = Buffer.from([
    0x80,
    0x80,
    0x80,
    0x80,
    0x04,
    0,
    0,
    ...Array.from({ length: 9000 }, () => [0xfe, 1, 0]).flat(),
  ]);

  it.each([
    ["gzip", 1, gzipSync(zeros)],
    ["snappy", 2, snappyBomb],
    ["lz4", 3, lz4Bomb],
    ["zstd", 4, zstdCompressSync(zeros)],
  ])("%s stops at the limit", (_name, codec, bytes) => {
    within(150, () => {
      let size = 0;
      try {
        size = decompress(codec, bytes, 1_000_000).length;
      } catch {
        // Refused: nothing came out.
      }
      expect(size).toBeLessThanOrEqual(1_000_000);
    });
  });
});

describe("declared lengths of a gigabyte", () => {
  const giga = [0x80, 0x80, 0x80, 0x80, 0x08];
  it.each<[string, readonly number[], Partial<MessageInput>]>([
    ["a protobuf string", [0x0a, 0x80, 0x80, 0x80, 0x80, 0x04], { channel: "orders" }],
    ["an Avro string", giga, { channel: "stock" }],
    ["an Avro file's schema", [0x4f, 0x62, 0x6a, 1, 2, 2, 65, ...giga], {}],
    ["a MessagePack text", [0xdb, 0x40, 0, 0, 0], { contentType: "application/msgpack" }],
    ["a MessagePack list", [0xdd, 0x40, 0, 0, 0], { contentType: "application/msgpack" }],
    [
      "MessagePack lists in lists",
      Array.from({ length: 800 }, () => [0xdc, 0xff, 0xff]).flat(),
      { contentType: "application/msgpack" },
    ],
    ["a MessagePack map", [0xdf, 0x40, 0, 0, 0], { contentType: "application/msgpack" }],
    ["CBOR bytes", [0x5a, 0x40, 0, 0, 0], { contentType: "application/cbor" }],
    ["a CBOR list", [0x9b, 0, 0, 0, 0, 0x40, 0, 0, 0], { contentType: "application/cbor" }],
    ["a CBOR map", [0xbb, 0, 0, 0, 0, 0x40, 0, 0, 0], { contentType: "application/cbor" }],
  ])("%s", (_name, head, input) => {
    within(100, () => {
      const body = decode(Uint8Array.from([...head, 65, 66]), input);
      expect(["binary", "text"]).toContain(body.format);
      expect(body.attempts.length).toBeGreaterThan(0);
    });
  });

  it("a Kafka batch, and records in it", () => {
    const batch = Buffer.from(samples.recordBatch);
    const claims = [
      [8, 2 ** 30],
      [57, 2 ** 30],
    ] as const;
    for (const [at, value] of claims) {
      const changed = Buffer.from(batch);
      changed.writeInt32BE(value, at);
      const told: string[] = [];
      const visitor = { record: () => {}, marker: () => {}, unreadable: () => void told.push("unreadable") };
      within(100, () => void readRecordSet(changed, 0n, { keptBytes: 1e6, batchBytes: 1e6 }, visitor));
    }
  });
});

describe("many headers, wrong texts, deep nesting", () => {
  it("10,000 headers are looked through", () => {
    const headers = Array.from({ length: 10_000 }, (_, i) => ({
      name: `type${i % 7}`,
      value: Uint8Array.from([0xff, i & 255]),
    }));
    within(150, () =>
      expect(decode(samples.json, { headers: [...headers, { name: "ce_type", value: "shop.Priced" }] }).typeName).toBe(
        "Priced",
      ),
    );
  });

  it("texts that are not UTF-8 are told apart from texts", () => {
    for (const bytes of [
      [0xff, 0xfe, 0x41],
      [0xc3, 0x28],
      [0xed, 0xa0, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0xc0, 0xaf],
    ]) {
      expect(decode(Uint8Array.from(bytes)).format).toBe("binary");
      expect(decode(Uint8Array.from([0x22, ...bytes, 0x22])).format).toBe("binary");
      const field = decode(Uint8Array.from([0x0a, bytes.length, ...bytes]), { channel: "orders" });
      expect(field.check).toBe("invalid");
    }
  });

  it.each<[string, Uint8Array, Partial<MessageInput>]>([
    ["JSON", Buffer.from(`{"a":${"[".repeat(1_000_000)}`), {}],
    ["XML", Buffer.from("<a>".repeat(300_000)), {}],
    ["protobuf", Uint8Array.from(nestedProtobuf(3000)), { channel: "orders" }],
    ["protobuf groups", Uint8Array.from(Array.from({ length: 100_000 }, () => 0x0b)), { channel: "orders" }],
    ["Avro", Uint8Array.from(Array.from({ length: 100_000 }, () => 2)), { channel: "stock" }],
    [
      "MessagePack",
      Uint8Array.from(Array.from({ length: 100_000 }, () => 0x91)),
      { contentType: "application/msgpack" },
    ],
    ["CBOR", Uint8Array.from(Array.from({ length: 100_000 }, () => 0x9f)), { contentType: "application/cbor" }],
    ["CBOR tags", Uint8Array.from(Array.from({ length: 100_000 }, () => 0xc6)), { contentType: "application/cbor" }],
  ])("%s is refused before the stack ends", (_name, body, input) => {
    within(200, () => {
      const { format, attempts } = decode(body, input);
      expect(["binary", "text"]).toContain(format);
      expect(attempts.map((attempt) => attempt.failure).join(" ")).not.toMatch(/call stack/i);
    });
  });

  it("a message of a view may nest as it likes", () => {
    within(200, () => {
      expect(readClientMessage(`{"kind":"hello","protocolVersion":${"[".repeat(200_000)}`)).toBeUndefined();
      const closed = `${"[".repeat(5000)}${"]".repeat(5000)}`;
      expect(readClientMessage(`{"kind":"hello","protocolVersion":${closed},"client":"page"}`)).toBeUndefined();
      expect(readClientMessage(`{"kind":"__proto__"}`)).toBeUndefined();
    });
  });
});

/** Orders in orders (field 8), from the inside out. */
function nestedProtobuf(levels: number): number[] {
  let size = 0;
  const heads: number[][] = [];
  for (let i = 0; i < levels; i++) {
    const head =
      size < 128
        ? [0x42, size]
        : size < 16_384
          ? [0x42, (size & 127) | 128, size >> 7]
          : [0x42, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];
    heads.push(head);
    size += head.length;
  }
  return heads.reverse().flat();
}
