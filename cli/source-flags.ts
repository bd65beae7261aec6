/** The flags that say what to tap, for every command that does, and what the daemon takes for them. */
import type * as daemonModule from "../daemon/index.ts";
import { readAuthority, readMechanism, readStart, type Asked } from "../daemon/client/index.ts";
import type { RegistrySettings, TapSettings } from "../daemon/client/index.ts";
import { passwordOf, said } from "./passwords.ts";
import { grouped, UsageError, type Flag, type ParsedArguments } from "./usage.ts";

const kafkaFlags = {
  kafka: { type: "string", value: "HOST:PORT", help: "Kafka's bootstrap servers, several with commas between." },
  topic: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "Only these Kafka topics, by name or pattern (orders.*). May be given more than once.",
  },
  from: {
    type: "string",
    multiple: true,
    value: "WHERE",
    help: "Where to begin in Kafka: now (the default), beginning, a time (2026-11-21T10:30 or -10m), or offsets (orders:0=42,orders:1=7).",
  },
  "kafka-username": { type: "string", value: "NAME", help: "Log in to Kafka (SASL); see above on passwords." },
  "kafka-mechanism": {
    type: "string",
    value: "NAME",
    help: "How to log in: plain (the default), scram-sha-256 or scram-sha-512.",
  },
  "kafka-password-file": { type: "string", value: "FILE", help: "Holds the password for Kafka." },
  "kafka-tls": { type: "boolean", help: "Kafka speaks TLS here, with a certificate that this machine trusts." },
  "kafka-ca": { type: "string", value: "FILE", help: "Kafka speaks TLS; the PEM file of its certificate's authority." },
} as const satisfies Record<string, Flag>;

const rabbitmqFlags = {
  rabbitmq: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "amqp://HOST:PORT/VHOST, or amqps://. One for each virtual host.",
  },
  "rabbitmq-management": {
    type: "string",
    multiple: true,
    value: "URL",
    help: "Where RabbitMQ is managed, when that is not on the usual port: http://HOST:PORT. One for all, or one for each --rabbitmq in order.",
  },
  "rabbitmq-exchange": {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "Where tracing is not permitted: watch these exchanges by bindings. Default: all that can be listed.",
  },
  "rabbitmq-username": { type: "string", value: "NAME", help: "Where the URL names none. Default: guest." },
  "rabbitmq-password-file": { type: "string", value: "FILE", help: "Holds the password for RabbitMQ." },
  "rabbitmq-ca": { type: "string", value: "FILE", help: "For amqps://: the PEM file of its certificate's authority." },
} as const satisfies Record<string, Flag>;

const otherFlags = {
  otlp: {
    type: "string",
    value: "PORT",
    otherwise: "4318",
    valued: /^\d+$/,
    help: "Take spans (OTLP over HTTP) on this port of this machine, so that they join conversations. Default: 4318.",
  },
  registry: {
    type: "string",
    value: "URL",
    help: "A schema registry (Confluent's API), for schemas that messages only name by an id.",
  },
  "registry-username": { type: "string", value: "NAME", help: "Log in to the registry." },
  "registry-password-file": { type: "string", value: "FILE", help: "Holds the password for the registry." },
  "allow-remote": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "Connect to this other machine. Without it Contrail connects to this machine only.",
  },
  "address-map": {
    type: "string",
    multiple: true,
    value: "A=B",
    help: "A broker advertises A; from here it is reached at B: kafka:9092=127.0.0.1:9092.",
  },
} as const satisfies Record<string, Flag>;

export const sourceFlags: Readonly<Record<string, Flag>> = {
  ...grouped("Kafka", kafkaFlags),
  ...grouped("RabbitMQ", rabbitmqFlags),
  ...grouped("Other sources, and where they are", otherFlags),
};

/** What the help says of passwords. */
export const aboutPasswords = `Passwords are never arguments. They come from a file (--kafka-password-file, --rabbitmq-password-file,
--registry-password-file), from CONTRAIL_KAFKA_PASSWORD, CONTRAIL_RABBITMQ_PASSWORD and
CONTRAIL_REGISTRY_PASSWORD, or are asked for on a terminal. Addresses, users and CA files can be set so, too:
CONTRAIL_KAFKA, CONTRAIL_KAFKA_USERNAME, CONTRAIL_KAFKA_MECHANISM, CONTRAIL_KAFKA_CA, CONTRAIL_RABBITMQ,
CONTRAIL_RABBITMQ_USERNAME, CONTRAIL_RABBITMQ_CA, CONTRAIL_RABBITMQ_MANAGEMENT, CONTRAIL_REGISTRY and
CONTRAIL_REGISTRY_USERNAME mean the same as the flags of these names.`;

export interface Sources {
  readonly taps: readonly TapSettings[];
  readonly allowRemote: readonly string[];
  readonly addressMap: Readonly<Record<string, string>>;
  readonly registry?: RegistrySettings;
  /** What the user should know about the flags, a sentence each. */
  readonly notes: readonly string[];
}

type Daemon = Pick<typeof daemonModule, "parseAddressMap" | "parseKafkaAddress" | "parseRabbitmqAddress">;

/** Reads the flags, and asks for the passwords that they want. Throws a UsageError for what is wrong with them. */
export async function sourcesOf(args: ParsedArguments, daemon: Daemon): Promise<Sources> {
  const map = daemon.parseAddressMap(args.texts("address-map").join(","));
  if ("failure" in map) throw new UsageError(map.failure.message);
  const notes: string[] = [];
  const taps = [
    ...(await kafkaTap(args, daemon)),
    ...(await rabbitmqTaps(args, daemon, notes)),
    ...otlpTap(args.text("otlp")),
  ];
  const registry = await registryOf(args, notes);
  return {
    taps,
    allowRemote: args.texts("allow-remote"),
    addressMap: map.value,
    ...(registry === undefined ? {} : { registry }),
    notes,
  };
}

async function kafkaTap(args: ParsedArguments, daemon: Daemon): Promise<TapSettings[]> {
  const brokers = said(args, "kafka");
  if (brokers === undefined) {
    needs(args, Object.keys(kafkaFlags), "kafka", "--kafka HOST:PORT");
    return [];
  }
  const parsed = daemon.parseKafkaAddress(brokers);
  if ("failure" in parsed) throw new UsageError(parsed.failure.message);
  const topics = args.texts("topic").flatMap((text) => text.split(",").map((topic) => topic.trim()));
  const from = taken(readStart(args.texts("from"), Date.now()));
  const username = said(args, "kafka-username");
  const mechanism = taken(readMechanism(said(args, "kafka-mechanism") ?? "plain"));
  if (username === undefined && (args.flag("kafka-mechanism") || args.flag("kafka-password-file")))
    throw new UsageError("To log in to Kafka, say who: --kafka-username NAME.");
  const ca = said(args, "kafka-ca");
  return [
    {
      kind: "kafka",
      brokers,
      ...(topics.length === 0 ? {} : { topics }),
      ...(from === "now" ? {} : { from }),
      ...(username === undefined
        ? {}
        : {
            sasl: { mechanism, username, password: await passwordOf(args, "kafka", username, `Kafka at ${brokers}`) },
          }),
      ...(ca === undefined ? (args.flag("kafka-tls") ? { tls: true } : {}) : { tls: { ca: taken(readAuthority(ca)) } }),
    },
  ];
}

async function rabbitmqTaps(args: ParsedArguments, daemon: Daemon, notes: string[]): Promise<TapSettings[]> {
  const given = args.texts("rabbitmq");
  const inherited = (process.env["CONTRAIL_RABBITMQ"] ?? "").split(/\s+/).filter((url) => url !== "");
  const urls = given.length > 0 ? given : inherited;
  if (urls.length === 0) {
    needs(args, Object.keys(rabbitmqFlags), "rabbitmq", "--rabbitmq URL");
    return [];
  }
  const named = said(args, "rabbitmq-management");
  const management = args.flag("rabbitmq-management")
    ? args.texts("rabbitmq-management")
    : named === undefined
      ? []
      : [named];
  if (management.length > 1 && management.length !== urls.length)
    throw new UsageError("Give --rabbitmq-management once for all, or once for each --rabbitmq in the same order.");
  for (const url of management) if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) throw notManagement(url);
  const ca = said(args, "rabbitmq-ca");
  const authority = ca === undefined ? undefined : taken(readAuthority(ca));
  const exchanges = args.texts("rabbitmq-exchange");
  const passwords = new Map<string, string>();
  const taps: TapSettings[] = [];
  for (const [index, url] of urls.entries()) {
    const managementUrl = management[index] ?? management[0];
    const parsed = daemon.parseRabbitmqAddress(url);
    if ("failure" in parsed) throw new UsageError(parsed.failure.message);
    const address = new URL(url);
    if (authority !== undefined && !parsed.value.tls)
      throw new UsageError(`--rabbitmq-ca is for TLS: write amqps://${parsed.value.host}:${parsed.value.port}.`);
    const username = address.username === "" ? said(args, "rabbitmq-username") : decodeURIComponent(address.username);
    if (username !== undefined && address.password === "") {
      const where = `RabbitMQ at ${address.host}`;
      const known = passwords.get(`${username}@${address.host}`);
      const password = known ?? (await passwordOf(args, "rabbitmq", username, where));
      passwords.set(`${username}@${address.host}`, password);
      address.username = encodeURIComponent(username);
      address.password = encodeURIComponent(password);
    } else if (given.includes(url) && address.password !== "" && address.password !== "guest") {
      notes.push(inArgument("RabbitMQ", "CONTRAIL_RABBITMQ_PASSWORD"));
    }
    taps.push({
      kind: "rabbitmq",
      url: address.href,
      ...(managementUrl === undefined ? {} : { managementUrl }),
      ...(exchanges.length === 0 ? {} : { exchanges }),
      ...(authority === undefined ? {} : { tls: { ca: authority } }),
    });
  }
  return taps;
}

function otlpTap(text: string | undefined): TapSettings[] {
  if (text === undefined) return [];
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`--otlp takes a port from 1 to 65535, not "${text}".`);
  return [{ kind: "otlp", port }];
}

async function registryOf(args: ParsedArguments, notes: string[]): Promise<RegistrySettings | undefined> {
  const url = said(args, "registry");
  if (url === undefined) {
    needs(args, ["registry-username", "registry-password-file"], "registry", "--registry URL");
    return undefined;
  }
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
    throw new UsageError(`--registry takes an address such as http://127.0.0.1:8081, not "${withoutUser(url)}".`);
  const address = new URL(url);
  const username = address.username === "" ? said(args, "registry-username") : decodeURIComponent(address.username);
  const inUrl = decodeURIComponent(address.password);
  if (inUrl !== "" && args.flag("registry")) notes.push(inArgument("the registry", "CONTRAIL_REGISTRY_PASSWORD"));
  address.username = "";
  address.password = "";
  if (username === undefined) return { url: address.href };
  const password =
    inUrl === "" ? await passwordOf(args, "registry", username, `the registry at ${address.host}`) : inUrl;
  return { url: address.href, username, password };
}

/** A flag about a broker that is not named would do nothing, and nobody would know. */
function needs(args: ParsedArguments, flags: readonly string[], but: string, wanted: string): void {
  const alone = flags.find((flag) => flag !== but && args.flag(flag));
  if (alone !== undefined) throw new UsageError(`--${alone} needs ${wanted} beside it.`);
}

function taken<T>(asked: Asked<T>): T {
  if ("problem" in asked) throw new UsageError(asked.problem);
  return asked.value;
}

function notManagement(url: string): UsageError {
  return new UsageError(
    `--rabbitmq-management takes an address such as http://127.0.0.1:15672, not "${withoutUser(url)}".`,
  );
}

function inArgument(whose: string, variable: string): string {
  return `A password in an argument can be read by every program on this machine. Leave ${whose}'s out of its address, and set ${variable} instead.`;
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//");
}
