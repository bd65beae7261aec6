/**
 * What people say about taps, in flags and in settings, as what the daemon takes: the same words mean the same in a
 * terminal and in the editor. Hands out the value, or one sentence that says what is wrong with the words.
 */
import { readFileSync, statSync } from "node:fs";
import type { TapSettings } from "../serve/protocol.ts";

export type Asked<T> = { readonly value: T } | { readonly problem: string };

type KafkaSettings = Extract<TapSettings, { readonly kind: "kafka" }>;
export type KafkaStart = NonNullable<KafkaSettings["from"]>;
export type KafkaMechanism = NonNullable<KafkaSettings["sasl"]>["mechanism"];

export const kafkaMechanisms: readonly KafkaMechanism[] = ["plain", "scram-sha-256", "scram-sha-512"];

const startTakes =
  "now, beginning, a time such as 2026-11-21T10:30 or -10m, or offsets such as orders:0=42 (several with commas between)";
const spans: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Settings go to the daemon in one frame of at most 256 KiB. */
const mostAuthorityBytes = 128 * 1024;

/** Where to begin in Kafka: `now`, `beginning`, a time, or offsets; no words at all: `now`. */
export function readStart(words: readonly string[], now: number): Asked<KafkaStart> {
  const parts = words.flatMap((word) => word.split(",").map((part) => part.trim())).filter((part) => part !== "");
  const [first, ...rest] = parts;
  if (first === undefined) return { value: "now" };
  if (parts.every((part) => part.includes("="))) return readOffsets(parts);
  if (rest.length > 0) {
    return { problem: `Reading Kafka begins in one place, not at "${parts.join(", ")}": say ${startTakes}.` };
  }
  if (first === "now" || first === "beginning") return { value: first };
  const time = readTime(first, now);
  if (time === undefined) return { problem: `"${first}" says not where to begin in Kafka: say ${startTakes}.` };
  if (time > now) return { problem: `${first} has not come yet. Begin in Kafka at an earlier time, or say now.` };
  return { value: time };
}

function readOffsets(parts: readonly string[]): Asked<KafkaStart> {
  const offsets: Record<string, Record<number, number>> = {};
  for (const part of parts) {
    const match = /^([\w.-]{1,249}):(\d{1,9})=(\d{1,15})$/.exec(part);
    if (match === null)
      return { problem: `"${part}" is no offset: write TOPIC:PARTITION=OFFSET, such as orders:0=42.` };
    const [, topic = "", partition = "", offset = ""] = match;
    const known = (offsets[topic] ??= {});
    if (known[Number(partition)] !== undefined)
      return { problem: `Partition ${partition} of ${topic} is named twice. Leave one of its offsets out.` };
    known[Number(partition)] = Number(offset);
  }
  return { value: { offsets } };
}

/** `-10m`, or ISO 8601; a time without a zone is this machine's. */
function readTime(text: string, now: number): number | undefined {
  const ago = /^-(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (spans[ago[2] ?? ""] ?? 0);
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text);
  if (iso === null) return undefined;
  const [, day = "", clock = "00:00", zone = ""] = iso;
  const time = Date.parse(`${day}T${clock}${zone.toUpperCase()}`);
  return Number.isNaN(time) ? undefined : time;
}

/** How to log in to Kafka; `SCRAM-SHA-512` and `scram-sha-512` are the same. */
export function readMechanism(text: string): Asked<KafkaMechanism> {
  const found = kafkaMechanisms.find((mechanism) => mechanism === text.trim().toLowerCase());
  return found === undefined
    ? { problem: `Contrail logs in to Kafka by ${kafkaMechanisms.join(", ")}, not by "${text}". Choose one of these.` }
    : { value: found };
}

/** The PEM text of the authority in `file`. */
export function readAuthority(file: string): Asked<string> {
  try {
    if (statSync(file).size > mostAuthorityBytes) {
      return {
        problem: `"${file}" is larger than ${mostAuthorityBytes / 1024} KiB. Name a file that holds only the authority of this broker's certificate.`,
      };
    }
    const text = readFileSync(file, "utf8");
    return text.includes("-----BEGIN CERTIFICATE-----")
      ? { value: text }
      : { problem: `"${file}" holds no certificate. Name the authority's certificate as a PEM file.` };
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "There is no" : "Contrail may not read";
    return { problem: `${why} "${file}". Name the authority's certificate as a PEM file.` };
  }
}

/** Hosts that settings name, as they are asked about and allowed: without ports, brackets and users; each once. */
export function hostsOf(taps: readonly TapSettings[]): readonly string[] {
  const hosts = taps.flatMap((tap) => {
    if (tap.kind === "kafka") return tap.brokers.split(",").map((address) => hostOfAddress(address));
    if (tap.kind !== "rabbitmq") return [];
    return [tap.url, ...(tap.managementUrl === undefined ? [] : [tap.managementUrl])].map((url) => hostOfUrl(url));
  });
  return [...new Set(hosts.filter((host) => host !== ""))];
}

export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? bare(new URL(url).hostname) : "";
}

export function hostOfAddress(address: string): string {
  return bare(address.trim().replace(/:\d+$/, ""));
}

/** Only what needs no name service to be known as this machine. */
export function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
}
