/**
 * What correlation takes in and hands out. Pure: messages and events in, changes out; the clock is an argument.
 */
import type { DecodedBody, ChannelFacts } from "../../contracts/codec/index.ts";
import type { Delivery, Envelope } from "../tap/envelope.ts";

/** A message's position in its capture: 1, 2, 3, ... */
export type Seq = number;

/** A message as everybody behind the decoder sees it. */
export interface TracedMessage {
  readonly seq: Seq;
  readonly envelope: Envelope;
  readonly decoded: DecodedBody;
}

/**
 * What correlation has read of a message and takes in when its turn comes. It is small, and nothing of what it was read
 * from is in it: much of this can wait where few messages can.
 */
export interface ExtractedMessage {
  readonly seq: Seq;
  /** About what it takes in memory. */
  readonly bytes: number;
}

/** Likewise of a delivery. */
export interface ExtractedDelivery {
  readonly tap: string;
}

/** What the contracts say that steers correlation; asked for every channel once. */
export interface CorrelationHints {
  channel(broker: "kafka" | "rabbitmq", address: string): ChannelFacts | undefined;
}

/** `certain`: the wire or a framework says so; `declared`: a contract or a well-known id says so; `possible` joins nothing. */
export type Strength = "certain" | "declared" | "inferred" | "possible";

export type EvidenceKind =
  | "republication"
  | "reply-address"
  | "retry"
  | "causation-id"
  | "correlation-pair"
  | "conversation-id"
  | "contract"
  | "trace-parent"
  | "trace-id"
  | "learned-id"
  | "business-id"
  | "order"
  | "window"
  | "key";

/** One id found in one place of one message. */
export interface Occurrence {
  readonly seq: Seq;
  /** `header correlation-id`, `body orderId`, `property reply_to`, `key`. */
  readonly where: string;
  readonly value: string;
}

/** Cause and effect, with why it is believed. */
export interface Edge {
  readonly from: Seq;
  readonly to: Seq;
  readonly kind: EvidenceKind;
  readonly strength: Strength;
  /** Whether it makes both one conversation; a link between conversations does not. */
  readonly joins: boolean;
  readonly because: readonly Occurrence[];
  /** How many other candidates there were. */
  readonly rivals: number;
}

export type ExchangeState = "pending" | "replied" | "late" | "timed out";

/** A request and what came back. */
export interface Exchange {
  readonly request: Seq;
  readonly replies: readonly Seq[];
  readonly state: ExchangeState;
  /** From request to first reply, milliseconds. */
  readonly latency?: number;
  /** When it would be late, and on what that rests. */
  readonly deadline?: { readonly at: number; readonly basis: "message" | "declared" | "learned" | "default" };
  /** A reply that carries an error. */
  readonly failed: boolean;
}

export type SagaState = "running" | "completed" | "failed" | "compensating" | "compensated" | "stuck";

export type StepState =
  | "done"
  | "running"
  | "compensated"
  | "compensating"
  | "stuck"
  | "late"
  | "failed"
  | "compensation missing"
  | "not reached";

/** One forward step of a saga (or one leg of an exchange), and what undid it. */
export interface Step {
  readonly name: string;
  readonly state: StepState;
  readonly seqs: readonly Seq[];
  readonly compensation?: { readonly name: string; readonly seqs: readonly Seq[] };
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** Something that should have happened by now and has not. */
export interface Missing {
  /** The type that is missing, after which message. */
  readonly name: string;
  readonly after: Seq;
  readonly since: number;
  /** How long it usually takes, in milliseconds, and from how many; absent when a default or the message itself sets it. */
  readonly usual?: { readonly ms: number; readonly count: number };
  readonly basis: "message" | "declared" | "learned" | "default";
}

export type ConversationState = "running" | "completed" | "failed" | "compensating" | "compensated" | "stuck" | "late";

/** Messages that belong together, with everything known of how. Ids never change meaning: on a merge the older survives. */
export interface Conversation {
  /** `c` and the number of its earliest message. */
  readonly id: string;
  readonly revision: number;
  readonly kind: "saga" | "exchange" | "flow";
  /** The saga's or request's name: `OrderPlaced`, or a declared name. */
  readonly name: string;
  /** The business key that names this instance to a human, such as an order number; empty when there is none. */
  readonly key: string;
  readonly state: ConversationState;
  readonly sagaKind?: "choreography" | "orchestration";
  /** Whether the saga's shape was inferred, and from how many completed instances. */
  readonly inferredFrom?: number;
  /** Messages and spans, in effective order. */
  readonly seqs: readonly Seq[];
  /** Those of `seqs` that are spans; absent where there are none. Steps, exchanges and the state are of messages alone. */
  readonly spans?: readonly SpanStep[];
  readonly edges: readonly Edge[];
  readonly exchanges: readonly Exchange[];
  readonly steps: readonly Step[];
  readonly missing: readonly Missing[];
  readonly startedAt: number;
  readonly lastAt: number;
  /** When it ended, once it did. */
  readonly endedAt?: number;
}

/** What a conversation came to, without everything that it is made of. */
export interface Standing {
  readonly state: ConversationState;
  readonly startedAt: number;
  readonly lastAt: number;
  /** Something in it went wrong or is late. Whether its messages keep their contracts is not known here. */
  readonly isTroubled: boolean;
}

/** A span of a conversation. */
export interface SpanStep {
  readonly seq: Seq;
  /** It says nothing that a message or another span beside it does not say, such as that this message was sent. */
  readonly folded: boolean;
}

/** What a message went through after it was written. */
export interface Journey {
  readonly deliveries: ReadonlyArray<
    Pick<Delivery, "queue" | "redelivered" | "receivedAt" | "connection" | "connectionName" | "user"> & {
      readonly participant?: string;
    }
  >;
  /** Dead-lettered into, from `x-death` or an observed republication. */
  readonly deadLettered?: {
    readonly queue: string;
    readonly reason: string;
    readonly count: number;
    /** Each queue that it died in, the first first, where `x-death` says so. */
    readonly hops?: ReadonlyArray<{ readonly queue: string; readonly reason: string; readonly count: number }>;
  };
  /** Groups that have committed past it. */
  readonly committedBy: ReadonlyArray<{ readonly group: string; readonly at: number }>;
  readonly transaction?: "pending" | "committed" | "aborted";
  /** The same content was written again later, or this is such a copy of an earlier message. */
  readonly duplicateOf?: Seq;
}

/** Who wrote a message and who reads it, as far as anything says so. */
export interface Parties {
  readonly writer?: Participant;
  readonly readers: readonly Participant[];
}

export interface Participant {
  readonly name: string;
  /** How it is known: a contract names it, a connection or header does, or it is only a placeholder like `producer 4711`. */
  readonly basis: "declared" | "observed" | "placeholder";
}

export type Change =
  | { readonly kind: "conversation"; readonly id: string }
  | { readonly kind: "merged"; readonly id: string; readonly into: string }
  | { readonly kind: "split"; readonly id: string; readonly from: string }
  | { readonly kind: "message"; readonly seq: Seq };

/** The whole of correlation behind one door. All times are milliseconds since the epoch, and come from the caller. */
export interface Correlator {
  observe(message: TracedMessage): void;
  /** The first half of `observe`, in the same order; `take` is the other, of the same correlator. */
  extract(message: TracedMessage): ExtractedMessage;
  take(extracted: ExtractedMessage): void;
  /** Hangs a delivery on its message; returns the message's number, or `undefined` where it began before the tap. */
  deliver(delivery: Delivery): Seq | undefined;
  /** The halves of `deliver`. */
  extractDelivery(delivery: Delivery): ExtractedDelivery;
  takeDelivery(extracted: ExtractedDelivery): Seq | undefined;
  commit(group: string, topic: string, partition: number, offset: bigint, at: number): void;
  transaction(
    topic: string,
    partition: number,
    producerId: bigint,
    offset: bigint,
    outcome: "committed" | "aborted",
  ): void;
  /** A RabbitMQ connection turned out to have a name: it is who wrote and read by it, earlier messages included. */
  nameConnection(tap: string, connection: string, name: string): void;
  /** No expectation runs while a tap could not see: moves deadlines by the gap. */
  gap(from: number, to: number): void;
  /** Settles inferred evidence and deadlines; called about every 250 ms of event time. */
  tick(now: number): void;
  /** Everything that changed since the last call, each once. */
  takeChanges(): readonly Change[];
  conversation(id: string): Conversation | undefined;
  /** What a conversation came to; costs less than all of it, and nothing where it did not change. */
  standing(id: string): Standing | undefined;
  /** The numbers of a conversation's messages and spans, in no order; none where there is no such conversation. */
  seqsOf(id: string): Iterable<Seq>;
  /** Every conversation there is, the oldest first. */
  ids(): Iterable<string>;
  /** Follows merges: the id under which a conversation lives now. */
  resolve(id: string): string | undefined;
  conversations(): Iterable<Conversation>;
  /** How many messages it holds; the oldest went when there were too many. */
  readonly size: number;
  /**
   * When a conversation began, without building it; `undefined` when there is none under this id, and for spans without
   * a message that went well: a list of what messages do has no place for every health check that a gateway passed on.
   */
  startOf(id: string): number | undefined;
  conversationOf(seq: Seq): string | undefined;
  journey(seq: Seq): Journey;
  parties(seq: Seq): Parties;
  /** The short name of a message, as rows show it. */
  nameOf(seq: Seq): string;
  /** How often each bound of limits.ts was met; those that never were are absent. */
  boundsMet(): Readonly<Record<string, number>>;
}
