/**
 * The live view as an editor panel: one panel, revealed again if it is open, restored after a reload. It only carries
 * messages between the page and the trace; the daemon owns the state, so a panel that was hidden or rebuilt asks again.
 */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { FromHost, ToHost } from "../webview/bridge.ts";
import { findBrokers } from "./found-brokers.ts";
import { liveViewType } from "./names.ts";
import type { TraceSession } from "./trace.ts";

export class LivePanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  /** Whether the page has said that it listens, and what to show it then. */
  private ready = false;
  private wanted: Wanted | undefined;
  private readonly extensionUri: vscode.Uri;
  private readonly trace: TraceSession;
  private readonly act: (action: HostAction) => void;

  constructor(extensionUri: vscode.Uri, trace: TraceSession, act: (action: HostAction) => void) {
    this.extensionUri = extensionUri;
    this.trace = trace;
    this.act = act;
    trace.onServerMessage((payload) => this.post({ type: "contrail", payload }));
    trace.onConnectionState(() => this.postConnection());
  }

  /** Shows the panel, made anew when there is none. */
  show(): void {
    if (this.panel !== undefined) {
      this.panel.reveal();
      return;
    }
    void closeForgotten();
    this.adopt(vscode.window.createWebviewPanel(liveViewType, "Contrail", vscode.ViewColumn.Active, this.options()));
  }

  /** The editor brings back a panel of before the reload. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.panel?.dispose();
    panel.webview.options = this.options();
    this.adopt(panel);
    await this.trace.resume();
  }

  /** Shows the panel and what the user came for. */
  reveal(wanted: Wanted): void {
    this.show();
    if (this.ready) this.post({ type: "reveal", ...wanted });
    else this.wanted = wanted;
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    this.ready = false;
    panel.iconPath = vscode.Uri.joinPath(this.extensionUri, "docs", "icon.png");
    panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.onDidDispose(() => {
      if (this.panel === panel) this.panel = undefined;
    });
    panel.webview.html = this.html(panel.webview);
  }

  private receive(message: unknown): void {
    if (typeof message !== "object" || message === null || !("type" in message)) return;
    const known = message as ToHost;
    switch (known.type) {
      case "ready":
        this.postConnection();
        if (this.trace.connectionState.state === "none") void this.offerBrokers();
        if (this.wanted !== undefined) this.post({ type: "reveal", ...this.wanted });
        this.wanted = undefined;
        this.ready = true;
        return;
      case "contrail":
        this.trace.send(known.payload);
        return;
      case "action":
        this.act(known);
        return;
    }
  }

  private postConnection(): void {
    this.post({ type: "connection", ...this.trace.pageConnection });
  }

  private async offerBrokers(): Promise<void> {
    this.post({ type: "found", brokers: await findBrokers() });
  }

  private post(message: FromHost): void {
    void this.panel?.webview.postMessage(message);
  }

  private options(): vscode.WebviewOptions & vscode.WebviewPanelOptions {
    return {
      enableScripts: true,
      enableForms: false,
      localResourceRoots: [this.webviewFolder()],
    };
  }

  private webviewFolder(): vscode.Uri {
    return vscode.Uri.joinPath(this.extensionUri, "dist", "webview");
  }

  private html(webview: vscode.Webview): string {
    const nonce = randomBytes(16).toString("base64url");
    const asset = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(this.webviewFolder(), name)).toString();
    const policy = [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src ${webview.cspSource}`,
      `font-src ${webview.cspSource}`,
      `img-src ${webview.cspSource} data:`,
    ].join("; ");
    return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${asset("live.css")}" />
    <title>Contrail</title>
  </head>
  <body>
    <script type="module" nonce="${nonce}" src="${asset("live.js")}"></script>
  </body>
</html>`;
  }
}

/** A message, a conversation, or words to look for. */
type Wanted = Omit<Extract<FromHost, { readonly type: "reveal" }>, "type">;

export type HostAction = Extract<ToHost, { readonly type: "action" }>;

/** A tab of before a reload that was never shown again has no panel yet; a new panel takes its place. */
async function closeForgotten(): Promise<void> {
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith(liveViewType));
  await vscode.window.tabGroups.close(tabs);
}
