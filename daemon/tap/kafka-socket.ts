/**
 * The sockets of the Kafka client: goes where an address map says, refuses hosts that were not allowed, and notes why a
 * connection could not be had, which kafkajs half hides.
 *
 * A broker names the addresses at which its nodes are reached, and a client follows, with its password. So what it
 * names is allowed only when it is this machine, one of the given addresses, or a host that was asked about.
 */
import { lookup as lookupHost } from "node:dns";
import { connect as connectPlain, isIP, Socket, type LookupFunction } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { formatHostPort, isLoopback, parseHostPort, type HostPort } from "./address.ts";

export interface SocketFactoryOptions {
  readonly seeds: readonly HostPort[];
  readonly addressMap?: Readonly<Record<string, string>>;
  readonly mayConnect?: (host: string) => boolean;
}

/** What kafkajs asks for. */
export interface SocketWanted extends HostPort {
  readonly ssl?: ConnectionOptions | null;
  readonly onConnect: () => void;
}

/** A system's error code, or `UNRESOLVED`, `REMOTE` (not allowed), `FOREIGN` (not Kafka; `message` is its greeting), `SILENT`. */
export interface SocketError {
  readonly code: string;
  readonly message?: string;
}

/** `errors` receives why a connection failed, by the address that was asked for. */
export function createSocketFactory(
  options: SocketFactoryOptions,
  errors: Map<string, SocketError>,
): (wanted: SocketWanted) => Socket {
  return ({ host, port, ssl, onConnect }) => {
    const name = formatHostPort({ host, port });
    const target = parseHostPort(options.addressMap?.[name] ?? "", port) ?? { host, port };
    const allowed =
      options.seeds.some((seed) => seed.host === target.host) || options.mayConnect?.(target.host) === true;
    const note = (error: NodeJS.ErrnoException): void => {
      if (error.code !== "CLOSED" && !errors.has(name))
        errors.set(name, { code: error.code ?? "", message: error.message });
    };
    if (isIP(target.host) !== 0 && !allowed && !isLoopback(target.host)) {
      const refused = new Socket();
      refused.on("error", note);
      setImmediate(() => refused.destroy(coded("REMOTE", "not allowed")));
      return refused;
    }
    // A name that stands for this machine is fine too: the very address that was looked up is connected to.
    const lookup: LookupFunction = (hostname, lookupOptions, answer) => {
      lookupHost(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
        const fine = error === null ? addresses.filter(({ address }) => allowed || isLoopback(address)) : [];
        const first = fine[0];
        if (error !== null) answer(coded("UNRESOLVED", error.message), "", 0);
        else if (first === undefined) answer(coded("REMOTE", "not allowed"), "", 0);
        else if (lookupOptions.all === true) answer(null, fine);
        else answer(null, first.address, first.family);
      });
    };
    const encrypted = ssl !== undefined && ssl !== null;
    let connected = false;
    const connects = (): void => {
      connected = true;
      onConnect();
    };
    const socket = encrypted
      ? connectTls({ ...target, lookup, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, connects)
      : connectPlain({ ...target, lookup }, connects);
    socket.setKeepAlive(true, 60_000);
    socket.setNoDelay(true);
    socket.on("error", note);
    socket.once("data", (bytes: Buffer) => {
      // An answer begins with its size. More than 350 MB is no size but another protocol's greeting.
      if (encrypted || (bytes[0] ?? 0) < 0x15) return;
      errors.set(name, { code: "FOREIGN", message: bytes.toString("latin1", 0, 16) });
      socket.destroy(coded("FOREIGN", "not Kafka"));
    });
    // kafkajs listens for `end` and `error` only: a socket that closes without either would leave its requests waiting,
    // and one that ends before it was connected would leave whoever connects waiting for ever.
    socket.once("close", () => {
      if (connected) socket.emit("end");
      else socket.emit("error", coded("CLOSED", "closed before it was connected"));
    });
    return socket;
  };
}

function coded(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
