/**
 * Schemas that a message names only by an id: where the id stands, and what the schema of a registry reads.
 *
 *     Confluent      = 00, id in 4 bytes [, for protobuf: message indexes], payload
 *     in headers     = `__value_schema_id`: 00 and an id in 4 bytes, or 01 and a GUID [, message indexes]
 *     Apicurio       = 00, global id in 8 bytes, payload; or headers `apicurio.value.globalId`, `apicurio.value.contentId`
 *     Apicurio's own = for protobuf, before the payload, a length and { string name = 1 }
 *
 * Ids begin with 1, so an id of four bytes that is 0 is the upper half of one of eight.
 */
import { SchemaCompiler, type Schema } from "../json-schema/index.ts";
import type { MessageDescriptor } from "../proto/index.ts";
import { DocumentSet } from "../source/index.ts";
import { confluentFraming } from "./body.ts";
import type { MessageInput } from "./catalog-types.ts";
import { type AvroTarget, Definitions, type JsonTarget, type ProtoTarget } from "./definitions.ts";
import { secretsOfSchema } from "./secret-paths.ts";
import { lastName } from "./type-names.ts";

/** A schema as a registry has it, with all that it refers to. */
export interface RegisteredSchema {
  readonly type: "AVRO" | "PROTOBUF" | "JSON";
  readonly text: string;
  /** By the names under which schemas refer to each other. */
  readonly references: ReadonlyArray<{ readonly name: string; readonly text: string }>;
}

export type SchemaState =
  | { readonly schema: RegisteredSchema }
  /** It is being fetched; a sentence. Messages that wait for it are read again. */
  | { readonly waiting: string }
  /** It cannot be had; a sentence. With `willBeAsked` it is asked for again by itself. */
  | { readonly failure: string; readonly willBeAsked?: true };

/** Where schemas come from; `undefined` for those that nobody asks for. Keys: `17`, `guid:...`, `global:17`, `content:17`. */
export interface SchemaSource {
  find(key: string): SchemaState | undefined;
}

/** Which schema a message names, and what it wrote. */
export interface NamedSchema {
  readonly key: string;
  /** Where the payload begins in the body, for those who put nothing more before it. */
  readonly start: number;
  /** Message indexes stand in the header, behind the id. */
  readonly indexes?: Uint8Array;
  /** Apicurio names the protobuf message in a header of its own. */
  readonly messageName?: string;
}

/** `schema 17`, `global id 17 of Apicurio`: as sentences say it. */
export function schemaTitle(key: string): string {
  const [kind = "", id = ""] = key.split(":");
  if (id === "") return `schema ${kind}`;
  return kind === "guid" ? `schema ${id}` : `schema with the ${kind} id ${id}`;
}

const headerNames = new Set([
  "__value_schema_id",
  "apicurio.value.globalId",
  "apicurio.value.contentId",
  "apicurio.value.protobuf.type",
]);

/** Which schema the message names; `undefined` where it names none. */
export function schemaNamed({ headers, body }: Pick<MessageInput, "headers" | "body">): NamedSchema | undefined {
  if (body === null || body.length === 0) return undefined;
  let named: NamedSchema | undefined;
  let messageName: string | undefined;
  for (const { name, value } of headers) {
    // Hardly any header is as long as these.
    if (name.length < 17 || !headerNames.has(name)) continue;
    if (name === "apicurio.value.protobuf.type") messageName = typeof value === "string" ? value : ascii(value);
    else if (typeof value !== "string")
      named ??= name === "__value_schema_id" ? byHeader(value) : byApicurio(name, value);
  }
  if (named !== undefined) return messageName === undefined ? named : { ...named, messageName };
  if (body[0] !== 0 || body.length < 6) return undefined;
  const id = unsigned(body, 1, 5);
  if (id !== 0) return { key: String(id), start: 5 };
  const global = body.length > 9 ? unsigned(body, 5, 9) : 0;
  return global === 0 ? undefined : { key: `global:${global}`, start: 9 };
}

function byHeader(value: Uint8Array): NamedSchema | undefined {
  if (value[0] === 0 && value.length >= 5) return withIndexes(String(unsigned(value, 1, 5)), value.subarray(5));
  if (value[0] !== 1 || value.length < 17) return undefined;
  const hex = [...value.subarray(1, 17)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const guid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return withIndexes(`guid:${guid}`, value.subarray(17));
}

function withIndexes(key: string, indexes: Uint8Array): NamedSchema {
  return indexes.length === 0 ? { key, start: 0 } : { key, start: 0, indexes };
}

function byApicurio(name: string, value: Uint8Array): NamedSchema | undefined {
  if (value.length !== 8 || unsigned(value, 0, 4) !== 0) return undefined;
  const id = unsigned(value, 4, 8);
  return id === 0 ? undefined : { key: `${name.endsWith("globalId") ? "global" : "content"}:${id}`, start: 0 };
}

function unsigned(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 500));
}

/** What a registered schema reads by; `failure` where it is none of its kind. */
export type Registered =
  | { readonly type: "AVRO"; readonly target: AvroTarget }
  | { readonly type: "PROTOBUF"; readonly known: Definitions; readonly path: string }
  | { readonly type: "JSON"; readonly target: JsonTarget }
  | { readonly failure: string };

/** The name of a registered schema's text among contracts: no file of a folder is called so. */
export function registeredPath(key: string, type: RegisteredSchema["type"]): string {
  const name = key.replace(":", "-");
  return `schema-registry:/${name}.${type === "AVRO" ? "avsc" : type === "PROTOBUF" ? "proto" : "json"}`;
}

export function isRegisteredPath(path: string): boolean {
  return path.startsWith("schema-registry:/");
}

/** Makes what reads by a registered schema. Never throws. */
export function compileRegistered(key: string, { type, text, references }: RegisteredSchema): Registered {
  const path = registeredPath(key, type);
  const files = new Map<string, string>();
  for (const { name, text: other } of references) {
    files.set(type === "AVRO" ? `schema-registry:/${name}.avsc` : type === "JSON" ? besidePath(name) : name, other);
  }
  files.set(path, text);
  if (type === "JSON") return registeredJson(path, files, key);
  const known = new Definitions({ files, protoModules: [] });
  if (type === "PROTOBUF") return { type, known, path };
  const schema = known.avroSchemaOf(path);
  if (schema === undefined || schema.kind === "broken") {
    return {
      failure: `The ${schemaTitle(key)} is not a schema that can be read${schema === undefined ? "" : `: ${schema.failure}`}.`,
    };
  }
  return {
    type,
    target: known.avroTargetOf(schema, schema.kind === "record" ? schema.fullName : schemaTitle(key), path),
  };
}

/** References of JSON Schema are names or addresses, and are resolved beside the schema that has them. */
function besidePath(name: string): string {
  return `schema-registry:/${name}`;
}

function registeredJson(path: string, files: ReadonlyMap<string, string>, key: string): Registered {
  const documents = new DocumentSet(files);
  const root = documents.document(path)?.root;
  if (root === undefined) return { failure: `The ${schemaTitle(key)} is not JSON.` };
  const schema: Schema = new SchemaCompiler(documents).compile(path, root, "draft-07");
  const title = root.kind === "mapping" ? root.get("title") : undefined;
  const name = title?.kind === "scalar" && typeof title.value === "string" ? title.value : schemaTitle(key);
  const definition = {
    name,
    format: "json-schema",
    place: { path, span: { start: root.start, end: root.start } },
    secretPaths: secretsOfSchema(schema),
  } as const;
  return {
    type: "JSON",
    target: { kind: "json", definition, typeName: lastName(name), names: new Set([name]), schema },
  };
}

/** The message that was written, by what its sender put before it, and where its bytes begin. */
export function registeredMessage(
  { known, path }: Extract<Registered, { type: "PROTOBUF" }>,
  named: NamedSchema,
  body: Uint8Array,
): { readonly target: ProtoTarget; readonly start: number } | undefined {
  const file = known.protoTargets.find(({ message }) => message.file.path === path)?.message.file;
  if (file === undefined) return undefined;
  const targetOf = (message: MessageDescriptor | undefined, start: number) => {
    const target = message === undefined ? undefined : known.protoTargets.find((one) => one.message === message);
    return target === undefined ? undefined : { target, start };
  };
  const byIndexes = (indexes: readonly number[]) => {
    let messages: readonly MessageDescriptor[] = file.messages;
    let found: MessageDescriptor | undefined;
    for (const index of indexes) {
      found = messages[index];
      messages = (found?.messages ?? []).filter((message) => !message.isMapEntry);
    }
    return found;
  };
  if (named.messageName !== undefined) return targetOf(known.protoMessage(named.messageName, path), named.start);
  if (named.key.startsWith("global:") || named.key.startsWith("content:")) {
    const reference = apicurioReference(body, named.start);
    const message = reference === undefined ? undefined : known.protoMessage(reference.name, path);
    return targetOf(message ?? file.messages[0], message === undefined ? named.start : (reference?.end ?? 0));
  }
  if (named.indexes !== undefined) {
    const framing = confluentFraming(Uint8Array.from([0, 0, 0, 0, 1, ...named.indexes]), true);
    return targetOf(byIndexes(framing?.messageIndexes ?? [0]), named.start);
  }
  if (named.start === 0) return targetOf(file.messages[0], 0);
  const framing = confluentFraming(body, true);
  if (framing === undefined) return undefined;
  return targetOf(byIndexes(framing.messageIndexes), body.length - framing.payload.length);
}

/** A length and a message whose first field is the name. */
function apicurioReference(body: Uint8Array, start: number): { name: string; end: number } | undefined {
  const length = body[start] ?? 0;
  const end = start + 1 + length;
  const nameLength = body[start + 2] ?? 0;
  if (length < 3 || length > 127 || end > body.length || body[start + 1] !== 10 || nameLength > length - 2)
    return undefined;
  return { name: ascii(body.subarray(start + 3, start + 3 + nameLength)), end };
}
