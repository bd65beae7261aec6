/**
 * From an envelope and its decoded body to a record with every id that stands in it, and what each is for.
 * Nothing of the envelope itself is kept.
 */
import type { JsonValue } from "../../contracts/codec/index.ts";
import type { ChannelFacts } from "../../contracts/codec/index.ts";
import type { HeaderValue } from "../tap/envelope.ts";
import type { TracedMessage } from "./model.ts";
import type { Group } from "./groups.ts";
import { bodyMeaning, headerMeaning, traceOf, type HeaderMeaning } from "./headers.ts";
import { idOf, textOf, traceIdOf, type Id } from "./ids.ts";
import { bounds, type Counters } from "./limits.ts";
import { channelName, shortName } from "./names.ts";
import { classOf, Slots, type Found, type Node, type Role } from "./node.ts";
import { hashOf } from "./stats.ts";
import { fieldName } from "./words.ts";

type JsonObject = { readonly [key: string]: JsonValue };

/** What is gathered while one message is read. */
interface Reading {
  found: Found[];
  type: string | undefined;
  weakType: string | undefined;
  sender: string | undefined;
  replyAddress: string | undefined;
  expectsReply: boolean;
  reply: boolean;
  failed: boolean;
  sagaType: string | undefined;
  expiresAfter: number | undefined;
  original: { topic?: string; partition?: number; offset?: bigint; exchange?: string; routingKey?: string } | undefined;
}

/** Reads messages; remembers only the places where ids stand. */
export class Extractor {
  private readonly slots = new Slots(bounds.slots);
  private readonly classes = new Map<string, string>();
  private readonly types = new Map<string, string>();
  private readonly letters = new Map<string, Map<string, string>>();
  private readonly counters: Counters;
  private paths = 0;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** The record of a message. `facts` is what the contracts say of its channel. */
  read(message: TracedMessage, facts: ChannelFacts | undefined): Node {
    const { envelope, decoded } = message;
    const origin = envelope.origin;
    const near = envelope.receivedAt;
    const reading: Reading = {
      found: [],
      type: undefined,
      weakType: undefined,
      sender: undefined,
      replyAddress: undefined,
      expectsReply: false,
      reply: false,
      failed: false,
      sagaType: undefined,
      expiresAfter: undefined,
      original: undefined,
    };
    if (origin.broker === "rabbitmq") this.readProperties(message, reading);
    let headers = 0;
    for (const header of envelope.headers) {
      if (++headers > bounds.headersPerMessage) {
        this.counters.headersPerMessage++;
        break;
      }
      this.readHeader(header.name, header.value, reading, near);
    }
    this.paths = 0;
    const value = decoded.value;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      this.readBody(value as JsonObject, reading, near);
    }
    if (facts && facts.correlationLocations.length > 0) this.readDeclared(message, facts, reading, near);
    const key = envelope.key === null ? undefined : textOf(envelope.key);
    if (key !== undefined) this.readKey(key, reading, near);

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
      found: reading.found,
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
            : `connection ${connection.split(" ")[0]?.split(":").pop() ?? connection}`,
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
      // Set by whoever takes the record into a group, at once.
      group: undefined as unknown as Group,
      settled: false,
      clock: undefined,
      pairsAsked: undefined,
      pairsAnswered: undefined,
      deadline: undefined,
      duplicateOf: undefined,
      journey: undefined,
    };
    for (const found of reading.found) found.node = node;
    return node;
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

  private readProperties(message: TracedMessage, reading: Reading): void {
    const origin = message.envelope.origin;
    if (origin.broker !== "rabbitmq") return;
    const near = message.envelope.receivedAt;
    const { correlationId, messageId, replyTo, type, expiration } = origin.properties;
    if (messageId !== undefined) this.add(reading, "property message_id", "self", idOf(messageId, true, near), true);
    if (correlationId !== undefined && correlationId !== "") {
      this.addPair(reading, "property correlation_id", correlationId, "correlation", near, false);
    }
    if (replyTo !== undefined && replyTo !== "") {
      reading.replyAddress = replyTo;
      reading.expectsReply = true;
    }
    if (type !== undefined && type !== "") reading.type = type;
    if (expiration !== undefined && /^\d{1,12}$/.test(expiration)) reading.expiresAfter = Number(expiration);
  }

  private readHeader(name: string, raw: HeaderValue, reading: Reading, near: number): void {
    const meaning = headerMeaning(name);
    if (meaning === undefined) {
      if (raw === null || typeof raw === "boolean" || (typeof raw === "object" && !(raw instanceof Uint8Array))) return;
      const slot = this.slotOf(`header ${name}`, [name]);
      if (!slot || slot.thing) return;
      const id = idOf(raw, slot.named, near);
      if (id.strength === "strong") this.add(reading, slot.where, "learned", id, false);
      else if (id.strength === "medium" && slot.named) this.add(reading, slot.where, "business", id, false);
      return;
    }
    if (meaning.role === "noise") return;
    this.readNamed(`header ${name}`, name, meaning, raw, reading, near);
  }

  /** A value whose name is known, wherever it stands. */
  private readNamed(
    where: string,
    name: string,
    meaning: HeaderMeaning,
    raw: HeaderValue,
    reading: Reading,
    near: number,
  ): void {
    const framework = meaning.family !== "generic";
    switch (meaning.role) {
      case "self":
      case "cause":
      case "in reply to":
      case "conversation":
      case "idempotency":
        this.add(reading, where, meaning.role, idOf(raw, true, near), framework);
        if (meaning.role === "in reply to") reading.reply = true;
        return;
      case "pair":
      case "correlation": {
        const bytes = raw instanceof Uint8Array ? raw : undefined;
        this.addPair(reading, where, bytes ?? textOf(raw) ?? "", meaning.role, near, framework);
        return;
      }
      case "trace": {
        const text = textOf(raw);
        const value = text === undefined ? undefined : traceOf(meaning.trace ?? "hex", text, traceIdOf);
        if (value !== undefined) this.add(reading, where, "trace", { value, strength: "strong" }, true);
        // A header named trace id may hold any id of the application's own.
        else if (meaning.trace === "hex" && text !== undefined) {
          this.add(reading, where, "correlation", idOf(text, true, near), false);
        }
        return;
      }
      case "reply address": {
        const address = textOf(raw);
        if (address === undefined || address === "") return;
        reading.replyAddress = address;
        reading.expectsReply = true;
        return;
      }
      case "expects reply":
        reading.expectsReply = reading.replyAddress !== undefined;
        return;
      case "saga type":
        reading.sagaType = textOf(raw);
        return;
      case "type": {
        const type = textOf(raw);
        // In a list of types (`A;B`, an array) the first is the message's own.
        if (type !== undefined && type !== "" && (framework || reading.type === undefined)) reading.type = type;
        return;
      }
      case "sender": {
        const sender = textOf(raw);
        if (sender !== undefined && sender !== "") reading.sender = senderName(sender);
        return;
      }
      case "intent":
        if (textOf(raw)?.toLowerCase() === "reply") reading.reply = true;
        return;
      case "failure": {
        const text = textOf(raw);
        if (name.toLowerCase() === "reply_outcome-type") {
          if (text?.toUpperCase() === "FAILURE") reading.failed = true;
        } else if (text !== undefined && text !== "" && text !== "false" && text !== "null") reading.failed = true;
        return;
      }
      case "original topic":
        reading.original = { ...reading.original, topic: textOf(raw) ?? "" };
        return;
      case "original partition":
      case "original offset": {
        const number = integerOf(raw);
        if (number === undefined) return;
        if (meaning.role === "original offset") reading.original = { ...reading.original, offset: number };
        else reading.original = { ...reading.original, partition: Number(number) };
        return;
      }
      case "original exchange":
        reading.original = { ...reading.original, exchange: textOf(raw) ?? "" };
        return;
      case "original routing key":
        reading.original = { ...reading.original, routingKey: textOf(raw) ?? "" };
        return;
      case "deadline": {
        const text = textOf(raw);
        const at =
          text === undefined ? NaN : /^\d{10,13}$/.test(text) ? Number(text.padEnd(13, "0")) : Date.parse(text);
        if (Number.isFinite(at) && at > near && at < near + 7 * 86_400_000) reading.expiresAfter = at - near;
        return;
      }
      case "attempt":
      case "noise":
        return;
    }
  }

  private readBody(body: JsonObject, reading: Reading, near: number): void {
    const framework = bodyFramework(body);
    if (framework) {
      for (const [name, meaning] of Object.entries(framework.fields)) {
        const raw = body[name];
        if (raw !== undefined && raw !== null && (typeof raw !== "object" || Array.isArray(raw))) {
          const first = Array.isArray(raw) ? (raw[0] as JsonValue) : raw;
          if (first !== undefined && first !== null && typeof first !== "object") {
            this.readNamed(`body ${name}`, name, meaning, first, reading, near);
          }
        }
      }
    }
    for (const name of ["err", "error", "exception"]) {
      const raw = body[name];
      if (raw !== undefined && raw !== null && raw !== "" && raw !== false && raw !== 0) reading.failed = true;
    }
    const status = body["status"] ?? body["outcome"];
    if (typeof status === "string" && /^(?:STATUS_|OUTCOME_)?(?:FAILURE|FAILED|ERROR)$/i.test(status))
      reading.failed = true;
    if (body["success"] === false || body["ok"] === false) reading.failed = true;
    for (const name of ["pattern", "event", "action", "type", "eventType", "messageType", "command"]) {
      const raw = body[name];
      if (typeof raw === "string" && raw !== "" && raw.length <= 120) {
        reading.weakType = raw.startsWith("{") ? (/"([^"]+)"\s*}$/.exec(raw)?.[1] ?? raw) : raw;
        break;
      }
    }
    this.walk(body, [], "", reading, near, framework?.fields);
  }

  private walk(
    object: JsonObject,
    path: string[],
    where: string,
    reading: Reading,
    near: number,
    taken: Readonly<Record<string, HeaderMeaning>> | undefined,
  ): void {
    for (const name in object) {
      const raw = object[name];
      if (raw === null || raw === undefined || typeof raw === "boolean") continue;
      if (taken && name in taken) continue;
      if (typeof raw === "object") {
        if (Array.isArray(raw)) continue; // lists hold things, and one flow is not about each of them
        if (path.length + 1 >= bounds.bodyDepth) {
          this.counters.bodyDepth++;
          continue;
        }
        path.push(name);
        this.walk(raw as JsonObject, path, where === "" ? name : `${where}.${name}`, reading, near, undefined);
        path.pop();
        continue;
      }
      if (++this.paths > bounds.bodyPaths) {
        this.counters.bodyPaths++;
        return;
      }
      const fullName = where === "" ? name : `${where}.${name}`;
      if (path.length <= 1) {
        const meaning = bodyMeaning(name);
        if (meaning) {
          this.readNamed(`body ${fullName}`, name, meaning, raw, reading, near);
          continue;
        }
      }
      if (typeof raw === "string" && (raw.length < 4 || raw.length > bounds.valueLength)) continue;
      const slotName = `body ${fullName}`;
      path.push(name);
      const slot = this.slotOf(slotName, path);
      path.pop();
      if (!slot || slot.thing) continue;
      const id = idOf(raw, slot.named, near);
      if (id.strength === "strong") this.add(reading, slotName, slot.named ? "business" : "learned", id, false);
      else if (id.strength === "medium" && (slot.named || prefixFits(id.value, slot.stem))) {
        this.add(reading, slotName, "business", id, false);
      }
    }
  }

  private readKey(key: string, reading: Reading, near: number): void {
    const id = idOf(key, true, near);
    if (id.strength !== "strong" && id.strength !== "medium") return;
    for (const found of reading.found) if (found.value === id.value) return;
    this.add(reading, "key", "key", id, false);
  }

  /** `$message.header#/x` and `$message.payload#/x/y`, as an AsyncAPI document declares them. */
  private readDeclared(message: TracedMessage, facts: ChannelFacts, reading: Reading, near: number): void {
    for (const location of facts.correlationLocations) {
      const match = /^\$message\.(header|payload)#\/(.+)$/.exec(location);
      if (!match) continue;
      const path = (match[2] ?? "").split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
      let raw: HeaderValue | JsonValue | undefined;
      let where: string;
      if (match[1] === "header") {
        const name = path.join("/");
        where = `header ${name}`;
        raw = message.envelope.headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value;
        if (raw === undefined && message.envelope.origin.broker === "rabbitmq") {
          const lower = name.toLowerCase().replaceAll(/[-_]/g, "");
          if (lower === "correlationid") {
            raw = message.envelope.origin.properties.correlationId;
            where = "property correlation_id";
          }
        }
      } else {
        where = `body ${path.join(".")}`;
        let value: JsonValue | undefined = message.decoded.value;
        for (const part of path) {
          value =
            value !== null && typeof value === "object" && !Array.isArray(value)
              ? (value as JsonObject)[part]
              : undefined;
        }
        raw = value;
      }
      if (raw === undefined || raw === null || (typeof raw === "object" && !(raw instanceof Uint8Array))) continue;
      const id = idOf(raw, true, near);
      if (id.strength === "none" || id.strength === "weak") continue;
      const index = reading.found.findIndex((found) => found.value === id.value);
      const known = reading.found[index];
      // The contract's word takes the place of a guess; a stronger role, such as a cause, stays.
      if (known && !["learned", "business", "key", "correlation", "pair"].includes(known.role)) continue;
      if (known) reading.found.splice(index, 1);
      this.add(reading, where, "contract", id, true);
    }
  }

  private addPair(
    reading: Reading,
    where: string,
    raw: string | Uint8Array,
    role: "pair" | "correlation",
    near: number,
    framework: boolean,
  ): void {
    const id = idOf(raw, true, near);
    if (id.strength !== "none") this.add(reading, where, role, id, framework);
    else {
      const text = textOf(raw);
      if (text !== undefined && text !== "" && text.length <= 4 * bounds.valueLength) {
        this.add(reading, where, "pair", { value: text, strength: "weak" }, framework);
      }
    }
  }

  private add(reading: Reading, where: string, role: Role, id: Id, framework: boolean): void {
    if (id.strength === "none") return;
    if (id.strength === "weak" && role !== "pair" && role !== "correlation") return;
    if (reading.found.length >= bounds.idsPerMessage) {
      this.counters.idsPerMessage++;
      return;
    }
    for (const found of reading.found) if (found.value === id.value && found.role === role) return;
    const slot = this.slotOf(where, [where.slice(where.indexOf(" ") + 1)]);
    if (slot) {
      reading.found.push({
        node: undefined as unknown as Node,
        slot,
        role,
        value: id.value,
        strength: id.strength,
        framework,
      });
    }
  }

  private slotOf(where: string, path: readonly string[]) {
    const slot = this.slots.get(where, () =>
      where === "key" ? { stem: "key", field: "key", named: true, thing: false } : fieldName(lastParts(path)),
    );
    if (!slot) this.counters.slots++;
    return slot;
  }
}

function lastParts(path: readonly string[]): readonly string[] {
  const all = path.flatMap((part) => part.split("."));
  return all.slice(-2);
}

/** `order: "ORD-1042"`: the value begins like the field's name. */
function prefixFits(value: string, stem: string): boolean {
  const prefix = /^[a-zA-Z]{2,}/.exec(value)?.[0].toLowerCase();
  return prefix !== undefined && (stem.startsWith(prefix.slice(0, 3)) || prefix.startsWith(stem.slice(0, 3)));
}

/** An address or endpoint as a name: the last part of a URI, without instance ids. */
function senderName(sender: string): string {
  const uri = /^[a-z][a-z0-9+.-]*:\/\//i.test(sender);
  const plain = (sender.split("?")[0] ?? sender).replace(/\/+$/, "");
  const name = uri || plain.startsWith("/") ? (plain.split("/").pop() ?? plain) : plain;
  return name.slice(0, 120);
}

/** Offsets and partitions come as text, numbers, or 4 and 8 bytes in network order. */
function integerOf(raw: HeaderValue): bigint | undefined {
  if (typeof raw === "bigint") return raw;
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? BigInt(raw) : undefined;
  if (raw instanceof Uint8Array && (raw.length === 4 || raw.length === 8) && !raw.every((b) => b >= 48 && b <= 57)) {
    let value = 0n;
    for (const byte of raw) value = (value << 8n) | BigInt(byte);
    return value;
  }
  const text = textOf(raw);
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}

interface BodyFramework {
  readonly fields: Readonly<Record<string, HeaderMeaning>>;
}

function meaningOf(family: string, role: HeaderMeaning["role"], trace?: HeaderMeaning["trace"]): HeaderMeaning {
  return trace === undefined ? { role, family } : { role, family, trace };
}

const massTransit: BodyFramework = {
  fields: {
    messageId: meaningOf("MassTransit", "self"),
    requestId: meaningOf("MassTransit", "pair"),
    conversationId: meaningOf("MassTransit", "conversation"),
    initiatorId: meaningOf("MassTransit", "cause"),
    sourceAddress: meaningOf("MassTransit", "sender"),
    messageType: meaningOf("MassTransit", "type"),
    correlationId: meaningOf("MassTransit", "correlation"),
    destinationAddress: meaningOf("MassTransit", "noise"),
    responseAddress: meaningOf("MassTransit", "noise"),
    faultAddress: meaningOf("MassTransit", "noise"),
  },
};
const cloudEvents: BodyFramework = {
  fields: {
    id: meaningOf("CloudEvents", "self"),
    source: meaningOf("CloudEvents", "sender"),
    type: meaningOf("CloudEvents", "type"),
    correlationid: meaningOf("CloudEvents", "correlation"),
    causationid: meaningOf("CloudEvents", "cause"),
    traceid: meaningOf("Dapr", "trace", "w3c"),
    traceparent: meaningOf("Dapr", "trace", "w3c"),
    time: meaningOf("CloudEvents", "noise"),
  },
};
const moleculer: BodyFramework = {
  fields: {
    id: meaningOf("Moleculer", "pair"),
    requestID: meaningOf("Moleculer", "conversation"),
    parentID: meaningOf("Moleculer", "cause"),
    sender: meaningOf("Moleculer", "sender"),
    action: meaningOf("Moleculer", "type"),
  },
};
const nest: BodyFramework = {
  fields: {
    id: meaningOf("NestJS", "pair"),
    pattern: meaningOf("NestJS", "type"),
    err: meaningOf("NestJS", "failure"),
  },
};

function bodyFramework(body: JsonObject): BodyFramework | undefined {
  if ("specversion" in body && "id" in body) return cloudEvents;
  if ("messageType" in body && "message" in body && Array.isArray(body["messageType"])) return massTransit;
  if ("ver" in body && "sender" in body && "id" in body) return moleculer;
  if (("pattern" in body && "data" in body) || ("isDisposed" in body && ("response" in body || "err" in body)))
    return nest;
  return undefined;
}
