/** One status bar item, there only while a trace runs or failed: what it does, and a way into the live view. */
import * as vscode from "vscode";
import type { Status } from "../daemon/serve/protocol.ts";
import { commands } from "./names.ts";
import type { TraceConnection } from "./trace.ts";

export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;

  constructor() {
    this.item = vscode.window.createStatusBarItem("contrail.trace", vscode.StatusBarAlignment.Left, 0);
    this.item.name = "Contrail Trace";
    this.item.command = commands.openLiveView;
  }

  update(connection: TraceConnection, status: Status | undefined): void {
    if (connection.state === "none") {
      this.item.hide();
      return;
    }
    const isOpen = connection.state === "open";
    // What a daemon said before the connection broke says nothing of now.
    const taps = isOpen ? (status?.taps ?? []) : [];
    const troubled = taps.filter((tap) => tap.phase === "failed" || tap.phase === "reconnecting");
    const connecting = !isOpen || status === undefined || taps.some((tap) => tap.phase === "connecting");
    const icon = troubled.length > 0 ? "$(debug-disconnect)" : connecting ? "$(plug)" : "$(pulse)";
    this.item.text = `${icon} Contrail`;
    const lines = taps.map((tap) => `${tap.address}: ${tap.phase}${tap.detail === undefined ? "" : `. ${tap.detail}`}`);
    const said = isOpen ? `Tracing, ${status?.seen ?? 0} messages seen` : "Waiting for the Contrail daemon";
    this.item.tooltip = [connection.detail ?? said, ...lines].join("\n");
    this.item.accessibilityInformation = { label: `Contrail trace: ${this.item.tooltip}`, role: "button" };
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}
