/**
 * What happened to a message after it was written: deliveries (RabbitMQ says them), commits and transactions (Kafka),
 * dead letters. A delivery is matched to its publish by exchange, routing key, raw correlation id and content.
 */
import type { Delivery, HeaderValue } from "../tap/envelope.ts";
import type { Journey } from "./model.ts";
import { nothing } from "./common.ts";
import { textOf } from "./ids.ts";
import { bounds, thresholds, type Counters } from "./limits.ts";
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

/** A delivery, by what it is known by. */
export interface Handed {
  readonly tap: string;
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly correlation: string | undefined;
  readonly hash: number;
  readonly death: Death | undefined;
  readonly record: DeliveryRecord;
}

export class Deliveries {
  /** Publishes by how a delivery names them, and by content alone, for dead letters: both in 53 bits. */
  private readonly byIdentity = new Map<number, Node | Node[]>();
  private readonly byContent = new Map<number, Node | Node[]>();
  private pending = new Map<number, Handed[]>();
  private pendingCount = 0;
  private readonly counters: Counters;
  /** Deliveries whose publish was never seen. */
  orphans = 0;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** A publish; returns the deliveries that had come before it. */
  add(node: Node): readonly Handed[] {
    if (node.broker !== "rabbitmq") return nothing;
    let early: Handed[] = [];
    for (const key of identities(node.tap, node.exchange, node.routingKeys, node.rawCorrelation, node.hash)) {
      push(this.byIdentity, key, node);
      const waiting = this.pending.size > 0 ? this.pending.get(key) : undefined;
      if (waiting) {
        this.pending.delete(key);
        this.pendingCount -= waiting.length;
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
  match(handed: Handed): Node | undefined {
    const { tap, exchange, routingKeys, correlation, hash, death, record } = handed;
    let node: Node | undefined;
    const keys = identities(tap, exchange, routingKeys, correlation, hash);
    for (const key of keys) {
      const known = this.byIdentity.get(key);
      if (Array.isArray(known)) {
        node = this.assign(known, record);
        if (node && death) this.noteDeath(node, record, death);
        if (node) return node;
      } else if (known) node = known;
      if (node) break;
    }
    if (!node && death) {
      for (const key of identities(tap, death.exchange, death.routingKeys, correlation, hash)) {
        node = latest(this.byIdentity.get(key));
        if (node) break;
      }
      node ??= latest(this.byContent.get(hashWith(hash, [tap])));
    }
    if (!node) {
      if (this.pendingCount >= bounds.pendingDeliveries) {
        this.counters.pendingDeliveries++;
        this.orphans += this.pendingCount;
        this.pending = new Map();
        this.pendingCount = 0;
      }
      // What died is known by where it was written, which is what its publish will say when it comes.
      const key = (death ? identities(tap, death.exchange, death.routingKeys, correlation, hash)[0] : keys[0]) ?? hash;
      const waiting = this.pending.get(key);
      if (waiting) waiting.push(handed);
      else this.pending.set(key, [handed]);
      this.pendingCount++;
      return undefined;
    }
    this.record(node, record, death);
    return node;
  }

  private record(node: Node, delivery: DeliveryRecord, death: Death | undefined): void {
    const journey = (node.journey ??= { deliveries: [] });
    if (journey.deliveries.length >= bounds.deliveriesPerMessage) this.counters.deliveriesPerMessage++;
    else {
      journey.deliveries.push(delivery);
      journey.deliveries.sort(byTime);
    }
    if (death) this.noteDeath(node, delivery, death);
  }

  private noteDeath(node: Node, delivery: DeliveryRecord, death: Death): void {
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
  private assign(known: readonly Node[], added: DeliveryRecord): Node | undefined {
    const { queue } = added;
    const routed = known.filter((node) => !node.queues || node.queues.length === 0 || node.queues.includes(queue));
    const nodes = [...(routed.length > 0 ? routed : known)].sort(compareNodes);
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

/** What is kept of a delivery: how its publish is found, and what it says. Its message itself may be large. */
export function handedOf(delivery: Delivery): Handed {
  const { tap, message, queue, redelivered, receivedAt, connection, connectionName, user } = delivery;
  const { exchange, routingKeys, properties } = message.origin;
  return {
    tap,
    exchange,
    routingKeys,
    correlation: properties.correlationId,
    hash: hashOf(message.body),
    death: deathOf(message.headers),
    record: {
      queue,
      redelivered,
      receivedAt,
      ...(connection === undefined ? {} : { connection }),
      ...(connectionName === undefined ? {} : { connectionName }),
      ...(user === undefined ? {} : { user }),
    },
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
  const all = (header.value as readonly HeaderValue[]).filter(isTable);
  // The broker writes one for each queue and reason; who makes up more is heard of the newest, and of the first.
  const deaths = all.length > bounds.deaths ? [...all.slice(0, bounds.deaths - 1), ...all.slice(-1)] : all;
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
    if (known.length > bounds.sameContent) known.shift();
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
