/**
 * The connections of a Kafka tap: to a node that was given, to learn which there are, and to every node that leads
 * something. What kafkajs' upper layers do is done here instead, because there one topic without a leader fails the
 * whole metadata, one bad batch the whole fetch, and a closed connection is retried behind our back.
 *
 * Takes in addresses and options; hands out metadata, offsets and undecoded record sets, with errors per partition.
 * Throws `FailureError` with a sentence that can be shown.
 */
import type { ConnectionOptions } from "node:tls";
import { brokerClosed, brokerTooOld, brokerUnreachable, FailureError } from "../errors.ts";
import { formatHostPort, type HostPort } from "./address.ts";
import { RequestCounts } from "./cost.ts";
import { explainKafka } from "./kafka-failures.ts";
import {
  apiKeys,
  listGroupsRequest,
  offsetFetchRequest,
  topicIdFetchRequest,
  topicIdFetchVersion,
  topicIdMetadataRequest,
  type OwnRequest,
  type TopicToFetch,
} from "./kafka-requests.ts";
import {
  decodeFetch,
  type CommittedOffsets,
  type FetchedPartition,
  type GroupList,
  type Metadata,
} from "./kafka-responses.ts";
import { createSocketFactory, type SocketError } from "./kafka-socket.ts";
import {
  ask,
  askOwn,
  connectBroker,
  createBroker,
  createPools,
  destroy,
  plainMetadata,
  requests,
  send,
  type Broker,
  type KafkajsMetadata,
  type KafkajsOffsets,
  type PoolBuilder,
} from "./kafkajs-inside.ts";

export type KafkaLogin = {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
};

export interface KafkaClientOptions {
  readonly seeds: readonly HostPort[];
  readonly login?: KafkaLogin;
  readonly tls?: boolean | ConnectionOptions;
  /** From an address that brokers advertise to one that works here: `kafka:9092` -> `127.0.0.1:9092`. */
  readonly addressMap?: Readonly<Record<string, string>>;
  /** Whether the tap may connect to a host that a broker advertises and that is neither this machine nor given. */
  readonly mayConnect?: (host: string) => boolean;
  readonly connectTimeoutMs?: number;
}

export interface FetchPosition {
  readonly topic: string;
  readonly topicId?: string | undefined;
  readonly partition: number;
  readonly offset: bigint;
}

export interface FetchBounds {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
}

/** `errorCode` 0 and an offset, or why there is none. */
export interface FoundOffset {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: bigint;
}

const requestTimeoutMs = 15_000;
const earliestVersionWithBatches = 4;

export class KafkaClient {
  /** Every request that was sent, by its name. */
  readonly requests = new RequestCounts();
  readonly #options: KafkaClientOptions;
  readonly #seedName: string;
  readonly #pools: PoolBuilder;
  readonly #nodes = new Map<number, { readonly address: HostPort; readonly broker: Broker }>();
  readonly #addresses = new Map<number, HostPort>();
  /** Why a socket could not be opened or was closed by us, by `host:port`; kafkajs hides some of it. */
  readonly #socketErrors = new Map<string, SocketError>();
  readonly #opening = new Set<Broker>();
  readonly #connecting = new Map<number, Promise<Broker>>();
  #seed: Broker | undefined;
  #seedIndex = 0;
  #closed = false;

  constructor(options: KafkaClientOptions) {
    this.#options = options;
    this.#seedName = options.seeds[0] === undefined ? "" : formatHostPort(options.seeds[0]);
    this.#pools = createPools({
      socketFactory: createSocketFactory(options, this.#socketErrors),
      brokers: options.seeds.map(formatHostPort),
      ssl: options.tls === true ? {} : options.tls === false ? undefined : options.tls,
      sasl: options.login && { ...options.login },
      clientId: "contrail-tap",
      connectionTimeout: this.#connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
    });
  }

  /** What topics there are and who leads them; through any node that answers, else through the next seed. */
  async metadata(): Promise<Metadata> {
    for (;;) {
      const broker = await this.#anyBroker();
      try {
        return await this.#metadataOf(broker);
      } catch (error) {
        const failure = this.#explain(error, broker, broker === this.#seed);
        this.#drop(broker);
        // One node that goes away says nothing of the others.
        const others = [...this.#nodes.values()].some((node) => node.broker.isConnected());
        if (this.#closed || !others) throw failure;
      }
    }
  }

  /** `time`: -1 for the end, -2 for the beginning, else the first offset at or after it (-1 when there is none). */
  async offsets(nodeId: number, partitions: Iterable<FetchPosition>, time: number): Promise<readonly FoundOffset[]> {
    const broker = await this.#node(nodeId);
    try {
      const topics = grouped(partitions, ({ partition }) => ({ partition, timestamp: time }));
      const response = await send<KafkajsOffsets>(broker, apiKeys.listOffsets, requests.ListOffsets, {
        isolationLevel: 0,
        topics,
      });
      return response.responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, errorCode, offset, offsets }) => ({
          topic,
          partition,
          errorCode,
          offset: BigInt(offset ?? offsets?.at(-1) ?? -1),
        })),
      );
    } catch (error) {
      this.dropNode(nodeId);
      throw this.#explain(error, broker, false);
    }
  }

  /** Waits until there is something, at most `maxWaitMs`. */
  async fetch(
    nodeId: number,
    positions: Iterable<FetchPosition>,
    bounds: FetchBounds,
  ): Promise<readonly FetchedPartition[]> {
    const broker = await this.#node(nodeId);
    try {
      const byId = topicsToFetch(positions);
      if (byId !== undefined && (broker.versions?.[apiKeys.fetch]?.maxVersion ?? 0) >= topicIdFetchVersion) {
        return (await askOwn(broker, topicIdFetchRequest(byId, bounds))).partitions;
      }
      const {
        request,
        response: _,
        ...rest
      } = broker.lookupRequest(
        apiKeys.fetch,
        requests.Fetch,
      )({
        isolationLevel: 0,
        maxWaitTime: bounds.maxWaitMs,
        minBytes: 1,
        maxBytes: bounds.maxBytes,
        topics: grouped(positions, ({ partition, offset }) => ({
          partition,
          fetchOffset: offset.toString(),
          maxBytes: bounds.partitionMaxBytes,
        })),
      });
      if (request.apiVersion < earliestVersionWithBatches) {
        throw new FailureError(brokerTooOld(this.#seedName, "Kafka 0.11 or newer"));
      }
      const decode = (
        bytes: Buffer,
      ): Promise<{ partitions: readonly FetchedPartition[]; clientSideThrottleTime: number }> =>
        Promise.resolve(decodeFetch(bytes, request.apiVersion));
      const fetched = await ask<Awaited<ReturnType<typeof decode>>>(broker, {
        ...rest,
        request,
        response: { decode, parse: (decoded: unknown) => Promise.resolve(decoded) },
      });
      return fetched.partitions;
    } catch (error) {
      this.dropNode(nodeId);
      throw this.#explain(error, broker, false);
    }
  }

  /** Which groups a node coordinates, by an error code where it cannot say. */
  groups(nodeId: number): Promise<GroupList> {
    return this.#ask<GroupList>(nodeId, apiKeys.listGroups, [0, 2], listGroupsRequest);
  }

  /** What a group has committed, asked of the node that coordinates it. */
  committed(nodeId: number, group: string): Promise<CommittedOffsets> {
    return this.#ask<CommittedOffsets>(nodeId, apiKeys.offsetFetch, [2, 5], (version) =>
      offsetFetchRequest(group, version),
    );
  }

  /** Makes sure that a node can be reached; costs nothing when it is connected. */
  async connect(nodeId: number): Promise<void> {
    await this.#node(nodeId);
  }

  addressOf(nodeId: number): string {
    const address = this.#addresses.get(nodeId);
    return address === undefined ? `node ${nodeId}` : formatHostPort(address);
  }

  /** Closes the connections to a node; the next request opens new ones. */
  dropNode(nodeId: number): void {
    const node = this.#nodes.get(nodeId);
    this.#nodes.delete(nodeId);
    if (node !== undefined) destroy(node.broker);
  }

  close(): void {
    this.#closed = true;
    for (const id of this.#nodes.keys()) this.dropNode(id);
    for (const broker of this.#opening) destroy(broker);
    if (this.#seed !== undefined) destroy(this.#seed);
    this.#seed = undefined;
  }

  get #connectTimeoutMs(): number {
    return this.#options.connectTimeoutMs ?? 5_000;
  }

  async #metadataOf(broker: Broker): Promise<Metadata> {
    const topicIds = (broker.versions?.[apiKeys.metadata]?.maxVersion ?? 0) >= 10;
    const metadata = topicIds
      ? await askOwn(broker, topicIdMetadataRequest())
      : plainMetadata(
          await send<KafkajsMetadata>(broker, apiKeys.metadata, requests.Metadata, {
            topics: [],
            allowAutoTopicCreation: false,
          }),
        );
    this.#addresses.clear();
    for (const node of metadata.nodes) this.#addresses.set(node.id, { host: node.host, port: node.port });
    for (const [id, node] of this.#nodes) {
      const address = this.#addresses.get(id);
      if (address?.host !== node.address.host || address.port !== node.address.port) this.dropNode(id);
    }
    return metadata;
  }

  /** A request of ours, in the newest version that both sides know; a failure does not end the node's connections. */
  async #ask<T>(
    nodeId: number,
    apiKey: number,
    [oldest, newest]: readonly [number, number],
    make: (version: number) => OwnRequest<T>,
  ): Promise<T> {
    const broker = await this.#node(nodeId);
    const offered = broker.versions?.[apiKey];
    if (offered === undefined || offered.maxVersion < oldest || offered.minVersion > newest) {
      throw new FailureError(brokerTooOld(this.#seedName, "Kafka 0.11 or newer"));
    }
    try {
      return await askOwn(broker, make(Math.min(newest, offered.maxVersion)));
    } catch (error) {
      throw this.#explain(error, broker, false);
    }
  }

  async #anyBroker(): Promise<Broker> {
    for (const { broker } of this.#nodes.values()) if (broker.isConnected()) return broker;
    if (this.#seed?.isConnected() === true) return this.#seed;
    let failed: FailureError | undefined;
    for (let i = 0; i < this.#options.seeds.length; i++) {
      const address = this.#options.seeds[this.#seedIndex++ % this.#options.seeds.length];
      if (address === undefined) break;
      if (this.#seed !== undefined) destroy(this.#seed);
      this.#seed = undefined;
      try {
        const seed = await this.#connect(address, true);
        this.#seed = seed;
        return seed;
      } catch (error) {
        // The first seed's reason is the one to tell, unless a later one says more than "nothing there".
        if (error instanceof FailureError && (failed === undefined || !error.failure.passing)) failed = error;
      }
    }
    throw failed ?? new FailureError(brokerUnreachable("Kafka", this.#seedName, "no address was given"));
  }

  async #node(nodeId: number): Promise<Broker> {
    const known = this.#nodes.get(nodeId);
    if (known?.broker.isConnected() === true) return known.broker;
    let connecting = this.#connecting.get(nodeId);
    if (connecting === undefined) {
      // Whoever else needs the node meanwhile waits for the same connections.
      connecting = this.#connectNode(nodeId).finally(() => this.#connecting.delete(nodeId));
      this.#connecting.set(nodeId, connecting);
    }
    return connecting;
  }

  async #connectNode(nodeId: number): Promise<Broker> {
    this.dropNode(nodeId);
    const address = this.#addresses.get(nodeId);
    if (address === undefined) throw new FailureError(brokerClosed("Kafka", this.#seedName));
    const broker = await this.#connect(address, false);
    this.dropNode(nodeId);
    this.#nodes.set(nodeId, { address, broker });
    return broker;
  }

  async #connect(address: HostPort, isSeed: boolean): Promise<Broker> {
    if (this.#closed) throw new FailureError(brokerClosed("Kafka", this.#seedName));
    this.#socketErrors.delete(formatHostPort(address));
    const connectionPool = await this.#pools.build(address);
    const sendOn = connectionPool.send.bind(connectionPool);
    connectionPool.send = (request) => {
      this.requests.count(request.request.apiName);
      return sendOn(request);
    };
    const broker = createBroker(connectionPool);
    this.#opening.add(broker);
    const timer = setTimeout(() => {
      this.#socketErrors.set(formatHostPort(address), { code: "SILENT" });
      destroy(broker);
    }, this.#connectTimeoutMs);
    try {
      await connectBroker(broker);
      if (this.#closed) throw new Error("closed");
      return broker;
    } catch (error) {
      destroy(broker);
      throw this.#explain(error, broker, isSeed);
    } finally {
      this.#opening.delete(broker);
      clearTimeout(timer);
    }
  }

  #drop(broker: Broker): void {
    destroy(broker);
    if (broker === this.#seed) this.#seed = undefined;
    for (const [id, node] of this.#nodes) if (node.broker === broker) this.#nodes.delete(id);
  }

  #explain(error: unknown, broker: Broker, isSeed: boolean): FailureError {
    const address = formatHostPort(broker.connectionPool);
    return explainKafka(error, {
      address,
      isSeed,
      seeds: this.#options.seeds,
      user: this.#options.login?.username,
      mechanism: this.#options.login?.mechanism,
      tls: this.#options.tls !== undefined && this.#options.tls !== false,
      known: this.#addresses.size > 0,
      timeoutMs: this.#connectTimeoutMs,
      socketError: this.#socketErrors.get(address),
    });
  }
}

/** `[{topic, partitions}]`, as requests want it. */
function grouped<T>(
  positions: Iterable<FetchPosition>,
  make: (position: FetchPosition) => T,
): { topic: string; partitions: T[] }[] {
  const byTopic = new Map<string, T[]>();
  for (const position of positions) {
    const partitions = byTopic.get(position.topic);
    if (partitions === undefined) byTopic.set(position.topic, [make(position)]);
    else partitions.push(make(position));
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
}

/** Topics with their ids, in the order of their first partitions; `undefined` where one has none. */
function topicsToFetch(positions: Iterable<FetchPosition>): readonly TopicToFetch[] | undefined {
  const byId = new Map<string, { id: string; name: string; partitions: FetchPosition[] }>();
  for (const position of positions) {
    const { topicId, topic } = position;
    if (topicId === undefined) return undefined;
    const known = byId.get(topicId);
    if (known === undefined) byId.set(topicId, { id: topicId, name: topic, partitions: [position] });
    else known.partitions.push(position);
  }
  return [...byId.values()];
}
