/**
 * Why a request to Kafka failed, as a sentence. Takes in what kafkajs threw and what is known of the connection.
 */
import {
  advertisedRemote,
  advertisedUnreachable,
  advertisedUnresolvable,
  badCredentials,
  brokerClosed,
  brokerFailed,
  brokerSilent,
  brokerUnreachable,
  FailureError,
  hostUnknown,
  loginUnsupported,
  notPermitted,
  notThatBroker,
  tlsRefused,
  wantsClientCertificate,
  wantsCredentials,
  wantsTls,
  type Failure,
} from "../errors.ts";
import { formatHostPort, kafkaAddress, type HostPort } from "./address.ts";
import type { SocketError } from "./kafka-socket.ts";
import { closedCode } from "./kafkajs-inside.ts";
import { tlsReason, wantsCertificate } from "./tls-reason.ts";

export interface KafkaContext {
  /** Whom we talked to, and whether that address was given by the user rather than by a broker. */
  readonly address: string;
  readonly isSeed: boolean;
  readonly seeds: readonly HostPort[];
  readonly user: string | undefined;
  readonly mechanism: string | undefined;
  readonly tls: boolean;
  /** Whether the cluster has answered before. */
  readonly known: boolean;
  readonly timeoutMs: number;
  readonly socketError: SocketError | undefined;
}

export function explainKafka(error: unknown, context: KafkaContext): FailureError {
  if (error instanceof FailureError) return error;
  const thrown = error as { name?: string; type?: string; code?: string; message?: string };
  const { name = "", type = "", message = String(error) } = thrown;
  const { address, socketError } = context;
  const failure =
    loginFailure(name, type, message, context) ??
    protocolFailure(name, type, address) ??
    socketFailure(socketError?.code ?? thrown.code ?? "", socketError?.message ?? message, context) ??
    closedFailure(name, thrown.code, context) ??
    brokerFailed("Kafka", address, message);
  return new FailureError(failure, error);
}

function loginFailure(name: string, type: string, message: string, context: KafkaContext): Failure | undefined {
  const { address, mechanism = "", user = "" } = context;
  const unsupported = type === "UNSUPPORTED_SASL_MECHANISM" || type === "ILLEGAL_SASL_STATE";
  if (unsupported || /mechanism is not supported/.test(message)) {
    return loginUnsupported(address, mechanism.toUpperCase());
  }
  if (name === "KafkaJSSASLAuthenticationError" || type === "SASL_AUTHENTICATION_FAILED") {
    return badCredentials("Kafka", address, user);
  }
  return undefined;
}

function protocolFailure(name: string, type: string, address: string): Failure | undefined {
  if (name === "KafkaJSServerDoesNotSupportApiKey") return notThatBroker("Kafka", address, "a Kafka controller");
  if (type.endsWith("_AUTHORIZATION_FAILED")) {
    return notPermitted("Kafka", address, "reading its topics", "Grant the user Describe and Read on them.");
  }
  return undefined;
}

function socketFailure(code: string, message: string, context: KafkaContext): Failure | undefined {
  const { address, isSeed, seeds, timeoutMs } = context;
  const seed = kafkaAddress(seeds);
  switch (code) {
    case "FOREIGN":
      if (message.startsWith("\x15\x03")) return wantsTls("Kafka", address);
      return notThatBroker("Kafka", address, describeGreeting(message));
    case "UNRESOLVED":
      return isSeed ? hostUnknown("Kafka", address) : advertisedUnresolvable(seed, address);
    case "REMOTE":
      return advertisedRemote(seed, address);
    case "SILENT":
      if (!isSeed) return advertisedUnreachable(seed, address, "it does not answer");
      return brokerSilent("Kafka", address, timeoutMs / 1_000);
    case "ECONNREFUSED":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
    case "EADDRNOTAVAIL": {
      const why = code === "ECONNREFUSED" ? "connection refused" : code === "ETIMEDOUT" ? "no answer" : "no route";
      const elsewhere = !isSeed && !seeds.some((given) => formatHostPort(given) === address);
      return elsewhere ? advertisedUnreachable(seed, address, why) : brokerUnreachable("Kafka", address, why);
    }
    default: {
      if (wantsCertificate(code)) return wantsClientCertificate("Kafka", address);
      const refused = /^ERR_(SSL|TLS)|CERT|SELF_SIGNED|UNABLE_TO/.test(code) || (context.tls && code === "ECONNRESET");
      return refused ? tlsRefused("Kafka", address, tlsReason(message)) : undefined;
    }
  }
}

function closedFailure(name: string, code: string | undefined, context: KafkaContext): Failure | undefined {
  const { address, isSeed, user, known, timeoutMs } = context;
  if (name === "KafkaJSRequestTimeoutError") return brokerSilent("Kafka", address, timeoutMs / 1_000);
  // Somebody else's request found the connection dead, and it was let go for all.
  if (code === closedCode) return brokerClosed("Kafka", address);
  const closed = name === "KafkaJSConnectionClosedError" || name === "KafkaJSConnectionError" || code === "ECONNRESET";
  if (!closed) return undefined;
  // Before anything was ever answered, a broker that hangs up most often waits for a login or for TLS.
  return isSeed && user === undefined && !known ? wantsCredentials(address) : brokerClosed("Kafka", address);
}

function describeGreeting(message: string): string {
  if (message.startsWith("HTTP/")) return "a web server";
  if (message.startsWith("AMQP")) return "RabbitMQ (AMQP)";
  if (message.startsWith("SSH-")) return "an SSH server";
  return "another program";
}
