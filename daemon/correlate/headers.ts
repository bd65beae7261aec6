/**
 * The names under which the known ecosystems write their ids, and what each id means. A table, not code: a new
 * framework is a few lines here. Names are compared in lower case; frameworks are told apart by their prefixes.
 */

/**
 * What a named value says of its message.
 * `self`: its own id. `cause`: the id of the message that caused it. `in reply to`: the same, and it is an answer.
 * `pair`: shared by a request and its replies. `conversation`: shared by all messages of one flow, by a framework's
 * word. `correlation`: a general correlation id, which is used for either. `trace`: a trace context, taken apart.
 */
export type HeaderRole =
  | "self"
  | "cause"
  | "in reply to"
  | "pair"
  | "conversation"
  | "correlation"
  | "trace"
  | "reply address"
  | "saga type"
  | "type"
  | "failure"
  | "sender"
  | "intent"
  | "expects reply"
  | "original topic"
  | "original partition"
  | "original offset"
  | "original exchange"
  | "original routing key"
  | "deadline"
  | "idempotency"
  | "attempt"
  | "noise";

export type TraceFormat = "w3c" | "b3" | "hex" | "decimal" | "jaeger" | "xray";

export interface HeaderMeaning {
  readonly role: HeaderRole;
  /** Spring, NestJS, ...: for words and for tests. `generic` names are used by everybody, so they prove less. */
  readonly family: string;
  readonly trace?: TraceFormat;
}

const table: Record<string, Record<string, HeaderRole>> = {
  "Spring Kafka": {
    kafka_correlationId: "pair",
    kafka_replyTopic: "reply address",
    kafka_replyPartition: "noise",
    "kafka_dlt-original-topic": "original topic",
    "kafka_dlt-original-partition": "original partition",
    "kafka_dlt-original-offset": "original offset",
    "kafka_dlt-original-timestamp": "noise",
    "kafka_dlt-original-timestamp-type": "noise",
    "kafka_dlt-original-consumer-group": "noise",
    "kafka_dlt-exception-fqcn": "failure",
    "kafka_dlt-exception-message": "failure",
    "kafka_dlt-exception-cause-fqcn": "noise",
    "kafka_dlt-exception-stacktrace": "noise",
    "kafka_original-topic": "original topic",
    "kafka_original-partition": "original partition",
    "kafka_original-offset": "original offset",
    "kafka_original-timestamp": "noise",
    "kafka_exception-fqcn": "failure",
    "kafka_exception-message": "noise",
    "kafka_exception-stacktrace": "noise",
    "retry_topic-attempts": "attempt",
    "retry_topic-backoff-timestamp": "noise",
    "retry_topic-original-timestamp": "noise",
    kafka_deliveryAttempt: "attempt",
    __TypeId__: "type",
    __ContentTypeId__: "noise",
    __KeyTypeId__: "noise",
    spring_json_header_types: "noise",
  },
  "Spring AMQP": {
    spring_reply_correlation: "pair",
    spring_returned_message_correlation: "noise",
    spring_reply_to: "reply address",
    "x-exception-message": "failure",
    "x-exception-stacktrace": "noise",
    "x-original-exchange": "original exchange",
    "x-original-routingKey": "original routing key",
  },
  NestJS: { "kafka_nest-err": "failure", "kafka_nest-is-disposed": "noise" },
  SmallRye: {
    REPLY_CORRELATION_ID: "pair",
    REPLY_TOPIC: "reply address",
    REPLY_PARTITION: "noise",
    "dead-letter-reason": "failure",
    "dead-letter-cause": "noise",
    "dead-letter-topic": "original topic",
    "dead-letter-partition": "original partition",
    "dead-letter-offset": "original offset",
  },
  NServiceBus: {
    "NServiceBus.MessageId": "self",
    "NServiceBus.ConversationId": "conversation",
    "NServiceBus.CorrelationId": "noise",
    CorrId: "noise",
    "NServiceBus.RelatedTo": "cause",
    "NServiceBus.MessageIntent": "intent",
    "NServiceBus.EnclosedMessageTypes": "type",
    "NServiceBus.OriginatingEndpoint": "sender",
    "NServiceBus.OriginatingMachine": "noise",
    "NServiceBus.ProcessingEndpoint": "noise",
    "NServiceBus.ReplyToAddress": "noise",
    "NServiceBus.SagaId": "noise",
    "NServiceBus.OriginatingSagaId": "noise",
    "NServiceBus.SagaType": "noise",
    "NServiceBus.OriginatingSagaType": "saga type",
    "NServiceBus.FailedQ": "failure",
    "NServiceBus.ExceptionInfo.ExceptionType": "failure",
    "NServiceBus.Retries": "attempt",
    "NServiceBus.TimeSent": "noise",
  },
  MassTransit: {
    MessageId: "self",
    ConversationId: "conversation",
    "MT-InitiatingConversationId": "noise",
    RequestId: "pair",
    "MT-InitiatorId": "cause",
    "MT-Source-Address": "sender",
    "MT-Response-Address": "noise",
    "MT-Fault-Address": "noise",
    "MT-MessageType": "type",
    "MT-Fault-ExceptionType": "failure",
    "MT-Fault-Message": "failure",
    "MT-OriginalMessageId": "cause",
    "MT-Redelivery-Count": "attempt",
    "MT-Host-Info": "noise",
  },
  Wolverine: {
    "conversation-id": "conversation",
    "parent-id": "cause",
    "reply-uri": "noise",
    "reply-requested": "expects reply",
    "message-type": "type",
    source: "sender",
    attempts: "attempt",
    "deliver-by": "deadline",
    "time-to-send": "noise",
  },
  Rebus: {
    "rbs2-msg-id": "self",
    "rbs2-corr-id": "conversation",
    "rbs2-corr-seq": "noise",
    "rbs2-in-reply-to": "in reply to",
    "rbs2-return-address": "noise",
    "rbs2-sender-address": "sender",
    "rbs2-intent": "noise",
    "rbs2-msg-type": "type",
    "rbs2-senttime": "noise",
    "rbs2-error-details": "failure",
    "rbs2-source-queue": "noise",
    "rbs2-delivery-count": "attempt",
  },
  CAP: {
    "cap-msg-id": "self",
    "cap-corr-id": "correlation",
    "cap-corr-seq": "noise",
    "cap-callback-name": "reply address",
    "cap-msg-name": "noise",
    "cap-msg-type": "type",
    "cap-msg-group": "noise",
    "cap-senttime": "noise",
    "cap-exception": "failure",
  },
  Axon: {
    "axon-message-id": "self",
    "axon-metadata-correlationId": "cause",
    "axon-metadata-traceId": "conversation",
    "axon-message-type": "type",
    "axon-message-name": "noise",
    "axon-message-timestamp": "noise",
    "axon-message-aggregate-id": "noise",
  },
  Eventuate: {
    command_saga_id: "conversation",
    commandreply_saga_id: "conversation",
    command_reply_to: "reply address",
    reply_to_message_id: "in reply to",
    command_saga_type: "saga type",
    command_type: "type",
    reply_type: "type",
    "reply_outcome-type": "failure",
    "event-type": "type",
    DESTINATION: "noise",
    PARTITION_ID: "noise",
    DATE: "noise",
    commandreply_reply_to: "noise",
  },
  CloudEvents: {
    ce_id: "self",
    "ce-id": "self",
    "cloudEvents:id": "self",
    cloudEvents_id: "self",
    ce_correlationid: "correlation",
    ce_causationid: "cause",
    "ce-correlationid": "correlation",
    "ce-causationid": "cause",
    "cloudEvents:correlationid": "correlation",
    "cloudEvents:causationid": "cause",
    ce_type: "type",
    "ce-type": "type",
    "cloudEvents:type": "type",
    ce_source: "sender",
    "ce-source": "sender",
    "cloudEvents:source": "sender",
    ce_time: "noise",
    ce_specversion: "noise",
    ce_dataschema: "noise",
  },
  Celery: {
    root_id: "conversation",
    parent_id: "cause",
    task: "type",
    origin: "sender",
    group: "conversation",
    argsrepr: "noise",
    kwargsrepr: "noise",
    retries: "attempt",
    eta: "noise",
  },
  Watermill: { _watermill_message_uuid: "self", _watermill_requestreply_op_id: "pair" },
  "Kafka Connect": {
    "__connect.errors.topic": "original topic",
    "__connect.errors.partition": "original partition",
    "__connect.errors.offset": "original offset",
    "__connect.errors.exception.class.name": "failure",
    "__connect.errors.exception.message": "failure",
    "__connect.errors.exception.stacktrace": "noise",
  },
  tracing: {
    tracestate: "noise",
    baggage: "noise",
    "X-B3-SpanId": "noise",
    "X-B3-ParentSpanId": "noise",
    "X-B3-Sampled": "noise",
    "X-B3-Flags": "noise",
    "x-datadog-parent-id": "noise",
    "x-datadog-sampling-priority": "noise",
    "x-datadog-origin": "noise",
    "x-datadog-tags": "noise",
    "dd-pathway-ctx-base64": "noise",
    "dd-pathway-ctx": "noise",
    "span-id": "noise",
    spanId: "noise",
    "parent-span-id": "noise",
  },
  broker: {
    "x-death": "noise",
    "x-first-death-exchange": "noise",
    "x-first-death-queue": "noise",
    "x-first-death-reason": "noise",
    "x-last-death-exchange": "noise",
    "x-last-death-queue": "noise",
    "x-last-death-reason": "noise",
    "x-delivery-count": "attempt",
    CC: "noise",
    "content-type": "noise",
    contentType: "noise",
  },
  generic: {
    id: "self",
    "message-id": "self",
    messageId: "self",
    message_id: "self",
    "event-id": "self",
    eventId: "self",
    event_id: "self",
    "x-message-id": "self",
    "command-id": "self",
    commandId: "self",
    "correlation-id": "correlation",
    correlationId: "correlation",
    correlation_id: "correlation",
    "x-correlation-id": "correlation",
    "x-request-id": "correlation",
    "request-id": "correlation",
    requestId: "correlation",
    request_id: "correlation",
    conversationId: "conversation",
    conversation_id: "conversation",
    "x-conversation-id": "conversation",
    "flow-id": "conversation",
    flowId: "conversation",
    flow_id: "conversation",
    "workflow-id": "conversation",
    workflowId: "conversation",
    "process-id": "conversation",
    processInstanceId: "conversation",
    "saga-id": "conversation",
    sagaId: "conversation",
    saga_id: "conversation",
    "x-saga-id": "conversation",
    "saga-type": "saga type",
    sagaType: "saga type",
    saga_type: "saga type",
    "saga-name": "saga type",
    "causation-id": "cause",
    causationId: "cause",
    causation_id: "cause",
    "x-causation-id": "cause",
    "cause-id": "cause",
    "caused-by": "cause",
    parentId: "cause",
    "parent-message-id": "cause",
    parentMessageId: "cause",
    "in-reply-to": "in reply to",
    inReplyTo: "in reply to",
    in_reply_to: "in reply to",
    "reply-to": "reply address",
    replyTo: "reply address",
    reply_to: "reply address",
    "x-reply-to": "reply address",
    "reply-topic": "reply address",
    replyTopic: "reply address",
    "response-topic": "reply address",
    "idempotency-key": "idempotency",
    idempotencyKey: "idempotency",
    idempotency_key: "idempotency",
    eventType: "type",
    event_type: "type",
    messageType: "type",
    message_type: "type",
    "x-message-type": "type",
    type: "type",
    error: "failure",
    "x-error": "failure",
    exception: "failure",
    "x-exception": "failure",
    "error-message": "failure",
    sender: "sender",
    producer: "sender",
    service: "sender",
    "source-service": "sender",
    "original-topic": "original topic",
    "original-partition": "original partition",
    "original-offset": "original offset",
    "x-original-topic": "original topic",
    "x-original-partition": "original partition",
    "x-original-offset": "original offset",
    originalTopic: "original topic",
    originalPartition: "original partition",
    originalOffset: "original offset",
    "x-retry-count": "attempt",
    "retry-count": "attempt",
    attempt: "attempt",
    "x-attempt": "attempt",
    "expires-at": "deadline",
    deadline: "deadline",
  },
};

const traces: Record<string, TraceFormat> = {
  traceparent: "w3c",
  "diagnostic-id": "w3c",
  b3: "b3",
  "x-b3-traceid": "hex",
  "uber-trace-id": "jaeger",
  "x-datadog-trace-id": "decimal",
  "x-amzn-trace-id": "xray",
  awstraceheader: "xray",
  "trace-id": "hex",
  traceid: "hex",
  trace_id: "hex",
  "x-trace-id": "hex",
};

const meanings = new Map<string, HeaderMeaning>();
for (const [family, names] of Object.entries(table)) {
  for (const [name, role] of Object.entries(names)) {
    const lower = name.toLowerCase();
    if (!meanings.has(lower)) meanings.set(lower, { role, family });
  }
}
for (const [name, trace] of Object.entries(traces)) meanings.set(name, { role: "trace", family: "tracing", trace });

const noisePrefixes = ["nsb.v2.delay-level", "$.diagnostics", "uberctx-", "mt-host-", "kafka_key", "__connect.errors."];

/** What a header name means, or `undefined` for a name nobody knows. */
export function headerMeaning(name: string): HeaderMeaning | undefined {
  const lower = name.toLowerCase();
  const known = meanings.get(lower);
  if (known) return known;
  for (const prefix of noisePrefixes) if (lower.startsWith(prefix)) return { role: "noise", family: "noise" };
  return undefined;
}

/** Names in bodies mean the same as generic headers, except for these: a body's `id` or `type` is mostly the entity's. */
const onlyHeaders = new Set([
  "id",
  "type",
  "source",
  "service",
  "sender",
  "task",
  "origin",
  "group",
  "error",
  "exception",
  "attempt",
  "attempts",
  "retries",
  "deadline",
  "eta",
  "reply-to",
  "replyto",
  "reply_to",
  "parentid",
  "producer",
  "messagetype",
  "eventtype",
  "event_type",
  "message_type",
]);

/** What a body field's name means by itself, whatever the framework. */
export function bodyMeaning(name: string): HeaderMeaning | undefined {
  const lower = name.toLowerCase();
  if (onlyHeaders.has(lower)) return undefined;
  const known = meanings.get(lower);
  if (!known || known.role === "noise") return undefined;
  return known;
}

/** Takes a trace header apart; the low 64 bits name the trace. */
export function traceOf(
  format: TraceFormat,
  raw: string,
  traceId: (text: string, decimal?: boolean) => string | undefined,
): string | undefined {
  switch (format) {
    case "w3c": {
      const parts = raw.split("-");
      return parts.length >= 4 && parts[1]?.length === 32 ? traceId(parts[1]) : undefined;
    }
    case "b3":
      return raw.includes("-") ? traceId(raw.split("-")[0] ?? "") : undefined;
    case "hex":
      return traceId(raw.replaceAll("-", ""));
    case "decimal":
      return traceId(raw, true);
    case "jaeger":
      return traceId(decodeColons(raw).split(":")[0] ?? "");
    case "xray": {
      const root = /Root=1-([0-9a-f]{8})-([0-9a-f]{24})/i.exec(raw);
      return root ? traceId(`${root[1]}${root[2]}`) : undefined;
    }
    default:
      return undefined;
  }
}

function decodeColons(raw: string): string {
  return raw.replaceAll(/%3a/gi, ":");
}

/** The names of all known headers with their meaning, for tests and for `contrail doctor`. */
export function knownHeaders(): Iterable<readonly [string, HeaderMeaning]> {
  return meanings;
}
