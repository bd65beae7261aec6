/** The language server, as this editor's client of it: started with the extension, restarted on demand. */
import * as vscode from "vscode";
import {
  LanguageClient,
  TransportKind,
  type LanguageClientOptions,
  type ServerOptions,
} from "vscode-languageclient/node";
import { settings } from "./names.ts";

/** Everything a contract can be; whether a YAML or JSON file is one, the server tells from its text. */
const documents = [
  { language: "proto" },
  { language: "proto3" },
  { pattern: "**/*.proto" },
  { language: "yaml" },
  { language: "json" },
  { language: "jsonc" },
].map((filter) => ({ ...filter, scheme: "file" }));

export function createLanguageClient(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): LanguageClient {
  const module = context.asAbsolutePath("dist/node/language-server.js");
  const server: ServerOptions = {
    run: { module, transport: TransportKind.ipc },
    debug: { module, transport: TransportKind.ipc, options: { execArgv: ["--nolazy", "--inspect=6009"] } },
  };
  const options: LanguageClientOptions = {
    documentSelector: documents,
    outputChannel: log,
    initializationOptions: () => ({ trusted: vscode.workspace.isTrusted, settings: readSettings() }),
    synchronize: {
      configurationSection: "contrail",
      fileEvents: vscode.workspace.createFileSystemWatcher(
        "**/{*.proto,*.yaml,*.yml,*.json,buf.lock,.git/HEAD,.git/refs/**}",
      ),
    },
    diagnosticPullOptions: { onChange: true, onSave: true, onTabs: false },
  };
  return new LanguageClient("contrail", "Contrail", server, options);
}

/** What the language server needs of the settings. */
export function readSettings(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration("contrail");
  return {
    enable: configuration.get(settings.checkEnable, true),
    against: vscode.workspace.isTrusted ? configuration.get(settings.checkAgainst, "") : "",
    level: configuration.get(settings.checkLevel, "full"),
    importPaths: configuration.get(settings.protoImportPaths, []),
    codeLens: configuration.get(settings.codeLensEnable, true),
  };
}
