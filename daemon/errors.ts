/**
 * Every failure of a broker that a user of the daemon may see: one factory each, with a stable code and one or two
 * sentences that say what happened and what to do. Credentials never appear in them.
 */
import { grantAll } from "./rabbitmqctl.ts";

export const failureCodes = [
  "bad-address",
  "broker-unreachable",
  "broker-silent",
  "broker-closed",
  "not-that-broker",
  "wants-tls",
  "tls-refused",
  "wants-client-certificate",
  "bad-credentials",
  "wants-credentials",
  "login-unsupported",
  "advertised-unresolvable",
  "advertised-unreachable",
  "advertised-remote",
  "remote-not-allowed",
  "broker-too-old",
  "not-permitted",
  "no-such-vhost",
  "restore-failed",
  "broker-failed",
  "port-taken",
] as const;

export type FailureCode = (typeof failureCodes)[number];

export interface Failure {
  readonly code: FailureCode;
  /** One or two sentences for a person: what happened, what to do. */
  readonly message: string;
  /** Whether waiting can help; if not, somebody has to change something first. */
  readonly passing: boolean;
}

/** Carries a failure through code that throws; it never leaves the daemon as an exception. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, { cause });
    this.name = "FailureError";
    this.failure = failure;
  }
}

export type BrokerName = "Kafka" | "RabbitMQ";

export function badAddress(flag: string, text: string, expected: string): Failure {
  return failure(
    "bad-address",
    `${flag} ${text === "" ? "is empty" : `"${text}" is not an address`}; it takes ${expected}.`,
    false,
  );
}

export function brokerUnreachable(broker: BrokerName, address: string, why: string): Failure {
  return failure(
    "broker-unreachable",
    `Nothing accepts connections for ${broker} at ${address} (${why}). Start the broker, or correct the address.`,
    true,
  );
}

export function hostUnknown(broker: BrokerName, address: string): Failure {
  return failure(
    "broker-unreachable",
    `The host of ${broker} at ${address} is not known to this machine. Correct the address, or check the network.`,
    true,
  );
}

export function brokerSilent(broker: BrokerName, address: string, seconds: number): Failure {
  return failure(
    "broker-silent",
    `${address} accepted the connection but said nothing for ${seconds} s. Check that ${broker} listens there and has finished starting.`,
    true,
  );
}

/** `why`: in the broker's own words, where it gave some. */
export function brokerClosed(broker: BrokerName, address: string, why?: string): Failure {
  const words = why === undefined ? "" : ` (${why.trim().replaceAll(/\s+/g, " ").replace(/\.$/, "")})`;
  return failure(
    "broker-closed",
    `${broker} at ${address} closed the connection${words}. Trying to reach it again.`,
    true,
  );
}

export function closedAtOnce(broker: BrokerName, address: string): Failure {
  return failure(
    "broker-closed",
    `What listens at ${address} closes the connection without a word. Check that it is ${broker}'s port, and that ${broker} is not just starting or stopping.`,
    true,
  );
}

export function notThatBroker(broker: BrokerName, address: string, speaks: string): Failure {
  return failure(
    "not-that-broker",
    `What listens at ${address} is not ${broker}; it answers like ${speaks}. Correct the port.`,
    false,
  );
}

export function wantsTls(broker: BrokerName, address: string): Failure {
  return failure(
    "wants-tls",
    broker === "Kafka"
      ? `Kafka at ${address} wants TLS. Switch TLS on for this broker, or name its plain port. In a terminal that is --kafka-tls or --kafka-ca FILE, in VS Code contrail.kafka.tls.`
      : `RabbitMQ at ${address} wants TLS. Write the address with amqps://, or name its plain port.`,
    false,
  );
}

export function tlsRefused(broker: BrokerName, address: string, why: string): Failure {
  return failure(
    "tls-refused",
    `A TLS connection to ${broker} at ${address} could not be made (${why}). Check that the port speaks TLS; where its certificate comes from an authority of your own, name that authority's certificate. In a terminal that is --${broker.toLowerCase()}-ca FILE, in VS Code contrail.${broker.toLowerCase()}.caFile.`,
    false,
  );
}

export function wantsClientCertificate(broker: BrokerName, address: string): Failure {
  return failure(
    "wants-client-certificate",
    `${broker} at ${address} asks its clients for a certificate of their own (mutual TLS), which Contrail does not have. Name a listener of this broker that takes a user name and password instead.`,
    false,
  );
}

export function badCredentials(broker: BrokerName, address: string, user: string): Failure {
  return failure(
    "bad-credentials",
    `${broker} at ${address} did not accept the user "${user}" with the given password. Correct the user name or password.`,
    false,
  );
}

export function wantsCredentials(address: string): Failure {
  return failure(
    "wants-credentials",
    `Kafka at ${address} closed the connection before it answered. It probably wants a user name and password (SASL) or TLS: give them for this broker. In a terminal that is --kafka-username NAME and --kafka-tls, in VS Code contrail.kafka.username and contrail.kafka.tls.`,
    false,
  );
}

export function loginUnsupported(address: string, mechanism: string): Failure {
  return failure(
    "login-unsupported",
    `Kafka at ${address} does not offer the login mechanism ${mechanism}. Contrail logs in by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, not by OAUTHBEARER, Kerberos or AWS_MSK_IAM: choose what this listener offers, none, or another listener.`,
    false,
  );
}

export function advertisedUnresolvable(seed: string, advertised: string): Failure {
  return failure(
    "advertised-unresolvable",
    `Kafka at ${seed} tells its clients to go on to ${advertised}, a name that this machine cannot resolve. Say where it is reached from here, ${addressMap(advertised, seed)}, or let the broker advertise a listener for this machine.`,
    false,
  );
}

export function advertisedUnreachable(seed: string, advertised: string, why: string): Failure {
  return failure(
    "advertised-unreachable",
    `Kafka at ${seed} tells its clients to go on to ${advertised}, which cannot be reached from here (${why}). If that node is up, say where it is reached from here, ${addressMap(advertised, seed)}.`,
    true,
  );
}

export function advertisedRemote(seed: string, advertised: string): Failure {
  return failure(
    "advertised-remote",
    `Kafka at ${seed} tells its clients to go on to ${advertised}, which is another machine, and Contrail goes nowhere that was not allowed. Allow that host, or say where it is reached from here, ${addressMap(advertised, seed)}.`,
    false,
  );
}

export function remoteNotAllowed(broker: BrokerName, host: string): Failure {
  return failure(
    "remote-not-allowed",
    `${broker} at ${host} is on another machine. Contrail connects there only after it was allowed for this host: use --allow-remote ${host}, or answer the question in VS Code.`,
    false,
  );
}

export function brokerTooOld(address: string, needs: string): Failure {
  return failure("broker-too-old", `Kafka at ${address} is too old for Contrail, which needs ${needs}.`, false);
}

export function notPermitted(broker: BrokerName, address: string, what: string, grant: string): Failure {
  return failure("not-permitted", `${broker} at ${address} does not permit ${what}. ${grant}`, false);
}

export function noSuchVhost(address: string, vhost: string, user: string): Failure {
  return failure(
    "no-such-vhost",
    `RabbitMQ at ${address} has no virtual host "${vhost}", or does not let the user "${user}" into it (no permission, or a limit of connections is reached). Correct the path of the address, or grant it: ${grantAll(vhost, user)}.`,
    false,
  );
}

export function restoreFailed(what: string, why: string, doThis: string): Failure {
  return failure(
    "restore-failed",
    `${what} could not be put back (${why}). It is tried again at each start; after a restart of the broker nothing is left to do. To do it by hand: ${doThis}.`,
    true,
  );
}

export function restoreGivenUp(what: string, doThis: string): Failure {
  return failure(
    "restore-failed",
    `${what} could not be put back for a week, and Contrail no longer tries. If that broker has run ever since, do it by hand: ${doThis}.`,
    false,
  );
}

export function brokerFailed(broker: BrokerName, address: string, why: string): Failure {
  return failure(
    "broker-failed",
    `${broker} at ${address} answered with an error: ${sentence(why)} Trying again.`,
    true,
  );
}

export function otlpPortTaken(port: number): Failure {
  return failure(
    "port-taken",
    `Spans cannot be taken in: port ${port} on this machine is taken, perhaps by an OpenTelemetry collector or another trace. Choose another with --otlp PORT (in VS Code the setting contrail.otlp.port), and let exporters send there.`,
    true,
  );
}

export function otlpCannotListen(port: number, why: string): Failure {
  return failure(
    "port-taken",
    `Spans cannot be taken in: nothing can listen at port ${port} (${why}). Choose another with --otlp PORT (in VS Code the setting contrail.otlp.port).`,
    false,
  );
}

/** The sentence for anything that was thrown. */
export function failureOf(error: unknown, otherwise: (why: string) => Failure): Failure {
  return error instanceof FailureError
    ? error.failure
    : otherwise(error instanceof Error ? error.message : String(error));
}

/** The flag, and where the editor has the same. */
function addressMap(advertised: string, seed: string): string {
  return `such as --address-map ${advertised}=${seed} (in VS Code the setting contrail.kafka.addressMap)`;
}

function failure(code: FailureCode, message: string, passing: boolean): Failure {
  return { code, message, passing };
}

function sentence(text: string): string {
  const trimmed = text.trim().replaceAll(/\s+/g, " ");
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
