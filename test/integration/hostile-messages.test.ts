/**
 * Messages made to hurt whoever reads them, sent through real brokers past a real daemon with contracts: it goes on,
 * within bounded memory, tells what it could not read, and shows every other message, the one behind each included.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { connect, type Options } from "amqplib";
import { CompressionTypes, Kafka, logLevel, type Message, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MessageDetail } from "../../daemon/serve/protocol.ts";
import { ManagementApi } from "../../scripts/soak/index.ts";
import { brokers, ownPrefix } from "./brokers.ts";
import { pause, Watched } from "./faults.ts";

const topic = `${ownPrefix()}hostile`;
/** What the daemon may have while it takes all of this in: its bound is 128 MiB a batch, and some copies of that. */
const mostMiB = 900;
const withinMs = 15_000;

let folder: string;
let kafka: string;
let rabbitmq: string;
let management: ManagementApi;
let watched: Watched;
let producer: Producer;
let number = 0;

const contract = `syntax = "proto3";
package hostile;
message Order { string id = 1; Order inner = 2; repeated int64 numbers = 3; map<string, Order> more = 4; }
`;

beforeAll(async () => {
  const running = await brokers();
  ({ kafka, rabbitmq } = running);
  management = new ManagementApi(running.rabbitmqManagement ?? "");
  folder = mkdtempSync(join(tmpdir(), "contrail-hostile-"));
  const workspaceFolder = join(folder, "workspace");
  mkdirSync(workspaceFolder);
  writeFileSync(join(workspaceFolder, "order.proto"), contract);
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  producer = client.producer();
  await producer.connect();
  watched = await Watched.start({
    workspaceFolder,
    stateDir: join(folder, "state"),
    taps: [
      { kind: "kafka", brokers: kafka, topics: [topic] },
      { kind: "rabbitmq", url: rabbitmq, managementUrl: management.origin },
    ],
  });
}, 120_000);

afterAll(async () => {
  await producer.disconnect();
  await watched.daemon.end("SIGTERM");
  const admin = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

function residentMiB(): number {
  const status = readFileSync(`/proc/${watched.daemon.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

async function toKafka(
  message: Omit<Message, "value"> & { value: Buffer | string | null },
  gzip = false,
): Promise<void> {
  await producer.send({
    topic,
    messages: [message],
    ...(gzip ? { compression: CompressionTypes.GZIP } : {}),
  });
}

/** A harmless message: when it is shown, everything before it was got over. */
async function shownBehind(send: (body: string) => Promise<unknown>): Promise<void> {
  const mine = (number += 1);
  await send(JSON.stringify({ number: mine }));
  await watched.until(() => watched.shown.has(mine), "the message behind it is shown", withinMs);
  expect(watched.daemon.process.exitCode).toBeNull();
}

/** Opens the newest message, as somebody who clicks on it does. */
async function open(): Promise<MessageDetail | null> {
  const seq = [...watched.shown.values()].at(-1)?.[0]?.seq ?? 0;
  watched.daemon.connection.send({ kind: "getMessage", request: seq, seq: seq - 1 });
  const { message } = await watched.next("message", ({ request }) => request === seq);
  return message;
}

const MiB = 1024 ** 2;
const nested = (open: string, count: number, close = "") => Buffer.from(open.repeat(count) + close.repeat(count));
const entities = Array.from({ length: 12 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join("");
const laughs = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">${entities}]><l>&a12;</l>`;
const type = (name: string): Record<string, string> => ({ "content-type": name });

const bodies: ReadonlyArray<[what: string, body: Buffer, headers?: Record<string, string>]> = [
  ["JSON arrays nested 400,000 deep", nested("[", 400_000), type("application/json")],
  ["JSON arrays nested 200,000 deep and closed", nested("[", 200_000, "]"), type("application/json")],
  ["JSON objects nested 100,000 deep", Buffer.from(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`)],
  ["JSON with a number of 500,000 digits", Buffer.from(`{"n":${"9".repeat(500_000)}}`)],
  [
    "JSON with 100,000 members",
    Buffer.from(
      JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`m${i}`, i]))).slice(0, 900_000),
    ),
  ],
  [
    "JSON that reaches for prototypes",
    Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  ],
  [
    "text that is no UTF-8",
    Buffer.from(Array.from({ length: 10_000 }, (_, i) => 0x80 + (i % 0x80))),
    type("text/plain; charset=utf-8"),
  ],
  [
    "Protobuf that declares a length of 1 GB",
    Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x04, 65]),
    type("application/x-protobuf"),
  ],
  [
    "Protobuf nested 100,000 deep",
    Buffer.concat(Array.from({ length: 300_000 }, () => Buffer.from([0x12, 0x7f]))),
    type("application/x-protobuf"),
  ],
  ["Protobuf of 400,000 groups", Buffer.alloc(400_000, 0x0b), type("application/x-protobuf")],
  ["MessagePack with an array of 2^30 elements", Buffer.from([0xdd, 0x40, 0, 0, 0, 1]), type("application/msgpack")],
  ["MessagePack with 1 GB of bytes", Buffer.from([0xc6, 0x40, 0, 0, 0, 1]), type("application/msgpack")],
  ["MessagePack nested 200,000 deep", Buffer.alloc(200_000, 0x91), type("application/msgpack")],
  ["CBOR with an array of 2^62 elements", Buffer.from([0x9b, 0x40, 0, 0, 0, 0, 0, 0, 0, 1]), type("application/cbor")],
  ["CBOR with 1 GB of text", Buffer.from([0x7a, 0x40, 0, 0, 0, 65]), type("application/cbor")],
  ["CBOR nested 200,000 deep", Buffer.alloc(200_000, 0x81), type("application/cbor")],
  ["CBOR with an endless text", Buffer.alloc(200_000, 0x7f), type("application/cbor")],
  ["XML with a billion laughs", Buffer.from(laughs), type("application/xml")],
  ["XML nested 100,000 deep", nested("<a>", 100_000, "</a>"), type("application/xml")],
  [
    "an Avro frame of an unknown schema",
    Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(100, 0xfe)]),
    type("application/avro"),
  ],
  ["an Avro file with a bomb in it", avroBomb(), type("application/avro")],
  [
    "gzip of 200 MB as a body",
    gzipSync(Buffer.alloc(200 * MiB)),
    { "content-type": "application/json", "content-encoding": "gzip" },
  ],
];

/** An object container file whose one block inflates to 200 MB. */
function avroBomb(): Buffer {
  const text = (value: string) => Buffer.concat([long(Buffer.byteLength(value)), Buffer.from(value)]);
  const block = deflateRawSync(Buffer.alloc(200 * MiB));
  const sync = Buffer.alloc(16, 7);
  return Buffer.concat([
    Buffer.from("Obj\u0001"),
    long(2),
    text("avro.schema"),
    text('"bytes"'),
    text("avro.codec"),
    text("deflate"),
    long(0),
    sync,
    long(1),
    long(block.length),
    block,
    sync,
  ]);
}

/** Avro's zigzag. */
function long(value: number): Buffer {
  const bytes: number[] = [];
  let left = value * 2;
  while (left > 127) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}

test.each(bodies)(
  "%s, through Kafka and RabbitMQ",
  async (_what: string, body: Buffer, headers: Record<string, string> = {}) => {
    await shownBehind(async (behind) => {
      await toKafka({ value: body, headers: { ...headers } });
      await toKafka({ value: behind });
    });
    const opened = await open();
    expect(opened?.bodySize).toBe(body.length);
    await shownBehind(async (behind) => {
      await publish([
        { body, options: headers["content-type"] === undefined ? {} : { contentType: headers["content-type"] } },
        { body: Buffer.from(behind) },
      ]);
    });
  },
);

test("batches of Kafka that inflate to 100 MB and to 160 MB: one is cut, the other told as unreadable", async () => {
  await shownBehind(async (behind) => {
    await toKafka({ value: Buffer.alloc(100 * MiB, 32) }, true);
    await toKafka({ value: behind });
  });
  expect((await open())?.bodySize).toBe(100 * MiB);
  await shownBehind(async (behind) => {
    await toKafka({ value: Buffer.alloc(160 * MiB, 32) }, true);
    await toKafka({ value: behind });
  });
  const tap = () => watched.status?.taps.find(({ broker }) => broker === "kafka");
  await watched.until(
    () => /could not be read/.test(tap()?.detail ?? ""),
    "it is told that a record could not be read",
  );
  expect(tap()?.phase).toBe("live");
}, 90_000);

test("10,000 headers, names and values that are no text, an empty and a huge key", async () => {
  const headers = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`h${i}`, String(i)]));
  const binary = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);
  await shownBehind(async (behind) => {
    await toKafka({ value: "{}", headers });
    await toKafka({ value: "{}", headers: { binary, ["__proto__"]: "x", "": "empty", constructor: "y" } });
    await toKafka({ key: binary, value: binary });
    // Its partition is named, since kafkajs takes minutes to choose one by such a key.
    await toKafka({ key: Buffer.alloc(900_000, 0xe9), value: null, partition: 0 });
    await toKafka({ key: "", value: "" });
    await toKafka({ value: behind });
  });
  let deep: Record<string, unknown> = { end: true };
  for (let i = 0; i < 500; i++) deep = { a: deep };
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [i.toString(36), true]));
  await shownBehind(async (behind) => {
    await publish([
      { body: Buffer.from("{}"), options: { headers: many } },
      { body: Buffer.from("{}"), options: { headers: deep } },
      { body: Buffer.alloc(8 * MiB, 65), options: { correlationId: "c".repeat(255), messageId: "\u0000\ufffd" } },
      { body: Buffer.from(behind) },
    ]);
  });
});

test("RabbitMQ headers that fill a frame to its end, so that the copy for the tap fits into none", async () => {
  for (const bytes of [100_000, 128_000, 130_000]) {
    await shownBehind(async (behind) => {
      // amqplib writes no such headers; RabbitMQ's own client does.
      await management.ask("POST", "/api/exchanges/%2F/amq.topic/publish", {
        properties: { headers: { filler: "x".repeat(bytes) } },
        routing_key: topic,
        payload: "{}",
        payload_encoding: "string",
      });
      await pause(300);
      await watched.until(
        () => watched.status?.taps.every(({ phase }) => phase === "live") === true,
        "the tap is live again",
        withinMs,
      );
      await publish([{ body: Buffer.from(behind) }]);
    });
  }
}, 120_000);

test("all of it within bounded memory, with every tap live", async () => {
  const most = residentMiB();
  console.log(`Hostile messages: the daemon had ${most.toFixed(0)} MiB of memory at most.`);
  expect(most).toBeLessThan(mostMiB);
  expect(watched.status?.taps.map(({ phase }) => phase)).toEqual(["live", "live"]);
  expect(watched.status?.capture?.problem).toBeUndefined();
  expect(watched.daemon.process.exitCode).toBeNull();
});

async function publish(
  messages: readonly { readonly body: Buffer; readonly options?: Options.Publish }[],
): Promise<void> {
  const connection = await connect(rabbitmq);
  const refused = new Promise<never>((_, reject) => connection.once("error", reject));
  refused.catch(() => undefined);
  const channel = await connection.createConfirmChannel();
  channel.on("error", () => undefined);
  for (const { body, options } of messages) channel.publish("amq.topic", topic, body, options);
  await Promise.race([channel.waitForConfirms(), refused]);
  await channel.close();
  await connection.close();
}
