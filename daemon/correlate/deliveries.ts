/**
 * What happened to a message after it was written: deliveries (RabbitMQ says them), commits and transactions (Kafka),
 * dead letters. A delivery is matched to its publish by exchange, routing key, raw correlation id and content.
 */
import type { Delivery, HeaderValue } from "../tap/envelope.ts";
import type { Journey } from "./model.ts";
import { textOf } from "./ids.ts";
import { bounds, type Counters } from "./limits.ts";
import type { Node } from "./node.ts";
import { hashOf } from "./stats.ts";

export interface DeliveryRecord {
  readonly queue: string;
  readonly redelivered: boolean;
  readonly receivedAt: number;
  readonly connection?: string;
  readonly connectionName?: string;
}

export interface JourneyRecord {
  deliveries: DeliveryRecord[];
  deadLettered?: NonNullable<Journey["deadLettered"]>;
}

export class Deliveries {
  /** Publishes by how a delivery names them; and by content alone, for dead letters. */
  private readonly byIdentity = new Map<string, Node | Node[]>();
  private readonly byContent = new Map<string, Node | Node[]>();
  private pending = new Map<string, Delivery[]>();
  private pendingCount = 0;
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
        early = early.concat(waiting);
      }
    }
    push(this.byContent, `${node.tap}\n${node.hash}`, node);
    return early;
  }

  remove(node: Node): void {
    if (node.broker !== "rabbitmq") return;
    for (const key of identities(node.tap, node.exchange, node.routingKeys, node.rawCorrelation, node.hash)) {
      pull(this.byIdentity, key, node);
    }
    pull(this.byContent, `${node.tap}\n${node.hash}`, node);
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
      node = this.choose(this.byIdentity.get(key), delivery);
      if (node) break;
    }
    if (!node && death) {
      for (const key of identities(delivery.tap, death.exchange, death.routingKeys, correlation, hash)) {
        node = this.choose(this.byIdentity.get(key), undefined);
        if (node) break;
      }
      node ??= this.choose(this.byContent.get(`${delivery.tap}\n${hash}`), undefined);
    }
    if (!node) {
      if (this.pendingCount >= bounds.pendingDeliveries) {
        this.counters.pendingDeliveries++;
        this.orphans += this.pendingCount;
        this.pending = new Map();
        this.pendingCount = 0;
      }
      // What died is known by where it was written, which is what its publish will say when it comes.
      const key =
        (death ? identities(delivery.tap, death.exchange, death.routingKeys, correlation, hash)[0] : keys[0]) ?? "";
      const waiting = this.pending.get(key);
      if (waiting) waiting.push(delivery);
      else this.pending.set(key, [delivery]);
      this.pendingCount++;
      return undefined;
    }
    this.record(node, delivery, death);
    return node;
  }

  private record(node: Node, delivery: Delivery, death: Death | undefined): void {
    const journey = (node.journey ??= { deliveries: [] });
    if (journey.deliveries.length >= bounds.deliveriesPerMessage) this.counters.deliveriesPerMessage++;
    else {
      journey.deliveries.push({
        queue: delivery.queue,
        redelivered: delivery.redelivered,
        receivedAt: delivery.receivedAt,
        ...(delivery.connection === undefined ? {} : { connection: delivery.connection }),
        ...(delivery.connectionName === undefined ? {} : { connectionName: delivery.connectionName }),
      });
      journey.deliveries.sort((a, b) => a.receivedAt - b.receivedAt);
    }
    // A message that came back to where it had died is in a loop of retries, and not given up.
    if (death && !death.queues.includes(delivery.queue)) {
      journey.deadLettered = { queue: delivery.queue, reason: death.reason, count: death.count };
    }
  }

  /** A queue hands out in order: the earliest publish that this queue has not handed out; else it is a redelivery. */
  private choose(known: Node | Node[] | undefined, delivery: Delivery | undefined): Node | undefined {
    if (known === undefined) return undefined;
    if (!Array.isArray(known)) return known;
    if (!delivery) return known[known.length - 1];
    const fits = known.filter(
      (node) => !node.queues || node.queues.length === 0 || node.queues.includes(delivery.queue),
    );
    const all = fits.length > 0 ? fits : known;
    const done = (node: Node) => node.journey?.deliveries.some((other) => other.queue === delivery.queue) ?? false;
    if (delivery.redelivered) return all.findLast(done) ?? all[0];
    return all.find((node) => !done(node)) ?? all[all.length - 1];
  }

  /** The original of a message that says it was dead-lettered or republished: the same content, written before. */
  original(node: Node): Node | undefined {
    const known = this.byContent.get(`${node.tap}\n${node.hash}`);
    if (!Array.isArray(known)) return undefined;
    let best: Node | undefined;
    for (const other of known) if (other !== node && other.at <= node.at && (!best || other.at > best.at)) best = other;
    return best;
  }
}

interface Death {
  /** Where it died. */
  readonly queues: readonly string[];
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly reason: string;
  readonly count: number;
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
  };
}

function countOf(value: HeaderValue | undefined): number {
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : 1;
}

function isTable(value: HeaderValue): value is { readonly [name: string]: HeaderValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function identities(
  tap: string,
  exchange: string,
  keys: readonly string[],
  correlation: string | undefined,
  hash: number,
): string[] {
  const rest = `\n${correlation ?? ""}\n${hash}`;
  return (keys.length === 0 ? [""] : keys.slice(0, 4)).map((key) => `${tap}\n${exchange}\n${key}${rest}`);
}

function push(map: Map<string, Node | Node[]>, key: string, node: Node): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, node);
  else if (Array.isArray(known)) {
    known.push(node);
    if (known.length > 256) known.shift();
  } else map.set(key, [known, node]);
}

function pull(map: Map<string, Node | Node[]>, key: string, node: Node): void {
  const known = map.get(key);
  if (known === node) map.delete(key);
  else if (Array.isArray(known)) {
    const rest = known.filter((other) => other !== node);
    if (rest.length === 0) map.delete(key);
    else map.set(key, rest);
  }
}
