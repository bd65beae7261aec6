/**
 * From an envelope and its decoded body to a record with every id that stands in it, and what each is for.
 * Nothing of the envelope itself is kept.
 */
import type { JsonValue } from "../../contracts/codec/index.ts";
import type { ChannelFacts } from "../../contracts/codec/index.ts";
import type { HeaderValue, RabbitmqProperties } from "../tap/envelope.ts";
import type { TracedMessage } from "./model.ts";
import type { Group } from "./groups.ts";
import { idOf, textOf } from "./ids.ts";
import { bounds, type Counters } from "./limits.ts";
import { channelName, connectionLabel, purposeOf, shortName } from "./names.ts";
import { classOf, type Node, type Slot } from "./node.ts";
import { Places, type Place } from "./places.ts";
import { readBody, type JsonObject } from "./read-body.ts";
import { Reading } from "./reading.ts";
import { spanNode } from "./span-node.ts";
import { hashOf } from "./stats.ts";

/** Reads messages; remembers only the places where ids stand. */
export class Extractor {
  private readonly places = new Places(bounds.slots);
  private readonly classes = new Map<string, string>();
  private readonly types = new Map<string, string>();
  private readonly purposes = new Map<string, Node["purpose"]>();
  private readonly letters = new Map<string, Map<string, string>>();
  private readonly counters: Counters;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** The record of a message. `facts` is what the contracts say of its channel. */
  read(message: TracedMessage, facts: ChannelFacts | undefined): Node {
    const { envelope, decoded } = message;
    const origin = envelope.origin;
    if (origin.broker === "otlp") return spanNode(message.seq, envelope, origin);
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

    const rabbit = origin.broker === "rabbitmq" ? origin : undefined;
    const routingKey = rabbit?.routingKeys[0] ?? "";
    const channel =
      origin.broker === "kafka"
        ? origin.topic
        : origin.exchange === ""
          ? routingKey
          : routingKey === ""
            ? origin.exchange
            : `${origin.exchange}/${routingKey}`;
    const channelClass = this.classOf(channel);
    const typeName = decoded.typeName ?? decoded.definition?.name ?? reading.type ?? reading.weakType;
    const typed = typeName !== undefined && typeName !== "";
    const name = typed ? this.nameOf(typeName) : channelName(envelope, this.classOf(routingKey));
    const connection = rabbit?.connection;
    const node: Node = {
      seq: message.seq,
      at: envelope.timestamp !== undefined && origin.broker === "kafka" ? envelope.timestamp : near,
      receivedAt: near,
      timestamp: origin.broker === "kafka" ? envelope.timestamp : undefined,
      broker: origin.broker,
      tap: envelope.tap,
      channel,
      channelClass,
      name,
      typed,
      type: this.alphabet(channelClass, name),
      // A copy of the exact size: a list that grew keeps room that would never be used.
      found: reading.found.slice(),
      hash: hashOf(envelope.body),
      bodySize: envelope.bodySize,
      key,
      partition: origin.broker === "kafka" ? origin.partition : -1,
      offset: origin.broker === "kafka" ? origin.offset : -1n,
      transactional: origin.broker === "kafka" && origin.transactional,
      producer:
        origin.broker === "kafka"
          ? origin.producerId === undefined || origin.producerId < 0n
            ? undefined
            : `${envelope.tap} ${origin.producerId}`
          : connection === undefined
            ? undefined
            : `${envelope.tap} ${connection}`,
      producerLabel:
        origin.broker === "kafka"
          ? origin.producerId === undefined || origin.producerId < 0n
            ? undefined
            : `producer ${origin.producerId}`
          : connection === undefined
            ? undefined
            : connectionLabel(connection, rabbit?.user),
      exchange: rabbit?.exchange ?? "",
      routingKeys: rabbit?.routingKeys ?? [],
      queues: rabbit?.routedQueues,
      rawCorrelation: rabbit?.properties.correlationId,
      connection,
      sender: reading.sender ?? rabbit?.connectionName ?? rabbit?.properties.appId,
      replyAddress: reading.replyAddress,
      expectsReply: reading.expectsReply,
      isReplyByIntent: reading.reply,
      expiresAfter: reading.expiresAfter,
      failed: reading.failed,
      sagaType: reading.sagaType,
      original: reading.original,
      purpose: this.purposeOf(channelClass),
      // Set by whoever takes the record into a group, at once.
      group: undefined as unknown as Group,
      settled: false,
      clock: undefined,
      pairsAsked: undefined,
      pairsAnswered: undefined,
      deadline: undefined,
      duplicateOf: undefined,
      windowCause: undefined,
      journey: undefined,
    };
    for (const found of node.found) found.node = node;
    return node;
  }

  /** Places that were not remembered because there were too many. */
  get refused(): number {
    return this.places.refused;
  }

  private classOf(channel: string): string {
    let known = this.classes.get(channel);
    if (known === undefined) {
      known = classOf(channel);
      if (this.classes.size < bounds.channels) this.classes.set(channel, known);
      else this.counters.channels++;
    }
    return known;
  }

  private purposeOf(channelClass: string): Node["purpose"] {
    if (this.purposes.has(channelClass)) return this.purposes.get(channelClass);
    const purpose = purposeOf(channelClass);
    if (this.purposes.size < bounds.channels) this.purposes.set(channelClass, purpose);
    return purpose;
  }

  /** Channel class and name as one word, the same text for all messages of a kind. */
  private alphabet(channelClass: string, name: string): string {
    let names = this.letters.get(channelClass);
    if (!names) {
      if (this.letters.size >= bounds.channels) return `${channelClass}|${name}`;
      this.letters.set(channelClass, (names = new Map()));
    }
    let letter = names.get(name);
    if (letter === undefined) {
      letter = `${channelClass}|${name}`;
      if (names.size < bounds.types) names.set(name, letter);
    }
    return letter;
  }

  private nameOf(type: string): string {
    let known = this.types.get(type);
    if (known === undefined) {
      known = shortName(type);
      if (this.types.size < bounds.types) this.types.set(type, known);
      else this.counters.types++;
    }
    return known;
  }
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
