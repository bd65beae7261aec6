/**
 * Who wrote a message and who reads it. Contracts say it best; connections, headers and groups say it as observed;
 * else a producer has only its number. A producer instance or connection that wrote something only one party may
 * write is that party in everything else it writes.
 */
import type { ChannelFacts, DeclaredParty } from "../../contracts/codec/index.ts";
import { OldestFirst } from "../oldest-first.ts";
import { nothing, type Spot } from "./common.ts";
import type { CorrelationHints, Participant, Parties } from "./model.ts";
import { bounds, type Counters } from "./limits.ts";
import { connectionLabel } from "./names.ts";
import type { Node } from "./node.ts";

const noSpans = { writerOf: () => undefined, readersOf: () => [] };

export class Participants {
  private readonly facts = {
    kafka: new Map<string, ChannelFacts | undefined>(),
    rabbitmq: new Map<string, ChannelFacts | undefined>(),
  };
  /** Names of connections that came after their messages. */
  private readonly named = new OldestFirst<string, string>();
  private readonly votes = new OldestFirst<string, Map<string, number>>();
  private readonly slugs = new Map<string, string>();
  private readonly declared = new Map<string, string>();
  /** Who wrote and who took a message by the spans around it; set by whoever knows spans. */
  spans: { writerOf(node: Node): string | undefined; readersOf(node: Node): readonly string[] } = noSpans;
  /** How often the contracts were asked anew. */
  private asked = 0;
  private readonly hints: CorrelationHints | undefined;
  private readonly counters: Counters;

  constructor(hints: CorrelationHints | undefined, counters: Counters) {
    this.hints = hints;
    this.counters = counters;
  }

  /** The contracts changed: what they said before is asked again. */
  forgetFacts(): void {
    this.asked++;
    this.facts.kafka.clear();
    this.facts.rabbitmq.clear();
    this.declared.clear();
  }

  /** What the contracts say of a place. */
  factsOf(spot: Spot): ChannelFacts | undefined {
    if (!this.hints) return undefined;
    if (spot.asked === this.asked) return spot.facts;
    spot.asked = this.asked;
    if (spot.broker === "kafka") spot.facts = this.fact("kafka", spot.channel);
    else if (spot.broker === "rabbitmq") spot.facts = this.rabbitmqFacts(spot.exchange, spot.routingKeys, spot.queues);
    return spot.facts;
  }

  private rabbitmqFacts(
    exchange: string,
    keys: readonly string[],
    queues: readonly string[] | undefined,
  ): ChannelFacts | undefined {
    for (const key of keys) {
      const facts =
        (exchange === "" ? undefined : this.fact("rabbitmq", `${exchange}/${key}`)) ?? this.fact("rabbitmq", key);
      if (facts) return facts;
    }
    if (exchange !== "") {
      const facts = this.fact("rabbitmq", exchange);
      if (facts) return facts;
    }
    for (const queue of queues ?? []) {
      const facts = this.fact("rabbitmq", queue);
      if (facts) return facts;
    }
    return undefined;
  }

  private fact(broker: "kafka" | "rabbitmq", address: string): ChannelFacts | undefined {
    if (address === "") return undefined;
    const asked = this.facts[broker];
    const known = asked.get(address);
    if (known !== undefined || asked.has(address)) return known;
    let facts: ChannelFacts | undefined;
    try {
      facts = this.hints?.channel(broker, address);
    } catch {
      // Hints are advice: a catalog that fails on one address must not stop correlation.
    }
    if (facts?.broker !== undefined && facts.broker !== broker) facts = undefined;
    if (asked.size < bounds.channels) asked.set(address, facts);
    else this.counters.channels++;
    for (const party of facts ? [...facts.senders, ...facts.receivers] : []) {
      this.declared.set(this.slug(party.name), party.name);
    }
    return facts;
  }

  /** A connection turned out to have a name; what it wrote and read was its. */
  nameProducer(producer: string, name: string): void {
    this.named.set(producer, name);
    if (this.named.size > bounds.producers) {
      this.named.shift();
      this.counters.producers++;
    }
  }

  /** A settled message votes for who its producer is. */
  learn(node: Node): void {
    // A copy of another's message says nothing of who its first writer was.
    if (node.producer === undefined || node.original || node.duplicateOf) return;
    const sender = node.sender ?? this.soleSender(node);
    if (sender === undefined) return;
    let votes = this.votes.get(node.producer);
    if (!votes) {
      this.votes.set(node.producer, (votes = new Map()));
      if (this.votes.size > bounds.producers) {
        this.votes.shift();
        this.counters.producers++;
      }
    }
    const name = this.declared.get(this.slug(sender)) ?? sender;
    votes.set(name, (votes.get(name) ?? 0) + 1);
  }

  /** Everything known of both sides; `answered` is the request that a reply answers. */
  parties(node: Node, answered: Node | undefined, groups: readonly string[]): Parties {
    const writer = this.writer(node, answered);
    const readers = this.readers(node, answered, groups);
    return writer ? { writer, readers } : { readers };
  }

  writer(node: Node, answered?: Node): Participant | undefined {
    const senders = this.matching(this.factsOf(node.spot)?.senders, node);
    const observed =
      node.sender ?? this.spans.writerOf(node) ?? (node.producer === undefined ? undefined : this.voted(node.producer));
    if (observed !== undefined) {
      const slug = this.slug(observed);
      for (const party of senders) if (this.slug(party.name) === slug) return { name: party.name, basis: "declared" };
    }
    const only = senders.length === 1 && !node.original ? senders[0] : undefined;
    if (only) return { name: only.name, basis: "declared" };
    if (observed !== undefined) {
      return { name: this.declared.get(this.slug(observed)) ?? observed, basis: "observed" };
    }
    if (answered) {
      const readers = this.readers(answered, undefined, []);
      if (readers.length === 1 && readers[0]) return readers[0];
    }
    return node.producerLabel === undefined ? undefined : { name: node.producerLabel, basis: "placeholder" };
  }

  readers(node: Node, answered: Node | undefined, groups: readonly string[]): Participant[] {
    const receivers = this.factsOf(node.spot)?.receivers ?? nothing;
    const traced = this.spans.readersOf(node);
    if (receivers.length + groups.length + traced.length === 0 && !node.journey && !answered) return [];
    const readers: Participant[] = [];
    for (const { name } of this.matching(receivers, node)) {
      // Of several names of one party the last counts.
      const known = this.placeOf(this.slug(name), readers);
      readers[known < 0 ? readers.length : known] = { name, basis: "declared" };
    }
    for (const service of traced) this.addReader(readers, service);
    // In the order of their names: which of them committed first is chance.
    if (node.broker === "kafka" && groups.length > 1) groups = [...groups].sort();
    for (const delivery of node.journey?.deliveries ?? []) {
      const voted =
        delivery.connectionName ??
        (delivery.connection === undefined ? undefined : this.voted(`${node.tap} ${delivery.connection}`));
      if (voted !== undefined) this.addReader(readers, voted);
      else if (readers.length === 0 && delivery.connection !== undefined) {
        const name = connectionLabel(delivery.connection, delivery.user);
        readers.push({ name, basis: "placeholder" });
      }
    }
    // A group reads its whole topic. Where the contracts say who takes this message, a party of theirs that is not
    // among these only reads past it.
    for (const group of groups) {
      if (receivers.length === 0 || !this.declared.has(this.slug(group))) this.addReader(readers, group);
    }
    if (readers.length === 0 && answered) {
      const asker = this.writer(answered);
      if (asker) return [asker];
    }
    return readers;
  }

  /** The name that contracts have for somebody who was seen, else the one it was seen by. */
  known(participant: Participant): Participant {
    const declared = participant.basis === "placeholder" ? undefined : this.declared.get(this.slug(participant.name));
    return declared === undefined ? participant : { name: declared, basis: "observed" };
  }

  /** Whether anything says who reads a message; else that nothing is known means nothing. */
  knowsReaders(node: Node): boolean {
    return (this.factsOf(node.spot)?.receivers.length ?? 0) > 0;
  }

  /** Who took a delivery, by its connection. */
  readerOf(
    node: Node,
    delivery: { readonly connection?: string; readonly connectionName?: string },
  ): string | undefined {
    const observed =
      delivery.connectionName ??
      (delivery.connection === undefined ? undefined : this.voted(`${node.tap} ${delivery.connection}`));
    return observed === undefined ? undefined : (this.declared.get(this.slug(observed)) ?? observed);
  }

  private addReader(readers: Participant[], observed: string): void {
    const slug = this.slug(observed);
    if (this.placeOf(slug, readers) >= 0) return;
    readers.push({ name: this.declared.get(slug) ?? observed, basis: "observed" });
  }

  /** Where a party stands among these under any of its names; -1 where it does not. A connection's label is no name. */
  private placeOf(slug: string, readers: readonly Participant[]): number {
    return readers.findIndex(({ name, basis }) => basis !== "placeholder" && this.slug(name) === slug);
  }

  private soleSender(node: Node): string | undefined {
    const senders = this.matching(this.factsOf(node.spot)?.senders, node);
    return senders.length === 1 ? senders[0]?.name : undefined;
  }

  private matching(parties: readonly DeclaredParty[] | undefined, node: Node): readonly DeclaredParty[] {
    if (!parties || parties.length === 0) return nothing;
    const name = messageSlug(node.name);
    const named = parties.filter((party) => party.messages.some((message) => messageSlug(message) === name));
    return named.length > 0 ? named : parties.filter((party) => party.messages.length === 0 || !node.typed);
  }

  private voted(producer: string): string | undefined {
    const named = this.named.get(producer);
    if (named !== undefined) return named;
    const votes = this.votes.get(producer);
    if (!votes) return undefined;
    let total = 0;
    let best: readonly [string, number] | undefined;
    for (const [name, count] of votes) {
      total += count;
      if (!best || count > best[1] || (count === best[1] && name < best[0])) best = [name, count];
    }
    return best && best[1] >= 0.9 * total ? best[0] : undefined;
  }

  /** Names that mean the same party: `Payment Service`, `payment-svc`, `payment_service`. */
  private slug(name: string): string {
    let slug = this.slugs.get(name);
    if (slug === undefined) {
      slug = name
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, " ")
        .trim()
        .replaceAll(/ (?:service|svc|app|api|application|group|consumer|worker)\b/g, "")
        .replaceAll(" ", "");
      if (this.slugs.size < bounds.channels) this.slugs.set(name, slug);
    }
    return slug;
  }
}

const messageSlugs = new Map<string, string>();

function messageSlug(name: string): string {
  let slug = messageSlugs.get(name);
  if (slug === undefined) {
    slug = (name.split(".").pop() ?? name).toLowerCase().replaceAll(/[^a-z0-9]/g, "");
    if (messageSlugs.size < bounds.types) messageSlugs.set(name, slug);
  }
  return slug;
}
