/**
 * Which brokers to tap: from the settings, else from what the user picks. A broker beyond this machine is tapped only
 * after the user agreed to that host; the answer is remembered for the host, and a workspace's settings cannot give it.
 */
import * as vscode from "vscode";
import type { RegistrySettings, TapSettings } from "../daemon/client/index.ts";
import { askCredentials, keepCredentials, storedCredentials } from "./credentials.ts";
import { settings } from "./names.ts";
import type { BrokerSettings, Credentials, Login, Plan } from "./planned-taps.ts";

const consentKey = "contrail.consent.v1";
const pickedKey = "contrail.pickedBrokers.v1";

export interface BrokersToTap {
  readonly taps: readonly TapSettings[];
  readonly allowRemote: readonly string[];
  readonly addressMap: Readonly<Record<string, string>>;
  readonly registry?: RegistrySettings;
}

/**
 * What the settings or the user name; `undefined` when the user thought better of it, or when something would have to
 * be asked and may not (`ask: false`, after a reload).
 */
export async function brokersToTap(
  context: vscode.ExtensionContext,
  { ask }: { readonly ask: boolean },
): Promise<BrokersToTap | undefined> {
  const { remoteHostsOf, withCredentials } = await import("./planned-taps.ts");
  let named = brokerSettings();
  if (named.kafkaBrokers.length === 0 && named.rabbitmqUrl.trim() === "" && named.otlpPort === 0) {
    const picked = ask ? await pickBrokers(context) : context.workspaceState.get<Picked>(pickedKey);
    if (picked === undefined) return undefined;
    named = { ...named, kafkaBrokers: picked.kafka, rabbitmqUrl: picked.rabbitmq };
  }
  const plan = await planned(named, ask);
  if (plan === undefined) return undefined;
  const allowRemote = remoteHostsOf(plan);
  for (const host of allowRemote) if (!(await hasConsent(context, host, ask))) return undefined;
  const credentials = await credentialsFor(context, plan, ask);
  if (credentials === undefined) return undefined;
  const { taps, registry, addressMap } = withCredentials(plan, ({ kind, authority }) =>
    credentials.get(`${kind} ${authority}`),
  );
  return { taps, allowRemote, addressMap, ...(registry === undefined ? {} : { registry }) };
}

/** Everywhere that the settings would log in. */
export async function configuredLogins(): Promise<readonly Login[]> {
  const { loginsOf } = await import("./planned-taps.ts");
  const plan = await planned(brokerSettings(), true);
  return plan === undefined ? [] : loginsOf(plan);
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

function brokerSettings(): BrokerSettings {
  const configuration = vscode.workspace.getConfiguration("contrail");
  const text = (name: string) => configuration.get<string>(name, "");
  return {
    kafkaBrokers: configuration.get<string[]>(settings.kafkaBrokers, []).filter((one) => one.trim() !== ""),
    kafkaTopics: configuration.get<string[]>(settings.kafkaTopics, []),
    kafkaFrom: text(settings.kafkaFrom),
    kafkaUsername: text(settings.kafkaUsername),
    kafkaMechanism: text(settings.kafkaMechanism),
    kafkaTls: configuration.get<boolean>(settings.kafkaTls, false),
    kafkaCaFile: text(settings.kafkaCaFile),
    kafkaAddressMap: configuration.get<Record<string, string>>(settings.kafkaAddressMap, {}),
    rabbitmqUrl: text(settings.rabbitmqUrl),
    rabbitmqManagementUrl: text(settings.rabbitmqManagementUrl),
    rabbitmqExchanges: configuration.get<string[]>(settings.rabbitmqExchanges, []),
    rabbitmqCaFile: text(settings.rabbitmqCaFile),
    otlpPort: configuration.get<number>(settings.otlpPort, 0),
    registryUrl: text(settings.registryUrl),
  };
}

async function planned(named: BrokerSettings, ask: boolean): Promise<Plan | undefined> {
  const { planOf } = await import("./planned-taps.ts");
  const folder = vscode.workspace.workspaceFolders?.find((one) => one.uri.scheme === "file")?.uri.fsPath;
  const plan = planOf(named, Date.now(), folder);
  if ("value" in plan) return plan.value;
  if (ask) {
    const openSettings = "Open Settings";
    void vscode.window.showErrorMessage(plan.problem, openSettings).then((answer) => {
      if (answer === openSettings)
        void vscode.commands.executeCommand("workbench.action.openSettings", "@ext:contrail.contrail");
    });
  }
  return undefined;
}

/** What is stored, and what has to be asked for; `undefined` when it was not given. */
async function credentialsFor(
  context: vscode.ExtensionContext,
  plan: Plan,
  ask: boolean,
): Promise<ReadonlyMap<string, Credentials> | undefined> {
  const { loginsOf, wantsPassword } = await import("./planned-taps.ts");
  const found = new Map<string, Credentials>();
  for (const login of loginsOf(plan)) {
    const stored = await storedCredentials(context, login);
    const isTheirs = login.username === undefined || stored?.username === login.username;
    const wants = wantsPassword(plan, login);
    let credentials = isTheirs ? stored : undefined;
    if (credentials === undefined && wants) {
      if (!ask) return undefined;
      credentials = await askCredentials(context, login);
      if (credentials === undefined) return undefined;
    }
    if (credentials !== undefined) found.set(`${login.kind} ${login.authority}`, credentials);
  }
  return found;
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
      value.trim() === "" || /^(amqps?:\/\/\S+\s*)+$/i.test(value.trim())
        ? undefined
        : "Write amqp://HOST:PORT/VHOST, several with spaces between.",
  });
  if (rabbitmq === undefined) return undefined;
  const { splitPassword } = await import("./planned-taps.ts");
  // A password typed into the address goes where passwords are kept; only the rest of the address is written down.
  const urls: string[] = [];
  for (const { url, login, credentials } of rabbitmq.split(/\s+/).map(splitPassword)) {
    urls.push(url);
    if (credentials !== undefined) await keepCredentials(context, login, credentials);
  }
  const picked: Picked = {
    kafka: kafka
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
    rabbitmq: urls.join(" ").trim(),
  };
  if (picked.kafka.length === 0 && picked.rabbitmq === "") return undefined;
  await context.workspaceState.update(pickedKey, picked);
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
