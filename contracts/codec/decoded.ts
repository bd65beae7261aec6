import type { Place } from "../source/index.ts";

/** How the bytes of a body were read. */
export type BodyFormat = "protobuf" | "json" | "avro" | "messagepack" | "cbor" | "xml" | "text" | "binary" | "empty";

/** A value as JSON can hold it; 64-bit integers beyond 2^53 and bytes (base64) are strings, as protobuf's JSON has it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Names from the root of a value to a field. Lists are passed through, and `*` is any name. */
export type SecretPath = readonly string[];

/** What a contract says about one kind of message. */
export interface MessageDefinition {
  /** `shop.events.v1.OrderPlaced` or the AsyncAPI message's name. */
  readonly name: string;
  readonly format: "proto" | "asyncapi" | "openapi" | "json-schema" | "avro";
  /** Its name in the contract, where `Open contract` goes. */
  readonly place: Place;
  /** The fields that the contract marks as secret, with everything below them. */
  readonly secretPaths?: readonly SecretPath[];
}

/** One thing that is wrong with a value: `path` is dotted from the root, empty for the whole. */
export interface Violation {
  readonly path: string;
  readonly message: string;
  /** Where the contract says otherwise, when that is finer than the message definition. */
  readonly place?: Place;
}

/** One way that was tried to read the bytes, and why it was not the one. */
export interface DecodeAttempt {
  readonly format: BodyFormat;
  readonly definition?: string;
  readonly failure: string;
}

/**
 * How a definition was found for a message. `declared` stands in a contract or header; `registry`: the message names its
 * schema by an id; `guessed` was tried with evidence.
 */
export type DefinitionEvidence = "declared" | "header" | "registry" | "topic-name" | "guessed";

/** A captured body, read. Reading never throws: what could not be read is `binary` with the attempts. */
export interface DecodedBody {
  readonly format: BodyFormat;
  /** Absent for `binary` and `empty`. */
  readonly value?: JsonValue;
  readonly definition?: MessageDefinition;
  readonly evidence?: DefinitionEvidence;
  /** A short name for this kind of message: the definition's last name, a type header, a `type` field. */
  readonly typeName?: string;
  /** The value against its definition. `unchecked`: no definition was found. */
  readonly check: "valid" | "invalid" | "unchecked";
  readonly violations: readonly Violation[];
  readonly attempts: readonly DecodeAttempt[];
  /** How many bytes of framing stand before what was read; absent: none. */
  readonly payloadAt?: number;
  /** The schema that the message names is being fetched; by this key it is told when it came. */
  readonly awaits?: string;
}
