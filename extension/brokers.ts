/**
 * Which brokers to tap: from the settings, else from what the user picks. A broker beyond this machine is tapped only
 * after the user agreed to that host; the answer is remembered for the host, and a workspace's settings cannot give it.
 */
import * as vscode from "vscode";
import type { TapSettings } from "../daemon/serve/protocol.ts";
import { settings } from "./names.ts";

const consentKey = "contrail.consent.v1";
const pickedKey = "contrail.pickedBrokers.v1";
const secretPrefix = "contrail.rabbitmq:";

export interface BrokersToTap {
  readonly taps: readonly TapSettings[];
  readonly allowRemote: readonly string[];
  readonly addressMap: Readonly<Record<string, string>>;
}

/**
 * What the settings or the user name; `undefined` when the user thought better of it, or when something would have to
 * be asked and may not (`ask: false`, after a reload).
 */
export async function brokersToTap(
  context: vscode.ExtensionContext,
  { ask }: { readonly ask: boolean },
): Promise<BrokersToTap | undefined> {
  const configuration = vscode.workspace.getConfiguration("contrail");
  let kafka = configuration.get<string[]>(settings.kafkaBrokers, []).filter((one) => one.trim() !== "");
  let rabbitmq = configuration.get<string>(settings.rabbitmqUrl, "").trim();
  if (kafka.length === 0 && rabbitmq === "") {
    const picked = ask ? await pickBrokers(context) : context.workspaceState.get<Picked>(pickedKey);
    if (picked === undefined) return undefined;
    ({ kafka, rabbitmq } = picked);
  }
  const managementUrl = configuration.get<string>(settings.rabbitmqManagementUrl, "").trim();
  const hosts = [
    ...kafka.map(hostOfAddress),
    ...(rabbitmq === "" ? [] : [hostOfUrl(rabbitmq)]),
    ...(managementUrl === "" ? [] : [hostOfUrl(managementUrl)]),
  ];
  const allowRemote: string[] = [];
  for (const host of new Set(hosts.filter((one) => !isThisMachine(one)))) {
    if (!(await hasConsent(context, host, ask))) return undefined;
    allowRemote.push(host);
  }
  const taps: TapSettings[] = [];
  if (kafka.length > 0) taps.push({ kind: "kafka", brokers: kafka.join(",") });
  if (rabbitmq !== "") {
    taps.push({
      kind: "rabbitmq",
      url: await withCredentials(context, rabbitmq),
      ...(managementUrl === "" ? {} : { managementUrl }),
    });
  }
  return { taps, allowRemote, addressMap: configuration.get<Record<string, string>>(settings.kafkaAddressMap, {}) };
}

export async function forgetConsent(context: vscode.ExtensionContext): Promise<void> {
  const hosts = context.globalState.get<string[]>(consentKey, []);
  await context.globalState.update(consentKey, []);
  void vscode.window.showInformationMessage(
    hosts.length === 0
      ? "No remote broker was ever agreed to."
      : `Contrail asks again before it taps ${hosts.join(", ")}.`,
  );
}

/** Keeps a RabbitMQ user and password in the editor's secret storage; the settings need not hold them. */
export async function setCredentials(context: vscode.ExtensionContext): Promise<void> {
  const configured = vscode.workspace.getConfiguration("contrail").get<string>(settings.rabbitmqUrl, "").trim();
  const url = configured !== "" ? configured : "amqp://127.0.0.1:5672";
  const user = await vscode.window.showInputBox({
    title: `User for RabbitMQ at ${hostOfUrl(url)}`,
    ignoreFocusOut: true,
  });
  if (user === undefined) return;
  const password = await vscode.window.showInputBox({
    title: `Password of ${user}`,
    password: true,
    ignoreFocusOut: true,
  });
  if (password === undefined) return;
  await context.secrets.store(secretPrefix + authorityOf(url), JSON.stringify({ user, password }));
}

interface Picked {
  readonly kafka: string[];
  readonly rabbitmq: string;
}

async function pickBrokers(context: vscode.ExtensionContext): Promise<Picked | undefined> {
  const last = context.workspaceState.get<Picked>(pickedKey);
  const kafka = await vscode.window.showInputBox({
    title: "Start Trace (1 of 2): Kafka",
    prompt: "HOST:PORT of a Kafka broker; leave empty for none. Contrail joins no consumer group and commits nothing.",
    value: last?.kafka.join(",") ?? "127.0.0.1:9092",
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.split(",").every((one) => one.trim() === "" || /^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i.test(one.trim()))
        ? undefined
        : "Write HOST:PORT, several with commas between.",
  });
  if (kafka === undefined) return undefined;
  const rabbitmq = await vscode.window.showInputBox({
    title: "Start Trace (2 of 2): RabbitMQ",
    prompt:
      "amqp://HOST:PORT/VHOST; leave empty for none. Contrail takes no message away, and puts tracing back as it was.",
    value: last?.rabbitmq ?? "amqp://127.0.0.1:5672",
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim() === "" || /^amqps?:\/\/\S+$/i.test(value.trim()) ? undefined : "Write amqp://HOST:PORT/VHOST.",
  });
  if (rabbitmq === undefined) return undefined;
  const picked: Picked = {
    kafka: kafka
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
    rabbitmq: rabbitmq.trim(),
  };
  if (picked.kafka.length === 0 && picked.rabbitmq === "") return undefined;
  // A password typed into the address is used now and not written down.
  await context.workspaceState.update(pickedKey, { ...picked, rabbitmq: withoutUser(picked.rabbitmq) });
  return picked;
}

async function hasConsent(context: vscode.ExtensionContext, host: string, ask: boolean): Promise<boolean> {
  const agreed = context.globalState.get<string[]>(consentKey, []);
  if (agreed.includes(host)) return true;
  if (!ask) return false;
  const tap = `Tap ${host}`;
  const answer = await vscode.window.showWarningMessage(
    `${host} is not this machine.`,
    {
      modal: true,
      detail:
        "Contrail would read every message on that broker and keep what it sees in a capture on this machine. Tap it only if you may. Contrail remembers your answer for this host.",
    },
    tap,
  );
  if (answer !== tap) return false;
  await context.globalState.update(consentKey, [...agreed, host]);
  return true;
}

async function withCredentials(context: vscode.ExtensionContext, url: string): Promise<string> {
  const parsed = parse(url);
  if (parsed === undefined || parsed.username !== "") return url;
  const stored = await context.secrets.get(secretPrefix + authorityOf(url));
  if (stored === undefined) return url;
  const { user, password } = JSON.parse(stored) as { user: string; password: string };
  parsed.username = encodeURIComponent(user);
  parsed.password = encodeURIComponent(password);
  return parsed.toString();
}

function withoutUser(url: string): string {
  const parsed = parse(url);
  if (parsed === undefined) return url;
  parsed.username = "";
  parsed.password = "";
  return parsed.toString();
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function authorityOf(url: string): string {
  return parse(url)?.host ?? url;
}

function hostOfUrl(url: string): string {
  return parse(url)?.hostname ?? url;
}

function hostOfAddress(address: string): string {
  return address.trim().replace(/:\d+$/, "");
}

/** Only what needs no name service to be known as this machine. */
function isThisMachine(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || /^127\.\d+\.\d+\.\d+$/.test(bare);
}
