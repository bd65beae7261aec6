/** Users and passwords in the editor's secret storage: settings never hold them, and they are named by where they go. */
import * as vscode from "vscode";
import type { Credentials, Login } from "./planned-taps.ts";

const prefix = "contrail.credentials.v1:";
/** Secrets cannot be listed, so what was stored is noted: where it goes, and nothing else. */
const storedKey = "contrail.storedCredentials.v1";
const titles = { kafka: "Kafka", rabbitmq: "RabbitMQ", registry: "the schema registry" } as const;

export async function storedCredentials(
  context: vscode.ExtensionContext,
  login: Login,
): Promise<Credentials | undefined> {
  const text = await context.secrets.get(prefix + nameOf(login));
  return text === undefined ? undefined : (JSON.parse(text) as Credentials);
}

/** Asks for them and keeps them; `undefined` when the user thought better of it. */
export async function askCredentials(context: vscode.ExtensionContext, login: Login): Promise<Credentials | undefined> {
  const where = titleOf(login);
  const known = await storedCredentials(context, login);
  const username =
    login.username ??
    (await vscode.window.showInputBox({
      title: `User for ${where}`,
      value: known?.username ?? "",
      ignoreFocusOut: true,
    }));
  if (username === undefined || username === "") return undefined;
  const password = await vscode.window.showInputBox({
    title: `Password of ${username} for ${where}`,
    prompt: "Kept in the editor's secret storage. Contrail: Forget Credentials removes it.",
    password: true,
    ignoreFocusOut: true,
  });
  if (password === undefined) return undefined;
  const credentials = { username, password };
  await keepCredentials(context, login, credentials);
  return credentials;
}

export async function keepCredentials(
  context: vscode.ExtensionContext,
  login: Login,
  credentials: Credentials,
): Promise<void> {
  await context.secrets.store(prefix + nameOf(login), JSON.stringify(credentials));
  const stored = context.globalState.get<string[]>(storedKey, []);
  await context.globalState.update(storedKey, [...new Set([...stored, nameOf(login)])]);
}

/** Lets the user pick for what, where there is more than one, and asks. */
export async function setCredentials(context: vscode.ExtensionContext, logins: readonly Login[]): Promise<void> {
  const [only] = logins;
  if (only === undefined) {
    void vscode.window.showInformationMessage(
      "The settings name no broker and no schema registry. Set contrail.kafka.brokers, contrail.rabbitmq.url or contrail.registry.url first.",
    );
    return;
  }
  const login =
    logins.length === 1
      ? only
      : (
          await vscode.window.showQuickPick(
            logins.map((each) => ({ label: titleOf(each), login: each })),
            { title: "Set Credentials" },
          )
        )?.login;
  if (login === undefined || (await askCredentials(context, login)) === undefined) return;
  void vscode.window.showInformationMessage(`The next trace logs in to ${titleOf(login)} with them.`);
}

export async function forgetCredentials(context: vscode.ExtensionContext): Promise<void> {
  const stored = context.globalState.get<string[]>(storedKey, []);
  if (stored.length === 0) {
    void vscode.window.showInformationMessage("No credentials are kept.");
    return;
  }
  const picked = await vscode.window.showQuickPick(
    stored.map((name) => ({ label: name.replace(":", " at "), name, picked: true })),
    { title: "Forget Credentials", canPickMany: true },
  );
  if (picked === undefined) return;
  const gone = new Set(picked.map(({ name }) => name));
  for (const name of gone) await context.secrets.delete(prefix + name);
  await context.globalState.update(
    storedKey,
    stored.filter((name) => !gone.has(name)),
  );
}

function nameOf({ kind, authority }: Login): string {
  return `${kind}:${authority}`;
}

function titleOf({ kind, authority }: Login): string {
  return `${titles[kind]} at ${authority}`;
}
