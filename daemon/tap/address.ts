/**
 * Addresses of brokers as people write them: `--kafka HOST:PORT[,HOST:PORT]` and `--rabbitmq URL`. Takes in text, hands
 * out parts, ids that never hold credentials, and whether a host is this machine. Used by the daemon, the command and
 * the extension alike, so that the same words mean the same everywhere.
 */
import { badAddress, type Failure } from "../errors.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface RabbitmqAddress extends HostPort {
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

export type Parsed<T> = { readonly value: T } | { readonly failure: Failure };

const kafkaExpects = "HOST:PORT, or several with commas between, such as 127.0.0.1:9092";
const rabbitmqExpects = "amqp://USER:PASSWORD@HOST:PORT/VHOST, such as amqp://guest:guest@127.0.0.1:5672";

/** Reads `--kafka`. A missing port is 9092. */
export function parseKafkaAddress(text: string): Parsed<readonly HostPort[]> {
  const addresses: HostPort[] = [];
  for (const part of text.split(",")) {
    const address = parseHostPort(part.trim(), 9092);
    if (address === undefined) return { failure: badAddress("--kafka", redact(text), kafkaExpects) };
    addresses.push(address);
  }
  return { value: addresses };
}

/** Reads `--rabbitmq`. The user is guest, the port 5672 (5671 with amqps) and the virtual host / unless it says so. */
export function parseRabbitmqAddress(text: string): Parsed<RabbitmqAddress> {
  const failure = { failure: badAddress("--rabbitmq", redact(text), rabbitmqExpects) };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return failure;
  }
  const tls = url.protocol === "amqps:";
  if ((!tls && url.protocol !== "amqp:") || url.hostname === "") return failure;
  try {
    const path = url.pathname.replace(/^\//, "");
    return {
      value: {
        host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
        port: url.port === "" ? (tls ? 5671 : 5672) : Number(url.port),
        tls,
        username: url.username === "" ? "guest" : decodeURIComponent(url.username),
        password: url.username === "" && url.password === "" ? "guest" : decodeURIComponent(url.password),
        vhost: path === "" ? "/" : decodeURIComponent(path),
      },
    };
  } catch {
    return failure;
  }
}

/** Reads `kafka:9092=127.0.0.1:9092[,...]`, the map of addresses that brokers advertise to those that work here. */
export function parseAddressMap(text: string): Parsed<Readonly<Record<string, string>>> {
  const map: Record<string, string> = {};
  for (const part of text.split(",").filter((part) => part.trim() !== "")) {
    const [from, to, ...rest] = part.split("=").map((side) => parseHostPort(side.trim(), 9092));
    if (from === undefined || to === undefined || rest.length > 0) {
      return { failure: badAddress("--address-map", text, "ADVERTISED=REAL, such as kafka:9092=127.0.0.1:9092") };
    }
    map[formatHostPort(from)] = formatHostPort(to);
  }
  return { value: map };
}

/** `host:port`, `[::1]:port`, `host`; `undefined` when it is none of them. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return undefined;
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return port >= 1 && port <= 65535 ? { host, port } : undefined;
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What the status line and the ids call a Kafka: its first address. */
export function kafkaAddress(seeds: readonly HostPort[]): string {
  return seeds[0] === undefined ? "" : formatHostPort(seeds[0]);
}

/** `127.0.0.1:5672`, and `127.0.0.1:5672/shop` where the virtual host is not `/`. Never with credentials. */
export function rabbitmqAddress(address: HostPort & { readonly vhost: string }): string {
  return formatHostPort(address) + (address.vhost === "/" ? "" : `/${address.vhost}`);
}

/**
 * Whether a host is this machine, by its text alone: numeric loopback addresses and `localhost`. No other name is
 * looked up, because who answers for a name can change its answer.
 */
export function isLoopback(host: string): boolean {
  const bare = host
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
  if (bare === "localhost" || bare === "::1" || bare === "0:0:0:0:0:0:0:1") return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare;
  const octets = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(mapped);
  return octets !== null && octets.slice(1).every((octet) => Number(octet) <= 255);
}

/** Takes user names and passwords out of every URL in a text. Rather too much than too little. */
export function redact(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi, "$1");
}

/**
 * Where a broker's management API probably is, most likely first: the usual port, the usual distance of ten thousand,
 * the next port. Whether it really is that broker's, `Management.belongsTo` finds out.
 */
export function managementCandidates(address: RabbitmqAddress): readonly string[] {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const candidates = address.tls
    ? [
        `https://${host}:${address.port + 10_000}`,
        `https://${host}:15671`,
        // Whoever asked for TLS does not want the password to leave this machine without it.
        ...(isLoopback(address.host) ? [`http://${host}:15672`] : []),
      ]
    : [`http://${host}:${address.port + 10_000}`, `http://${host}:${address.port + 1}`, `http://${host}:15672`];
  return [...new Set(candidates)].filter((url) => URL.canParse(url));
}
