/**
 * The language server on one connection: what the client says goes to folders, what folders find goes to the client.
 * Everything slow or rare (git, the engine's parts, the AsyncAPI parser, the daemon) starts when it is first needed.
 */
import {
  CodeActionKind,
  CodeLensRefreshRequest,
  DidChangeWatchedFilesNotification,
  TextDocumentSyncKind,
  type Connection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  type WorkspaceFolder,
} from "vscode-languageserver";
import { findRoot } from "../workspace/index.ts";
import { AsyncapiProblems } from "./asyncapi.ts";
import { codeActions } from "./code-actions.ts";
import { definitionAt } from "./definition.ts";
import { pullDiagnostics, pushDiagnostics, type DiagnosticsChannel } from "./diagnostics.ts";
import { OpenDocuments } from "./documents.ts";
import { Folder, type FolderHost, type Outcome } from "./folder.ts";
import { hoverAt } from "./hover.ts";
import { LiveDefinitions, type LiveConnection } from "./live.ts";
import {
  baselineTextRequest,
  daemonNotification,
  statusNotification,
  type BaselineTextParams,
  type BaselineTextResult,
  type DaemonParams,
  type InitializationOptions,
  type ServerSettings,
  type StatusParams,
} from "./protocol.ts";
import { protoSymbols } from "./symbols.ts";
import { syntaxProblems } from "./syntax.ts";
import { findingToDiagnostic, problemToDiagnostic, toRange } from "./to-lsp.ts";
import { fileOf, fileOfBaselineUri, pathBelow, sameUri, uriBelow } from "./uris.ts";

export interface ServerOptions {
  /** Reaches the daemon of a running trace through its connection file. */
  readonly connectDaemon: (file: string) => Promise<LiveConnection>;
  readonly now: () => number;
  /** From when on a check counts as slow, in milliseconds; then syntax is answered at once, and only a part is checked. */
  readonly slowCheckMs?: number;
}

/** Serves `connection` until the client shuts it down. */
export function startServer(connection: Connection, options: ServerOptions): void {
  new Server(connection, options).listen();
}

class Server implements FolderHost {
  readonly slowCheckMs: number;
  private readonly connection: Connection;
  private readonly options: ServerOptions;
  private readonly documents = new OpenDocuments();
  private readonly folders = new Map<string, Folder>();
  private readonly live: LiveDefinitions;
  private readonly asyncapi: AsyncapiProblems;
  private settings: ServerSettings = {};
  private diagnostics: DiagnosticsChannel = { changed: () => undefined };
  private client: InitializeParams["capabilities"] = {};
  private watchesFiles = false;
  private lensTimer: NodeJS.Timeout | undefined;
  private lastStatus = "";

  constructor(connection: Connection, options: ServerOptions) {
    this.connection = connection;
    this.options = options;
    this.slowCheckMs = options.slowCheckMs ?? 500;
    const log = (message: string) => this.log(message);
    this.live = new LiveDefinitions(options.connectDaemon, () => this.liveChanged(), log);
    this.asyncapi = new AsyncapiProblems(() => this.diagnostics.changed(), log);
  }

  listen(): void {
    const { connection } = this;
    connection.onInitialize((params) => this.initialize(params));
    connection.onInitialized(() => this.initialized());
    this.documents.listen(connection, (uri, kind) => this.documentChanged(uri, kind));
    connection.onDidChangeConfiguration(({ settings }) => this.configure(settings));
    connection.onDidChangeWatchedFiles(({ changes }) => this.filesChanged(changes.map(({ uri }) => uri)));
    connection.onHover(async ({ textDocument, position }) => {
      const at = await this.outcomeAt(textDocument.uri);
      const document = this.documents.get(textDocument.uri);
      if (at === undefined || document === undefined) return null;
      const offset = document.offsetAt(position);
      const seen = (name: string) => this.live.named(name);
      return hoverAt(at.outcome, at.path, document.getText(), offset, seen, this.options.now()) ?? null;
    });
    connection.onCodeAction(async ({ textDocument, context }) => {
      const at = await this.outcomeAt(textDocument.uri);
      return at === undefined ? [] : codeActions(at.folder, at.outcome, at.path, context.diagnostics);
    });
    connection.onDocumentSymbol(({ textDocument }) => {
      const document = this.documents.get(textDocument.uri);
      const file = fileOf(textDocument.uri) ?? textDocument.uri;
      return document === undefined || !file.endsWith(".proto") ? [] : protoSymbols(file, document.getText());
    });
    connection.onDefinition(async ({ textDocument, position }) => {
      const at = await this.outcomeAt(textDocument.uri);
      const document = this.documents.get(textDocument.uri);
      if (at === undefined || document === undefined) return null;
      const { after } = at.outcome.sides;
      const place = definitionAt(after, at.path, document.offsetAt(position));
      const text = place === undefined ? undefined : after.files.get(place.path);
      if (place === undefined || text === undefined) return null;
      return { uri: this.documents.spelling(uriBelow(at.folder.root, place.path)), range: toRange(text, place.span) };
    });
    connection.onCodeLens(({ textDocument }) => {
      const document = this.documents.get(textDocument.uri);
      const file = fileOf(textDocument.uri);
      if (document === undefined || file === undefined || this.settings.codeLens === false) return [];
      return this.live.lenses(file, document.getText(), this.options.now());
    });
    connection.onRequest(baselineTextRequest, (params: BaselineTextParams) => this.baselineText(params));
    connection.onNotification(daemonNotification, ({ file }: DaemonParams) => this.live.follow(file));
    connection.onShutdown(() => this.dispose());
    connection.listen();
  }

  // ------------------------------------------------------------------------------------------- what folders ask for

  overlay(root: string): ReadonlyMap<string, string> {
    return this.documents.below(root);
  }

  against(): string | undefined {
    return this.settings.against === undefined || this.settings.against === "" ? undefined : this.settings.against;
  }

  level(): string | undefined {
    return this.settings.level;
  }

  importPaths(): readonly string[] {
    return textsOf(this.settings.importPaths) ?? [];
  }

  today(): string {
    return new Date(this.options.now()).toISOString().slice(0, 10);
  }

  log(message: string): void {
    this.connection.console.warn(message);
  }

  checked(): void {
    this.diagnostics.changed();
    const folders = [...this.folders.values()].flatMap(({ uri, outcome }) => {
      if (outcome === undefined) return [];
      const findings = [...outcome.findings.values()].flat();
      return {
        uri,
        baseline: outcome.sides.baseline.label,
        contracts: outcome.sides.formats.size,
        breaking: findings.filter((finding) => finding.verdict === "breaking" && finding.severity === undefined).length,
        notes: outcome.sides.notes,
        tookMs: Math.round(outcome.tookMs),
      };
    });
    const withoutTime = JSON.stringify(folders.map((folder) => ({ ...folder, tookMs: 0 })));
    if (withoutTime === this.lastStatus) return;
    this.lastStatus = withoutTime;
    void this.connection.sendNotification(statusNotification, { folders } satisfies StatusParams);
  }

  // ------------------------------------------------------------------------------------------------ start and end

  private initialize(params: InitializeParams): InitializeResult {
    this.client = params.capabilities;
    const given = params.initializationOptions as InitializationOptions | undefined;
    this.settings = given?.settings ?? {};
    this.watchesFiles = given?.watchesFiles ?? given?.settings !== undefined;
    const folders = params.workspaceFolders ?? [];
    for (const folder of folders) this.addFolder(folder);
    const pulls = params.capabilities.textDocument?.diagnostic !== undefined;
    const source = {
      of: (uri: string) => this.diagnosticsOf(uri),
      all: () => this.allDiagnostics(),
    };
    const canRefresh = params.capabilities.workspace?.diagnostics?.refreshSupport === true;
    this.diagnostics = pulls
      ? pullDiagnostics(this.connection, source, canRefresh)
      : pushDiagnostics(this.connection, source);
    return {
      serverInfo: { name: "contrail" },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        hoverProvider: true,
        definitionProvider: true,
        documentSymbolProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
        codeLensProvider: {},
        ...(pulls
          ? {
              diagnosticProvider: {
                identifier: "contrail",
                interFileDependencies: true,
                workspaceDiagnostics: true,
              },
            }
          : {}),
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  private initialized(): void {
    const { connection, client } = this;
    if (client.workspace?.workspaceFolders === true) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) {
          this.folders.get(sameUri(uri))?.dispose();
          this.folders.delete(sameUri(uri));
        }
        for (const folder of added) this.addFolder(folder);
        this.diagnostics.changed();
      });
    }
    if (!this.watchesFiles && client.workspace?.didChangeWatchedFiles?.dynamicRegistration === true) {
      const watchers = [
        "**/*.{proto,yaml,yml,json}",
        "**/buf.lock",
        "**/.gitignore",
        "**/.git/HEAD",
        "**/.git/refs/**",
      ];
      connection.client
        .register(DidChangeWatchedFilesNotification.type, {
          watchers: watchers.map((globPattern) => ({ globPattern })),
        })
        .catch((error: unknown) => this.log(`Files are not watched: ${String(error)}`));
    }
    for (const folder of this.folders.values()) folder.textChanged();
  }

  private dispose(): void {
    clearTimeout(this.lensTimer);
    this.live.dispose();
    this.asyncapi.dispose();
    for (const folder of this.folders.values()) folder.dispose();
    this.folders.clear();
  }

  // -------------------------------------------------------------------------------------------- what the client says

  private addFolder({ uri }: Pick<WorkspaceFolder, "uri">): void {
    const root = fileOf(uri);
    if (root !== undefined && !this.folders.has(sameUri(uri))) {
      this.folders.set(sameUri(uri), new Folder(findRoot(root), uri, this));
    }
  }

  private documentChanged(uri: string, kind: "changed" | "saved" | "closed"): void {
    const folder = this.folderOf(uri)?.folder;
    if (folder === undefined) {
      this.diagnostics.changed();
      return;
    }
    if (kind === "changed") folder.textChanged();
    else folder.filesChanged([fileOf(uri) ?? ""]);
    // A commit made in a terminal is seen at the next save even where nobody watches .git.
    if (kind === "saved") folder.refsChanged();
  }

  private filesChanged(uris: readonly string[]): void {
    for (const folder of this.folders.values()) {
      const files = uris.flatMap((uri) => fileOf(uri) ?? []);
      const refs = files.filter((file) => /[\\/]\.git[\\/]/.test(file));
      const others = files.filter((file) => !refs.includes(file) && pathBelow(folder.root, file) !== undefined);
      if (refs.length > 0) folder.refsChanged();
      if (others.length > 0) folder.filesChanged(others);
    }
  }

  /** Clients send `contrail.*` as nested objects; nothing else is read from them. */
  private configure(settings: unknown): void {
    const contrail = (settings as { contrail?: Record<string, Record<string, unknown> | undefined> } | null)?.contrail;
    if (contrail === undefined) return;
    const before = this.settings;
    const check = contrail["check"];
    const importPaths = textsOf(contrail["proto"]?.["importPaths"]);
    this.settings = {
      ...before,
      ...(typeof check?.["enable"] === "boolean" ? { enable: check["enable"] } : {}),
      ...(typeof check?.["against"] === "string" ? { against: check["against"] } : {}),
      ...(typeof check?.["level"] === "string" ? { level: check["level"] } : {}),
      ...(importPaths === undefined ? {} : { importPaths }),
      ...(typeof contrail["codeLens"]?.["enable"] === "boolean" ? { codeLens: contrail["codeLens"]["enable"] } : {}),
    };
    if (JSON.stringify(before) === JSON.stringify(this.settings)) return;
    for (const folder of this.folders.values()) folder.refsChanged();
    this.diagnostics.changed();
    this.refreshLenses();
  }

  private baselineText({ uri }: BaselineTextParams): BaselineTextResult | null {
    const file = fileOfBaselineUri(uri);
    for (const folder of this.folders.values()) {
      const path = file === undefined ? undefined : pathBelow(folder.root, file);
      const text = path === undefined ? undefined : folder.outcome?.sides.before.files.get(path);
      if (text !== undefined) return { text };
    }
    return null;
  }

  // ------------------------------------------------------------------------------------------------------ answers

  private async diagnosticsOf(uri: string): Promise<readonly Diagnostic[]> {
    const found = this.folderOf(uri);
    if (this.settings.enable !== false && found?.folder.isSlow === true && found.folder.outcome !== undefined) {
      return this.quickDiagnostics(found.folder, found.folder.outcome, found.path, uri);
    }
    const outcome = this.settings.enable === false ? undefined : await found?.folder.current();
    if (found === undefined || outcome === undefined) return this.liveOf(uri);
    return this.diagnosticsIn(found.folder, outcome, found.path, uri);
  }

  /**
   * Where a check takes long: the syntax of this one document as it is now, and what was found before. When the check has
   * ended, the client is asked to pull again.
   */
  private quickDiagnostics(folder: Folder, outcome: Outcome, path: string, uri: string): Diagnostic[] {
    const text = this.documents.get(uri)?.getText();
    if (text === undefined) return this.diagnosticsIn(folder, outcome, path, uri);
    const problems = syntaxProblems(path, text);
    const places = { ...folder.places, text: () => text };
    return [
      ...problems.map((problem) => problemToDiagnostic(problem, places)),
      ...this.findingsIn(folder, outcome, path),
      ...this.liveOf(uri),
    ];
  }

  private async allDiagnostics(): Promise<ReadonlyMap<string, readonly Diagnostic[]>> {
    const all = new Map<string, readonly Diagnostic[]>();
    for (const folder of this.folders.values()) {
      const outcome = this.settings.enable === false ? undefined : await folder.current();
      if (outcome === undefined) continue;
      const shown = fileOf(folder.uri) ?? folder.root;
      const asyncapi = [...outcome.sides.formats].filter(([, format]) => format === "asyncapi").map(([path]) => path);
      for (const path of new Set([...outcome.findings.keys(), ...outcome.problems.keys(), ...asyncapi])) {
        const gone = folder.places.text(path, "after") === undefined && outcome.findings.has(path);
        const uri = folder.places.uri(path, gone ? "before" : "after");
        // A workspace folder inside of a larger root is checked with all of it, and shows what is its own.
        if (!gone && shown !== folder.root && pathBelow(shown, fileOf(uri) ?? "") === undefined) continue;
        const spelled = this.documents.spelling(uri);
        const diagnostics = this.diagnosticsIn(folder, outcome, path, spelled);
        if (diagnostics.length > 0) all.set(spelled, diagnostics);
      }
    }
    for (const file of this.live.files) {
      const uri = this.documents.spelling(uriBelow(file, "."));
      if (!all.has(uri)) all.set(uri, this.liveOf(uri));
    }
    return all;
  }

  private diagnosticsIn(folder: Folder, outcome: Outcome, path: string, uri: string): Diagnostic[] {
    const text = outcome.sides.after.files.get(path);
    return [
      ...(outcome.problems.get(path) ?? []).map((problem) => problemToDiagnostic(problem, folder.places)),
      ...this.findingsIn(folder, outcome, path),
      ...(text !== undefined && outcome.sides.formats.get(path) === "asyncapi" && this.documents.get(uri) !== undefined
        ? this.asyncapi.diagnostics(uri, path, text, outcome.sides.after.files)
        : []),
      ...this.liveOf(uri),
    ];
  }

  /** What is compatible is shown only where there is something to do about it. */
  private findingsIn(folder: Folder, outcome: Outcome, path: string): Diagnostic[] {
    const baseline = outcome.sides.baseline.label;
    return (outcome.findings.get(path) ?? [])
      .filter((finding) => finding.verdict !== "compatible" || (finding.fixes ?? []).length > 0)
      .map((finding) => findingToDiagnostic(finding, folder.places, baseline));
  }

  private liveOf(uri: string): Diagnostic[] {
    const file = fileOf(uri);
    return file === undefined ? [] : this.live.diagnostics(file, this.documents.get(uri)?.getText());
  }

  private liveChanged(): void {
    this.diagnostics.changed();
    this.refreshLenses();
  }

  /** At most twice a second: a lens that is redrawn for every message cannot be read. */
  private refreshLenses(): void {
    if (this.client.workspace?.codeLens?.refreshSupport !== true || this.lensTimer !== undefined) return;
    this.lensTimer = setTimeout(() => {
      this.lensTimer = undefined;
      this.connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined);
    }, 500);
  }

  private async outcomeAt(uri: string): Promise<{ folder: Folder; path: string; outcome: Outcome } | undefined> {
    const found = this.folderOf(uri);
    const outcome = await found?.folder.current();
    return found === undefined || outcome === undefined ? undefined : { ...found, outcome };
  }

  /** The innermost folder that holds a document. */
  private folderOf(uri: string): { folder: Folder; path: string } | undefined {
    const file = fileOf(uri);
    let best: { folder: Folder; path: string } | undefined;
    for (const folder of file === undefined ? [] : this.folders.values()) {
      const path = pathBelow(folder.root, file ?? "");
      if (path !== undefined && (best === undefined || path.length < best.path.length)) best = { folder, path };
    }
    return best;
  }
}

/** A list of texts that a client sent; `undefined` when it is no list. */
function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}
