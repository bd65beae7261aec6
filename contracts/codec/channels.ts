import { type AsyncapiChannel, type AsyncapiDocument, type AsyncapiMessage } from "../asyncapi/index.ts";
import type { ChannelFacts, DeclaredParty } from "./catalog-types.ts";

type Broker = "kafka" | "rabbitmq";

/** One channel of one document, with what names it on a broker. */
interface DeclaredChannel {
  readonly channel: AsyncapiChannel;
  readonly document: AsyncapiDocument;
  readonly brokers: readonly Broker[];
  /** Absent where the address has no parameters. */
  readonly pattern?: RegExp;
}

/** Answers are kept for as many channels; brokers with more are asked again. */
const maxKept = 10_000;

/** The channels that all AsyncAPI documents declare, found by what a broker calls them. */
export class ChannelIndex {
  private readonly byAddress = new Map<string, DeclaredChannel[]>();
  private readonly byBoundName = new Map<string, DeclaredChannel[]>();
  private readonly withParameters: DeclaredChannel[] = [];
  private readonly facts = new Map<string, ChannelFacts | undefined>();

  constructor(documents: readonly AsyncapiDocument[]) {
    for (const document of documents) {
      for (const channel of document.channels) this.add(channel, document);
    }
  }

  private add(channel: AsyncapiChannel, document: AsyncapiDocument): void {
    const brokers = brokersOf(channel.protocols);
    if (brokers.length === 0) return;
    const { address } = channel;
    const pattern = address?.includes("{") === true ? addressPattern(address) : undefined;
    const declared = { channel, document, brokers, ...(pattern === undefined ? {} : { pattern }) };
    if (pattern !== undefined) this.withParameters.push(declared);
    else if (address !== undefined) append(this.byAddress, address, declared);
    for (const name of channel.boundNames) if (name !== address) append(this.byBoundName, name, declared);
  }

  /** The channels that `address` may mean: by its own address, else by a pattern, else by a binding's name. */
  find(broker: Broker, address: string): readonly DeclaredChannel[] {
    if (address === "") return [];
    const onBroker = (list: readonly DeclaredChannel[] | undefined) =>
      list?.filter((declared) => declared.brokers.includes(broker)) ?? [];
    for (const found of [
      onBroker(this.byAddress.get(address)),
      onBroker(this.withParameters).filter(({ pattern }) => pattern?.test(address) === true),
      onBroker(this.byBoundName.get(address)),
    ]) {
      if (found.length > 0) return found;
    }
    return [];
  }

  /** The messages that may travel under the first of `addresses` that any document declares. */
  messages(broker: Broker, addresses: readonly string[]): readonly AsyncapiMessage[] {
    for (const address of addresses) {
      const messages = this.find(broker, address).flatMap(({ channel }) => channel.messages);
      if (messages.length > 0) return [...new Set(messages)];
    }
    return [];
  }

  factsOf(broker: Broker, address: string): ChannelFacts | undefined {
    const key = `${broker} ${address}`;
    if (this.facts.has(key)) return this.facts.get(key);
    if (this.facts.size >= maxKept) this.facts.clear();
    const facts = this.gatherFacts(broker, address);
    this.facts.set(key, facts);
    return facts;
  }

  private gatherFacts(broker: Broker, address: string): ChannelFacts | undefined {
    const declared = this.find(broker, address);
    const [first] = declared;
    if (first === undefined) return undefined;
    const senders: DeclaredParty[] = [];
    const receivers: DeclaredParty[] = [];
    const locations = new Set<string>();
    let reply: ChannelFacts["reply"];
    for (const { channel, document } of declared) {
      for (const message of channel.messages) {
        if (message.correlationLocation !== undefined) locations.add(message.correlationLocation);
      }
      for (const operation of document.operations) {
        if (operation.channel === channel) {
          const messages = operation.namesMessages ? operation.messages.map((message) => message.name) : [];
          const party = { name: document.title, messages, place: operation.place };
          (operation.action === "send" ? senders : receivers).push(party);
          if (operation.reply !== undefined) reply ??= replyOf(operation.reply);
        }
        if (operation.reply?.channel === channel) {
          const messages = operation.reply.messages.map((message) => message.name);
          const party = { name: document.title, messages, place: operation.reply.place };
          // Who sends the request receives the reply.
          (operation.action === "send" ? receivers : senders).push(party);
        }
      }
    }
    const brokers = new Set(declared.flatMap((one) => one.brokers));
    const [only] = brokers;
    return {
      address: first.channel.address ?? address,
      ...(brokers.size === 1 && only !== undefined ? { broker: only } : {}),
      senders,
      receivers,
      correlationLocations: [...locations],
      ...(reply === undefined ? {} : { reply }),
    };
  }
}

function replyOf(
  reply: NonNullable<AsyncapiDocument["operations"][number]["reply"]>,
): NonNullable<ChannelFacts["reply"]> {
  const address = reply.channel?.address;
  return {
    ...(address === undefined ? {} : { address }),
    ...(reply.addressLocation === undefined ? {} : { addressLocation: reply.addressLocation }),
  };
}

/** Brokers that speak one of these protocols; both where a document names none. */
function brokersOf(protocols: readonly string[]): Broker[] {
  if (protocols.length === 0) return ["kafka", "rabbitmq"];
  const result: Broker[] = [];
  if (protocols.some((protocol) => protocol.startsWith("kafka"))) result.push("kafka");
  if (protocols.some((protocol) => protocol.startsWith("amqp"))) result.push("rabbitmq");
  return result;
}

/** `orders.{region}` as a pattern in which a parameter is one segment between dots and slashes. */
function addressPattern(address: string): RegExp {
  const parts = address.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^./]+")}$`);
}

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
