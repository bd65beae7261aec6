/**
 * What the settings ask for, as what the daemon takes: without passwords, which are looked up afterwards, and with every
 * host that would be connected to, so that the user can be asked. Nothing here knows the editor, or connects anywhere.
 */
import { resolve } from "node:path";
import {
  hostOfAddress,
  hostOfUrl,
  hostsOf,
  isThisMachine,
  readAuthority,
  readMechanism,
  readStart,
  type Asked,
  type RegistrySettings,
  type TapSettings,
} from "../daemon/client/index.ts";

/** The settings under `contrail.` that name what to tap, as the editor has them. */
export interface BrokerSettings {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaTopics: readonly string[];
  readonly kafkaFrom: string;
  readonly kafkaUsername: string;
  readonly kafkaMechanism: string;
  readonly kafkaTls: boolean;
  readonly kafkaCaFile: string;
  readonly kafkaAddressMap: Readonly<Record<string, string>>;
  readonly rabbitmqUrl: string;
  readonly rabbitmqManagementUrl: string;
  readonly rabbitmqExchanges: readonly string[];
  readonly rabbitmqCaFile: string;
  readonly otlpPort: number;
  readonly registryUrl: string;
}

export interface Plan {
  readonly taps: readonly TapSettings[];
  readonly registry: RegistrySettings | undefined;
  readonly addressMap: Readonly<Record<string, string>>;
}

/** Somebody who has to log in somewhere: `authority` is `host:port`. */
export interface Login {
  readonly kind: "kafka" | "rabbitmq" | "registry";
  readonly authority: string;
  /** Who, where the settings say so. */
  readonly username: string | undefined;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Files are relative to `folder`, the first of the workspace. */
export function planOf(settings: BrokerSettings, now: number, folder: string | undefined): Asked<Plan> {
  const pemOf = (file: string): Asked<string | undefined> =>
    file.trim() === "" ? { value: undefined } : readAuthority(folder === undefined ? file : resolve(folder, file));
  const taps: TapSettings[] = [];
  const brokers = words(settings.kafkaBrokers).join(",");
  if (brokers !== "") {
    const from = readStart([settings.kafkaFrom], now);
    const mechanism = readMechanism(settings.kafkaMechanism.trim() === "" ? "plain" : settings.kafkaMechanism);
    const ca = pemOf(settings.kafkaCaFile);
    if ("problem" in from) return from;
    if ("problem" in mechanism) return mechanism;
    if ("problem" in ca) return ca;
    const topics = words(settings.kafkaTopics);
    const username = settings.kafkaUsername.trim();
    taps.push({
      kind: "kafka",
      brokers,
      ...(topics.length === 0 ? {} : { topics }),
      ...(from.value === "now" ? {} : { from: from.value }),
      ...(username === "" ? {} : { sasl: { mechanism: mechanism.value, username, password: "" } }),
      ...(ca.value === undefined ? (settings.kafkaTls ? { tls: true } : {}) : { tls: { ca: ca.value } }),
    });
  }
  const urls = settings.rabbitmqUrl.split(/\s+/).filter((url) => url !== "");
  const ca = pemOf(settings.rabbitmqCaFile);
  if ("problem" in ca) return ca;
  const exchanges = words(settings.rabbitmqExchanges);
  const managementUrl = settings.rabbitmqManagementUrl.trim();
  for (const url of urls) {
    taps.push({
      kind: "rabbitmq",
      url,
      ...(managementUrl === "" ? {} : { managementUrl }),
      ...(exchanges.length === 0 ? {} : { exchanges }),
      ...(ca.value === undefined ? {} : { tls: { ca: ca.value } }),
    });
  }
  if (settings.otlpPort > 0) taps.push({ kind: "otlp", port: settings.otlpPort });
  const registryUrl = settings.registryUrl.trim();
  return {
    value: {
      taps,
      registry: registryUrl === "" ? undefined : { url: registryUrl },
      addressMap: settings.kafkaAddressMap,
    },
  };
}

/** Every host beyond this machine that the plan leads to, each once. */
export function remoteHostsOf({ taps, registry, addressMap }: Plan): readonly string[] {
  const hosts = [
    ...hostsOf(taps),
    ...Object.values(addressMap).map((address) => hostOfAddress(address)),
    ...(registry === undefined ? [] : [hostOfUrl(registry.url)]),
  ];
  return [...new Set(hosts)].filter((host) => host !== "" && !isThisMachine(host));
}

/** Everywhere that a password may be wanted. */
export function loginsOf({ taps, registry }: Plan): readonly Login[] {
  const logins = taps.flatMap((tap): Login[] => {
    if (tap.kind === "kafka")
      return [{ kind: "kafka", authority: tap.brokers.split(",")[0] ?? "", username: tap.sasl?.username }];
    return tap.kind === "rabbitmq" ? [loginOf("rabbitmq", tap.url)] : [];
  });
  if (registry !== undefined) logins.push(loginOf("registry", registry.url));
  const seen = new Set<string>();
  return logins.filter(({ kind, authority }) => {
    const name = `${kind} ${authority}`;
    return !seen.has(name) && seen.add(name);
  });
}

/** Whether it cannot go without a password: the settings say who, and not by what. */
export function wantsPassword(plan: Plan, { kind, authority }: Login): boolean {
  if (kind === "kafka") return plan.taps.some((tap) => tap.kind === "kafka" && tap.sasl !== undefined);
  const urls = plan.taps.flatMap((tap) => (tap.kind === "rabbitmq" ? [tap.url] : []));
  if (kind === "registry") urls.splice(0, urls.length, plan.registry?.url ?? "");
  return urls.some((url) => authorityOf(url) === authority && isMissingPassword(url));
}

/** The plan with what was found for each login; a password that an address holds itself stays. */
export function withCredentials(plan: Plan, find: (login: Login) => Credentials | undefined): Plan {
  const taps = plan.taps.map((tap): TapSettings => {
    if (tap.kind === "rabbitmq") {
      const found = find(loginOf("rabbitmq", tap.url));
      return found === undefined ? tap : { ...tap, url: urlWith(tap.url, found) };
    }
    if (tap.kind !== "kafka") return tap;
    const found = find({ kind: "kafka", authority: tap.brokers.split(",")[0] ?? "", username: tap.sasl?.username });
    return tap.sasl === undefined || found === undefined ? tap : { ...tap, sasl: { ...tap.sasl, ...found } };
  });
  const { registry } = plan;
  if (registry === undefined) return { ...plan, taps };
  const found = find(loginOf("registry", registry.url));
  const { url, credentials } = splitPassword(registry.url);
  return { ...plan, taps, registry: { url: withoutUser(url), ...(credentials ?? found) } };
}

export function authorityOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** An address of RabbitMQ without the password that it holds, and that password with whose it is. */
export function splitPassword(url: string): {
  readonly url: string;
  readonly login: Login;
  readonly credentials?: Credentials;
} {
  const login = loginOf("rabbitmq", url);
  if (!URL.canParse(url) || new URL(url).password === "") return { url, login };
  const parsed = new URL(url);
  const credentials = {
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
  };
  parsed.password = "";
  return { url: parsed.toString(), login, credentials };
}

function loginOf(kind: Login["kind"], url: string): Login {
  const username = URL.canParse(url) ? decodeURIComponent(new URL(url).username) : "";
  return { kind, authority: authorityOf(url), username: username === "" ? undefined : username };
}

function withoutUser(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  parsed.username = "";
  return parsed.toString();
}

function isMissingPassword(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== "" && password === "";
}

/** A user that the address names goes before the one that was stored for another. */
function urlWith(url: string, { username, password }: Credentials): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.password !== "") return url;
  if (parsed.username !== "" && decodeURIComponent(parsed.username) !== username) return url;
  parsed.username = encodeURIComponent(username);
  parsed.password = encodeURIComponent(password);
  return parsed.toString();
}

function words(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(",").map((word) => word.trim())).filter((word) => word !== "");
}
