import type { ContractSet } from "../compat/request.ts";
import { evaluate } from "../json-schema/index.ts";
import { guessAvro, readAvroBody, readSelfDescribed, registeredAvro } from "./avro-bodies.ts";
import { containerLeaves, isAvroContainer, plainContainer } from "./avro-files.ts";
import { avroLeaves } from "./avro-leaves.ts";
import { readAvroWhole } from "./avro-read.ts";
import { apicurioFraming, confluentFraming, looksLikeJson } from "./body.ts";
import type { ChannelFacts, MessageCatalog, MessageInput } from "./catalog-types.ts";
import { ChannelIndex } from "./channels.ts";
import { type Content, readContent, readPacked } from "./content.ts";
import type { DecodeAttempt, DecodedBody, DefinitionEvidence, MessageDefinition, Violation } from "./decoded.ts";
import { factsOf, type FieldMap, noFields } from "./field-map.ts";
import { jsonPlaces } from "./json-places.ts";
import { type AvroTarget, Definitions, type JsonTarget, type ProtoTarget, type Target } from "./definitions.ts";
import type { VisitLeaf } from "./leaves.ts";
import { cborLeaves, messagePackLeaves } from "./packed-leaves.ts";
import { protobufLeaves } from "./protobuf-leaves.ts";
import { definedBody, noViolations, undefinedBody, unreadable } from "./outcome.ts";
import { decodeProtobuf, largestProtobuf } from "./protobuf.ts";
import { protobufFields } from "./protobuf-fields.ts";
import { fitOf } from "./protobuf-fit.ts";
import {
  compileRegistered,
  type NamedSchema,
  type Registered,
  type RegisteredSchema,
  registeredMessage,
  schemaNamed,
  type SchemaSource,
  schemaTitle,
} from "./registered.ts";
import { KeptByWords } from "./remembered.ts";
import { revisionOf } from "./revision.ts";
import { foldedName, lastName, nameForms, typeHints, typeInValue } from "./type-names.ts";
import { avroTypes, schemaTypes } from "./value-types.ts";
import { shapedXml } from "./xml-shape.ts";
import { xmlTexts } from "./xml.ts";

/**
 * Reads messages by the contracts of `set`, and by the schemas that messages name where `schemas` has them. The catalog
 * is a value but for these: a changed contract makes a new one.
 */
export function createCatalog(set: ContractSet, schemas?: SchemaSource): MessageCatalog {
  return new Catalog(set, schemas);
}

/** The definitions that a message may have, and why they were thought of. */
interface Candidates {
  readonly targets: readonly Target[];
  readonly evidence: DefinitionEvidence;
  /** The same by kind, since this is asked for every message. */
  readonly proto: readonly ProtoTarget[];
  readonly avro: readonly AvroTarget[];
  readonly json: readonly JsonTarget[];
  /** What the contracts say of the encoding, where they agree. */
  readonly contentType: string | undefined;
}

/** Candidates are kept for kinds of message of so many different words on each kind of broker; beyond it they are found anew. */
const maxKept = 20_000;
const maxRegistered = 2_000;
/** More types than this are not tried one by one on every message that nobody names. */
const maxGuessed = 300;
const leastPlausible = 0.9;
const maxViolations = 20;

/** Stands between queues and types, and is no name of a queue. */
const behindQueues = "\n";

const nothing = candidatesOf([], "guessed");

function candidatesOf(targets: readonly Target[], evidence: DefinitionEvidence): Candidates {
  const proto = targets.filter((target) => target.kind === "proto");
  const avro = targets.filter((target) => target.kind === "avro");
  const json = targets.filter((target) => target.kind === "json");
  return { targets, evidence, proto, avro, json, contentType: declaredContentType(targets) };
}

class Catalog implements MessageCatalog {
  readonly revision: string;
  private readonly known: Definitions;
  private readonly channels: ChannelIndex;
  /** By channel, then by what else the message says of itself. */
  private readonly candidates = {
    kafka: new KeptByWords<Candidates>(maxKept),
    rabbitmq: new KeptByWords<Candidates>(maxKept),
  };
  private readonly schemas: SchemaSource | undefined;
  private readonly registeredTargets = new WeakMap<MessageDefinition, { target: Target; known?: Definitions }>();
  /** What was made of registered schemas, by their keys and their texts. */
  private readonly registered = new Map<string, { readonly schema: RegisteredSchema; readonly made: Registered }>();

  constructor(set: ContractSet, schemas?: SchemaSource) {
    this.schemas = schemas;
    this.known = new Definitions(set);
    this.channels = new ChannelIndex(this.known.documents);
    this.revision = revisionOf(set);
  }

  get definitions() {
    return this.known.all;
  }

  channel(broker: "kafka" | "rabbitmq", address: string): ChannelFacts | undefined {
    return this.channels.factsOf(broker, address);
  }

  decode(input: MessageInput): DecodedBody {
    const hints = typeHints(input);
    const { body } = input;
    if (body === null || body.length === 0) return undefinedBody("empty", undefined, hints, []);
    const attempts: DecodeAttempt[] = [];
    const named = this.schemas === undefined ? undefined : schemaNamed(input);
    if (named === undefined) return this.decodeUnnamed(input, body, hints, attempts);
    const state = this.schemas?.find(named.key);
    if (state === undefined) return this.decodeUnnamed(input, body, hints, attempts);
    if ("schema" in state) {
      const read = this.readRegistered(input, body, named, state.schema, hints, attempts);
      return read ?? this.decodeUnnamed(input, body, hints, attempts);
    }
    attempts.push({ format: "binary", failure: "failure" in state ? state.failure : state.waiting });
    // JSON is read whatever its schema is; what else it may be, nobody should guess before its own schema came.
    if ("failure" in state || looksLikeJson(body.subarray(named.start))) {
      const read = this.decodeUnnamed(input, body, hints, attempts);
      return "failure" in state && state.willBeAsked !== true ? read : { ...read, awaits: named.key };
    }
    return { ...undefinedBody("binary", undefined, hints, attempts), awaits: named.key };
  }

  /** The body by the schema that it names; `undefined` where it is none such. */
  private readRegistered(
    input: MessageInput,
    body: Uint8Array,
    named: NamedSchema,
    schema: RegisteredSchema,
    hints: readonly string[],
    attempts: DecodeAttempt[],
  ): DecodedBody | undefined {
    const made = this.registeredOf(named.key, schema);
    if ("failure" in made) {
      attempts.push({ format: "binary", failure: made.failure });
      return undefined;
    }
    const found = this.candidatesFor(input, hints);
    if (made.type === "AVRO") {
      const { target } = made;
      const reading = readAvroWhole(target.schema, body.subarray(named.start));
      if (reading.ok) {
        const read = registeredAvro(target, this.known, found, reading.value, named, attempts);
        const { definition } = read;
        if (definition !== undefined && !this.registeredTargets.has(definition)) {
          this.registeredTargets.set(definition, { target });
        }
        return read;
      }
      attempts.push({ format: "avro", definition: target.definition.name, failure: reading.failure });
      return undefined;
    }
    if (made.type === "PROTOBUF") {
      const message = registeredMessage(made, named, body);
      if (message === undefined) {
        const failure = `The ${schemaTitle(named.key)} has no message at the place that the body names.`;
        attempts.push({ format: "protobuf", failure });
        return undefined;
      }
      // A contract of the workspace is newer than what it was registered as, and the editor can go there.
      const { fullName } = message.target.message;
      const own = this.known.protoTargets.find((target) => target.message.fullName === fullName);
      const payload = body.subarray(message.start);
      if (own !== undefined) {
        const read = this.readOneProtobuf(this.known, own, payload, message.start, "registry", attempts);
        if (read !== undefined) return read;
      }
      return this.readOneProtobuf(made.known, message.target, payload, message.start, "registry", attempts);
    }
    const content = readContent(body.subarray(named.start), "application/json", attempts);
    if (content.format !== "json") return undefined;
    const isKnown = found.json.length > 0 && found.evidence === "declared";
    const candidates = isKnown ? found : candidatesOf([made.target], "registry");
    const read = this.checkedValue(content, candidates, hints, attempts);
    return named.start === 0 ? read : { ...read, payloadAt: named.start };
  }

  private registeredOf(key: string, schema: RegisteredSchema): Registered {
    const kept = this.registered.get(key);
    if (kept?.schema === schema) return kept.made;
    const made = compileRegistered(key, schema);
    if (this.registered.size >= maxRegistered) this.registered.clear();
    this.registered.set(key, { schema, made });
    if (!("failure" in made)) {
      if (made.type === "PROTOBUF")
        for (const target of made.known.protoTargets)
          this.registeredTargets.set(target.definition, { target, known: made.known });
      else this.registeredTargets.set(made.target.definition, { target: made.target });
    }
    return made;
  }

  private decodeUnnamed(
    input: MessageInput,
    body: Uint8Array,
    hints: readonly string[],
    attempts: DecodeAttempt[],
  ): DecodedBody {
    const selfDescribed = readSelfDescribed(body, this.known, attempts);
    if (selfDescribed !== undefined) return selfDescribed;
    const found = this.candidatesFor(input, hints);
    const { targets, evidence, avro } = found;
    if (found.proto.length > 0) {
      const read = this.readProtobuf(body, found.proto, evidence, attempts);
      if (read !== undefined) return read;
    }
    if (avro.length > 0) {
      const read = readAvroBody(body, avro, evidence, attempts);
      if (read !== undefined) return read;
    }
    let content = readContent(body, input.contentType ?? found.contentType, attempts);
    if (content.format === "binary") {
      if (targets.length === 0) {
        const guessed = this.guessProtobuf(body, attempts) ?? guessAvro(body, this.known.avroTargets, attempts);
        if (guessed !== undefined) return guessed;
      }
      content = readPacked(body, attempts) ?? content;
    }
    if (evidence === "declared" && targets.length > 0 && found.json.length === 0) {
      return unreadable(content, targets, hints, attempts);
    }
    if (content.checked !== undefined) return this.checkedValue(content, found, hints, attempts);
    if (found.json.length > 0 && evidence === "declared") return unreadable(content, found.json, hints, attempts);
    return undefinedBody(content.format, content.value, hints, attempts);
  }

  fields({ body }: MessageInput, decoded: DecodedBody): FieldMap {
    const { definition, format, value } = decoded;
    if (body === null || value === undefined) return noFields;
    const { target, known } = this.targetOf(definition);
    if (format === "protobuf") {
      if (target?.kind !== "proto") return noFields;
      // A registry's framing is no part of the message.
      return protobufFields(known.proto, target.message.fullName, body, decoded.payloadAt ?? 0);
    }
    const types =
      target?.kind === "json" && target.schema !== undefined
        ? schemaTypes(target.schema, value)
        : target?.kind === "avro"
          ? avroTypes(target.schema, value)
          : new Map<string, string>();
    return { fields: factsOf(types, format === "json" ? jsonPlaces(body) : new Map()), unread: [] };
  }

  replaceable(body: Uint8Array, { format }: DecodedBody): Uint8Array {
    return format === "avro" && isAvroContainer(body) ? (plainContainer(body) ?? body) : body;
  }

  leaves(body: Uint8Array, decoded: DecodedBody, visit: VisitLeaf): void {
    const { definition, format } = decoded;
    if (format === "messagepack") return messagePackLeaves(body, visit);
    if (format === "cbor") return cborLeaves(body, visit);
    if (format === "xml") {
      return xmlTexts(latin1(body), (path, start, end) => visit({ path, start, end, form: "bytes" }));
    }
    if (format === "avro" && isAvroContainer(body)) return containerLeaves(body, visit);
    const { target, known } = this.targetOf(definition);
    const start = decoded.payloadAt ?? 0;
    if (target?.kind === "avro") void avroLeaves(target.schema, body, start, body.length, visit);
    else if (target?.kind === "proto") {
      protobufLeaves(known.proto, target.message, body, start, visit);
    }
  }

  /** What reads bodies of a definition, of the workspace or of a registry, and the definitions around it. */
  private targetOf(definition: MessageDefinition | undefined): {
    readonly target: Target | undefined;
    readonly known: Definitions;
  } {
    const registered = definition === undefined ? undefined : this.registeredTargets.get(definition);
    const target = registered?.target ?? (definition === undefined ? undefined : this.known.targetOf(definition));
    return { target, known: registered?.known ?? this.known };
  }

  /** Which definitions a message may have: by its channel, by what it calls itself, by its channel's name. */
  private candidatesFor(input: MessageInput, hints: readonly string[]): Candidates {
    const candidates = this.candidates[input.broker];
    let at = candidates.next(candidates.start(), input.channel);
    if (input.broker === "rabbitmq") {
      at = candidates.next(at, input.routingKey ?? "");
      for (const queue of input.queues ?? []) at = candidates.next(at, queue);
      at = candidates.next(at, behindQueues);
    }
    for (const hint of hints) at = candidates.next(at, hint);
    return (at.answer ??= this.findCandidates(input, hints));
  }

  private findCandidates(input: MessageInput, hints: readonly string[]): Candidates {
    const addresses =
      input.broker === "kafka" ? [input.channel] : [input.routingKey ?? "", ...(input.queues ?? []), input.channel];
    const messages = this.channels.messages(input.broker, addresses);
    const declared = [...new Set(messages.flatMap((message) => this.known.target(message) ?? []))];
    const names = hints.flatMap(nameForms);
    if (declared.length > 0) {
      const named = declared.filter((target) => names.some((name) => target.names.has(name)));
      const folded = new Set(names.map((name) => foldedName(lastName(name))));
      const spelled = declared.filter((target) =>
        [...target.names].some((name) => folded.has(foldedName(lastName(name)))),
      );
      return candidatesOf(named.length > 0 ? named : spelled.length > 0 ? spelled : declared, "declared");
    }
    for (const find of [(name: string) => this.known.named(name), (name: string) => this.known.spelledLike(name)]) {
      for (const name of names) {
        const targets = find(name);
        if (targets.length > 0) return candidatesOf(targets, "header");
      }
    }
    for (const address of addresses) {
      for (const word of [address.replace(/-(?:value|key)$/, ""), address.split(/[./]/).at(-1) ?? ""]) {
        const exact = this.known.named(word);
        const targets = exact.length > 0 ? exact : this.known.spelledLike(word);
        if (targets.length > 0) return candidatesOf(targets, "topic-name");
      }
    }
    return nothing;
  }

  /** The body as one of these messages; the most plausible of several. */
  private readProtobuf(
    body: Uint8Array,
    targets: readonly ProtoTarget[],
    evidence: DefinitionEvidence,
    attempts: DecodeAttempt[],
  ): DecodedBody | undefined {
    const isSure = evidence === "declared" && targets.length === 1;
    for (const payload of payloads(body)) {
      // A body that reads as JSON is none of these, even where its bytes happen to be in the wire format.
      const certain = isSure && !looksLikeJson(payload);
      for (const { target, score } of certain ? trusted(targets) : this.ranked(targets, payload)) {
        const { definition } = target;
        if (score < leastPlausible) {
          const failure = "The bytes do not fit: fields that it does not know, or of another type.";
          attempts.push({ format: "protobuf", definition: definition.name, failure });
          continue;
        }
        const read = this.readOneProtobuf(
          this.known,
          target,
          payload,
          body.length - payload.length,
          evidence,
          attempts,
        );
        if (read !== undefined) return read;
      }
    }
    return undefined;
  }

  private readOneProtobuf(
    { proto }: Definitions,
    target: ProtoTarget,
    payload: Uint8Array,
    payloadAt: number,
    evidence: DefinitionEvidence,
    attempts: DecodeAttempt[],
  ): DecodedBody | undefined {
    const { definition } = target;
    const reading = decodeProtobuf(proto, definition.name, payload);
    if (!reading.ok) {
      attempts.push({ format: "protobuf", definition: definition.name, failure: reading.failure });
      return undefined;
    }
    const { value } = reading;
    const violations = protobufViolations(definition, reading.unknownFields);
    const check = violations.length === 0 ? "valid" : "invalid";
    const read = definedBody("protobuf", value, target, evidence, check, violations, attempts);
    return payloadAt === 0 ? read : { ...read, payloadAt };
  }

  private guessProtobuf(body: Uint8Array, attempts: DecodeAttempt[]): DecodedBody | undefined {
    const targets = this.known.protoTargets;
    if (targets.length === 0 || targets.length > maxGuessed) return undefined;
    for (const payload of payloads(body)) {
      const scores = targets.map((target) => this.plausibility(target, payload));
      const best = Math.max(...scores);
      if (best < leastPlausible) continue;
      const equal = targets.filter((_, i) => scores[i] === best);
      const [target] = equal;
      if (target === undefined) continue;
      if (equal.length > 1) {
        const names = equal.slice(0, 3).map((one) => `"${one.definition.name}"`);
        attempts.push({ format: "protobuf", failure: `The bytes fit several messages alike: ${names.join(", ")}.` });
        return undefined;
      }
      return this.readProtobuf(body, [target], "guessed", attempts);
    }
    return undefined;
  }

  /** The targets with how well the bytes fit them, the best first. An empty body fits every message. */
  private ranked(targets: readonly ProtoTarget[], payload: Uint8Array): Array<{ target: ProtoTarget; score: number }> {
    const scored = targets.map((target) => ({ target, score: this.plausibility(target, payload) }));
    return scored.length === 1 ? scored : scored.sort((a, b) => b.score - a.score);
  }

  private plausibility(target: ProtoTarget, payload: Uint8Array): number {
    if (payload.length === 0) return 1;
    return payload.length > largestProtobuf ? 0 : fitOf(target.message, payload);
  }

  /** A value against the definitions that it may have, whatever its bytes were: the one that it satisfies, else the one that it misses least. */
  private checkedValue(
    content: Content,
    found: Candidates,
    hints: readonly string[],
    attempts: DecodeAttempt[],
  ): DecodedBody {
    const { value, checked } = content;
    if (value === undefined || checked === undefined) return undefinedBody(content.format, value, hints, attempts);
    let candidates = found;
    if (found.targets.length === 0) {
      const own = typeInValue(checked);
      const targets = own === undefined ? [] : nameForms(own).flatMap((name) => this.known.named(name));
      if (targets.length > 0) candidates = candidatesOf(targets, "guessed");
    }
    let best: DecodedBody | undefined;
    for (const target of candidates.json) {
      const { evidence } = candidates;
      const evaluation =
        target.schema === undefined
          ? undefined
          : evaluate(target.schema, content.format === "xml" ? shapedXml(target.schema, checked) : checked);
      if (evaluation === undefined || evaluation.outcome === "undecided") {
        best ??= definedBody(content.format, value, target, evidence, "unchecked", noViolations, attempts);
        continue;
      }
      if (evaluation.outcome === "valid") {
        return definedBody(content.format, value, target, evidence, "valid", noViolations, attempts);
      }
      const violations = evaluation.violations.slice(0, maxViolations).map(({ path, message, place, missing }) => ({
        path: missing === undefined ? path : path === "" ? missing : `${path}.${missing}`,
        message,
        place,
      }));
      if (best === undefined || best.violations.length > violations.length) {
        best = definedBody(content.format, value, target, evidence, "invalid", violations, attempts);
      }
    }
    return best ?? undefinedBody(content.format, value, hints, attempts);
  }
}

/** One character a byte. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** Fields of another type on the wire than declared are unknown to the codec too. */
function protobufViolations(definition: MessageDefinition, unknownFields: number): readonly Violation[] {
  if (unknownFields === 0) return noViolations;
  const fields = unknownFields === 1 ? "a field" : `${unknownFields} fields`;
  const message = `carries ${fields} that "${definition.name}" does not know, or knows with another type`;
  return [{ path: "", message, place: definition.place }];
}

/** What the contracts say of the encoding, where they agree. */
function declaredContentType(targets: readonly Target[]): string | undefined {
  const types = new Set(targets.map((target) => (target.kind === "json" ? target.contentType : undefined)));
  const [only] = types;
  return types.size === 1 ? only : undefined;
}

/** The only definition that a contract declares needs no evidence. */
function trusted(targets: readonly ProtoTarget[]): Array<{ target: ProtoTarget; score: number }> {
  return targets.map((target) => ({ target, score: 1 }));
}

/** The bytes that may be the message: what a registry's framing leaves, then the body as it is. */
function payloads(body: Uint8Array): Uint8Array[] {
  if (body[0] !== 0) return [body];
  const framings = [confluentFraming(body, true), apicurioFraming(body)];
  return [...framings.flatMap((framing) => framing?.payload ?? []), body];
}
