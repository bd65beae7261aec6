/** What is used of kafkajs' inside, as types: it types its front door only. */
import type { Socket } from "node:net";
import type { HostPort } from "./address.ts";

export interface RequestQueue {
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

export interface Encoder {
  writeBuffer(bytes: Buffer): Encoder;
}

export interface ConnectionPool extends HostPort {
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

export type BrokerConstructor = new (options: object) => Broker;

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
