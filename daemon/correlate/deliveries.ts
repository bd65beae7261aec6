/**
 * What happened to a message after it was written: deliveries (RabbitMQ says them), commits and transactions (Kafka),
 * dead letters. A delivery is matched to its publish by exchange, routing key, raw correlation id and content.
 */
import type { Delivery, HeaderValue } from "../tap/envelope.ts";
import type { Journey } from "./model.ts";
import { textOf } from "./ids.ts";
import { bounds, thresholds, type Counters, pendingDeliveryBytes } from "./limits.ts";
import { compareNodes, type Node } from "./node.ts";
import { hashOf, hashWith } from "./stats.ts";

export interface DeliveryRecord {
  readonly queue: string;
  readonly redelivered: boolean;
  readonly receivedAt: number;
  readonly connection?: string;
  readonly connectionName?: string;
  readonly user?: string;
}

export interface JourneyRecord {
  deliveries: DeliveryRecord[];
  deadLettered?: NonNullable<Journey["deadLettered"]>;
}

export class Deliveries {
  /** Publishes by how a delivery names them, and by content alone, for dead letters: both in 53 bits. */
  private readonly byIdentity = new Map<number, Node | Node[]>();
  private readonly byContent = new Map<number, Node | Node[]>();
  private pending = new Map<number, Delivery[]>();
  private pendingCount = 0;
  private pendingBytes = 0;
  private readonly counters: Counters;
  /** Deliveries whose publish was never seen. */
  orphans = 0;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** A publish; returns the deliveries that had come before it. */
  add(node: Node): readonly Delivery[] {
    if (node.broker !== "rabbitmq") return [];
    let early: Delivery[] = [];
    for (const key of identities(node.tap, node.exchange, node.routingKeys, node.rawCorrelation, node.hash)) {
      push(this.byIdentity, key, node);
      const waiting = this.pending.size > 0 ? this.pending.get(key) : undefined;
      if (waiting) {
        this.pending.delete(key);
        this.pendingCount -= waiting.length;
        for (const { message } of waiting) this.pendingBytes -= message.body?.length ?? 0;
        early = early.concat(waiting);
      }
    }
    push(this.byContent, hashWith(node.hash, [node.tap]), node);
    return early;
  }

  remove(node: Node): void {
    if (node.broker !== "rabbitmq") return;
    for (const key of identities(node.tap, node.exchange, node.routingKeys, node.rawCorrelation, node.hash)) {
      pull(this.byIdentity, key, node);
    }
    pull(this.byContent, hashWith(node.hash, [node.tap]), node);
  }

  /** The message that was delivered; what is learned is written into its journey. */
  match(delivery: Delivery): Node | undefined {
    const { message } = delivery;
    const death = deathOf(message.headers);
    const hash = hashOf(message.body);
    const origin = message.origin;
    const correlation = origin.properties.correlationId;
    let node: Node | undefined;
    const keys = identities(delivery.tap, origin.exchange, origin.routingKeys, correlation, hash);
    for (const key of keys) {
      const known = this.byIdentity.get(key);
      if (Array.isArray(known)) {
        node = this.assign(known, delivery);
        if (node && death) this.noteDeath(node, delivery, death);
        if (node) return node;
      } else if (known) node = known;
      if (node) break;
    }
    if (!node && death) {
      for (const key of identities(delivery.tap, death.exchange, death.routingKeys, correlation, hash)) {
        node = latest(this.byIdentity.get(key));
        if (node) break;
      }
      node ??= latest(this.byContent.get(hashWith(hash, [delivery.tap])));
    }
    if (!node) {
      const bytes = message.body?.length ?? 0;
      if (this.pendingCount >= bounds.pendingDeliveries || this.pendingBytes + bytes > pendingDeliveryBytes) {
        this.counters.pendingDeliveries++;
        this.orphans += this.pendingCount;
        this.pending = new Map();
        this.pendingCount = 0;
        this.pendingBytes = 0;
      }
      // What died is known by where it was written, which is what its publish will say when it comes.
      const key =
        (death ? identities(delivery.tap, death.exchange, death.routingKeys, correlation, hash)[0] : keys[0]) ?? hash;
      const waiting = this.pending.get(key);
      if (waiting) waiting.push(delivery);
      else this.pending.set(key, [delivery]);
      this.pendingCount++;
      this.pendingBytes += bytes;
      return undefined;
    }
    this.record(node, delivery, death);
    return node;
  }

  private record(node: Node, delivery: Delivery, death: Death | undefined): void {
    const journey = (node.journey ??= { deliveries: [] });
    if (journey.deliveries.length >= bounds.deliveriesPerMessage) this.counters.deliveriesPerMessage++;
    else {
      journey.deliveries.push(recordOf(delivery));
      journey.deliveries.sort(byTime);
    }
    if (death) this.noteDeath(node, delivery, death);
  }

  private noteDeath(node: Node, delivery: Delivery, death: Death): void {
    // A message that came back to where it had died is in a loop of retries, and not given up.
    if (death.queues.includes(delivery.queue)) return;
    const journey = (node.journey ??= { deliveries: [] });
    journey.deadLettered = { queue: delivery.queue, reason: death.reason, count: death.count, hops: death.hops };
  }

  /**
   * Several publishes look the same. A queue hands out in order: each delivery, in the order of time, is of the
   * earliest publish before it that this queue has not handed out; else it is a redelivery. As one may be told late,
   * all of this queue are assigned again.
   */
  private assign(known: readonly Node[], delivery: Delivery): Node | undefined {
    const { queue } = delivery;
    const routed = known.filter((node) => !node.queues || node.queues.length === 0 || node.queues.includes(queue));
    const nodes = [...(routed.length > 0 ? routed : known)].sort(compareNodes);
    const added = recordOf(delivery);
    const records = [added];
    for (const node of nodes) {
      if (!node.journey) continue;
      records.push(...node.journey.deliveries.filter((one) => one.queue === queue));
      node.journey.deliveries = node.journey.deliveries.filter((one) => one.queue !== queue);
    }
    if (records.length > bounds.deliveriesPerMessage * nodes.length) this.counters.deliveriesPerMessage++;
    let chosen: Node | undefined;
    const done = new Set<Node>();
    for (const record of records.sort(byTime)) {
      const before = nodes.filter((node) => node.at <= record.receivedAt + thresholds.counterReplyBefore);
      const possible = before.length > 0 ? before : nodes.slice(0, 1);
      const again = possible.findLast((node) => done.has(node));
      const fresh = possible.find((node) => !done.has(node));
      const node = record.redelivered ? (again ?? fresh) : (fresh ?? again);
      if (!node) continue;
      done.add(node);
      const { deliveries } = (node.journey ??= { deliveries: [] });
      if (deliveries.length < bounds.deliveriesPerMessage) deliveries.push(record);
      deliveries.sort(byTime);
      if (record === added) chosen = node;
    }
    return chosen;
  }

  /** The original of a message that says it was dead-lettered or republished: the same content, written before. */
  original(node: Node): Node | undefined {
    const known = this.byContent.get(hashWith(node.hash, [node.tap]));
    if (!Array.isArray(known)) return undefined;
    let best: Node | undefined;
    for (const other of known) if (other !== node && other.at <= node.at && (!best || other.at > best.at)) best = other;
    return best;
  }
}

function recordOf(delivery: Delivery): DeliveryRecord {
  const { queue, redelivered, receivedAt, connection, connectionName, user } = delivery;
  return {
    queue,
    redelivered,
    receivedAt,
    ...(connection === undefined ? {} : { connection }),
    ...(connectionName === undefined ? {} : { connectionName }),
    ...(user === undefined ? {} : { user }),
  };
}

function byTime(a: DeliveryRecord, b: DeliveryRecord): number {
  return a.receivedAt - b.receivedAt;
}

function latest(known: Node | Node[] | undefined): Node | undefined {
  return Array.isArray(known) ? known[known.length - 1] : known;
}

interface Death {
  /** Where it died. */
  readonly queues: readonly string[];
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly reason: string;
  readonly count: number;
  readonly hops: NonNullable<NonNullable<Journey["deadLettered"]>["hops"]>;
}

/** `x-death` names where the message was when it died; its first entry is the latest death. */
export function deathOf(headers: readonly { readonly name: string; readonly value: HeaderValue }[]): Death | undefined {
  const header = headers.find((other) => other.name === "x-death");
  if (!header || !Array.isArray(header.value)) return undefined;
  const deaths = (header.value as readonly HeaderValue[]).filter(isTable);
  const first = deaths[0];
  const oldest = deaths[deaths.length - 1];
  if (!first || !oldest) return undefined;
  const keys = oldest["routing-keys"];
  const count = deaths.reduce((sum, death) => sum + countOf(death["count"]), 0);
  return {
    queues: deaths.map((death) => textOf(death["queue"]) ?? ""),
    exchange: textOf(oldest["exchange"]) ?? "",
    routingKeys: Array.isArray(keys) ? keys.map((key) => textOf(key as HeaderValue) ?? "") : [],
    reason: textOf(first["reason"]) ?? "rejected",
    count: Math.max(1, count),
    hops: deaths
      .map((death) => ({
        queue: textOf(death["queue"]) ?? "",
        reason: textOf(death["reason"]) ?? "rejected",
        count: countOf(death["count"]),
      }))
      .reverse(),
  };
}

function countOf(value: HeaderValue | undefined): number {
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : 1;
}

function isTable(value: HeaderValue): value is { readonly [name: string]: HeaderValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function identities(tap: string, exchange: string, keys: readonly string[], correlation = "", hash: number): number[] {
  if (keys.length === 0) return [hashWith(hash, [tap, exchange, "", correlation])];
  return keys.slice(0, 4).map((key) => hashWith(hash, [tap, exchange, key, correlation]));
}

function push(map: Map<number, Node | Node[]>, key: number, node: Node): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, node);
  else if (Array.isArray(known)) {
    known.push(node);
    if (known.length > 256) known.shift();
  } else map.set(key, [known, node]);
}

function pull(map: Map<number, Node | Node[]>, key: number, node: Node): void {
  const known = map.get(key);
  if (known === node) map.delete(key);
  else if (Array.isArray(known)) {
    const rest = known.filter((other) => other !== node);
    if (rest.length === 0) map.delete(key);
    else map.set(key, rest);
  }
}
