/** The record of a span. It has no ids that messages are joined by: what joins it is in spans.ts. */
import type { Envelope, OtlpOrigin } from "../tap/envelope.ts";
import type { Group } from "./groups.ts";
import type { Node } from "./node.ts";

const nothing: readonly never[] = [];

export function spanNode(seq: number, envelope: Envelope, origin: OtlpOrigin): Node {
  const at = envelope.timestamp ?? envelope.receivedAt;
  const { service, name } = origin;
  return {
    seq,
    at,
    // A span is sent when it has ended, and with others: when it came says nothing about the clock of its service.
    receivedAt: at,
    timestamp: undefined,
    broker: "otlp",
    tap: envelope.tap,
    channel: service,
    channelClass: service,
    name: name.slice(0, 120),
    typed: true,
    // No shape is learned from spans.
    type: "span",
    found: nothing,
    hash: 0,
    bodySize: envelope.bodySize,
    key: undefined,
    partition: -1,
    offset: -1n,
    transactional: false,
    producer: undefined,
    producerLabel: undefined,
    exchange: "",
    routingKeys: nothing,
    queues: undefined,
    rawCorrelation: undefined,
    connection: undefined,
    sender: service,
    replyAddress: undefined,
    expectsReply: false,
    isReplyByIntent: false,
    expiresAfter: undefined,
    failed: origin.status === "error",
    sagaType: undefined,
    original: undefined,
    purpose: undefined,
    // Set by whoever takes the record into a group, at once.
    group: undefined as unknown as Group,
    settled: true,
    clock: undefined,
    pairsAsked: undefined,
    pairsAnswered: undefined,
    deadline: undefined,
    duplicateOf: undefined,
    windowCause: undefined,
    journey: undefined,
  };
}
