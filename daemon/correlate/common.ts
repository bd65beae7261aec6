/**
 * What many messages have in common, each kept once for all of them: where they stand, what kind they are of, who wrote
 * them. A system has few of these; where there are many after all, everything is forgotten at the bound, and whoever is
 * in use stays with those who use it.
 */
import type { ChannelFacts } from "../../contracts/codec/index.ts";
import type { Envelope, KafkaOrigin, RabbitmqOrigin } from "../tap/envelope.ts";
import { bounds, type Counters } from "./limits.ts";
import { isFailing, isUndoing } from "./words.ts";
import { connectionLabel, purposeOf, shortName } from "./names.ts";

/** A place on a broker: a partition of a topic, or an exchange with routing keys and the queues behind them. */
export class Spot {
  readonly broker: "kafka" | "rabbitmq" | "otlp";
  readonly tap: string;
  /** The channel as views name it. */
  readonly channel: string;
  readonly partition: number;
  /** The partition in one word. */
  readonly place: string;
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly queues: readonly string[] | undefined;
  /** What the contracts say of it, by the so-manieth time of asking them. */
  facts: ChannelFacts | undefined = undefined;
  asked = -1;
  /** Found when the first message stands here. */
  channelClass: ChannelClass | undefined = undefined;

  constructor(
    broker: Spot["broker"],
    tap: string,
    channel: string,
    partition: number,
    place: string,
    exchange: string,
    routingKeys: readonly string[],
    queues: readonly string[] | undefined,
  ) {
    this.broker = broker;
    this.tap = tap;
    this.channel = channel;
    this.partition = partition;
    this.place = place;
    this.exchange = exchange;
    this.routingKeys = routingKeys;
    this.queues = queues;
  }
}

/** A kind of message. */
export interface Kind {
  /** The channel with instance ids replaced by `*`. */
  readonly channelClass: string;
  /** What its channel's name says it is for. */
  readonly purpose: "retry" | "dead" | undefined;
  /** The short name: type, or channel where there is none. */
  readonly name: string;
  readonly typed: boolean;
  /** Channel class and name: the alphabet of shapes. */
  readonly type: string;
  /** Whether its name speaks of something that went wrong, or that was undone. */
  readonly failing: boolean;
  readonly undoing: boolean;
}

/** Who writes, as the wire says it. */
export interface Author {
  /** The producer instance or the publishing connection: `kafka 4711`, `rabbitmq 127.0.0.1:5 -> ...`. */
  readonly producer: string | undefined;
  readonly producerLabel: string | undefined;
  readonly connection: string | undefined;
  /** An endpoint header, a connection's name, the application id. */
  readonly sender: string | undefined;
}

/** All channels that are one but for instance ids, and the kinds of message on them. */
export interface ChannelClass {
  readonly text: string;
  readonly purpose: Kind["purpose"];
  /** By the type's whole name, and those without one by theirs. */
  readonly typed: Map<string, Kind>;
  readonly untyped: Map<string, Kind>;
}

export const nothing: readonly never[] = [];
export const nobody: Author = {
  producer: undefined,
  producerLabel: undefined,
  connection: undefined,
  sender: undefined,
};

/** So many under one name are told apart; more are not shared. */
const alike = 256;

export class Common {
  private readonly kafkaSpots = new Map<string, Spot[]>();
  private readonly rabbitmqSpots = new Map<string, Spot[]>();
  private readonly authors = new Map<string | bigint, Array<Author & { readonly of: string; readonly user: string }>>();
  private readonly classes = new Map<string, ChannelClass>();
  private readonly byChannel = new Map<string, ChannelClass>();
  private readonly names = new Map<string, string>();
  private readonly counters: Counters;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  kafkaSpot(tap: string, { topic, partition }: KafkaOrigin): Spot {
    const known = listOf(this.kafkaSpots, topic);
    for (const spot of known) if (spot.partition === partition && spot.tap === tap) return spot;
    const place = placeOf(tap, topic, partition);
    return keep(known, new Spot("kafka", tap, topic, partition, place, "", nothing, undefined));
  }

  rabbitmqSpot(tap: string, { exchange, routingKeys, routedQueues }: RabbitmqOrigin): Spot {
    const key = routingKeys[0] ?? "";
    const known = listOf(this.rabbitmqSpots, key);
    for (const spot of known) {
      if (spot.exchange !== exchange || spot.tap !== tap) continue;
      if (areSame(spot.routingKeys, routingKeys) && areSame(spot.queues, routedQueues)) return spot;
    }
    const channel = exchange === "" ? key : key === "" ? exchange : `${exchange}/${key}`;
    return keep(known, new Spot("rabbitmq", tap, channel, -1, "", exchange, routingKeys, routedQueues));
  }

  kind(spot: Spot, typeName: string | undefined, otherwise: () => string): Kind {
    const of = (spot.channelClass ??= this.classOf(spot.channel));
    if (typeName === undefined || typeName === "") {
      const name = otherwise();
      return of.untyped.get(name) ?? this.newKind(of, of.untyped, name, name, false);
    }
    return of.typed.get(typeName) ?? this.newKind(of, of.typed, typeName, this.nameOf(typeName), true);
  }

  private newKind(of: ChannelClass, kinds: Map<string, Kind>, key: string, name: string, typed: boolean): Kind {
    const type = `${of.text}|${name}`;
    const [failing, undoing] = [isFailing(name), isUndoing(name)];
    const kind = { channelClass: of.text, purpose: of.purpose, name, typed, type, failing, undoing };
    if (kinds.size < bounds.types) kinds.set(key, kind);
    return kind;
  }

  kafkaAuthor(envelope: Envelope, { producerId }: KafkaOrigin, sender: string | undefined): Author {
    const { tap } = envelope;
    if (producerId === undefined || producerId < 0n) return this.namedAuthor(sender);
    const known = listOf(this.authors, producerId);
    for (const author of known) if (author.of === tap && author.sender === sender) return author;
    const [producer, producerLabel] = [`${tap} ${producerId}`, `producer ${producerId}`];
    return keep(known, { of: tap, user: "", producer, producerLabel, connection: undefined, sender });
  }

  rabbitmqAuthor(envelope: Envelope, { connection, user = "" }: RabbitmqOrigin, sender: string | undefined): Author {
    const { tap } = envelope;
    if (connection === undefined) return this.namedAuthor(sender);
    const known = listOf(this.authors, connection);
    for (const author of known) {
      if (author.of === tap && author.user === user && author.sender === sender) return author;
    }
    const producerLabel = connectionLabel(connection, user === "" ? undefined : user);
    return keep(known, { of: tap, user, producer: `${tap} ${connection}`, producerLabel, connection, sender });
  }

  /** The text with instance ids replaced. */
  classText(channel: string): string {
    return this.classOf(channel).text;
  }

  private namedAuthor(sender: string | undefined): Author {
    if (sender === undefined) return nobody;
    const known = listOf(this.authors, sender);
    for (const author of known) if (author.producer === undefined && author.sender === sender) return author;
    return keep(known, { ...nobody, of: "", user: "", sender });
  }

  private classOf(channel: string): ChannelClass {
    const known = this.byChannel.get(channel);
    if (known) return known;
    const text = classOf(channel);
    let of = this.classes.get(text);
    if (of === undefined) {
      of = { text, purpose: purposeOf(text), typed: new Map(), untyped: new Map() };
      if (this.classes.size >= bounds.channels) this.classes.clear();
      this.classes.set(text, of);
    }
    if (this.byChannel.size >= bounds.channels) {
      this.counters.channels++;
      this.byChannel.clear();
    }
    this.byChannel.set(channel, of);
    return of;
  }

  private nameOf(type: string): string {
    let known = this.names.get(type);
    if (known === undefined) {
      known = shortName(type);
      if (this.names.size < bounds.types) this.names.set(type, known);
      else this.counters.types++;
    }
    return known;
  }
}

/** A partition of a topic in one word. */
export function placeOf(tap: string, topic: string, partition: number): string {
  return `${tap}\n${topic}\n${partition}`;
}

function listOf<K, T>(lists: Map<K, T[]>, key: K): T[] {
  const known = lists.get(key);
  if (known) return known;
  if (lists.size >= bounds.channels) lists.clear();
  const list: T[] = [];
  lists.set(key, list);
  return list;
}

function keep<T>(list: T[], item: T): T {
  if (list.length < alike) list.push(item);
  return item;
}

function areSame(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && a.length === b.length && a.every((text, i) => text === b[i]);
}

/** A text with the parts that differ per instance replaced by `*`: UUIDs, generated names, long hex, long numbers. */
export function classOf(name: string): string {
  if (!/\d/.test(name) && !name.includes("amq.")) return name;
  return name
    .replace(/^amq\.rabbitmq\.reply-to.*$/, "amq.rabbitmq.reply-to.*")
    .replace(/^amq\.gen-.*$/, "amq.gen-*")
    .replace(/^amq\.ctag-.*$/, "amq.ctag-*")
    .replaceAll(/[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/g, "*")
    .replaceAll(/[0-9a-fA-F]{16,}/g, "*")
    .replaceAll(/\d{5,}/g, "*");
}
