import type { DecodedBody, DefinitionEvidence, FieldMap, Violation } from "../../contracts/codec/index.ts";
import type { Seq } from "../correlate/model.ts";
import { isMask } from "../mask/index.ts";
import type { Pipeline } from "../pipeline.ts";
import { channelName, headerText, messageInput } from "../pipeline-input.ts";
import { keyText } from "../pipeline-facts.ts";
import type { ReadMessage } from "../pipeline-recent.ts";
import type { Envelope } from "../tap/envelope.ts";
import { evidenceOf } from "./evidence.ts";
import { journeyOf } from "./present-journey.ts";
import { spanCoordinates } from "./present-spans.ts";
import type { MessageDetail, MessageSummary } from "./protocol.ts";
import { Subject } from "./subject.ts";
import { treeOf } from "./tree.ts";
import { duration } from "./words.ts";

const mostHexBytes = 4096;
const longestBody = 2_000;
const longestHeader = 4_096;
/** Who writes a kind of message is told from so many of its newest messages. */
const writersFrom = 2_000;
const mostUnreadNamed = 50;

/** A message as one line. */
export function messageSummary(pipeline: Pipeline, { seq, envelope, decoded }: ReadMessage): MessageSummary {
  return summary(pipeline, seq, envelope, decoded);
}

/** Everything about a message, for the inspector. `undefined` when it is not kept any more. */
export function messageDetail(pipeline: Pipeline, seq: Seq): MessageDetail | undefined {
  const message = pipeline.message(seq);
  if (message === undefined) return undefined;
  const { envelope, decoded } = message;
  const { definition } = decoded;
  const parties = pipeline.correlator.parties(seq);
  const body = envelope.body ?? new Uint8Array();
  const { contracts } = pipeline;
  const input = messageInput(envelope);
  const fields = input === undefined ? undefined : contracts.catalog.fields(input, decoded);
  return {
    ...summary(pipeline, seq, envelope, decoded),
    coordinates: coordinatesOf(seq, envelope),
    headers: headersOf(pipeline, seq, envelope),
    tree: treeOf(decoded, fields),
    hex: Buffer.from(body.subarray(0, mostHexBytes)).toString("hex"),
    hexCut: body.length > mostHexBytes,
    ...(definition === undefined
      ? {}
      : {
          contract: {
            ...contracts.link(definition, definition.place),
            evidence: decoded.evidence === undefined ? "" : evidenceWords[decoded.evidence],
          },
        }),
    violations: violationsOf(decoded, fields).map(({ path, message: text, place }) => ({
      path,
      message: text,
      ...(definition === undefined || place === undefined ? {} : { contract: contracts.link(definition, place) }),
    })),
    attempts: decoded.attempts.map(({ format, definition: tried, failure }) => ({
      format,
      ...(tried === undefined ? {} : { definition: tried }),
      failure,
    })),
    why: whyOf(pipeline, seq),
    ...(parties.writer === undefined ? {} : { writer: parties.writer.name }),
    readers: parties.readers.map(({ name }) => name),
    journey: journeyOf(pipeline, seq, envelope),
    writers: definition === undefined ? [] : writersOf(pipeline, definition.name),
  };
}

/**
 * What is wrong with a body. While messages come in, fields that a Protobuf contract does not know are only counted; of
 * a message that is open each is named, with its own place.
 */
function violationsOf(decoded: DecodedBody, fields: FieldMap | undefined): readonly Violation[] {
  const { unread = [] } = fields ?? {};
  if (unread.length === 0) return decoded.violations;
  const named = unread.slice(0, mostUnreadNamed).map(({ parent, name, message, place }) => ({
    path: name.startsWith("#") ? parent : parent === "" ? name : `${parent}.${name}`,
    message,
    ...(place === undefined ? {} : { place }),
  }));
  return [...named, ...decoded.violations.filter(({ path }) => path !== "")];
}

function summary(pipeline: Pipeline, seq: Seq, envelope: Envelope, decoded: DecodedBody): MessageSummary {
  const key = keyText(envelope.key);
  const conversation = pipeline.correlator.conversationOf(seq);
  return {
    seq,
    at: envelope.timestamp ?? envelope.receivedAt,
    broker: envelope.origin.broker,
    channel: channelName(envelope),
    name: pipeline.correlator.nameOf(seq),
    ...(key === "" ? {} : { key }),
    format: decoded.format,
    bodySize: envelope.bodySize,
    body: bodyText(envelope, decoded),
    check: decoded.check,
    ...(conversation === undefined ? {} : { conversation }),
    tap: envelope.tap,
  };
}

function bodyText(envelope: Envelope, decoded: DecodedBody): string {
  if (envelope.body === null) return "";
  if (decoded.value !== undefined) {
    const text = typeof decoded.value === "string" ? decoded.value : JSON.stringify(decoded.value);
    return text.length > longestBody ? `${text.slice(0, longestBody)}…` : text;
  }
  return Buffer.from(envelope.body.subarray(0, 64)).toString("hex");
}

function coordinatesOf(seq: Seq, envelope: Envelope): MessageDetail["coordinates"] {
  const { origin } = envelope;
  if (origin.broker === "otlp") {
    return [
      ...spanCoordinates(origin, envelope.timestamp ?? envelope.receivedAt),
      { label: "Began", value: new Date(envelope.timestamp ?? envelope.receivedAt).toISOString() },
      { label: "Seen", value: new Date(envelope.receivedAt).toISOString() },
      { label: "Number", value: String(seq) },
    ];
  }
  const rows: Array<[label: string, value: string | undefined]> = [];
  if (origin.broker === "kafka") {
    rows.push(["Topic", origin.topic], ["Partition, offset", `${origin.partition}, ${origin.offset}`]);
  } else if (origin.broker === "rabbitmq") {
    rows.push(
      ["Exchange", origin.exchange === "" ? "default exchange" : origin.exchange],
      ["Routing key", origin.routingKeys.join(", ")],
      [
        "Queues",
        origin.routedQueues === undefined
          ? undefined
          : origin.routedQueues.length === 0
            ? "none: it reached no queue"
            : origin.routedQueues.join(", "),
      ],
      ["Virtual host", origin.vhost],
    );
  }
  const key = keyText(envelope.key);
  rows.push(["Key", key === "" ? undefined : key]);
  rows.push([
    "Size",
    `${envelope.bodySize} bytes${envelope.body !== null && envelope.body.length < envelope.bodySize ? `, ${envelope.body.length} kept` : ""}`,
  ]);
  if (envelope.body === null) rows.push(["Body", "none (tombstone)"]);
  if (envelope.timestamp !== undefined) {
    const type =
      origin.broker === "kafka" ? (origin.timestampType === "create" ? " CreateTime" : " LogAppendTime") : "";
    rows.push(["Time", `${new Date(envelope.timestamp).toISOString()}${type}`]);
  }
  rows.push(["Seen", new Date(envelope.receivedAt).toISOString()]);
  if (origin.broker === "kafka") {
    rows.push(["Producer", origin.producerId === undefined ? undefined : String(origin.producerId)]);
  } else if (origin.broker === "rabbitmq") {
    const { properties } = origin;
    rows.push(["Connection", origin.connectionName ?? origin.connection], ["User", origin.user]);
    rows.push(
      ["Correlation id", properties.correlationId],
      ["Reply to", properties.replyTo],
      ["Message id", properties.messageId],
    );
    rows.push(["Type", properties.type], ["Application", properties.appId], ["Content type", properties.contentType]);
    rows.push(["Expires after", properties.expiration === undefined ? undefined : `${properties.expiration} ms`]);
  }
  rows.push(["Number", String(seq)]);
  return rows.flatMap(([label, value]) => (value === undefined || value === "" ? [] : [{ label, value }]));
}

function headersOf(pipeline: Pipeline, seq: Seq, envelope: Envelope): MessageDetail["headers"] {
  const id = pipeline.correlator.conversationOf(seq);
  const edges = id === undefined ? [] : (pipeline.conversation(id)?.edges ?? []);
  const used = new Set(
    edges
      .flatMap(({ because }) => because)
      .filter((occurrence) => occurrence.seq === seq && occurrence.where.startsWith("header "))
      .map(({ where }) => where.slice("header ".length).toLowerCase()),
  );
  return envelope.headers.slice(0, 500).map(({ name, value }) => {
    const raw = headerText(value);
    const text = typeof raw === "string" ? raw : keyText(raw);
    return {
      name,
      value: text.length > longestHeader ? `${text.slice(0, longestHeader)}…` : text,
      evidence: used.has(name.toLowerCase()),
      masked: isMask(text),
    };
  });
}

const evidenceWords: Readonly<Record<DefinitionEvidence, string>> = {
  declared: "the contract names this channel's messages",
  header: "a header names it",
  registry: "the message names its schema by an id of the registry",
  "topic-name": "the channel is named like it",
  guessed: "guessed: it reads the bytes without anything left over",
};

function whyOf(pipeline: Pipeline, seq: Seq): MessageDetail["why"] {
  const id = pipeline.correlator.conversationOf(seq);
  const conversation = id === undefined ? undefined : pipeline.conversation(id);
  if (conversation === undefined) return [];
  const subject = new Subject(conversation, pipeline, pipeline.now());
  const at = subject.facts(seq)?.at ?? 0;
  const apart = (other: Seq) => duration(Math.abs((subject.facts(other)?.at ?? at) - at));
  const causes = subject.causes(seq);
  const firstCauses = [...new Map(causes.map((edge) => [edge.from, edge])).values()];
  const effects = [
    ...new Map(
      conversation.edges.filter(({ from, joins }) => from === seq && joins).map((edge) => [edge.to, edge]),
    ).values(),
  ];
  return [
    ...firstCauses.slice(0, 5).map((edge) => ({
      text: `${edge.joins ? "caused by" : "related to"} ${subject.name(edge.from)} ${apart(edge.from)} before`,
      seq: edge.from,
      evidence: evidenceOf(subject, edge),
    })),
    ...effects.slice(0, 5).map((edge) => ({
      text: `led to ${subject.name(edge.to)} ${apart(edge.to)} after`,
      seq: edge.to,
      evidence: [],
    })),
  ];
}

function writersOf(pipeline: Pipeline, definition: string): MessageDetail["writers"] {
  const writers = new Map<string, { name: string; messages: number; broken: number }>();
  for (const seq of pipeline.seqsOf(definition, writersFrom)) {
    const name = pipeline.correlator.parties(seq).writer?.name ?? "unknown writer";
    let writer = writers.get(name);
    if (writer === undefined) {
      writer = { name, messages: 0, broken: 0 };
      writers.set(name, writer);
    }
    writer.messages++;
    if (pipeline.factsOf(seq)?.check === "invalid") writer.broken++;
  }
  return [...writers.values()].sort((a, b) => b.broken - a.broken || b.messages - a.messages).slice(0, 20);
}
