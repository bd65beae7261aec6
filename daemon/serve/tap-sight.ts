import type { TapState } from "../tap/envelope.ts";

/** What no tap of its kind and mode can see, half a sentence each: silence about these means nothing. */
export function cannotSee({ broker, mode }: Pick<TapState, "broker" | "mode">): readonly string[] {
  return limits[mode === undefined ? broker : `${broker} ${mode}`] ?? limits[broker] ?? [];
}

const limits: Readonly<Record<string, readonly string[]>> = {
  kafka: [
    "whether a record was processed: Kafka tells only what groups commit",
    "what a share group has in flight: the broker keeps that to itself",
    "which client wrote a record, unless it is idempotent or says so in a header",
  ],
  "rabbitmq firehose": [
    "acknowledgements, rejects and returned messages: the broker reports none",
    "that a message expired or was dropped, until somebody reads its dead-letter queue",
    "clients of the stream protocol, and shovels within one broker",
  ],
  "rabbitmq bindings": [
    "deliveries and redeliveries, and so who reads a message",
    "who wrote a message",
    "the default exchange and direct replies",
    "messages that reach no queue",
  ],
  "rabbitmq topology": ["every message: only exchanges, queues and bindings are known"],
  otlp: ["messages and calls that no service reports as a span"],
};
