/**
 * Requests to a Kafka broker that kafkajs does not make, or not as a tap needs them: metadata with topic ids, and which
 * offsets groups have committed. None of them changes anything at the broker; FindCoordinator is not among them, since
 * it would create `__consumer_offsets` where there is none.
 *
 *   metadata v10: topics null (all), no creation, no authorized operations
 *   list groups v0-2: nothing
 *   offset fetch v2-5: group as string, topics as array, null: all that the group ever committed in
 */
// @ts-expect-error kafkajs types its front door only; what is used of its inside is typed below.
import EncoderClass from "kafkajs/src/protocol/encoder.js";
import { decodeCommitted, decodeGroups, decodeTopicIdMetadata } from "./kafka-responses.ts";

/** A request and how its answer is read, as kafkajs' connections take them. */
export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<Encoder>;
  };
  readonly response: { decode(bytes: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
  readonly requestTimeout?: number;
}

export interface Encoder {
  writeBuffer(bytes: Buffer): Encoder;
}

export const apiKeys = { fetch: 1, listOffsets: 2, metadata: 3, offsetFetch: 9, listGroups: 16 } as const;

/** Metadata v10, which kafkajs does not know: it says topic ids, and so tells a topic made anew from the old one. */
export function topicIdMetadataRequest(): ProtocolRequest {
  // Tagged fields of the flexible header, all topics, no creation, no authorized operations, tagged fields.
  return request(apiKeys.metadata, 10, "Metadata", Buffer.from([0, 0, 0, 0, 0, 0]), decodeTopicIdMetadata);
}

/** Which groups a node coordinates. */
export function listGroupsRequest(version: number): ProtocolRequest {
  return request(apiKeys.listGroups, version, "ListGroups", Buffer.alloc(0), (bytes) => decodeGroups(bytes, version));
}

/** All offsets that a group has committed; asked of the node that coordinates it. */
export function offsetFetchRequest(group: string, version: number): ProtocolRequest {
  const name = Buffer.from(group, "utf8");
  const body = Buffer.alloc(2 + name.length + 4);
  body.writeInt16BE(name.length, 0);
  name.copy(body, 2);
  body.writeInt32BE(-1, 2 + name.length);
  return request(apiKeys.offsetFetch, version, "OffsetFetch", body, (bytes) => decodeCommitted(bytes, version));
}

function request(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Buffer,
  decode: (bytes: Buffer) => unknown,
): ProtocolRequest {
  return {
    request: {
      apiKey,
      apiVersion,
      apiName,
      encode: () => Promise.resolve(new (EncoderClass as new () => Encoder)().writeBuffer(body)),
    },
    response: {
      decode: (bytes) => Promise.resolve(decode(bytes)),
      parse: (decoded) => Promise.resolve(decoded),
    },
  };
}
