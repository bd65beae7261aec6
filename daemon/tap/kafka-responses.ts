/**
 * Answers of a Kafka broker that are read here rather than by kafkajs: fetches, whose record sets stay undecoded,
 * metadata with topic ids, and what groups have committed.
 *
 *   fetch v4-11: throttle i32, [v7: error i16, session i32], topics: name, partitions: index i32, error i16, high
 *     watermark i64, last stable offset i64, [v5: log start i64], aborted transactions, [v11: preferred replica i32],
 *     record set as bytes
 *   fetch v13 (compact, tagged): the same with a topic's id in place of its name
 *   metadata v10 (compact, tagged): throttle i32, nodes: id i32, host, port i32, rack; cluster id, controller i32,
 *     topics: error i16, name, id uuid, internal bool, partitions: error i16, index i32, leader i32, epoch i32,
 *     replicas, in sync, offline; authorized operations i32 (topic and cluster)
 *   list groups v0-2: [v1: throttle i32], error i16, groups: id, protocol type
 *   offset fetch v2-5: [v3: throttle i32], topics: name, partitions: index i32, offset i64, [v5: leader epoch i32],
 *     metadata, error i16; error i16
 */

export interface Metadata {
  readonly nodes: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly name: string;
  /** Absent before Kafka 2.8. */
  readonly id?: string;
  readonly internal: boolean;
  /** `leader` -1: nobody leads it now. */
  readonly partitions: readonly { readonly index: number; readonly leader: number }[];
}

export interface FetchedPartition {
  readonly topic: string;
  /** Which topic of this name was asked for, where Kafka tells them apart (3.1). */
  readonly topicId?: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  /** -1 where the broker does not say. */
  readonly logStart: bigint;
  readonly records: Buffer;
}

export interface GroupList {
  readonly errorCode: number;
  readonly groups: readonly string[];
}

export interface CommittedOffsets {
  readonly errorCode: number;
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[];
}

export function decodeGroups(bytes: Buffer, version: number): GroupList & { readonly clientSideThrottleTime: number } {
  const reader = new Reader(bytes);
  const throttle = version >= 1 ? reader.i32() : 0;
  const errorCode = reader.i16();
  const groups: string[] = [];
  for (let left = reader.i32(); left > 0; left--) {
    groups.push(reader.string());
    reader.string();
  }
  return { errorCode, groups, clientSideThrottleTime: version >= 2 ? throttle : 0 };
}

/** Partitions without a commit, and those that may not be seen, are left out. */
export function decodeCommitted(
  bytes: Buffer,
  version: number,
): CommittedOffsets & { readonly clientSideThrottleTime: number } {
  const reader = new Reader(bytes);
  const throttle = version >= 3 ? reader.i32() : 0;
  const offsets: { topic: string; partition: number; offset: bigint }[] = [];
  for (let topics = reader.i32(); topics > 0; topics--) {
    const topic = reader.string();
    for (let count = reader.i32(); count > 0; count--) {
      const partition = reader.i32();
      const offset = reader.i64();
      if (version >= 5) reader.at += 4;
      reader.string();
      if (reader.i16() === 0 && offset >= 0n) offsets.push({ topic, partition, offset });
    }
  }
  return { errorCode: reader.i16(), offsets, clientSideThrottleTime: version >= 4 ? throttle : 0 };
}

export function decodeFetch(
  bytes: Buffer,
  version: number,
): { readonly partitions: readonly FetchedPartition[]; readonly clientSideThrottleTime: number } {
  const reader = new Reader(bytes);
  const throttle = reader.i32();
  if (version >= 7) reader.at += 6;
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.i32(); topics > 0; topics--) {
    const topic = reader.string();
    for (let count = reader.i32(); count > 0; count--) {
      const partition = reader.i32();
      const errorCode = reader.i16();
      const highWatermark = reader.i64();
      reader.at += 8;
      const logStart = version >= 5 ? reader.i64() : -1n;
      const aborted = Math.max(0, reader.i32());
      reader.at += aborted * 16;
      if (version >= 11) reader.at += 4;
      const size = Math.max(0, reader.i32());
      partitions.push({ topic, partition, errorCode, highWatermark, logStart, records: reader.take(size) });
    }
  }
  // Since version 8 the broker answers first and expects the client to wait.
  return { partitions, clientSideThrottleTime: version >= 8 ? throttle : 0 };
}

/** `names`: what the topics that were asked for are called, by their ids. */
export function decodeTopicIdFetch(
  bytes: Buffer,
  names: ReadonlyMap<string, string>,
): { readonly partitions: readonly FetchedPartition[]; readonly clientSideThrottleTime: number } {
  const reader = new Reader(bytes);
  reader.tags();
  const clientSideThrottleTime = reader.i32();
  reader.at += 6;
  const partitions: FetchedPartition[] = [];
  reader.compactArray(() => {
    const topicId = reader.take(16).toString("hex");
    const topic = names.get(topicId) ?? "";
    reader.compactArray(() => {
      const partition = reader.i32();
      const errorCode = reader.i16();
      const highWatermark = reader.i64();
      reader.at += 8;
      const logStart = reader.i64();
      reader.compactArray(() => {
        reader.at += 16;
        reader.tags();
      });
      reader.at += 4;
      const records = reader.take(Math.max(0, reader.unsigned() - 1));
      reader.tags();
      partitions.push({ topic, topicId, partition, errorCode, highWatermark, logStart, records });
    });
    reader.tags();
  });
  return { partitions, clientSideThrottleTime };
}

export function decodeTopicIdMetadata(bytes: Buffer): Metadata & { readonly clientSideThrottleTime: number } {
  const reader = new Reader(bytes);
  reader.tags();
  const clientSideThrottleTime = reader.i32();
  const nodes = reader.compactArray(() => {
    const node = { id: reader.i32(), host: reader.compactString(), port: reader.i32() };
    reader.compactString();
    reader.tags();
    return node;
  });
  reader.compactString();
  reader.at += 4;
  const topics = reader.compactArray(() => {
    const errorCode = reader.i16();
    const name = reader.compactString();
    const id = reader.take(16).toString("hex");
    const internal = reader.i8() !== 0;
    const partitions = reader.compactArray(() => {
      reader.at += 2;
      const partition = { index: reader.i32(), leader: reader.i32() };
      reader.at += 4;
      for (let lists = 0; lists < 3; lists++) reader.compactArray(() => reader.i32());
      reader.tags();
      return partition;
    });
    reader.at += 4;
    reader.tags();
    return { errorCode, name, id, internal, partitions };
  });
  return { nodes, topics, clientSideThrottleTime };
}

/** Reads on from `at`; a buffer that is too short makes it throw a RangeError. */
class Reader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  i8(): number {
    return this.bytes.readInt8(this.at++);
  }

  i16(): number {
    return this.bytes.readInt16BE((this.at += 2) - 2);
  }

  i32(): number {
    return this.bytes.readInt32BE((this.at += 4) - 4);
  }

  i64(): bigint {
    return this.bytes.readBigInt64BE((this.at += 8) - 8);
  }

  take(size: number): Buffer {
    if (this.at + size > this.bytes.length) throw new RangeError("the answer is cut short");
    return this.bytes.subarray(this.at, (this.at += size));
  }

  string(): string {
    return this.take(Math.max(0, this.i16())).toString("utf8");
  }

  unsigned(): number {
    let result = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.bytes.readUInt8(this.at++);
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    throw new RangeError("a length is too long");
  }

  compactString(): string {
    return this.take(Math.max(0, this.unsigned() - 1)).toString("utf8");
  }

  compactArray<T>(read: () => T): T[] {
    const result: T[] = [];
    for (let left = this.unsigned() - 1; left > 0; left--) result.push(read());
    return result;
  }

  tags(): void {
    for (let left = this.unsigned(); left > 0; left--) {
      this.unsigned();
      this.take(this.unsigned());
    }
  }
}
