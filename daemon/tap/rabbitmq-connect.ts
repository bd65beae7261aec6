/**
 * Opens an AMQP connection, or throws a `FailureError` that says in a sentence why there is none.
 */
import type { ChannelModel } from "amqplib";
import { connect as connectPlain } from "node:net";
import { createSecureContext } from "node:tls";
import {
  badCredentials,
  brokerFailed,
  brokerSilent,
  brokerUnreachable,
  closedAtOnce,
  FailureError,
  hostUnknown,
  noSuchVhost,
  notThatBroker,
  tlsRefused,
  wantsClientCertificate,
  wantsTls,
  type Failure,
} from "../errors.ts";
import { formatHostPort, type RabbitmqAddress } from "./address.ts";
import { tlsReason, wantsCertificate } from "./tls-reason.ts";

export interface AmqpConnection {
  readonly model: ChannelModel;
  /** The name of the broker's cluster, by which its management API is recognised. */
  readonly cluster: string;
  readonly closed: Promise<Closed>;
}

/** Why a connection ended: the broker's reply code and words, where it gave some. */
export interface Closed {
  readonly code: number | undefined;
  readonly message?: string;
}

export async function openAmqp(
  address: RabbitmqAddress,
  connectionName: string,
  ca: string | undefined,
  timeoutMs = 5_000,
): Promise<AmqpConnection> {
  if (address.tls && ca !== undefined && !isAuthority(ca)) {
    throw new FailureError(
      tlsRefused("RabbitMQ", formatHostPort(address), "the authority given is no certificate in PEM"),
    );
  }
  // Loaded where there is something to connect to: whoever opens a capture waits for what is loaded before.
  // Of a CommonJS package, a bundle hands out the whole alone.
  const { default: amqplib } = await import("amqplib");
  let model: ChannelModel;
  try {
    model = await amqplib.connect(
      {
        protocol: address.tls ? "amqps" : "amqp",
        hostname: address.host,
        port: address.port,
        username: address.username,
        password: address.password,
        // amqplib undoes percent signs in it.
        vhost: encodeURIComponent(address.vhost),
        heartbeat: 10,
        frameMax: 131_072,
      },
      {
        ...(address.tls && ca !== undefined ? { ca } : undefined),
        noDelay: true,
        keepAlive: true,
        timeout: timeoutMs,
        clientProperties: { connection_name: connectionName, product: "Contrail" },
      },
    );
  } catch (error) {
    throw new FailureError(await explain(error, address, timeoutMs), error);
  }
  let last: { code?: number; message?: string } = {};
  const closed = new Promise<Closed>((resolve) => {
    model.on("error", (error: { code?: number; message?: string }) => {
      last = error;
    });
    model.on("close", (error?: { code?: number; message?: string }) => {
      const reason = error ?? last;
      const words = / with message "(.*)"$/s.exec(reason.message ?? last.message ?? "")?.[1];
      resolve({ code: reason.code ?? last.code, ...(words === undefined ? undefined : { message: words }) });
    });
  });
  const { cluster_name: cluster } = (model.connection as unknown as { serverProperties: Record<string, unknown> })
    .serverProperties;
  return { model, cluster: typeof cluster === "string" ? cluster : "", closed };
}

function isAuthority(pem: string): boolean {
  try {
    createSecureContext({ ca: pem });
    return /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(pem);
  } catch {
    return false;
  }
}

async function explain(error: unknown, address: RabbitmqAddress, timeoutMs: number): Promise<Failure> {
  const place = formatHostPort(address);
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  switch (code) {
    case "ECONNREFUSED":
      return brokerUnreachable("RabbitMQ", place, "connection refused");
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return brokerUnreachable("RabbitMQ", place, "no route");
    case "ETIMEDOUT":
      return brokerUnreachable("RabbitMQ", place, "no answer");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return hostUnknown("RabbitMQ", place);
    default:
  }
  // After the login, only opening the virtual host can still be refused; amqplib does not pass on the reason.
  if (/got <ConnectionClose/.test(message) || /\bvhost\b/i.test(message))
    return noSuchVhost(place, address.vhost, address.username);
  if (/ACCESS.REFUSED|\b403\b/i.test(message)) return badCredentials("RabbitMQ", place, address.username);
  if (message.startsWith("Handshake terminated by server")) return brokerFailed("RabbitMQ", place, message);
  if (address.tls && (wantsCertificate(code) || /alert certificate required|alert bad certificate/.test(message)))
    return wantsClientCertificate("RabbitMQ", place);
  if (address.tls) return tlsRefused("RabbitMQ", place, tlsReason(message));
  const greeting = await greetingOf(address);
  if (greeting.startsWith("\u0015\u0003")) return wantsTls("RabbitMQ", place);
  if (greeting.startsWith("HTTP/")) return notThatBroker("RabbitMQ", place, "a web server");
  if (greeting.startsWith("SSH-")) return notThatBroker("RabbitMQ", place, "an SSH server");
  if (greeting.startsWith("AMQP")) return notThatBroker("RabbitMQ", place, "a broker of another AMQP version");
  if (greeting === "") {
    const timedOut = message === "connect ETIMEDOUT";
    return timedOut ? brokerSilent("RabbitMQ", place, timeoutMs / 1_000) : closedAtOnce("RabbitMQ", place);
  }
  // An AMQP method frame: it is the right broker, and it did close.
  if (greeting.startsWith("\u0001")) return brokerFailed("RabbitMQ", place, message);
  return notThatBroker("RabbitMQ", place, "another program");
}

/** The first bytes that a port answers to AMQP's greeting, for saying what it is instead. */
function greetingOf({ host, port }: RabbitmqAddress): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectPlain({ host, port }, () => socket.write("AMQP\u0000\u0000\u0009\u0001", "latin1"));
    let heard = "";
    socket.setTimeout(500, () => socket.destroy());
    socket.on("data", (bytes) => {
      heard = bytes.toString("latin1", 0, 16);
      socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(heard));
  });
}
