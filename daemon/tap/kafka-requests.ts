/**
 * Requests to a Kafka broker that kafkajs does not make, or not as a tap needs them: metadata with topic ids, and which
 * offsets groups have committed. None of them changes anything at the broker; FindCoordinator is not among them, since
 * it would create `__consumer_offsets` where there is none.
 *
 *   metadata v10: topics null (all), no creation, no authorized operations
 *   list groups v0-2: nothing
 *   offset fetch v2-5: group as string, topics as array, null: all that the group ever committed in
 */
import {
  decodeCommitted,
  decodeGroups,
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
