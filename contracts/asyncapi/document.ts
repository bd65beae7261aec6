import type { JsonValue } from "../codec/decoded.ts";
import type { Dialect } from "../json-schema/index.ts";
import {
  type DocumentNode,
  type DocumentSet,
  type MappingNode,
  type Place,
  itemsAt,
  joinPath,
  keyPlace,
  mappingAt,
  placeOf,
  plainValue,
  stringAt,
} from "../source/index.ts";

/** An AsyncAPI document of either major version, as the application that it describes sees its channels. */
export interface AsyncapiDocument {
  readonly path: string;
  /** The application's name. */
  readonly title: string;
  readonly channels: readonly AsyncapiChannel[];
  readonly operations: readonly AsyncapiOperation[];
}

export interface AsyncapiChannel {
  readonly key: string;
  /** Absent where it is only known at run time, as for some reply channels. */
  readonly address?: string;
  readonly place: Place;
  /** `kafka`, `amqp`, ...: of its servers, else of its bindings. */
  readonly protocols: readonly string[];
  /** Names that bindings give it on the broker: topic, queue, exchange. */
  readonly boundNames: readonly string[];
  readonly messages: readonly AsyncapiMessage[];
}

export interface AsyncapiMessage {
  /** Its key in the channel, or its name where it has no key. */
  readonly key: string;
  readonly name: string;
  readonly place: Place;
  readonly payload?: Payload;
  readonly headers?: { readonly path: string; readonly node: DocumentNode };
  readonly contentType?: string;
  /** `$message.header#/correlationId`. */
  readonly correlationLocation?: string;
  readonly example?: JsonValue;
  readonly headersExample?: JsonValue;
}

/** What a message carries, by the kind of schema that says so. */
export type Payload =
  | { readonly kind: "json-schema"; readonly path: string; readonly node: DocumentNode; readonly dialect: Dialect }
  /** `file` is a path among the contracts, where the document says one; `message` a full or last name. */
  | { readonly kind: "protobuf"; readonly file?: string; readonly message?: string }
  /** `node` is an Avro schema, or refers to one. */
  | { readonly kind: "avro"; readonly path: string; readonly node: DocumentNode }
  | { readonly kind: "other"; readonly schemaFormat: string };

export interface AsyncapiOperation {
  readonly key: string;
  /** `send`: the application writes and others read; `receive`: others write and it reads. */
  readonly action: "send" | "receive";
  readonly channel: AsyncapiChannel;
  readonly messages: readonly AsyncapiMessage[];
  /** Whether the operation names its messages itself; else they are all of the channel's. */
  readonly namesMessages: boolean;
  readonly place: Place;
  readonly reply?: AsyncapiReply;
}

export interface AsyncapiReply {
  readonly channel?: AsyncapiChannel;
  readonly addressLocation?: string;
  readonly messages: readonly AsyncapiMessage[];
  readonly place: Place;
}

/** Reads what there is of an AsyncAPI 2 or 3 document; what is missing or wrong is left out. */
export function readAsyncapi(documents: DocumentSet, path: string): AsyncapiDocument {
  const root = documents.document(path)?.root;
  const title = stringAt(mappingAt(root, "info"), "title") ?? path.split("/").at(-1) ?? path;
  const reader = new DocumentReader(documents, path, root);
  if ((stringAt(root, "asyncapi") ?? "").startsWith("2")) return { path, title, ...reader.readVersion2() };
  return { path, title, ...reader.readVersion3() };
}

class DocumentReader {
  private readonly documents: DocumentSet;
  private readonly path: string;
  private readonly root: DocumentNode | undefined;
  private readonly defaultContentType: string | undefined;
  private readonly messagesByNode = new Map<DocumentNode, AsyncapiMessage>();
  private readonly channelsByNode = new Map<DocumentNode, AsyncapiChannel>();

  constructor(documents: DocumentSet, path: string, root: DocumentNode | undefined) {
    this.documents = documents;
    this.path = path;
    this.root = root;
    this.defaultContentType = stringAt(root, "defaultContentType");
  }

  readVersion2(): Pick<AsyncapiDocument, "channels" | "operations"> {
    const channels: AsyncapiChannel[] = [];
    const operations: AsyncapiOperation[] = [];
    for (const entry of mappingAt(this.root, "channels")?.entries ?? []) {
      const item = this.documents.follow(this.path, entry.value);
      if (item?.node.kind !== "mapping") continue;
      const node = item.node;
      const messages: AsyncapiMessage[] = [];
      const pending: Array<Omit<AsyncapiOperation, "channel">> = [];
      // The names are from the point of view of others: what they may subscribe to is what this application sends.
      for (const [verb, action] of [
        ["subscribe", "send"],
        ["publish", "receive"],
      ] as const) {
        const operation = node.entry(verb);
        if (operation === undefined || operation.value.kind !== "mapping") continue;
        const own = this.version2Messages(item.path, operation.value.get("message"));
        messages.push(...own.filter((message) => !messages.includes(message)));
        const key = stringAt(operation.value, "operationId") ?? `${verb} ${entry.key}`;
        pending.push({ key, action, messages: own, namesMessages: true, place: keyPlace(item.path, operation) });
      }
      const place = keyPlace(this.path, entry);
      const channel = { key: entry.key, address: entry.key, place, messages, ...this.surroundings(node) };
      channels.push(channel);
      for (const operation of pending) operations.push({ ...operation, channel });
    }
    return { channels, operations };
  }

  private version2Messages(path: string, node: DocumentNode | undefined): AsyncapiMessage[] {
    if (node === undefined) return [];
    const alternatives = itemsAt(node, "oneOf");
    return (alternatives.length > 0 ? alternatives : [node]).flatMap(
      (item, i) => this.message(path, item, undefined, `message${i === 0 ? "" : i + 1}`) ?? [],
    );
  }

  readVersion3(): Pick<AsyncapiDocument, "channels" | "operations"> {
    const channels: AsyncapiChannel[] = [];
    for (const entry of mappingAt(this.root, "channels")?.entries ?? []) {
      const item = this.documents.follow(this.path, entry.value);
      if (item?.node.kind !== "mapping") continue;
      const messages = (mappingAt(item.node, "messages")?.entries ?? []).flatMap((message) => {
        const read = this.message(item.path, message.value, keyPlace(item.path, message), message.key);
        return read ?? [];
      });
      const address = stringAt(item.node, "address");
      const channel: AsyncapiChannel = {
        key: entry.key,
        // Without the field the key is the nearest thing to an address; `null` says that there is none yet.
        ...(address === undefined ? (item.node.entry("address") ? {} : { address: entry.key }) : { address }),
        place: keyPlace(this.path, entry),
        messages,
        ...this.surroundings(item.node),
      };
      channels.push(channel);
      this.channelsByNode.set(entry.value, channel);
      this.channelsByNode.set(item.node, channel);
    }
    const operations = (mappingAt(this.root, "operations")?.entries ?? []).flatMap((entry) => {
      const item = this.documents.follow(this.path, entry.value);
      const action = stringAt(item?.node, "action");
      if (item?.node.kind !== "mapping" || (action !== "send" && action !== "receive")) return [];
      const channel = this.channelAt(item.path, item.node.get("channel"));
      if (channel === undefined) return [];
      const place = keyPlace(this.path, entry);
      const reply = this.reply(item.path, item.node);
      const namesMessages = item.node.entry("messages") !== undefined;
      const messages = namesMessages ? this.messagesAt(item.path, item.node) : channel.messages;
      const operation = { key: entry.key, action, channel, messages, namesMessages, place } as const;
      return [reply === undefined ? operation : { ...operation, reply }];
    });
    return { channels, operations };
  }

  private reply(path: string, operation: MappingNode): AsyncapiReply | undefined {
    const entry = operation.entry("reply");
    const item = this.documents.follow(path, entry?.value);
    if (entry === undefined || item?.node.kind !== "mapping") return undefined;
    const channel = this.channelAt(item.path, item.node.get("channel"));
    const address = this.documents.follow(item.path, item.node.get("address"));
    const addressLocation = stringAt(address?.node, "location");
    const messages =
      item.node.entry("messages") === undefined ? (channel?.messages ?? []) : this.messagesAt(item.path, item.node);
    return {
      messages,
      place: keyPlace(path, entry),
      ...(channel === undefined ? {} : { channel }),
      ...(addressLocation === undefined ? {} : { addressLocation }),
    };
  }

  private channelAt(path: string, node: DocumentNode | undefined): AsyncapiChannel | undefined {
    const reference = stringAt(node, "$ref");
    if (reference === undefined) return undefined;
    const target = this.documents.resolve(path, reference);
    if ("failure" in target) return undefined;
    const followed = this.documents.follow(target.path, target.node);
    return this.channelsByNode.get(target.node) ?? (followed && this.channelsByNode.get(followed.node));
  }

  private messagesAt(path: string, node: MappingNode): AsyncapiMessage[] {
    return itemsAt(node, "messages").flatMap((item) => {
      const reference = stringAt(item, "$ref");
      const target = reference === undefined ? undefined : this.documents.resolve(path, reference);
      if (target === undefined || "failure" in target) return [];
      const known = this.messagesByNode.get(target.node);
      const name = reference?.split("/").at(-1) ?? "message";
      return known ?? this.message(target.path, target.node, undefined, name) ?? [];
    });
  }

  private message(
    path: string,
    node: DocumentNode,
    place: Place | undefined,
    key: string,
  ): AsyncapiMessage | undefined {
    const known = this.messagesByNode.get(node);
    if (known !== undefined) return known;
    const item = this.documents.follow(path, node);
    if (item?.node.kind !== "mapping") return undefined;
    const fields = item.node;
    const reference = stringAt(node, "$ref")?.split("/").at(-1);
    const name = stringAt(fields, "name") ?? reference ?? stringAt(fields, "messageId") ?? key;
    const contentType = stringAt(fields, "contentType") ?? this.defaultContentType;
    const correlation = this.documents.follow(item.path, this.withTraits(item.path, fields, "correlationId"));
    const correlationLocation = stringAt(correlation?.node, "location");
    const headers = this.withTraits(item.path, fields, "headers");
    const payload = this.payload(item.path, fields);
    const examples = itemsAt(fields, "examples")[0];
    const example = examples?.kind === "mapping" ? examples.get("payload") : undefined;
    const headersExample = examples?.kind === "mapping" ? examples.get("headers") : undefined;
    // Where a message is defined is a better place than where it is referred to.
    const defined = item.node === node ? place : undefined;
    const message: AsyncapiMessage = {
      key: place === undefined ? name : key,
      name,
      place: defined ?? this.definitionPlace(item.path, fields) ?? place ?? placeOf(item.path, fields),
      ...(payload === undefined ? {} : { payload }),
      ...(headers === undefined ? {} : { headers: { path: item.path, node: headers } }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(correlationLocation === undefined ? {} : { correlationLocation }),
      ...(example === undefined ? {} : { example: plainValue(example) }),
      ...(headersExample === undefined ? {} : { headersExample: plainValue(headersExample) }),
    };
    this.messagesByNode.set(node, message);
    return message;
  }

  /** The key under `components/messages` whose value this is. */
  private definitionPlace(path: string, node: MappingNode): Place | undefined {
    const components = mappingAt(mappingAt(this.documents.document(path)?.root, "components"), "messages");
    const entry = components?.entries.find((candidate) => candidate.value === node);
    return entry === undefined ? undefined : keyPlace(path, entry);
  }

  /** A field of a message, or of the first of its traits that has it. */
  private withTraits(path: string, message: MappingNode, key: string): DocumentNode | undefined {
    const own = message.get(key);
    if (own !== undefined) return own;
    for (const item of itemsAt(message, "traits")) {
      const trait = this.documents.follow(path, item);
      // The headers of a trait in another file would lose their file; they are read only in this one.
      if (trait?.path === path && trait.node.kind === "mapping" && trait.node.entry(key)) return trait.node.get(key);
    }
    return undefined;
  }

  private payload(path: string, message: MappingNode): Payload | undefined {
    const node = message.get("payload");
    if (node === undefined) return undefined;
    const outerFormat = stringAt(message, "schemaFormat");
    const named = protobufReference(path, node);
    if (named !== undefined) return named;
    const followed = this.documents.follow(path, node);
    const multiFormat = followed?.node.kind === "mapping" ? followed.node.entry("schema") : undefined;
    const innerFormat = stringAt(followed?.node, "schemaFormat");
    if (followed !== undefined && multiFormat !== undefined && innerFormat !== undefined) {
      return payloadOf(innerFormat, followed.path, multiFormat.value);
    }
    return payloadOf(outerFormat, path, node);
  }

  private surroundings(channel: MappingNode): { protocols: string[]; boundNames: string[] } {
    const bindings = mappingAt(channel, "bindings");
    const protocols = new Set<string>();
    const servers = mappingAt(this.root, "servers");
    const named = itemsAt(channel, "servers").flatMap((item) => {
      const name =
        stringAt(item, "$ref")?.split("/").at(-1) ?? (item.kind === "scalar" ? String(item.value) : undefined);
      return name === undefined ? [] : [name];
    });
    for (const entry of bindings?.entries ?? []) protocols.add(entry.key);
    if (protocols.size === 0) {
      for (const entry of servers?.entries ?? []) {
        if (named.length > 0 && !named.includes(entry.key)) continue;
        const protocol = stringAt(this.documents.follow(this.path, entry.value)?.node, "protocol");
        if (protocol !== undefined) protocols.add(protocol);
      }
    }
    const boundNames = [
      stringAt(mappingAt(bindings, "kafka"), "topic"),
      stringAt(mappingAt(mappingAt(bindings, "amqp"), "queue"), "name"),
      stringAt(mappingAt(mappingAt(bindings, "amqp"), "exchange"), "name"),
    ].filter((name): name is string => name !== undefined && name !== "");
    return { protocols: [...protocols], boundNames };
  }
}

function payloadOf(schemaFormat: string | undefined, path: string, node: DocumentNode): Payload {
  const format = schemaFormat?.toLowerCase() ?? "";
  if (format.includes("protobuf")) {
    const text = node.kind === "scalar" ? String(node.value).trim() : undefined;
    // A plain name is meant as the message's; anything longer is the text of a .proto file.
    const message = text !== undefined && /^\.?[\w.]+$/.test(text) ? text.replace(/^\./, "") : lastMessage(text);
    return (
      protobufReference(path, node) ?? (message === undefined ? { kind: "protobuf" } : { kind: "protobuf", message })
    );
  }
  if (format.includes("avro")) return { kind: "avro", path, node };
  const dialect = dialectOfFormat(format);
  if (dialect === undefined) return { kind: "other", schemaFormat: schemaFormat ?? "" };
  return { kind: "json-schema", path, node, dialect };
}

/** A payload that names a message of a .proto file: `$ref: "../proto/orders.proto#/shop.events.v1.OrderPlaced"`. */
function protobufReference(path: string, node: DocumentNode): Payload | undefined {
  const reference = stringAt(node, "$ref") ?? stringAt(node, "x-proto") ?? stringAt(node, "x-protobuf");
  const match = /^([^#]*\.proto)(?:#\/?(.*))?$/.exec(reference ?? "");
  if (match === null) {
    const message = stringAt(node, "x-proto-message") ?? stringAt(node, "x-protobuf-message");
    return message === undefined ? undefined : { kind: "protobuf", message: message.replace(/^\./, "") };
  }
  const file = joinPath(path, match[1] ?? "");
  const message = (match[2] ?? "").split("/").at(-1)?.replace(/^\./, "") ?? "";
  return { kind: "protobuf", ...(file === undefined ? {} : { file }), ...(message === "" ? {} : { message }) };
}

/** The message of a .proto text, where it has only one. */
function lastMessage(text: string | undefined): string | undefined {
  const names = [...(text ?? "").matchAll(/^\s*message\s+(\w+)/gm)].map((match) => match[1]);
  return names.length === 1 ? names[0] : undefined;
}

function dialectOfFormat(format: string): Dialect | undefined {
  if (format === "") return "draft-07";
  if (format.includes("vnd.aai.asyncapi")) return "draft-07";
  if (format.includes("vnd.oai.openapi")) return format.includes("3.1") ? "2020-12" : "openapi-3.0";
  if (!format.includes("schema+json") && !format.includes("schema+yaml")) return undefined;
  const version = /version=(draft-\d+|[\d-]+)/.exec(format)?.[1];
  const dialects: readonly Dialect[] = ["draft-04", "draft-06", "draft-07", "2019-09", "2020-12"];
  return dialects.find((dialect) => version?.includes(dialect)) ?? "draft-07";
}
