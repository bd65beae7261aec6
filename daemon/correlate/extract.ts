/**
 * From an envelope and its decoded body to a record with every id that stands in it, and what each is for.
 * Nothing of the envelope itself is kept.
 */
import type { JsonValue } from "../../contracts/codec/index.ts";
import type { ChannelFacts } from "../../contracts/codec/index.ts";
import type { Envelope, HeaderValue, KafkaOrigin, RabbitmqOrigin, RabbitmqProperties } from "../tap/envelope.ts";
import { Common, type Spot } from "./common.ts";
import type { Seq, TracedMessage } from "./model.ts";
import type { Figures } from "./figures.ts";
import { idOf, textOf } from "./ids.ts";
import { bounds, type Counters } from "./limits.ts";
import { channelName } from "./names.ts";
import { type Found, Node, noRemarks, type Remarks, type Slot } from "./node.ts";
import { offsetOf } from "./offsets.ts";
import { Places, type Place } from "./places.ts";
import { readBody, type JsonObject } from "./read-body.ts";
import { Reading } from "./reading.ts";
import type { SpanFacts } from "./span-facts.ts";
import { hashOf } from "./stats.ts";
import type { TraceContext } from "./trace-context.ts";

/** What was read of a message or a span, on its way to where all that belongs together is kept. */
export class Extracted {
  readonly node: Node;
  /** Of a message, the span that it says it belongs to; of a span, what it says. */
  readonly context: TraceContext | undefined;
  readonly span: SpanFacts | undefined;

  constructor(node: Node, context: TraceContext | undefined, span: SpanFacts | undefined) {
    this.node = node;
    this.context = context;
    this.span = span;
  }

  get seq(): Seq {
    return this.node.seq;
  }

  get bytes(): number {
    let bytes = bytesPerMessage;
    for (let found = this.node.found; found; found = found.next) bytes += found.value.length;
    return bytes;
  }
}

/** Its record with its ids, without their texts. */
const bytesPerMessage = 1_024;

/** Reads messages; remembers only the places where ids stand. */
export class Extractor {
  private readonly places = new Places(bounds.slots);
  private readonly common: Common;
  private readonly counters: Counters;
  private readonly figures: Figures;

  constructor(counters: Counters, figures: Figures) {
    this.counters = counters;
    this.figures = figures;
    this.common = new Common(counters);
  }

  /** Where a message stands. */
  spotOf(envelope: Envelope, origin: KafkaOrigin | RabbitmqOrigin): Spot {
    if (origin.broker === "kafka") return this.common.kafkaSpot(envelope.tap, origin);
    return this.common.rabbitmqSpot(envelope.tap, origin);
  }

  /** The record of a message at its spot. `facts` is what the contracts say of its channel. */
  read(
    message: TracedMessage,
    origin: KafkaOrigin | RabbitmqOrigin,
    spot: Spot,
    facts: ChannelFacts | undefined,
  ): Node {
    const { envelope, decoded } = message;
    const near = envelope.receivedAt;
    const reading = new Reading(near, this.counters);
    if (origin.broker === "rabbitmq") readProperties(origin.properties, reading, this.places, near);
    let headers = 0;
    for (const header of envelope.headers) {
      if (++headers > bounds.headersPerMessage) {
        this.counters.headersPerMessage++;
        break;
      }
      const place = this.places.header(header.name);
      if (place) readHeader(place, header.name, header.value, reading);
    }
    const value = decoded.value;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      readBody(value as JsonObject, reading, this.places, this.counters);
    }
    if (facts && facts.correlationLocations.length > 0) readDeclared(message, facts, reading, this.places);
    const key = envelope.key === null ? undefined : textOf(envelope.key);
    if (key !== undefined) readKey(key, reading, this.places, near);

    const typeName = decoded.typeName ?? decoded.definition?.name ?? reading.type ?? reading.weakType;
    const kind = this.common.kind(spot, typeName, () =>
      channelName(envelope, this.common.classText(spot.routingKeys[0] ?? "")),
    );
    const kafka = origin.broker === "kafka" ? origin : undefined;
    const node = new Node(
      {
        seq: message.seq,
        at: (kafka && envelope.timestamp) ?? near,
        receivedAt: near,
        timestamp: kafka && envelope.timestamp,
        spot,
        kind,
        author:
          origin.broker === "kafka"
            ? this.common.kafkaAuthor(envelope, origin, reading.sender)
            : this.common.rabbitmqAuthor(
                envelope,
                origin,
                reading.sender ?? origin.connectionName ?? origin.properties.appId,
              ),
        remarks: remarksOf(reading, origin),
        found: chained(reading.found),
        hash: hashOf(envelope.body),
        bodySize: envelope.bodySize,
        key,
        offset: kafka === undefined ? -1 : offsetOf(kafka.offset),
      },
      this.figures,
    );
    if (reading.original) node.original = reading.original;
    for (let found = node.found; found; found = found.next) found.node = node;
    return node;
  }

  /** Places that were not remembered because there were too many. */
  get refused(): number {
    return this.places.refused;
  }
}

/** The first of these ids, each knowing the next. */
function chained(ids: readonly Found[]): Found | undefined {
  ids.forEach((found, i) => (found.next = ids[i + 1]));
  return ids[0];
}

/** What a message says that most do not. */
function remarksOf(reading: Reading, origin: KafkaOrigin | RabbitmqOrigin): Remarks {
  const rawCorrelation = origin.broker === "rabbitmq" ? origin.properties.correlationId : undefined;
  const transactional = origin.broker === "kafka" && origin.transactional;
  const { replyAddress, expectsReply, reply, expiresAfter, failed, sagaType } = reading;
  if (rawCorrelation === undefined && replyAddress === undefined && expiresAfter === undefined && !failed) {
    if (sagaType === undefined && !transactional && !expectsReply && !reply) return noRemarks;
  }
  const isReplyByIntent = reply;
  return { rawCorrelation, replyAddress, expectsReply, isReplyByIntent, expiresAfter, failed, sagaType, transactional };
}

function readProperties(properties: RabbitmqProperties, reading: Reading, places: Places, near: number): void {
  const { correlationId, messageId, replyTo, type, expiration } = properties;
  if (messageId !== undefined) reading.add(places.messageId, "self", idOf(messageId, true, near), true);
  if (correlationId !== undefined && correlationId !== "") {
    reading.addPair(places.correlationId, correlationId, "correlation", false);
  }
  if (replyTo !== undefined && replyTo !== "") {
    reading.replyAddress = replyTo;
    reading.expectsReply = true;
  }
  if (type !== undefined && type !== "") reading.type = type;
  if (expiration !== undefined && /^\d{1,12}$/.test(expiration)) reading.expiresAfter = Number(expiration);
}

function readHeader(place: Place, name: string, raw: HeaderValue, reading: Reading): void {
  const meaning = place.meaning;
  if (meaning) {
    if (meaning.role !== "noise") reading.readNamed(place.slot, name, meaning, raw);
    // Died and written again by hand: the same content was there before.
    else if (name === "x-death") reading.original ??= {};
    return;
  }
  if (raw === null || typeof raw === "boolean" || (typeof raw === "object" && !(raw instanceof Uint8Array))) return;
  reading.readUnnamed(place.slot, raw, false);
}

function readKey(key: string, reading: Reading, places: Places, near: number): void {
  const id = idOf(key, true, near);
  if (id.strength !== "strong" && id.strength !== "medium") return;
  for (const found of reading.found) if (found.value === id.value) return;
  reading.add(places.key, "key", id, false);
}

/** `$message.header#/x` and `$message.payload#/x/y`, as an AsyncAPI document declares them. */
function readDeclared(message: TracedMessage, facts: ChannelFacts, reading: Reading, places: Places): void {
  const near = message.envelope.receivedAt;
  for (const location of facts.correlationLocations) {
    const match = /^\$message\.(header|payload)#\/(.+)$/.exec(location);
    if (!match) continue;
    const path = (match[2] ?? "").split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    let raw: HeaderValue | JsonValue | undefined;
    let slot: Slot | undefined;
    if (match[1] === "header") {
      const name = path.join("/");
      slot = places.header(name)?.slot;
      raw = message.envelope.headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value;
      if (raw === undefined && message.envelope.origin.broker === "rabbitmq") {
        const lower = name.toLowerCase().replaceAll(/[-_]/g, "");
        if (lower === "correlationid") {
          raw = message.envelope.origin.properties.correlationId;
          slot = places.correlationId;
        }
      }
    } else {
      let place: Place | undefined = places.body;
      let value: JsonValue | undefined = message.decoded.value;
      for (const part of path) {
        place = place?.child(part, places);
        value =
          value !== null && typeof value === "object" && !Array.isArray(value)
            ? (value as JsonObject)[part]
            : undefined;
      }
      raw = value;
      slot = place?.slot;
    }
    if (!slot || raw === undefined || raw === null || (typeof raw === "object" && !(raw instanceof Uint8Array)))
      continue;
    const id = idOf(raw, true, near);
    if (id.strength === "none" || id.strength === "weak") continue;
    const index = reading.found.findIndex((found) => found.value === id.value);
    const known = reading.found[index];
    // The contract's word takes the place of a guess; a stronger role, such as a cause, stays.
    if (known && !["learned", "business", "key", "correlation", "pair"].includes(known.role)) continue;
    if (known) reading.found.splice(index, 1);
    reading.add(slot, "contract", id, true);
  }
}
