/**
 * Requests to a Kafka broker that kafkajs does not make, or not as a tap needs them: metadata with topic ids, and which
 * offsets groups have committed. None of them changes anything at the broker; FindCoordinator is not among them, since
 * it would create `__consumer_offsets` where there is none.
 *
 *   metadata v10: topics null (all), no creation, no authorized operations
 *   fetch v13, by topic ids, so that a topic made anew is never taken for the old one: replica -1, waiting time, least and
 *     most bytes, isolation, no session, topics: id, partitions: index, leader epoch -1, offset i64, last epoch -1,
 *     log start -1, most bytes; nothing forgotten, no rack
 *   list groups v0-2: nothing
 *   offset fetch v2-5: group as string, topics as array, null: all that the group ever committed in
 */
import {
  decodeCommitted,
  decodeGroups,
  decodeTopicIdFetch,
  decodeTopicIdMetadata,
  type CommittedOffsets,
  type GroupList,
  type Metadata,
} from "./kafka-responses.ts";

/** A request in bytes, without its header, and how its answer is read. */
export interface OwnRequest<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Buffer;
  readonly decode: (bytes: Buffer) => T;
}

export const apiKeys = { fetch: 1, listOffsets: 2, metadata: 3, offsetFetch: 9, listGroups: 16 } as const;

/** Metadata v10, which kafkajs does not know: it says topic ids, and so tells a topic made anew from the old one. */
export function topicIdMetadataRequest(): OwnRequest<Metadata> {
  return {
    apiKey: apiKeys.metadata,
    apiVersion: 10,
    apiName: "Metadata",
    // Tagged fields of the flexible header, all topics, no creation, no authorized operations, tagged fields.
    body: Buffer.from([0, 0, 0, 0, 0, 0]),
    decode: decodeTopicIdMetadata,
  };
}

export const topicIdFetchVersion = 13;

/** Waits at the broker until there is something, at most `maxWaitMs`. */
export function topicIdFetchRequest(
  topics: readonly TopicToFetch[],
  bounds: { readonly maxWaitMs: number; readonly maxBytes: number; readonly partitionMaxBytes: number },
): OwnRequest<ReturnType<typeof decodeTopicIdFetch>> {
  const count = topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const body = Buffer.alloc(64 + topics.length * 32 + count * 40);
  let at = 0;
  const i32 = (value: number): void => void (at = body.writeInt32BE(value, at));
  const unsigned = (value: number): void => {
    for (; value > 0x7f; value >>>= 7) body[at++] = (value & 0x7f) | 0x80;
    body[at++] = value;
  };
  // Tagged fields of the flexible header; here and below there are none.
  unsigned(0);
  for (const value of [-1, bounds.maxWaitMs, 1, bounds.maxBytes]) i32(value);
  body[at++] = 0;
  i32(0);
  i32(-1);
  unsigned(topics.length + 1);
  for (const { id, partitions } of topics) {
    at += body.write(id, at, 16, "hex");
    unsigned(partitions.length + 1);
    for (const { partition, offset } of partitions) {
      i32(partition);
      i32(-1);
      at = body.writeBigInt64BE(offset, at);
      i32(-1);
      at = body.writeBigInt64BE(-1n, at);
      i32(bounds.partitionMaxBytes);
      unsigned(0);
    }
    unsigned(0);
  }
  // Nothing forgotten, no rack, no tagged fields.
  unsigned(1);
  unsigned(1);
  unsigned(0);
  const names = new Map(topics.map(({ id, name }) => [id, name]));
  return {
    apiKey: apiKeys.fetch,
    apiVersion: topicIdFetchVersion,
    apiName: "Fetch",
    body: body.subarray(0, at),
    decode: (bytes) => decodeTopicIdFetch(bytes, names),
  };
}

export interface TopicToFetch {
  readonly id: string;
  readonly name: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: bigint }[];
}

/** Which groups a node coordinates. */
export function listGroupsRequest(apiVersion: number): OwnRequest<GroupList> {
  return {
    apiKey: apiKeys.listGroups,
    apiVersion,
    apiName: "ListGroups",
    body: Buffer.alloc(0),
    decode: (bytes) => decodeGroups(bytes, apiVersion),
  };
}

/** All offsets that a group has committed; asked of the node that coordinates it. */
export function offsetFetchRequest(group: string, apiVersion: number): OwnRequest<CommittedOffsets> {
  const name = Buffer.from(group, "utf8");
  const body = Buffer.alloc(2 + name.length + 4);
  body.writeInt16BE(name.length, 0);
  name.copy(body, 2);
  body.writeInt32BE(-1, 2 + name.length);
  return {
    apiKey: apiKeys.offsetFetch,
    apiVersion,
    apiName: "OffsetFetch",
    body,
    decode: (bytes) => decodeCommitted(bytes, apiVersion),
  };
}
