/**
 * What taps hand on. One envelope is one message that was written to a broker once; what happened to it
 * afterwards (deliveries, commits, transaction markers) follows as events of its own.
 */

/** AMQP has typed header tables, Kafka has bytes; both fit here. Bytes stay bytes until somebody shows them. */
export type HeaderValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly HeaderValue[]
  | { readonly [name: string]: HeaderValue };

/** Headers in the order of the wire; a name may come more than once. */
export interface Header {
  readonly name: string;
  readonly value: HeaderValue;
}

export interface Envelope {
  /** `kafka:127.0.0.1:9092` or `rabbitmq:127.0.0.1:5672/vhost`: which tap saw it; never with credentials. */
  readonly tap: string;
  /** When the tap received it: milliseconds since the epoch, by this machine's clock, with fractions. */
  readonly receivedAt: number;
  /** What the wire says of its time, in milliseconds since the epoch, when it says so plausibly. */
  readonly timestamp?: number;
  readonly headers: readonly Header[];
  readonly key: Uint8Array | null;
  /** `null` is Kafka's tombstone. When larger than the tap's limit, cut, and `bodySize` tells the whole size. */
  readonly body: Uint8Array | null;
  readonly bodySize: number;
  readonly origin: KafkaOrigin | RabbitmqOrigin | OtlpOrigin;
}

export interface KafkaOrigin {
  readonly broker: "kafka";
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampType: "create" | "append";
  /** Identifies a producer instance, when it is idempotent. */
  readonly producerId?: bigint;
  /** Written inside a transaction; its outcome follows as a `transaction` event. */
  readonly transactional: boolean;
}

export interface RabbitmqOrigin {
  readonly broker: "rabbitmq";
  readonly vhost: string;
  /** Empty: the default exchange. */
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  /** Where the broker put it; absent when the tap cannot know. See facts about the default exchange and direct replies. */
  readonly routedQueues?: readonly string[];
  readonly properties: RabbitmqProperties;
  /** The publishing connection's name, its user and channel, when the firehose tells. */
  readonly connection?: string;
  readonly user?: string;
  readonly channel?: number;
  /** The name that the application gave its connection, when it could be looked up. */
  readonly connectionName?: string;
}

export interface RabbitmqProperties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly messageId?: string;
  readonly type?: string;
  readonly appId?: string;
  readonly userId?: string;
  readonly expiration?: string;
  readonly deliveryMode?: number;
  readonly priority?: number;
}

/**
 * A span: not a message, but what a service, gateway or mesh says of a piece of its work. Its attributes are the
 * envelope's headers, its events the body (JSON, `null` without any), its start the envelope's `timestamp`.
 */
export interface OtlpOrigin {
  readonly broker: "otlp";
  /** Who did the work: `service.name`. */
  readonly service: string;
  /** Which of its instances, where it says so. */
  readonly instance?: string;
  /** The library that made the span. */
  readonly scope?: string;
  readonly name: string;
  readonly spanKind: "internal" | "server" | "client" | "producer" | "consumer";
  /** 32 hex digits; the spans 16. Lower case. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** Other spans that led to this one, such as those of the messages of a batch. */
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>;
  readonly status: "unset" | "ok" | "error";
  readonly statusMessage?: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly endedAt: number;
  /** Attributes, events and links that its sender or the tap left out because of their limits. */
  readonly dropped?: number;
}

/** RabbitMQ handed a message to a consumer. `original` has the fields by which it is matched to its publish event. */
export interface Delivery {
  readonly tap: string;
  readonly receivedAt: number;
  readonly vhost: string;
  readonly queue: string;
  readonly redelivered: boolean;
  readonly connection?: string;
  readonly connectionName?: string;
  readonly user?: string;
  readonly channel?: number;
  /** The message as delivered; `origin.connection` and `routedQueues` are absent, the broker does not say them here. */
  readonly message: Envelope & { readonly origin: RabbitmqOrigin };
}

export type TapEvent =
  | { readonly kind: "message"; readonly envelope: Envelope }
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | {
      /** A group has committed past every offset below `offset`. */
      readonly kind: "commit";
      readonly tap: string;
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly at: number;
    }
  | {
      /** The transaction of a producer ended; it decides its records in this partition below `offset`. */
      readonly kind: "transaction";
      readonly tap: string;
      readonly topic: string;
      readonly partition: number;
      readonly producerId: bigint;
      readonly offset: bigint;
      readonly outcome: "committed" | "aborted";
    }
  | {
      /** A connection, messages of which were handed on without a name, turned out to have one. */
      readonly kind: "connection";
      readonly tap: string;
      readonly connection: string;
      readonly name: string;
      readonly at: number;
    }
  | { readonly kind: "state"; readonly state: TapState };

export type TapPhase = "connecting" | "live" | "reconnecting" | "failed" | "stopped" | "ended";

/** How a tap is doing, in words fit for the status line; sent on every change. */
export interface TapState {
  readonly tap: string;
  readonly broker: "kafka" | "rabbitmq" | "otlp" | "capture";
  /** `127.0.0.1:9092`, `127.0.0.1:5672/shop`, or the name of the recording. */
  readonly address: string;
  readonly phase: TapPhase;
  readonly since: number;
  /** What is going on or went wrong, and what to do: one or two sentences. */
  readonly detail?: string;
  /** `firehose`, `bindings` or `topology` for RabbitMQ: what the tap can see, in `detail`. */
  readonly mode?: string;
  /** When the next attempt is made. */
  readonly nextTryAt?: number;
  /** Messages that the broker dropped or the tap shed because it could not keep up. */
  readonly shed: number;
}

/** One source of events. Taps push into a sink that can ask them to wait; they never throw after `start`. */
export interface Tap {
  readonly id: string;
  start(sink: TapSink): Promise<void>;
  /** Restores whatever was touched on the broker. Safe to call twice, and before `start` has ended. */
  stop(): Promise<void>;
  /** Tries at once what it would try again later; it goes on where it was, and loses nothing. */
  retry?(): void;
  /** What was touched on the broker, for the non-intrusion report. */
  report(): TapReport;
  /** Kafka's consumer groups by what they have committed, the furthest behind first. */
  groups?(): readonly GroupLag[];
}

/** How many records of a topic a consumer group has not committed past, over the partitions in which it committed. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  readonly lag: number;
  /** When it committed last, where that was seen. */
  readonly committedAt?: number;
}

export interface TapSink {
  /** Takes events in order. The promise, when there is one, is back-pressure: Kafka waits for it, RabbitMQ cannot. */
  accept(events: readonly TapEvent[]): void | Promise<void>;
}

export interface TapReport {
  readonly tap: string;
  /** One sentence each: "Turned tracing of vhost / on, and off again". */
  readonly touched: readonly string[];
  readonly neverTouched: readonly string[];
  readonly messages: number;
  readonly bytes: number;
  /** What it cost the broker, one sentence each: requests by kind, connections. */
  readonly cost?: readonly string[];
}
