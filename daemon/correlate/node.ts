/** The records that correlation keeps: one per message, one per place where ids stand. Internal to this folder. */
import type { Seq } from "./model.ts";
import type { IdStrength } from "./ids.ts";
import type { Field } from "./fields.ts";
import type { Clock } from "./clocks.ts";
import type { Group } from "./groups.ts";
import type { PairEntry } from "./pairs.ts";
import type { JourneyRecord } from "./deliveries.ts";

/** What an id does for its message; see `HeaderRole` for the meanings. `learned` has no known name. */
export type Role =
  | "self"
  | "cause"
  | "in reply to"
  | "pair"
  | "conversation"
  | "correlation"
  | "contract"
  | "trace"
  | "learned"
  | "business"
  | "key"
  | "idempotency";

/** A place where ids stand: one header name or body path, over all messages. */
export interface Slot {
  /** `header correlation-id`, `body orderId`, `property reply_to`, `key`. */
  readonly where: string;
  /** What the field is about (`order`), and whether that is a party or thing, which never joins. */
  readonly stem: string;
  /** The field's whole name in words: `order_number` and `order_id` are different fields about the same. */
  readonly field: string;
  readonly named: boolean;
  readonly thing: boolean;
  /** What is learned of it as a field, and as a general correlation id; found once. */
  asField?: Field;
  asCorrelation?: Field;
}

/** One id in one place of one message. */
export interface Found {
  /** The message; set when the message's record is made, right after its ids. */
  node: Node;
  readonly slot: Slot;
  readonly role: Role;
  readonly value: string;
  readonly strength: IdStrength;
  /** The name under which it is known is a framework's own, which is never used for something else. */
  readonly framework: boolean;
}

export interface Node {
  readonly seq: Seq;
  /** Effective time; may move while the clocks of the brokers are still being learned. */
  at: number;
  readonly receivedAt: number;
  readonly timestamp: number | undefined;
  readonly broker: "kafka" | "rabbitmq" | "otlp";
  readonly tap: string;
  /** The channel as views name it, and its class: the same with instance ids replaced by `*`. */
  readonly channel: string;
  readonly channelClass: string;
  /** The short name: type, or channel where there is none. */
  readonly name: string;
  readonly typed: boolean;
  /** Channel class and name: the alphabet of shapes. */
  readonly type: string;
  readonly found: readonly Found[];
  readonly hash: number;
  readonly bodySize: number;
  readonly key: string | undefined;

  /** Kafka. */
  readonly partition: number;
  readonly offset: bigint;
  readonly transactional: boolean;
  /** The producer instance or the publishing connection: `kafka 4711`, `rabbitmq 127.0.0.1:5 -> ...`. */
  readonly producer: string | undefined;
  readonly producerLabel: string | undefined;

  /** RabbitMQ. */
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly queues: readonly string[] | undefined;
  readonly rawCorrelation: string | undefined;
  readonly connection: string | undefined;

  /** What the wire says of its writer: an endpoint header, a connection's name, the application id. */
  readonly sender: string | undefined;
  readonly replyAddress: string | undefined;
  readonly expectsReply: boolean;
  readonly isReplyByIntent: boolean;
  /** Milliseconds it may take, by the message itself. */
  readonly expiresAfter: number | undefined;
  readonly failed: boolean;
  readonly sagaType: string | undefined;
  /** Where it was republished from; set as well when its content is found to have been written elsewhere before. */
  original: OriginalPlace | undefined;
  /** What its channel's name says it is for. */
  readonly purpose: "retry" | "dead" | undefined;

  group: Group;
  settled: boolean;
  /** The clock that its timestamp was read from. */
  clock: Clock | undefined;
  pairsAsked: PairEntry[] | undefined;
  pairsAnswered: PairEntry[] | undefined;
  /** Fixed when the request settles, so that what is learned later does not change it. */
  deadline: { wait: number; basis: "message" | "declared" | "learned" | "default" } | undefined;
  duplicateOf: Node | undefined;
  /** What it was caused by as far as timing tells. */
  windowCause: Node | undefined;
  journey: JourneyRecord | undefined;
}

/** Where a republished message says that it came from. */
export interface OriginalPlace {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly exchange?: string;
  readonly routingKey?: string;
}

/** Order of messages everywhere: effective time, then what the broker says, then the number. */
export function compareNodes(a: Node, b: Node): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.tap !== b.tap) return a.tap < b.tap ? -1 : 1;
  if (a.broker === "kafka" && a.channel === b.channel && a.partition === b.partition) {
    return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : a.seq - b.seq;
  }
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1;
  if (a.hash !== b.hash) return a.hash - b.hash;
  return a.seq - b.seq;
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
