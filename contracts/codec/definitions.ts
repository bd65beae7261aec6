import { type AsyncapiDocument, type AsyncapiMessage, readAsyncapi } from "../asyncapi/index.ts";
import type { ContractSet } from "../compat/request.ts";
import { type Schema, SchemaCompiler } from "../json-schema/index.ts";
import { type MessageDescriptor, type ProtoSchema, linkProto, parseProto } from "../proto/index.ts";
import { DocumentSet, detectContract, keyPlace, mappingAt } from "../source/index.ts";
import { canonicalForm, fingerprintOf } from "./avro-files.ts";
import { type AvroSchema, AvroSchemas, isAvroSchemaFile } from "./avro-schema.ts";
import type { MessageDefinition, SecretPath } from "./decoded.ts";
import { secretsOfAvro, secretsOfProto, secretsOfSchema } from "./secret-paths.ts";
import { foldedName, lastName } from "./type-names.ts";

/** A definition with what reads and checks bodies by it. One for each definition, in however many documents it is used. */
export type Target = JsonTarget | ProtoTarget | AvroTarget;

interface TargetBase {
  readonly definition: MessageDefinition;
  /** The short name of this kind of message. */
  readonly typeName: string;
  /** Every name by which a header or a document may call it. */
  readonly names: Set<string>;
}

export interface JsonTarget extends TargetBase {
  readonly kind: "json";
  /** Absent where the contract says nothing about the payload. */
  readonly schema: Schema | undefined;
  /** How the contract says that it is encoded. */
  readonly contentType?: string;
}

export interface ProtoTarget extends TargetBase {
  readonly kind: "proto";
  readonly message: MessageDescriptor;
}

export interface AvroTarget extends TargetBase {
  readonly kind: "avro";
  readonly schema: AvroSchema;
}

/** Everything that the contracts of a workspace define, and the ways to find it. */
export class Definitions {
  readonly all: MessageDefinition[] = [];
  readonly proto: ProtoSchema;
  readonly documents: readonly AsyncapiDocument[];
  readonly protoTargets: readonly ProtoTarget[];
  private readonly texts: DocumentSet;
  private readonly compiler: SchemaCompiler;
  private readonly byMessage = new Map<AsyncapiMessage, Target | undefined>();
  private readonly byDescriptor = new Map<MessageDescriptor, ProtoTarget>();
  private readonly byPlace = new Map<string, JsonTarget>();
  readonly avroTargets: AvroTarget[] = [];
  private readonly avro: AvroSchemas;
  private readonly bySchema = new Map<AvroSchema, AvroTarget>();
  private fingerprints: Map<string, AvroTarget> | undefined;
  private readonly byName = new Map<string, Target[]>();
  private readonly byFoldedName = new Map<string, Target[]>();

  constructor(set: ContractSet) {
    const documents = new DocumentSet(set.files);
    this.texts = documents;
    this.compiler = new SchemaCompiler(documents);
    const protoFiles = [...set.files].filter(([path]) => /\.proto$/i.test(path));
    this.proto = linkProto(
      protoFiles.map(([path, text]) => parseProto(path, text)),
      set.protoModules,
    );
    this.protoTargets = [...this.proto.messages()].map((message) => this.protoTarget(message));
    this.avro = new AvroSchemas(documents, set.files.keys());
    for (const path of set.files.keys()) {
      if (!isAvroSchemaFile(path)) continue;
      for (const record of this.avro.recordsOf(path)) this.avroTarget(record, record.fullName, record.place);
    }
    const asyncapi: AsyncapiDocument[] = [];
    for (const [path, text] of set.files) {
      const format = detectContract(path, text);
      if (format === "asyncapi") asyncapi.push(readAsyncapi(documents, path));
      else if (format === "openapi") this.addOpenapi(documents, path);
    }
    this.documents = asyncapi;
    for (const document of asyncapi) {
      const operations = document.operations.flatMap((operation) => [
        ...operation.messages,
        ...(operation.reply?.messages ?? []),
      ]);
      for (const message of [...document.channels.flatMap((channel) => channel.messages), ...operations])
        this.target(message);
    }
  }

  /** What reads bodies of an AsyncAPI message; `undefined` where nothing here can. */
  target(message: AsyncapiMessage): Target | undefined {
    if (this.byMessage.has(message)) return this.byMessage.get(message);
    const target = this.makeTarget(message);
    this.byMessage.set(message, target);
    return target;
  }

  private makeTarget(message: AsyncapiMessage): Target | undefined {
    const { payload } = message;
    if (payload?.kind === "other") return undefined;
    if (payload?.kind === "protobuf") {
      const descriptor = this.protoMessage(payload.message ?? message.name, payload.file);
      if (descriptor === undefined) return undefined;
      const target = this.protoTarget(descriptor);
      // The message may be known by its AsyncAPI name too.
      for (const name of [message.name, message.key]) this.addName(target, name);
      return target;
    }
    if (payload?.kind === "avro") {
      const schema = this.avro.schema(payload.path, payload.node);
      const target =
        schema.kind === "record"
          ? this.avroTarget(schema, schema.fullName, schema.place)
          : this.avroTarget(schema, message.name, message.place);
      for (const name of [message.name, message.key]) this.addName(target, name);
      return target;
    }
    // Several documents may refer to one message: its place says that it is the same.
    const key = `${message.place.path} ${message.place.span.start}`;
    const known = this.byPlace.get(key);
    if (known !== undefined) return known;
    const schema = payload && this.compiler.compile(payload.path, payload.node, payload.dialect);
    const definition = withSecrets({ name: message.name, format: "asyncapi", place: message.place }, () =>
      schema === undefined ? [] : secretsOfSchema(schema),
    );
    this.all.push(definition);
    const { contentType } = message;
    const target: JsonTarget = {
      kind: "json",
      definition,
      typeName: lastName(message.name),
      names: new Set(),
      schema,
      ...(contentType === undefined ? {} : { contentType }),
    };
    this.byPlace.set(key, target);
    for (const name of [message.name, message.key]) this.addName(target, name);
    return target;
  }

  /** What reads bodies of a definition; `undefined` for one of another set of contracts. */
  targetOf(definition: MessageDefinition): Target | undefined {
    const targets: Iterable<Target>[] = [this.byDescriptor.values(), this.bySchema.values(), this.byPlace.values()];
    for (const some of targets) for (const target of some) if (target.definition === definition) return target;
    return undefined;
  }

  /** A message by its full name, else by its last name where only one has it, those of `file` before others. */
  protoMessage(name: string, file?: string): MessageDescriptor | undefined {
    const exact = this.proto.message(name);
    if (exact !== undefined) return exact;
    const messages = [...this.proto.messages()].filter((message) => message.fullName.endsWith(`.${name}`));
    const inFile = messages.filter((message) => message.file.path === file);
    if (inFile.length === 1) return inFile[0];
    return messages.length === 1 ? messages[0] : undefined;
  }

  private protoTarget(message: MessageDescriptor): ProtoTarget {
    const known = this.byDescriptor.get(message);
    if (known !== undefined) return known;
    const definition = withSecrets({ name: message.fullName, format: "proto", place: message.namePlace }, () =>
      secretsOfProto(message),
    );
    this.all.push(definition);
    const target: ProtoTarget = {
      kind: "proto",
      definition,
      typeName: lastName(definition.name),
      names: new Set(),
      message,
    };
    this.byDescriptor.set(message, target);
    for (const name of [message.fullName, message.name]) this.addName(target, name);
    return target;
  }

  private avroTarget(schema: AvroSchema, name: string, place: MessageDefinition["place"]): AvroTarget {
    const known = this.bySchema.get(schema);
    if (known !== undefined) return known;
    const definition = withSecrets({ name, format: "avro", place }, () => secretsOfAvro(schema));
    this.all.push(definition);
    const target: AvroTarget = { kind: "avro", definition, typeName: lastName(name), names: new Set(), schema };
    this.bySchema.set(schema, target);
    this.avroTargets.push(target);
    const aliases = schema.kind === "record" ? schema.aliases : [];
    for (const one of [name, lastName(name), ...aliases]) this.addName(target, one);
    return target;
  }

  /** The Avro schema that is the whole of a text, whatever its kind is. */
  avroSchemaOf(path: string): AvroSchema | undefined {
    const root = this.texts.document(path)?.root;
    return root === undefined ? undefined : this.avro.schema(path, root);
  }

  /** What reads by a schema of `path`. */
  avroTargetOf(schema: AvroSchema, name: string, path: string): AvroTarget {
    return this.avroTarget(
      schema,
      name,
      schema.kind === "record" ? schema.place : { path, span: { start: 0, end: 0 } },
    );
  }

  /** What an object with this fingerprint of its writer's schema was written by. */
  avroByFingerprint(fingerprint: string): AvroTarget | undefined {
    if (this.fingerprints === undefined) {
      this.fingerprints = new Map();
      for (const target of this.avroTargets) {
        const form = canonicalForm(target.schema);
        if (form !== undefined) this.fingerprints.set(fingerprintOf(form), target);
      }
    }
    return this.fingerprints.get(fingerprint);
  }

  private addOpenapi(documents: DocumentSet, path: string): void {
    const root = documents.document(path)?.root;
    for (const entry of mappingAt(mappingAt(root, "components"), "schemas")?.entries ?? []) {
      this.all.push({ name: entry.key, format: "openapi", place: keyPlace(path, entry) });
    }
  }

  private addName(target: Target, name: string): void {
    if (target.names.has(name)) return;
    target.names.add(name);
    append(this.byName, name, target);
    append(this.byFoldedName, foldedName(lastName(name)), target);
  }

  /** The definitions of this very name; contracts of several formats may have one each. */
  named(name: string): readonly Target[] {
    return fewOf(this.byName.get(name));
  }

  /** The definitions whose last name is the same word, whatever its case and punctuation. */
  spelledLike(word: string): readonly Target[] {
    const folded = foldedName(word);
    return folded.length < 3 ? [] : fewOf(this.byFoldedName.get(folded));
  }
}

/** Marks are looked for when somebody asks: most definitions of a large workspace are never met in traffic. */
function withSecrets(definition: MessageDefinition, find: () => readonly SecretPath[]): MessageDefinition {
  let paths: readonly SecretPath[] | undefined;
  return {
    ...definition,
    get secretPaths() {
      return (paths ??= find());
    },
  };
}

/** A name that so many have says nothing. */
const maxNamesakes = 8;

function fewOf(targets: readonly Target[] | undefined): readonly Target[] {
  const distinct = [...new Set(targets)];
  return distinct.length <= maxNamesakes ? distinct : [];
}

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
