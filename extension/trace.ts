/**
 * The trace of this window: starts or finds the workspace's daemon, and holds two connections to it. One is the window's
 * own (status, commands) and brings the daemon back when it dies; the other carries what the live view's page says,
 * unchanged, so that the page is a view like any other.
 */
import * as vscode from "vscode";
import type { DaemonConnection, DaemonSettings } from "../daemon/client/index.ts";
import type { ClientMessage, ServerMessage, Status, TapSettings } from "../daemon/serve/protocol.ts";
import type { ConnectionState as PageState, FoundBroker } from "../webview/bridge.ts";
import { brokersToTap } from "./brokers.ts";
import { contextKeys } from "./names.ts";

/** `none`: no trace runs. */
export interface TraceConnection {
  readonly state: PageState;
  readonly detail?: string;
  readonly nextTryAt?: number;
}

/** How long the daemon stays after the last window left: longer than a window takes to reload. */
const idleMs = 30_000;
const lastTraceKey = "contrail.lastTrace.v1";

/** What is remembered of the last trace, to find its daemon after a reload: never an address or a password. */
interface LastTrace {
  readonly kind: "live" | "recording" | "capture";
  readonly file?: string;
}

export class TraceSession implements vscode.Disposable {
  status: Status | undefined;
  private readonly context: vscode.ExtensionContext;
  private readonly log: vscode.LogOutputChannel;
  private own: DaemonConnection | undefined;
  private page: DaemonConnection | undefined;
  private file: string | undefined;
  private settings: DaemonSettings | undefined;
  private state: TraceConnection = { state: "none" };
  private pageState: TraceConnection = { state: "none" };
  private starting: Promise<unknown> = Promise.resolve();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly served = new vscode.EventEmitter<ServerMessage>();
  private readonly connected = new vscode.EventEmitter<TraceConnection>();
  readonly onChange = this.changed.event;
  /** What the daemon says to the page. */
  readonly onServerMessage = this.served.event;
  /** Whether the page can talk to the daemon. */
  readonly onConnectionState = this.connected.event;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.context = context;
    this.log = log;
  }

  get connectionState(): TraceConnection {
    return this.state;
  }

  get pageConnection(): TraceConnection {
    return this.pageState;
  }

  /** The daemon's connection file while a trace runs. */
  get connectionFile(): string | undefined {
    return this.file;
  }

  /** Taps the brokers of the settings, or asks for them. Whether a trace runs now. */
  async start(): Promise<boolean> {
    const brokers = await brokersToTap(this.context, { ask: true });
    if (brokers === undefined) return false;
    return this.run({ kind: "live" }, { ...brokers, ...this.workspace() });
  }

  /** Taps one more broker, which the user picked in the live view. */
  async add(broker: FoundBroker): Promise<boolean> {
    const tap: TapSettings =
      broker.broker === "kafka"
        ? { kind: "kafka", brokers: broker.address }
        : { kind: "rabbitmq", url: `amqp://${broker.address}` };
    const taps = [...(this.settings?.taps ?? []).filter(({ kind }) => kind !== "capture" && kind !== tap.kind), tap];
    return this.run({ kind: "live" }, { taps, ...this.workspace() });
  }

  /** Plays a recording as if it happened now, or shows a capture as it was. */
  async play(file: string, as: "recording" | "capture"): Promise<boolean> {
    return this.run({ kind: as, file }, { taps: [{ kind: "capture", file, as }], ...this.workspaceOf(file, as) });
  }

  /** After a reload: finds the daemon that still runs for this workspace. Starts none. */
  resume(): Promise<boolean> {
    return this.inTurn(async () => {
      if (this.own !== undefined) return true;
      const last = this.context.workspaceState.get<LastTrace>(lastTraceKey);
      if (last === undefined || !vscode.workspace.isTrusted) return false;
      const workspace =
        last.file === undefined
          ? this.workspace()
          : this.workspaceOf(last.file, last.kind === "capture" ? "capture" : "recording");
      const { findDaemon } = await import("../daemon/client/index.ts");
      if ((await findDaemon(workspace.workspaceFolder)) === undefined) return false;
      const brokers =
        last.file === undefined
          ? await brokersToTap(this.context, { ask: false })
          : {
              taps: [
                {
                  kind: "capture" as const,
                  file: last.file,
                  as: last.kind === "capture" ? ("capture" as const) : ("recording" as const),
                },
              ],
            };
      // Taps that go on already are not started a second time.
      return this.connect(last, { taps: [], ...brokers, ...workspace }, false);
    });
  }

  /** Ends the trace for every window of this workspace. */
  async stop(): Promise<void> {
    const folder = this.settings?.workspaceFolder;
    if (this.own === undefined) return;
    await this.context.workspaceState.update(lastTraceKey, undefined);
    this.leave({ state: "none" });
    const { stopDaemon } = await import("../daemon/client/index.ts");
    await stopDaemon(folder);
  }

  async reconnect(): Promise<void> {
    this.own?.reconnect();
    this.page?.reconnect();
    if (this.own === undefined) await this.resume();
  }

  async openInBrowser(): Promise<void> {
    if (this.own === undefined) {
      void vscode.window.showInformationMessage("No trace runs. Start one with Contrail: Start Trace.");
      return;
    }
    await vscode.env.openExternal(vscode.Uri.parse(await this.own.browserAddress(), true));
  }

  /** From the page to the daemon. */
  send(message: ClientMessage): void {
    this.page?.send(message);
  }

  /** Leaves; the daemon goes on for other windows, and for this one if it comes back in time. */
  dispose(): void {
    this.leave({ state: "none" });
    this.changed.dispose();
    this.served.dispose();
    this.connected.dispose();
  }

  private run(
    last: LastTrace,
    settings: Omit<DaemonSettings, "webviewFolder" | "guardianPath" | "idleMs">,
  ): Promise<boolean> {
    return this.inTurn(async () =>
      vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: "Starting the trace" }, () =>
        this.connect(last, settings, last.kind === "recording"),
      ),
    );
  }

  private async connect(
    last: LastTrace,
    settings: Omit<DaemonSettings, "webviewFolder" | "guardianPath" | "idleMs">,
    again: boolean,
  ): Promise<boolean> {
    this.leave({ state: "connecting" });
    const whole: DaemonSettings = {
      ...settings,
      webviewFolder: this.context.asAbsolutePath("dist/webview"),
      guardianPath: this.context.asAbsolutePath("dist/node/guardian.js"),
      idleMs,
    };
    const { connectDaemon, connectionFileOf, startDaemon } = await import("../daemon/client/index.ts");
    try {
      const version = (this.context.extension.packageJSON as { version: string }).version;
      const daemonPath = this.context.asAbsolutePath("dist/node/daemon.js");
      const own = await startDaemon({ daemonPath, settings: whole, version, client: "extension", again });
      const file = connectionFileOf(whole.workspaceFolder);
      const page = await connectDaemon(file, { client: "webview", hello: false, wait: true });
      this.own = own;
      this.page = page;
      this.file = file;
      this.settings = whole;
      own.onMessage((message) => this.heed(message));
      own.onState((change) => this.change(change));
      page.onMessage((message) => this.served.fire(message));
      page.onState((change) => this.changePage(change));
      await this.context.workspaceState.update(lastTraceKey, last);
      await vscode.commands.executeCommand("setContext", contextKeys.tracing, true);
      this.change({ state: own.state });
      this.changePage({ state: page.state });
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.error(`The trace could not be started: ${reason}`);
      this.leave({ state: "none" });
      const showLog = "Show Log";
      void vscode.window.showErrorMessage(`The trace could not be started. ${reason}`, showLog).then((answer) => {
        if (answer === showLog) this.log.show();
      });
      return false;
    }
  }

  private heed(message: ServerMessage): void {
    if (message.kind !== "welcome" && message.kind !== "status") return;
    const before = this.status;
    this.status = message.status;
    for (const tap of message.status.taps) {
      const old = before?.taps.find((one) => one.tap === tap.tap);
      if (old?.phase === tap.phase && old.detail === tap.detail) continue;
      const line = `${tap.address}: ${tap.phase}${tap.detail === undefined ? "" : `. ${tap.detail}`}`;
      if (tap.phase === "failed") this.log.error(line);
      else this.log.info(line);
    }
    this.changed.fire();
  }

  private change(state: TraceConnection): void {
    this.state = state;
    if (state.detail !== undefined) this.log.info(`Daemon: ${state.detail}`);
    this.changed.fire();
  }

  private changePage(state: TraceConnection): void {
    this.pageState = state;
    this.connected.fire(state);
  }

  private leave(state: TraceConnection): void {
    this.own?.close();
    this.page?.close();
    this.own = undefined;
    this.page = undefined;
    this.file = undefined;
    this.settings = undefined;
    this.status = undefined;
    void vscode.commands.executeCommand("setContext", contextKeys.tracing, false);
    this.change(state);
    this.changePage(state);
  }

  private workspace(): { workspaceFolder?: string } {
    const folder = vscode.workspace.workspaceFolders?.find((one) => one.uri.scheme === "file")?.uri.fsPath;
    return folder === undefined ? {} : { workspaceFolder: folder };
  }

  /** The bundled recording is decoded by the contracts that came with it, everything else by the workspace's. */
  private workspaceOf(file: string, as: "recording" | "capture"): { workspaceFolder?: string } {
    const bundled = as === "recording" && file.startsWith(this.context.extensionPath);
    return bundled ? { workspaceFolder: this.context.asAbsolutePath("fixtures/shop/contracts") } : this.workspace();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.starting.then(work, work);
    this.starting = done.catch(() => undefined);
    return done;
  }
}
