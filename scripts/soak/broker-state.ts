/**
 * Everything there is to see of a Kafka and a RabbitMQ from outside, as plain lists that can be compared.
 *
 * Takes in: their addresses, and which of what is written belongs to a load. Hands out: sections of entries. What a
 * load moves by itself (ends of partitions, committed offsets) is told as what is left after subtracting the load, so
 * that two runs of different length with the same effect are identical.
 */
import { readdirSync, readFileSync } from "node:fs";
import kafkajs, { type Admin } from "kafkajs";
import type { ManagementApi } from "./management-api.ts";

/** A section's entries, sorted; each is compared as a whole. */
export type BrokerState = Readonly<Record<string, readonly unknown[]>>;

export interface Places {
  readonly admin: Admin;
  /** `127.0.0.1:PORT` */
  readonly kafka: string;
  readonly rabbitmq: string;
  readonly management: ManagementApi;
  /** The virtual host of the load: nobody else connects there. */
  readonly vhost: string;
  /** Where the daemon of the tap keeps what it must put back. */
  readonly stateDir: string;
}

/** How far everything was written at one moment. */
export type Positions = ReadonlyMap<string, number>;

/** The end of every partition of every topic, internal ones too: `topic[partition]` to the next offset. */
export async function positions(admin: Admin): Promise<Positions> {
  const ends = new Map<string, number>();
  for (const topic of await admin.listTopics()) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      ends.set(`${topic}[${partition}]`, Number(high));
    }
  }
  return ends;
}

/** What was written since `before`, by topic, beyond what `ofLoad` says that the load wrote. */
export function writtenBeyond(before: Positions, after: Positions, ofLoad: ReadonlyMap<string, number>): unknown[] {
  const byTopic = new Map<string, number>();
  for (const [place, end] of after) {
    const topic = place.slice(0, place.lastIndexOf("["));
    byTopic.set(topic, (byTopic.get(topic) ?? 0) + end - (before.get(place) ?? 0));
  }
  return sorted([...byTopic].map(([topic, written]) => ({ topic, records: written - (ofLoad.get(topic) ?? 0) })));
}

/** Both brokers' state. Call it while nothing else moves, and again until it has settled. */
export async function brokerState(places: Places): Promise<BrokerState> {
  const [kafka, rabbitmq] = await Promise.all([kafkaState(places), rabbitmqState(places)]);
  return { ...kafka, ...rabbitmq, "Leases: what is still to be put back": leftovers(places.stateDir) };
}

async function kafkaState({ admin, kafka }: Places): Promise<BrokerState> {
  const { topics } = await admin.fetchTopicMetadata();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  const { groups: listed } = await admin.listGroups();
  const { groups } = await admin.describeGroups(listed.map(({ groupId }) => groupId));
  const committed: unknown[] = [];
  for (const { groupId } of listed) {
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
      const ends = await admin.fetchTopicOffsets(topic);
      for (const { partition, offset } of partitions) {
        const end = ends.find((one) => one.partition === partition)?.high ?? "0";
        committed.push({ groupId, topic, partition, behind: Number(end) - Number(offset) });
      }
    }
  }
  return {
    "Kafka topics": sorted(topics.map(({ name }) => name)),
    "Kafka partitions": sorted(
      topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionId, leader, replicas, isr }) => ({ name, partitionId, leader, replicas, isr })),
      ),
    ),
    "Kafka topic settings": sorted(
      resources.flatMap(({ resourceName, configEntries }) =>
        configEntries.map(({ configName, configValue }) => [resourceName, configName, configValue]),
      ),
    ),
    "Kafka groups": sorted(
      groups.map(({ groupId, state, protocolType, members }) => ({
        groupId,
        state,
        protocolType,
        members: members.length,
      })),
    ),
    "Kafka committed offsets (behind the end)": sorted(committed),
    "Kafka connections": connectionsTo(kafka),
  };
}

async function rabbitmqState({ management, vhost, rabbitmq }: Places): Promise<BrokerState> {
  const list = async (path: string, keys: readonly string[]): Promise<unknown[]> =>
    sorted((await management.list(path)).map((item) => Object.fromEntries(keys.map((key) => [key, item[key]]))));
  const definitions = (await management.get("/api/definitions")) as Record<string, unknown>;
  return {
    "RabbitMQ virtual hosts, with description, tags, queue type, tracing": await list("/api/vhosts", [
      "name",
      "description",
      "tags",
      "default_queue_type",
      "metadata",
      "tracing",
    ]),
    "RabbitMQ exchanges": await list("/api/exchanges", [
      "vhost",
      "name",
      "type",
      "durable",
      "auto_delete",
      "internal",
      "arguments",
    ]),
    "RabbitMQ queues": await list("/api/queues", ["vhost", "name", "durable", "auto_delete", "exclusive", "arguments"]),
    "RabbitMQ messages in queues": await list(`/api/queues/${encodeURIComponent(vhost)}`, [
      "name",
      "messages",
      "messages_ready",
      "messages_unacknowledged",
    ]),
    "RabbitMQ bindings": await list("/api/bindings", [
      "vhost",
      "source",
      "destination",
      "destination_type",
      "routing_key",
      "arguments",
    ]),
    "RabbitMQ connections": await list(`/api/vhosts/${encodeURIComponent(vhost)}/connections`, ["name", "user"]),
    "RabbitMQ channels": await list(`/api/vhosts/${encodeURIComponent(vhost)}/channels`, ["name", "user"]),
    "RabbitMQ consumers": await list(`/api/consumers/${encodeURIComponent(vhost)}`, ["queue", "consumer_tag"]),
    "RabbitMQ sockets": connectionsTo(rabbitmq),
    "RabbitMQ definitions (users, permissions, policies, parameters and all above, as it would export them)": sorted(
      Object.entries(definitions).flatMap(([kind, entries]) =>
        Array.isArray(entries) ? entries.map((entry: unknown) => ({ kind, entry })) : [],
      ),
    ),
  };
}

/** Connections that the broker's side holds open, as the system counts them; none where the system does not tell. */
function connectionsTo(address: string): readonly unknown[] {
  const port = Number(/:(\d+)$/.exec(address)?.[1]);
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const found: string[] = [];
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let text = "";
    try {
      text = readFileSync(file, "utf8");
    } catch {
      continue;
    }
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", , state] = line.trim().split(/\s+/);
      if (local.endsWith(`:${hex}`) && state === "01") found.push("open");
    }
  }
  return found;
}

/** What says that something is still to be put back on a broker; a daemon's other files are the user's. */
function leftovers(stateDir: string): readonly unknown[] {
  try {
    return sorted(
      readdirSync(stateDir, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("lease-")),
    );
  } catch {
    return [];
  }
}

function sorted(entries: readonly unknown[]): readonly unknown[] & unknown[] {
  return entries
    .map((entry) => [JSON.stringify(entry), entry] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, entry]) => entry);
}
