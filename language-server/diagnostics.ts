/**
 * Diagnostics, pulled by the client or pushed to one that cannot pull; never both. Pulled ones are answered for the text
 * as it is when the check ends; what changes without being asked for (another file, the baseline, live traffic) makes
 * the server ask the client to pull again.
 */
import {
  DiagnosticRefreshRequest,
  DocumentDiagnosticReportKind,
  type Connection,
  type Diagnostic,
  type DocumentDiagnosticReport,
  type WorkspaceDiagnosticReport,
  type WorkspaceDocumentDiagnosticReport,
} from "vscode-languageserver";

export interface DiagnosticSource {
  /** The diagnostics of one document, once the check of its present text has ended. */
  of(uri: string): Promise<readonly Diagnostic[]>;
  /** Those of all contracts, open or not, as far as they are known; what is clean may be missing. */
  all(): Promise<ReadonlyMap<string, readonly Diagnostic[]>>;
}

export interface DiagnosticsChannel {
  /** Something may have changed for any document. `uris`: those whose diagnostics are asked for by nobody else. */
  changed(): void;
}

/** For clients that pull. `canRefresh`: whether they can be asked to pull again. */
export function pullDiagnostics(
  connection: Connection,
  source: DiagnosticSource,
  canRefresh: boolean,
): DiagnosticsChannel {
  /** What each document was answered last, so that a refresh is asked for only where the answer would differ. */
  const answered = new Map<string, string>();

  connection.languages.diagnostics.on(
    async ({ textDocument, previousResultId }, token): Promise<DocumentDiagnosticReport> => {
      const items = await source.of(textDocument.uri);
      const resultId = fingerprint(items);
      if (!token.isCancellationRequested) answered.set(textDocument.uri, resultId);
      if (previousResultId === resultId) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId };
      return { kind: DocumentDiagnosticReportKind.Full, resultId, items: [...items] };
    },
  );

  connection.languages.diagnostics.onWorkspace(async ({ previousResultIds }): Promise<WorkspaceDiagnosticReport> => {
    const all = await source.all();
    const previous = new Map(previousResultIds.map(({ uri, value }) => [uri, value]));
    const items: WorkspaceDocumentDiagnosticReport[] = [];
    for (const uri of new Set([...all.keys(), ...previous.keys()])) {
      const diagnostics = all.get(uri) ?? [];
      const resultId = fingerprint(diagnostics);
      if (diagnostics.length === 0 && !previous.has(uri)) continue;
      items.push(
        previous.get(uri) === resultId
          ? { kind: DocumentDiagnosticReportKind.Unchanged, uri, version: null, resultId }
          : { kind: DocumentDiagnosticReportKind.Full, uri, version: null, resultId, items: [...diagnostics] },
      );
    }
    return { items };
  });

  let checking: Promise<void> | undefined;
  const refreshIfDifferent = async () => {
    const all = await source.all();
    const differs = [...answered].some(([uri, resultId]) => fingerprint(all.get(uri) ?? []) !== resultId);
    if (differs) await connection.sendRequest(DiagnosticRefreshRequest.type).catch(() => undefined);
  };
  return {
    changed() {
      if (!canRefresh) return;
      checking ??= new Promise<void>((resolve) => setTimeout(resolve, 50))
        .then(refreshIfDifferent)
        .finally(() => (checking = undefined));
    },
  };
}

/** For clients that do not. Only what differs from what was sent last is sent. */
export function pushDiagnostics(connection: Connection, source: DiagnosticSource): DiagnosticsChannel {
  const sent = new Map<string, string>();
  let sending = Promise.resolve();
  const send = async () => {
    const all = await source.all();
    for (const uri of new Set([...all.keys(), ...sent.keys()])) {
      const diagnostics = all.get(uri) ?? [];
      const print = fingerprint(diagnostics);
      if ((sent.get(uri) ?? fingerprint([])) === print) continue;
      if (diagnostics.length === 0) sent.delete(uri);
      else sent.set(uri, print);
      await connection.sendDiagnostics({ uri, diagnostics: [...diagnostics] });
    }
  };
  return {
    changed() {
      sending = sending.then(send).catch(() => undefined);
    },
  };
}

/** Short, and different for different diagnostics as far as a user could ever see. */
function fingerprint(diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return "none";
  const text = JSON.stringify(diagnostics);
  let a = 0x811c9dc5;
  let b = 5381;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = (Math.imul(b, 33) + code) | 0;
  }
  return `${text.length.toString(36)}-${(a >>> 0).toString(36)}-${(b >>> 0).toString(36)}`;
}
