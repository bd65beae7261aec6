/**
 * Both generations of RabbitMQ for a test file: the one this machine has (shared with other files), and a RabbitMQ 4 of
 * the file's own. Also what their tests do again and again.
 */
import type { Channel, ConsumeMessage } from "amqplib";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";
import type { Envelope, RabbitmqAddress, RabbitmqOrigin } from "../../daemon/tap/index.ts";
import { parseRabbitmqAddress } from "../../daemon/tap/index.ts";
import { brokers } from "./brokers.ts";

export interface Generation {
  readonly name: string;
  readonly start: () => Promise<Node>;
}

export interface Node {
  readonly url: string;
  readonly management: URL;
  /** `4.3.6` */
  readonly version: readonly [major: number, minor: number];
  /** Where it was started for this file. */
  readonly brokers?: Brokers;
  readonly stop: () => Promise<void>;
}

/** The second one has the plug-in that tells of connections, the first has not. */
export const generations: readonly Generation[] = [
  {
    name: "the RabbitMQ of this machine",
    async start() {
      const shared = await brokers();
      return nodeOf(shared.rabbitmq, shared.rabbitmqManagement, undefined);
    },
  },
  {
    name: "RabbitMQ 4",
    async start() {
      const given = process.env["CONTRAIL_RABBITMQ4"];
      if (given !== undefined) return nodeOf(given, process.env["CONTRAIL_RABBITMQ4_MANAGEMENT"], undefined);
      return own({ rabbitmqVersion: 4, rabbitmqPlugins: ["rabbitmq_event_exchange"] });
    },
  },
];

/** A node of this file's own, to be killed and reconfigured. */
export async function own(request: Parameters<typeof startBrokers>[0]): Promise<Node & { readonly brokers: Brokers }> {
  const running = await startBrokers({ kafka: false, own: true, ...request });
  return { ...(await nodeOf(running.rabbitmq, running.rabbitmqManagement, running)), brokers: running };
}

async function nodeOf(url = "", managementUrl = "", running: Brokers | undefined): Promise<Node> {
  const management = new URL(managementUrl);
  const { rabbitmq_version: version } = (await manage(management, "GET", "/api/overview")) as Record<string, string>;
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return {
    url,
    management,
    version: [major, minor],
    ...(running === undefined ? {} : { brokers: running }),
    stop: async () => running?.stop(),
  };
}

export function value<T>(parsed: { readonly value: T } | { readonly failure: unknown }): T {
  if (!("value" in parsed)) throw new Error("a bad address");
  return parsed.value;
}

export function addressOf(url: string): RabbitmqAddress {
  return value(parseRabbitmqAddress(url));
}

/** The same broker, another virtual host. */
export function inVhost(url: string, vhost: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(vhost)}`;
  return other.href;
}

/** Asks or changes something by the management API, as the user of its address. */
export async function manage(management: URL, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${management.origin}${path}`, {
    method,
    headers: {
      authorization: `Basic ${btoa(`${management.username}:${management.password}`)}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** A virtual host with everything that switching its tracing could lose, and all permissions in it. */
export async function addVhost(node: Node, vhost: string): Promise<void> {
  const { management } = node;
  const path = encodeURIComponent(vhost);
  const described = { description: `about ${vhost}, with commas`, tags: "red,green", default_queue_type: "quorum" };
  await manage(management, "PUT", `/api/vhosts/${path}`, described);
  const all = { configure: ".*", write: ".*", read: ".*" };
  await manage(management, "PUT", `/api/permissions/${path}/${management.username}`, all);
}

export async function vhostOf(node: Node, vhost: string): Promise<Record<string, unknown>> {
  return (await manage(node.management, "GET", `/api/vhosts/${encodeURIComponent(vhost)}`)) as Record<string, unknown>;
}

export type Seen = Envelope & { readonly origin: RabbitmqOrigin };

export function bodyOf(envelope: Envelope): string {
  return envelope.body === null ? "" : Buffer.from(envelope.body).toString();
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The next message of a queue, taken by a consumer, since only that is a delivery like any other. */
export async function takeOne(channel: Channel, queue: string): Promise<ConsumeMessage> {
  const tag = `take-${Math.random().toString(36).slice(2)}`;
  return new Promise((resolve, reject) => {
    let done = false;
    const take = (message: ConsumeMessage | null): void => {
      if (done || message === null) return;
      done = true;
      channel.cancel(tag).then(() => resolve(message), reject);
    };
    channel.consume(queue, take, { consumerTag: tag }).catch(reject);
  });
}
