/**
 * Requests and replies by (reply address, id). A request names both; a reply stands on that address with that id.
 * An entry holds all messages of one such pair of words; which reply answers which request is read from it in
 * exchanges.ts, when somebody asks.
 */
import type { Link, Membership } from "./groups.ts";
import { thresholds } from "./limits.ts";
import { compareNodes, type Found, type Node } from "./node.ts";
import type { Values } from "./values.ts";

export class PairEntry {
  readonly key: string;
  readonly address: string;
  /** The id alone proves that both belong together; a counter needs the nearest in time as well. */
  readonly strong: boolean;
  /** The id that both have; the message that said it first may be forgotten before the others. */
  readonly value: string | undefined;
  requests: Node[] = [];
  replies: Node[] = [];
  links: Link[] = [];

  constructor(key: string, address: string, id: Found | undefined) {
    this.key = key;
    this.address = address;
    this.value = id?.value;
    this.strong = id !== undefined && id.strength !== "weak";
  }
}

/** The name RabbitMQ gives to "answer on my own channel", before it replaces it by an address. */
const DIRECT = "amq.rabbitmq.reply-to";

export class Pairs {
  private readonly entries = new Map<string, PairEntry>();
  /**
   * Addresses that somebody waits at, and how many requests do. Messages elsewhere are found by their id when a request
   * names their place.
   */
  private readonly addresses = new Map<string, number>();
  private readonly membership: Membership;
  private readonly values: Values;

  constructor(membership: Membership, values: Values) {
    this.membership = membership;
    this.values = values;
  }

  get size(): number {
    return this.entries.size;
  }

  /**
   * Takes in a message as a request and as a possible reply. `declaredReply` is where a contract says that answers to
   * this message go.
   */
  add(node: Node, declaredReply: string | undefined): void {
    if (node.replyAddress === undefined && declaredReply === undefined && this.addresses.size === 0) {
      // Nobody has asked for anything yet; only counters must be remembered, which no index of ids holds.
      if (!node.hasId((found) => found.strength === "weak")) return;
    }
    if (node.broker === "kafka" && node.replyAddress === undefined && declaredReply === undefined) {
      if (!this.addresses.has(node.channel) && !node.hasId((found) => found.strength === "weak")) return;
    }
    const ids = node.idsWhere(isPairing);
    const declared = ids.length === 0 ? node.idsWhere((found) => found.role === "contract") : [];
    const address =
      node.replyAddress !== undefined
        ? replyAddressOf(node.replyAddress)
        : declaredReply === undefined
          ? undefined
          : replyAddressOf(declaredReply);
    if (address !== undefined) {
      const own = node.idsWhere((found) => found.role === "self");
      const asked = [...ids, ...declared, ...own];
      if (asked.length === 0) this.addRequest(node, address, undefined);
      for (const id of asked) this.addRequest(node, address, id);
    }
    const answers = ids.length > 0 ? ids : declared;
    for (const standing of standingAddresses(node)) {
      const known = this.addresses.has(standing);
      if (answers.length === 0) {
        if (!known) continue;
        // An answer without an id is only looked for where a request without one waits.
        const waiting = this.entries.get(`${standing}\n`);
        if (waiting && waiting.requests.length > 0 && !node.expectsReply) this.addReply(node, waiting);
      }
      for (const id of answers) {
        if (known || id.strength === "weak") this.addReply(node, this.entryOf(standing, id));
      }
    }
  }

  remove(node: Node): void {
    for (const { address } of node.pairsAsked ?? []) {
      const waiting = (this.addresses.get(address) ?? 0) - 1;
      if (waiting > 0) this.addresses.set(address, waiting);
      else this.addresses.delete(address);
    }
    for (const entry of [...(node.pairsAsked ?? []), ...(node.pairsAnswered ?? [])]) {
      entry.requests = entry.requests.filter((other) => other !== node);
      entry.replies = entry.replies.filter((other) => other !== node);
      if (entry.requests.length + entry.replies.length === 0) this.entries.delete(entry.key);
    }
  }

  private entryOf(address: string, id: Found | undefined): PairEntry {
    const key = id === undefined ? `${address}\n` : `${address}\n${id.value}`;
    let entry = this.entries.get(key);
    if (!entry) {
      entry = new PairEntry(key, address, id);
      this.entries.set(key, entry);
    }
    return entry;
  }

  private addRequest(node: Node, address: string, id: Found | undefined): void {
    this.addresses.set(address, (this.addresses.get(address) ?? 0) + 1);
    const entry = this.entryOf(address, id);
    if (id !== undefined && id.strength !== "weak") {
      for (const use of this.values.uses(id)) {
        const other = use.node;
        if (other === node || other.pairsAnswered?.includes(entry) || (!isPairing(use) && use.role !== "contract"))
          continue;
        if (standingAddresses(other).includes(address)) this.addReply(other, entry);
      }
    }
    insert(entry.requests, node);
    (node.pairsAsked ??= []).push(entry);
    this.join(entry, node);
  }

  private addReply(node: Node, entry: PairEntry): void {
    // A message sent to its own reply address with its own id is a request seen from both ends.
    if (entry.requests.includes(node)) return;
    insert(entry.replies, node);
    (node.pairsAnswered ??= []).push(entry);
    this.join(entry, node);
  }

  private join(entry: PairEntry, node: Node): void {
    if (entry.requests.length === 0) return;
    if (entry.strong) {
      // Neighbours within a session: an id may be a business number that comes back another day.
      for (const other of [...entry.requests, ...entry.replies]) {
        if (other !== node && Math.abs(other.at - node.at) <= thresholds.conversationSession) {
          if (other.group !== node.group) this.membership.join(other, node);
        }
      }
      return;
    }
    this.relink(entry);
  }

  /** Counters come again: each reply belongs to the nearest request before it, and that may change with a late one. */
  private relink(entry: PairEntry): void {
    const wanted: (readonly [Node, Node])[] = [];
    for (const reply of entry.replies) {
      const request = nearestRequest(entry.requests, reply);
      if (request) wanted.push([request, reply]);
    }
    const dropped = entry.links;
    entry.links = wanted.map(([request, reply]) => this.membership.link(request, reply));
    for (const link of dropped) this.membership.unlink(link);
  }
}

function isPairing(found: Found): boolean {
  return found.role === "pair" || found.role === "correlation";
}

/** The latest request that is not later than the reply, but for the error of the clocks. */
export function nearestRequest(requests: readonly Node[], reply: Node): Node | undefined {
  for (let i = requests.length - 1; i >= 0; i--) {
    const request = requests[i] as Node;
    if (request.at <= reply.at + thresholds.counterReplyBefore) return request;
  }
  return undefined;
}

function insert(nodes: Node[], node: Node): void {
  let index = nodes.length;
  while (index > 0 && compareNodes(nodes[index - 1] as Node, node) > 0) index--;
  nodes.splice(index, 0, node);
}

/** A reply address in its one form: the queue, topic or `exchange/key`; URIs lose everything around it. */
export function replyAddressOf(raw: string): string {
  let address = raw;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    address = (address.split("?")[0] ?? address).replace(/\/+$/, "").split("/").pop() ?? address;
  } else if (/^(?:queue|topic|exchange):/.test(address)) address = address.slice(address.indexOf(":") + 1);
  if (address.startsWith("/")) address = address.slice(1);
  return address;
}

/** Where a message stands: each address at which somebody who waits for a reply would find it. */
function standingAddresses(node: Node): string[] {
  if (node.broker === "kafka") return [node.channel];
  const addresses: string[] = [];
  for (const key of node.routingKeys) {
    addresses.push(node.exchange === "" ? key : `${node.exchange}/${key}`);
    if (key.startsWith(`${DIRECT}.`)) addresses.push(DIRECT);
    if (node.exchange !== "" && !addresses.includes(key)) addresses.push(key);
  }
  if (node.exchange !== "" && !addresses.includes(node.exchange)) addresses.push(node.exchange);
  for (const queue of node.queues ?? []) if (!addresses.includes(queue)) addresses.push(queue);
  return addresses.slice(0, 8);
}
