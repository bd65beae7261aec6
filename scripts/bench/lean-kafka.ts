/**
 * A Kafka producer that needs little of the processor, for loads that share it with what is measured: kafkajs' own takes
 * a third of a core for 10,000 messages a second. One broker, which leads every partition, without login; what kafkajs
 * itself does is never measured with it. Takes in messages, hands out batches on the wire.
 *
 *   produce v7: transactional id string (null), acks i16, timeout i32, topics: name, partitions: index, batch as bytes
 *   batch v2: see `daemon/tap/record-batch.ts`; its CRC-32C covers everything from the attributes on
 */
import { connect, type Socket } from "node:net";
import { crc32 } from "node:zlib";
import { parseHostPort } from "../../daemon/tap/index.ts";

export interface LeanMessage {
  readonly key: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LeanProducer {
  /** Messages of the same key keep their order. Resolves when the broker has them all; rejects with its error code. */
  send(messages: readonly LeanMessage[]): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

const produceKey = 0;
const produceVersion = 7;
const leaderOnly = 1;
const timeoutMs = 30_000;

/** `address` is HOST:PORT. */
export async function leanProducer(address: string, topic: string, partitions: number): Promise<LeanProducer> {
  const socket = await open(address);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  const fail = (cause: Error): void => {
    for (const { reject } of waiting.values()) reject(cause);
    waiting.clear();
  };
  socket.on("error", fail);
  socket.on("close", () =>
    fail(new Error(`The broker at ${address} closed the connection of a producer of the bench.`)),
  );
  onFrames(socket, (frame) => {
    const id = frame.readInt32BE(0);
    const answered = waiting.get(id);
    waiting.delete(id);
    const code = errorCodeOf(frame);
    if (code === 0) answered?.resolve();
    else answered?.reject(new Error(`Kafka refused a batch of the bench with error code ${code}.`));
  });
  return {
    send: (messages) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        const byPartition: LeanMessage[][] = Array.from({ length: partitions }, () => []);
        for (const message of messages) byPartition[crc32(message.key) % partitions]?.push(message);
        const batches = byPartition.flatMap((some, partition) =>
          some.length === 0 ? [] : [{ partition, batch: batchOf(some, Date.now()) }],
        );
        socket.write(produceRequest(id, topic, batches));
      }),
    close: () =>
      new Promise((resolve) => {
        socket.removeAllListeners("close");
        socket.once("close", () => resolve());
        socket.end();
      }),
  };
}

function open(address: string): Promise<Socket> {
  const target = parseHostPort(address, 9092);
  if (target === undefined) throw new Error(`${address} is no address of a broker.`);
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** Each answer without the four bytes of its size. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let left: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    left = left.length === 0 ? bytes : Buffer.concat([left, bytes]);
    while (left.length >= 4 && left.length >= 4 + left.readInt32BE(0)) {
      const end = 4 + left.readInt32BE(0);
      take(left.subarray(4, end));
      left = left.subarray(end);
    }
  });
}

/** The first error code of an answer to produce v7, for one topic; 0 where all went well. */
function errorCodeOf(frame: Buffer): number {
  const count = frame.readInt32BE(10 + frame.readInt16BE(8));
  let at = 14 + frame.readInt16BE(8);
  for (let i = 0; i < count; i++) {
    const code = frame.readInt16BE(at + 4);
    if (code !== 0) return code;
    at += 4 + 2 + 8 + 8 + 8;
  }
  return 0;
}

interface PlacedBatch {
  readonly partition: number;
  readonly batch: Buffer;
}

function produceRequest(id: number, topic: string, batches: readonly PlacedBatch[]): Buffer {
  const length = batches.reduce((sum, { batch }) => sum + 8 + batch.length, 0);
  const request = Buffer.allocUnsafe(32 + topic.length + length);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(produceKey, 4);
  request.writeInt16BE(produceVersion, 6);
  request.writeInt32BE(id, 8);
  // No client id, no transaction.
  request.writeInt16BE(-1, 12);
  request.writeInt16BE(-1, 14);
  request.writeInt16BE(leaderOnly, 16);
  request.writeInt32BE(timeoutMs, 18);
  request.writeInt32BE(1, 22);
  request.writeInt16BE(topic.length, 26);
  request.write(topic, 28, "latin1");
  let at = request.writeInt32BE(batches.length, 28 + topic.length);
  for (const { partition, batch } of batches) {
    at = request.writeInt32BE(partition, at);
    at = request.writeInt32BE(batch.length, at);
    at += batch.copy(request, at);
  }
  return request;
}

const batchHeader = 61;

/** All messages as one batch that is not compressed, each with the time `at`; their texts are ASCII. */
export function batchOf(messages: readonly LeanMessage[], at: number): Buffer {
  // A length takes at most five bytes.
  const roomOf = ({ key, body, headers }: LeanMessage) =>
    Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 10, 0) +
    key.length +
    body.length +
    32;
  const batch = Buffer.allocUnsafe(batchHeader + messages.reduce((sum, message) => sum + roomOf(message), 0));
  let end = batchHeader;
  messages.forEach((message, i) => (end = writeRecord(batch, end, message, i)));
  batch.fill(0, 0, batchHeader);
  batch.writeInt32BE(end - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt32BE(messages.length - 1, 23);
  batch.writeBigInt64BE(BigInt(at), 27);
  batch.writeBigInt64BE(BigInt(at), 35);
  // No idempotent producer: its id, epoch and sequence are -1.
  batch.fill(0xff, 43, 57);
  batch.writeInt32BE(messages.length, 57);
  batch.writeUInt32BE(crc32c(batch, 21, end), 17);
  return batch.subarray(0, end);
}

function writeRecord(batch: Buffer, start: number, { key, body, headers }: LeanMessage, delta: number): number {
  const entries = Object.entries(headers);
  let size = 2 + varintSize(delta) + varintSize(entries.length);
  for (const text of [key, body, ...entries.flat()]) size += varintSize(text.length) + text.length;
  let at = writeVarint(batch, start, size);
  // No attributes, and no time after the batch's.
  batch[at++] = 0;
  batch[at++] = 0;
  at = writeVarint(batch, at, delta);
  at = writeText(batch, at, key);
  at = writeText(batch, at, body);
  at = writeVarint(batch, at, entries.length);
  for (const [name, value] of entries) at = writeText(batch, writeText(batch, at, name), value);
  return at;
}

function writeText(batch: Buffer, start: number, text: string): number {
  const at = writeVarint(batch, start, text.length);
  return at + batch.write(text, at, "latin1");
}

/** A length, which is never negative, in zigzag. */
function writeVarint(batch: Buffer, start: number, value: number): number {
  let at = start;
  let left = value * 2;
  for (; left > 127; left >>>= 7) batch[at++] = (left & 127) | 128;
  batch[at++] = left;
  return at;
}

function varintSize(value: number): number {
  let size = 1;
  for (let left = value * 2; left > 127; left >>>= 7) size++;
  return size;
}

/** CRC-32 with Castagnoli's polynomial, reflected. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

function crc32c(bytes: Buffer, from: number, to: number): number {
  let crc = ~0;
  for (let i = from; i < to; i++) crc = (crcTable[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
