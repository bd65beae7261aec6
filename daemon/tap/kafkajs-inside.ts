/**
 * The only file that knows kafkajs from inside. Pinned to kafkajs 2.2.4, the last release (2023): its internals will
 * not move any more.
 *
 * Why internals: kafkajs' public consumer always joins a group, and a tap must not. Under it lie connections with
 * login and version negotiation (`broker`, `cluster/connectionPoolBuilder`) and the requests (`protocol/requests`),
 * which fetch without a group. Takes in addresses and requests, kafkajs' or our own; hands out their answers, with the
 * error codes in them. What is used of the inside is typed here: kafkajs types its front door only.
 */
import type { Socket } from "node:net";
// @ts-expect-error kafkajs types its front door only; what is used of its inside is typed below.
import BrokerClass from "kafkajs/src/broker/index.js";
// @ts-expect-error as above
import buildConnectionPools from "kafkajs/src/cluster/connectionPoolBuilder.js";
// @ts-expect-error as above
import loggers from "kafkajs/src/loggers/index.js";
// @ts-expect-error as above
import RequestQueueClass from "kafkajs/src/network/requestQueue/index.js";
// @ts-expect-error as above
import EncoderClass from "kafkajs/src/protocol/encoder.js";
// @ts-expect-error as above
import protocolRequests from "kafkajs/src/protocol/requests/index.js";
import type { HostPort } from "./address.ts";
import type { OwnRequest } from "./kafka-requests.ts";
import type { Metadata } from "./kafka-responses.ts";

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

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

interface Encoder {
  writeBuffer(bytes: Buffer): Encoder;
}

interface ConnectionPool extends HostPort {
  send: <T>(request: ProtocolRequest) => Promise<T>;
  readonly pool: readonly {
    readonly socket?: Socket;
    rejectRequests(error: Error): void;
    disconnect(): Promise<unknown>;
  }[];
}

export interface PoolBuilder {
  build(destination: HostPort): Promise<ConnectionPool>;
}

export interface Broker {
  readonly connectionPool: ConnectionPool;
  readonly versions?: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  connect(): Promise<void>;
  isConnected(): boolean;
  lookupRequest(apiKey: number, definitions: unknown): (parameters: object) => ProtocolRequest;
}

type BrokerConstructor = new (options: object) => Broker;

export interface KafkajsMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly isInternal?: boolean;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

export interface KafkajsOffsets {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly offset?: string;
      readonly offsets?: readonly string[];
    }[];
  }[];
}

/** Sends a request of kafkajs, but keeps its error codes in the answer instead of throwing the first of them. */
export async function send<T>(broker: Broker, apiKey: number, definitions: unknown, parameters: object): Promise<T> {
  const { response, ...rest } = broker.lookupRequest(apiKey, definitions)(parameters);
  return ask<T>(broker, {
    ...rest,
    response: { decode: (bytes) => response.decode(bytes), parse: (decoded) => Promise.resolve(decoded) },
  });
}

/** Sends a request of ours. */
export function askOwn<T>(broker: Broker, { body, decode, ...request }: OwnRequest<T>): Promise<T> {
  return ask<T>(broker, {
    request: {
      ...request,
      encode: () => Promise.resolve(new (EncoderClass as new () => Encoder)().writeBuffer(body)),
    },
    response: {
      decode: (bytes) => Promise.resolve(decode(bytes)),
      parse: (decoded) => Promise.resolve(decoded),
    },
  });
}

export function ask<T>(broker: Broker, request: ProtocolRequest): Promise<T> {
  return whileThere(broker, broker.connectionPool.send<T>(request));
}

/** Pools of connections that log nothing. */
export function createPools(options: object): PoolBuilder {
  return (buildConnectionPools as (options: object) => PoolBuilder)({ ...options, logger: silentLogger });
}

/** A broker that can be asked, over such a pool; nothing that it is asked makes a topic. */
export function createBroker(connectionPool: ConnectionPool): Broker {
  return new (BrokerClass as BrokerConstructor)({
    connectionPool,
    logger: silentLogger,
    allowAutoTopicCreation: false,
  });
}

/** Connects, logs in and agrees on versions. */
export function connectBroker(broker: Broker): Promise<void> {
  return whileThere(broker, broker.connect());
}

/** What waits for a broker, so that it does not wait any more when the broker is let go. */
const waiting = new WeakMap<Broker, Set<(reason: Error) => void>>();

/**
 * Rejects when the broker is let go. kafkajs alone does not: a request that is being written just then is queued after
 * the queue was emptied, and nobody ever looks at it again.
 */
function whileThere<T>(broker: Broker, work: Promise<T>): Promise<T> {
  let here = waiting.get(broker);
  if (here === undefined) waiting.set(broker, (here = new Set()));
  const others = here;
  return new Promise((resolve, reject) => {
    others.add(reject);
    work.then(resolve, reject).finally(() => others.delete(reject));
  });
}

/** As answers of our own say it. */
export function plainMetadata(metadata: KafkajsMetadata): Metadata {
  return {
    nodes: metadata.brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
    topics: metadata.topicMetadata.map(({ topicErrorCode, topic, isInternal, partitionMetadata }) => ({
      errorCode: topicErrorCode,
      name: topic,
      internal: isInternal ?? topic.startsWith("__"),
      partitions: partitionMetadata.map(({ partitionId, leader }) => ({ index: partitionId, leader })),
    })),
  };
}

/** The code of the error by which what still waited for a broker is told that it was let go. */
export const closedCode = "LET_GO";

/** Ends a broker's connections now, its waiting requests included. */
export function destroy(broker: Broker): void {
  const closed = Object.assign(new Error("closed"), { code: closedCode });
  for (const reject of waiting.get(broker) ?? []) reject(closed);
  for (const connection of broker.connectionPool.pool) {
    connection.rejectRequests(closed);
    connection.disconnect().catch(() => undefined);
    connection.socket?.destroy();
  }
}

export const { requests } = protocolRequests as { requests: Record<"Fetch" | "ListOffsets" | "Metadata", unknown> };

/** What kafkajs logs is for its developers; what users should know, `FailureError` says. */
const silentLogger: unknown = (
  loggers as { createLogger(options: object): unknown; LEVELS: { NOTHING: number } }
).createLogger({ level: 0, logCreator: () => () => undefined });

/**
 * kafkajs asks for a timer also when nothing waits, with a negative time; Node 24 prints a TimeoutNegativeWarning for
 * it. This one asks only when something waits.
 */
(RequestQueueClass as { prototype: RequestQueue }).prototype.scheduleCheckPendingRequests = function schedule() {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    Math.max(10, this.throttledUntil - Date.now()),
  );
};
