/**
 * Brokers that the workspace mentions: ports that a Compose file publishes on this machine for an image of Kafka,
 * Redpanda or RabbitMQ. They are only offered; nothing connects until the user asks for it.
 */
import * as vscode from "vscode";
import type { FoundBroker } from "../webview/bridge.ts";
import { brokersInCompose } from "./compose.ts";

const mostFiles = 10;
const mostBytes = 256 * 1024;

export async function findBrokers(): Promise<FoundBroker[]> {
  const files = await vscode.workspace.findFiles(
    "**/{docker-compose,compose}*.{yml,yaml}",
    "**/node_modules/**",
    mostFiles,
  );
  const found = await Promise.all(
    files.map(async (uri) => {
      const bytes = await vscode.workspace.fs.readFile(uri);
      if (bytes.byteLength > mostBytes) return [];
      return brokersInCompose(new TextDecoder().decode(bytes), vscode.workspace.asRelativePath(uri), uri.fsPath);
    }),
  );
  const seen = new Set<string>();
  return found.flat().filter((one) => !seen.has(one.address) && seen.add(one.address));
}
