/** From settings to taps: addresses are read here, and hosts beyond this machine are refused unless they were allowed. */
import { basename } from "node:path";
import { remoteNotAllowed, type Failure } from "./errors.ts";
import type { LeaseKeeper } from "./guardian/index.ts";
import { createCaptureFileTap } from "./tap/capture-file.ts";
import {
  createKafkaTap,
  createOtlpTap,
  createRabbitmqTap,
  isLoopback,
  kafkaAddress,
  otlpPort,
  parseKafkaAddress,
  parseRabbitmqAddress,
  rabbitmqAddress,
  type Resumption,
} from "./tap/index.ts";
import type { Tap, TapState } from "./tap/envelope.ts";
import type { TapSettings } from "./serve/protocol.ts";

export interface TapSurroundings {
  readonly allowRemote: readonly string[];
  readonly addressMap: Readonly<Record<string, string>>;
  readonly leases?: LeaseKeeper;
  /** Where a Kafka tap goes on that an earlier daemon began. */
  readonly resumption?: Resumption;
  /** Hears which topics a Kafka tap found, for a later one that goes on. */
  readonly onTopics?: (tap: string, ids: ReadonlyMap<string, string>) => void;
  /** How many events of a recording were played before the daemon died. */
  readonly played?: number;
}

/** A tap, or why there can be none: then as a state for the status line. */
export type MadeTap = { readonly tap: Tap } | { readonly refused: TapState; readonly failure: Failure };

export function makeTap(settings: TapSettings, around: TapSurroundings): MadeTap {
  if (settings.kind === "capture") {
    const { file, pace } = settings;
    return { tap: createCaptureFileTap({ file, skip: around.played ?? 0, ...(pace === undefined ? {} : { pace }) }) };
  }
  if (settings.kind === "otlp")
    return { tap: createOtlpTap(settings.port === undefined ? {} : { port: settings.port }) };
  return settings.kind === "kafka" ? kafkaTap(settings, around) : rabbitmqTap(settings, around);
}

/** Two settings for one source: the same address, whatever else they say. */
export function sourceOf(settings: TapSettings): string {
  switch (settings.kind) {
    case "capture":
      return `capture:${basename(settings.file)}`;
    case "kafka": {
      const parsed = parseKafkaAddress(settings.brokers);
      return `kafka:${"value" in parsed ? kafkaAddress(parsed.value) : settings.brokers}`;
    }
    case "otlp":
      return `otlp:127.0.0.1:${settings.port ?? otlpPort}`;
    default: {
      const parsed = parseRabbitmqAddress(settings.url);
      return "value" in parsed ? `rabbitmq:${rabbitmqAddress(parsed.value)}` : "rabbitmq:";
    }
  }
}

function kafkaTap(settings: Extract<TapSettings, { kind: "kafka" }>, around: TapSurroundings): MadeTap {
  const parsed = parseKafkaAddress(settings.brokers);
  if ("failure" in parsed) return refuse("kafka", settings.brokers, parsed.failure);
  const seeds = parsed.value;
  const remote = seeds.find(({ host }) => !mayConnect(host, around));
  if (remote !== undefined) return refuse("kafka", kafkaAddress(seeds), remoteNotAllowed("Kafka", remote.host));
  const { topics, from, sasl, tls } = settings;
  return {
    tap: createKafkaTap({
      seeds,
      onTopics: (ids) => around.onTopics?.(sourceOf(settings), ids),
      addressMap: around.addressMap,
      mayConnect: (host) => mayConnect(host, around),
      ...(topics === undefined ? {} : { topics }),
      ...(from === undefined ? {} : { from: typeof from === "number" ? { time: from } : from }),
      ...(around.resumption === undefined ? {} : { from: around.resumption }),
      ...(sasl === undefined ? {} : { login: sasl }),
      ...(tls === undefined ? {} : { tls: typeof tls === "boolean" ? tls : { ...tls } }),
    }),
  };
}

function rabbitmqTap(settings: Extract<TapSettings, { kind: "rabbitmq" }>, around: TapSurroundings): MadeTap {
  const parsed = parseRabbitmqAddress(settings.url);
  if ("failure" in parsed) return refuse("rabbitmq", "", parsed.failure);
  const address = parsed.value;
  if (!mayConnect(address.host, around)) {
    return refuse("rabbitmq", rabbitmqAddress(address), remoteNotAllowed("RabbitMQ", address.host));
  }
  const { managementUrl, exchanges, tls } = settings;
  const managementHost = managementUrl === undefined ? undefined : hostOf(managementUrl);
  if (managementHost !== undefined && !mayConnect(managementHost, around)) {
    return refuse("rabbitmq", rabbitmqAddress(address), remoteNotAllowed("RabbitMQ", managementHost));
  }
  return {
    tap: createRabbitmqTap({
      address,
      ...(managementUrl === undefined ? {} : { managementUrl }),
      ...(exchanges === undefined ? {} : { exchanges }),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(around.leases === undefined ? {} : { leases: around.leases }),
    }),
  };
}

/** The host of an address; what is no address at all is left to the tap, which says so. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** Whether the user agreed to connections to this host: this machine always, others by name. */
export function mayConnect(host: string, { allowRemote }: Pick<TapSurroundings, "allowRemote">): boolean {
  return isLoopback(host) || allowRemote.some((allowed) => allowed.toLowerCase() === host.toLowerCase());
}

function refuse(broker: "kafka" | "rabbitmq", address: string, failure: Failure): MadeTap {
  const state: TapState = {
    tap: `${broker}:${address}`,
    broker,
    address,
    phase: "failed",
    since: Date.now(),
    detail: failure.message,
    shed: 0,
  };
  return { refused: state, failure };
}
