import type { Place } from "../source/index.ts";
import type { VisitLeaf } from "./leaves.ts";
import type { DecodedBody, MessageDefinition } from "./decoded.ts";
import type { FieldMap } from "./field-map.ts";

/** A header as the codec reads it; a name may come more than once. */
export interface MessageHeader {
  readonly name: string;
  readonly value: string | Uint8Array;
}

/** What is known of a message before its body is read. */
export interface MessageInput {
  readonly broker: "kafka" | "rabbitmq";
  /** The Kafka topic; the RabbitMQ exchange (empty: the default exchange). */
  readonly channel: string;
  /** RabbitMQ only: the routing key, and the queues that the message was routed to. */
  readonly routingKey?: string;
  readonly queues?: readonly string[] | undefined;
  readonly contentType?: string | undefined;
  /** The AMQP `type` property or a framework's type header. */
  readonly typeHint?: string | undefined;
  readonly headers: readonly MessageHeader[];
  readonly body: Uint8Array | null;
}

/** What the contracts declare about one channel: who writes it, who reads it, how its messages correlate. */
export interface ChannelFacts {
  /** The channel's address as the contract has it, `orders.{region}` and all. */
  readonly address: string;
  readonly broker?: "kafka" | "rabbitmq";
  /** `name` is the application's title in its AsyncAPI document. */
  readonly senders: readonly DeclaredParty[];
  readonly receivers: readonly DeclaredParty[];
  /** `$message.header#/x` or `$message.payload#/x`, as declared by the messages of the channel. */
  readonly correlationLocations: readonly string[];
  /** For a request channel: where replies go, as far as the document says. */
  readonly reply?: { readonly address?: string; readonly addressLocation?: string };
}

export interface DeclaredParty {
  readonly name: string;
  /** The messages, by name, that it sends or receives here; empty: all of the channel's. */
  readonly messages: readonly string[];
  readonly place: Place;
}

/** All contracts of a workspace as a reader of traffic needs them. A value: a changed contract makes a new catalog. */
export interface MessageCatalog {
  decode(input: MessageInput): DecodedBody;
  /**
   * Types and places of the fields of a body that this catalog decoded: worked out when asked for, for a message that
   * somebody has open, and never while messages come in.
   */
  fields(input: MessageInput, decoded: DecodedBody): FieldMap;
  /** The same body in a form in which single values can be replaced: a compressed Avro file without its compression. */
  replaceable(body: Uint8Array, decoded: DecodedBody): Uint8Array;
  /** Visits the single values of a binary or XML body that this catalog decoded, where they stand in its bytes. */
  leaves(body: Uint8Array, decoded: DecodedBody, visit: VisitLeaf): void;
  /** Facts for a channel; address parameters match one segment. */
  channel(broker: "kafka" | "rabbitmq", address: string): ChannelFacts | undefined;
  /** Every definition, for the editor's "seen live" and for lists. */
  readonly definitions: ReadonlyArray<MessageDefinition>;
  /** Counts changes: two catalogs of the same texts have the same value. */
  readonly revision: string;
}
