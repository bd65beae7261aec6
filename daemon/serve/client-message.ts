/** What views send, checked by hand: whatever is not exactly a known message is nothing. */
import {
  type ClientMessage,
  type ConversationFilter,
  conversationStates,
  type RegistrySettings,
  type StartOffsets,
  type TapSettings,
} from "./protocol.ts";

type Fields = Readonly<Record<string, unknown>>;
type KafkaSettings = Extract<TapSettings, { kind: "kafka" }>;

/** A message of a view, or `undefined` for anything else. Never throws. */
export function readClientMessage(text: string): ClientMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Fields;
  const read =
    typeof fields["kind"] === "string" && Object.hasOwn(readers, fields["kind"])
      ? readers[fields["kind"] as ClientMessage["kind"]]
      : undefined;
  return read?.(fields);
}

const readers: { readonly [Kind in ClientMessage["kind"]]: (fields: Fields) => ClientMessage | undefined } = {
  hello: ({ protocolVersion, client, captureId, revision }) =>
    isNumber(protocolVersion) && isOneOf(client, ["webview", "page", "extension", "cli"] as const)
      ? {
          kind: "hello",
          protocolVersion,
          client,
          revision: isNumber(revision) ? revision : 0,
          ...(isText(captureId, 128) ? { captureId } : {}),
        }
      : undefined,
  watchConversations: ({ filter, first, count, atRevision }) => {
    const read = readFilter(filter);
    return read !== undefined && isNumber(first) && isNumber(count)
      ? { kind: "watchConversations", filter: read, first, count, ...(isNumber(atRevision) ? { atRevision } : {}) }
      : undefined;
  },
  watchConversation: ({ id }) => (id === null || isText(id, 64) ? { kind: "watchConversation", id } : undefined),
  getMessage: ({ request, seq }) =>
    isNumber(request) && isNumber(seq) ? { kind: "getMessage", request, seq } : undefined,
  watchDefinitions: ({ on }) => (typeof on === "boolean" ? { kind: "watchDefinitions", on } : undefined),
  watchMessages: ({ afterSeq }) => (isNumber(afterSeq) ? { kind: "watchMessages", afterSeq } : undefined),
  dismiss: ({ id, dismissed }) =>
    isText(id, 64) && typeof dismissed === "boolean" ? { kind: "dismiss", id, dismissed } : undefined,
  clear: () => ({ kind: "clear" }),
  retryTap: ({ tap }) => (isText(tap, 1024) ? { kind: "retryTap", tap } : undefined),
  getReport: ({ request }) => (isNumber(request) ? { kind: "getReport", request } : undefined),
  configure: ({ request, taps, allowRemote, addressMap, registry, again }) => {
    const read = Array.isArray(taps) && taps.length <= 64 ? taps.map(readTapSettings) : [undefined];
    const source = registry === undefined || registry === null ? registry : readRegistry(registry);
    if (!isNumber(request) || read.includes(undefined) || (registry != null && source === undefined)) return undefined;
    return {
      kind: "configure",
      request,
      taps: read as readonly TapSettings[],
      ...(isTexts(allowRemote) ? { allowRemote } : {}),
      ...(isTextMap(addressMap) ? { addressMap } : {}),
      ...(source === undefined ? {} : { registry: source }),
      ...(again === true ? { again } : {}),
    };
  },
  getBrowserAddress: ({ request }) => (isNumber(request) ? { kind: "getBrowserAddress", request } : undefined),
  shutdown: () => ({ kind: "shutdown" }),
};

/** Settings of one tap, as a program sends them. */
export function readTapSettings(value: unknown): TapSettings | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Fields;
  if (fields["kind"] === "kafka" && isText(fields["brokers"], 4096)) {
    const { brokers, topics, from, sasl, tls } = fields;
    const login = readSasl(sasl);
    const start = readStart(from);
    const encryption = typeof tls === "boolean" ? tls : readAuthority(tls);
    if (sasl !== undefined && login === undefined) return undefined;
    // To begin somewhere else than was asked, or without the encryption that was asked for, would be worse than nothing.
    if ((from !== undefined && start === undefined) || (tls !== undefined && encryption === undefined))
      return undefined;
    return {
      kind: "kafka",
      brokers,
      ...(isTexts(topics) ? { topics } : {}),
      ...(start === undefined ? {} : { from: start }),
      ...(login === undefined ? {} : { sasl: login }),
      ...(encryption === undefined ? {} : { tls: encryption }),
    };
  }
  if (fields["kind"] === "rabbitmq" && isText(fields["url"], 4096)) {
    const { url, managementUrl, exchanges, tls } = fields;
    const authority = readAuthority(tls);
    if (tls !== undefined && authority === undefined) return undefined;
    return {
      kind: "rabbitmq",
      url,
      ...(isText(managementUrl, 4096) ? { managementUrl } : {}),
      ...(isTexts(exchanges) ? { exchanges } : {}),
      ...(authority === undefined ? {} : { tls: authority }),
    };
  }
  if (fields["kind"] === "otlp") {
    const { port } = fields;
    if (port === undefined) return { kind: "otlp" };
    return isNumber(port) && Number.isInteger(port) && port > 0 && port < 65_536 ? { kind: "otlp", port } : undefined;
  }
  if (
    fields["kind"] === "capture" &&
    isText(fields["file"], 4096) &&
    isOneOf(fields["as"], ["recording", "capture"] as const)
  ) {
    const { file, as, pace } = fields;
    return { kind: "capture", file, as, ...(isNumber(pace) && pace > 0 ? { pace } : {}) };
  }
  return undefined;
}

function readSasl(value: unknown): KafkaSettings["sasl"] {
  if (typeof value !== "object" || value === null) return undefined;
  const { mechanism, username, password } = value as Fields;
  if (!isOneOf(mechanism, ["plain", "scram-sha-256", "scram-sha-512"] as const)) return undefined;
  return isText(username, 1024) && isText(password, 4096) ? { mechanism, username, password } : undefined;
}

function readRegistry(value: unknown): RegistrySettings | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { url, username, password } = value as Fields;
  if (!isText(url, 4096)) return undefined;
  return {
    url,
    ...(isText(username, 1024) ? { username } : {}),
    ...(isText(password, 4096) ? { password } : {}),
  };
}

/** PEM text of an authority; a bundle of all that a company has is still far below the limit. */
function readAuthority(value: unknown): { readonly ca?: string } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { ca } = value as Fields;
  if (ca === undefined) return {};
  return isText(ca, 1 << 20) ? { ca } : undefined;
}

function readStart(value: unknown): KafkaSettings["from"] {
  if (value === "now" || value === "beginning" || isNumber(value)) return value;
  if (typeof value !== "object" || value === null) return undefined;
  const { offsets } = value as Fields;
  if (typeof offsets !== "object" || offsets === null || Array.isArray(offsets)) return undefined;
  const topics = Object.entries(offsets as Fields);
  const isRead = ([topic, partitions]: [string, unknown]): boolean =>
    topic.length <= 249 &&
    typeof partitions === "object" &&
    partitions !== null &&
    !Array.isArray(partitions) &&
    Object.entries(partitions as Fields).every(
      ([partition, offset]) => /^\d{1,9}$/.test(partition) && Number.isSafeInteger(offset) && (offset as number) >= 0,
    );
  return topics.length <= 1000 && topics.every(isRead) ? { offsets: offsets as StartOffsets } : undefined;
}

function readFilter(value: unknown): ConversationFilter | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { text, states: wanted, needsLook, from, to } = value as Fields;
  if (!isText(text, 1024) || !Array.isArray(wanted)) return undefined;
  return {
    text,
    states: conversationStates.filter((state) => wanted.includes(state)),
    ...(typeof needsLook === "boolean" ? { needsLook } : {}),
    ...(isNumber(from) ? { from } : {}),
    ...(isNumber(to) ? { to } : {}),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 1000 && value.every((item) => isText(item, 1024));
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && isTexts(Object.values(value));
}

function isOneOf<const T extends string>(value: unknown, allowed: readonly T[]): value is T {
  return (allowed as readonly unknown[]).includes(value);
}
