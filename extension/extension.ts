/**
 * What runs inside VS Code: activation, commands, the live view's panel, settings, consent.
 *
 * Takes in: what the user does in the editor. Hands out: a language server for contracts, and a trace when the user
 * starts one. Nothing connects at activation, nothing connects in Restricted Mode, and the daemon is loaded only then.
 */
import { startedAt } from "./started-at.ts";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { registerBaselineDocuments } from "./baseline-documents.ts";
import { configuredLogins, forgetConsent } from "./brokers.ts";
import { chooseCapture, deleteCaptures, keepCapture, registerCaptureEditor } from "./captures.ts";
import { forgetCredentials, setCredentials } from "./credentials.ts";
import { LivePanel, type HostAction } from "./live-panel.ts";
import { commands, liveViewType } from "./names.ts";
import { StatusItem } from "./status-item.ts";
import { TraceSession } from "./trace.ts";
import type * as protocol from "../language-server/protocol.ts";

const daemonNotification: typeof protocol.daemonNotification = "contrail/daemon";
const showSeenCommand: typeof protocol.showSeenCommand = "contrail.showSeen";

/** Settings that say what to tap. */
const tracedSections = ["kafka", "rabbitmq", "otlp", "registry"].map((section) => `contrail.${section}`);

let client: LanguageClient | undefined;
let trace: TraceSession | undefined;

/** What other extensions, tests and benchmarks may read. */
export interface ContrailApi {
  /** From the first line of the bundle to the end of `activate`. */
  readonly activationMilliseconds: number;
}

export function activate(context: vscode.ExtensionContext): ContrailApi {
  const log = vscode.window.createOutputChannel("Contrail", { log: true });
  const session = new TraceSession(context, log);
  const status = new StatusItem();
  const panel = new LivePanel(context.extensionUri, session, (action) => void act(action));
  let offering = false;
  trace = session;
  context.subscriptions.push(
    log,
    status,
    panel,
    session.onChange(() => {
      status.update(session.connectionState, session.status);
      tellLanguageServer();
    }),
    vscode.window.registerWebviewPanelSerializer(liveViewType, panel),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (tracedSections.some((section) => change.affectsConfiguration(section))) void offerNewSettings();
    }),
    registerBaselineDocuments(() => client),
    registerCaptureEditor((file) => play(file, "capture")),
    ...register({
      [commands.startTrace]: () => startTrace(),
      [commands.stopTrace]: () => session.stop(),
      [commands.openLiveView]: () => panel.show(),
      [commands.openInBrowser]: () => session.openInBrowser(),
      [commands.playSample]: () =>
        play(vscode.Uri.joinPath(context.extensionUri, "fixtures", "recordings", "shop.contrail").fsPath, "recording"),
      [commands.openCapture]: () => openCapture(),
      [commands.keepCapture]: () => keepCapture(),
      [commands.deleteCaptures]: () => deleteCaptures(),
      [commands.setCredentials]: async () => setCredentials(context, await configuredLogins()),
      [commands.forgetCredentials]: () => forgetCredentials(context),
      [commands.forgetConsent]: () => forgetConsent(context),
      [commands.restartLanguageServer]: () => client?.restart(),
      [commands.showLog]: () => log.show(),
      [showSeenCommand]: (seen: unknown) =>
        panel.reveal({ search: (seen as protocol.ShowSeenArguments).definition.split(".").at(-1) ?? "" }),
    }),
  );
  // Loading the protocol's client takes longer than all the rest; the editor need not wait for it.
  setImmediate(() => void startLanguageServer());

  async function startTrace(): Promise<void> {
    if (!(await mayConnect())) return;
    if (await session.start()) panel.show();
  }

  /** A trace that runs goes on with the settings it was started with, until the user wants the new ones. */
  async function offerNewSettings(): Promise<void> {
    if (session.status?.mode !== "live" || offering) return;
    offering = true;
    const use = "Use Them";
    const answer = await vscode.window.showInformationMessage(
      "The settings of what to tap have changed. The trace goes on with the earlier ones.",
      use,
    );
    offering = false;
    if (answer === use) await startTrace();
  }

  async function play(file: string, as: "recording" | "capture"): Promise<void> {
    if (!(await mayConnect()) || !(await mayEndTrace())) return;
    if (await session.play(file, as)) panel.show();
  }

  async function openCapture(): Promise<void> {
    const file = await chooseCapture();
    if (file !== undefined) await play(file, "capture");
  }

  /** One workspace shows one thing: a file takes the place of the trace that runs, for every window. */
  async function mayEndTrace(): Promise<boolean> {
    if (session.status?.mode !== "live") return true;
    const end = "End the Trace";
    const answer = await vscode.window.showWarningMessage(
      "A trace is running.",
      { modal: true, detail: "Showing a file ends it. What it saw stays as a capture." },
      end,
    );
    return answer === end;
  }

  async function act(action: HostAction): Promise<void> {
    switch (action.action) {
      case "openContract": {
        const at = new vscode.Position(action.line, action.character);
        await vscode.window.showTextDocument(vscode.Uri.file(action.file), { selection: new vscode.Range(at, at) });
        return;
      }
      case "startTrace":
        await (action.broker === undefined ? startTrace() : startTraceOf(action.broker));
        return;
      case "stopTrace":
        await session.stop();
        return;
      case "openCapture":
        await openCapture();
        return;
      case "openSettings":
        await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:contrail.contrail");
        return;
      case "trySample":
        await vscode.commands.executeCommand(commands.playSample);
        return;
      case "reconnect":
        await session.reconnect();
        return;
    }
  }

  async function startTraceOf(
    broker: NonNullable<Extract<HostAction, { action: "startTrace" }>["broker"]>,
  ): Promise<void> {
    if (await mayConnect()) await session.add(broker);
  }

  async function startLanguageServer(): Promise<void> {
    try {
      const { createLanguageClient } = await import("./language-client.ts");
      client = createLanguageClient(context, log);
      context.subscriptions.push(client);
      await client.start();
      tellLanguageServer();
    } catch (error) {
      log.error(`The language server did not start: ${String(error)}`);
    }
  }

  function tellLanguageServer(): void {
    const parameters: protocol.DaemonParams = { file: session.connectionFile ?? null };
    if (client?.isRunning() === true) void client.sendNotification(daemonNotification, parameters);
  }

  return { activationMilliseconds: performance.now() - startedAt };
}

export async function deactivate(): Promise<void> {
  trace?.dispose();
  await client?.stop();
}

/** Commands can be called although the palette hides them, so each one guards itself. */
async function mayConnect(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  const answer = await vscode.window.showInformationMessage(
    "Contrail connects to brokers only in a trusted workspace. Contracts are checked all the same.",
    manage,
  );
  if (answer === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

function register(handlers: Readonly<Record<string, (argument: unknown) => unknown>>): vscode.Disposable[] {
  return Object.entries(handlers).map(([name, handler]) => vscode.commands.registerCommand(name, handler));
}
