/** The server in this process, over streams, with a client that speaks the protocol to it; and a git repository. */
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import {
  createConnection,
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ClientCapabilities,
  type CodeAction,
  type Diagnostic,
  type DocumentDiagnosticReport,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type WorkspaceDiagnosticReport,
} from "vscode-languageserver/node";
import { TestRepository } from "../../workspace/testing/repository.ts";
import type { LiveConnection } from "../live.ts";
import { startServer } from "../server.ts";

export interface ClientOptions {
  readonly pull?: boolean;
  readonly settings?: object;
  readonly connectDaemon?: (file: string) => Promise<LiveConnection>;
  readonly root?: string;
  /** Tests wait for whole checks, however slow the machine, unless they say otherwise. */
  readonly slowCheckMs?: number;
}

/** 2026-11-21 12:00:00 UTC; the server's clock in tests. */
export const testNow = Date.UTC(2026, 10, 21, 12);

export class TestClient {
  readonly connection: ProtocolConnection;
  readonly pushed = new Map<string, Diagnostic[]>();
  readonly pushes: PublishDiagnosticsParams[] = [];
  readonly status: unknown[] = [];
  refreshes = 0;
  lensRefreshes = 0;
  private readonly root: string;
  private readonly versions = new Map<string, { version: number; text: string }>();

  private constructor(connection: ProtocolConnection, root: string) {
    this.connection = connection;
    this.root = root;
  }

  static async start(root: string, options: ClientOptions = {}): Promise<TestClient> {
    const up = new PassThrough();
    const down = new PassThrough();
    const server = createConnection(new StreamMessageReader(up), new StreamMessageWriter(down));
    startServer(server, {
      connectDaemon: options.connectDaemon ?? (() => Promise.reject(new Error("no daemon in this test"))),
      now: () => testNow,
      slowCheckMs: options.slowCheckMs ?? Infinity,
    });
    const connection = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
    const client = new TestClient(connection, root);
    connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
      client.pushes.push(params);
      client.pushed.set(params.uri, params.diagnostics);
    });
    connection.onNotification("contrail/status", (params: unknown) => void client.status.push(params));
    connection.onRequest("workspace/diagnostic/refresh", () => {
      client.refreshes++;
      return null;
    });
    connection.onRequest("workspace/codeLens/refresh", () => {
      client.lensRefreshes++;
      return null;
    });
    connection.listen();
    const pull = options.pull ?? true;
    const capabilities: ClientCapabilities = {
      textDocument: pull ? { diagnostic: {} } : { publishDiagnostics: { relatedInformation: true } },
      workspace: {
        codeLens: { refreshSupport: true },
        ...(pull ? { diagnostics: { refreshSupport: true } } : {}),
      },
    };
    await connection.sendRequest("initialize", {
      processId: null,
      rootUri: null,
      capabilities,
      workspaceFolders: [{ uri: pathToFileURL(options.root ?? root).href, name: "test" }],
      initializationOptions: { settings: options.settings ?? {} },
    });
    await connection.sendNotification("initialized", {});
    return client;
  }

  uri(path: string): string {
    return pathToFileURL(join(this.root, path)).href;
  }

  async open(path: string, text: string, languageId = "plaintext"): Promise<void> {
    this.versions.set(path, { version: 1, text });
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: this.uri(path), languageId, version: 1, text },
    });
  }

  /** Replaces the whole text, as one keystroke does the changed part. */
  async edit(path: string, text: string): Promise<void> {
    const version = (this.versions.get(path)?.version ?? 1) + 1;
    this.versions.set(path, { version, text });
    await this.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri(path), version },
      contentChanges: [{ text }],
    });
  }

  async save(path: string): Promise<void> {
    await this.connection.sendNotification("textDocument/didSave", { textDocument: { uri: this.uri(path) } });
  }

  async pull(path: string): Promise<Diagnostic[]> {
    const report: DocumentDiagnosticReport = await this.connection.sendRequest("textDocument/diagnostic", {
      textDocument: { uri: this.uri(path) },
    });
    return report.kind === "full" ? report.items : [];
  }

  async pullWorkspace(): Promise<Record<string, string[]>> {
    const report: WorkspaceDiagnosticReport = await this.connection.sendRequest("workspace/diagnostic", {
      previousResultIds: [],
    });
    return Object.fromEntries(
      report.items.map((item) => [
        item.uri.replace(pathToFileURL(this.root).href, ""),
        item.kind === "full" ? item.items.map(({ code }) => String(code)) : [],
      ]),
    );
  }

  async actions(path: string, diagnostic: Diagnostic): Promise<CodeAction[]> {
    return this.connection.sendRequest("textDocument/codeAction", {
      textDocument: { uri: this.uri(path) },
      range: diagnostic.range,
      context: { diagnostics: [diagnostic] },
    });
  }

  async at<T>(method: string, path: string, line: number, character: number): Promise<T> {
    return this.connection.sendRequest<T>(method, {
      textDocument: { uri: this.uri(path) },
      position: { line, character },
    });
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest("shutdown");
    this.connection.dispose();
  }
}

/** Waits until `condition` holds; fails after two seconds, or `ms`. */
export async function until(condition: () => boolean, what: string, ms = 2000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export { TestRepository };
