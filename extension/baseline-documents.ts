/** Shows the baseline's text of a contract, read only: where a finding's "old place" leads. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type * as protocol from "../language-server/protocol.ts";

/** The names are the server's; only its types may be imported, so these are held to them by type. */
const scheme: typeof protocol.baselineScheme = "contrail-baseline";
const request: typeof protocol.baselineTextRequest = "contrail/baselineText";

export function registerBaselineDocuments(client: () => LanguageClient | undefined): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: async (uri) => {
      const parameters: protocol.BaselineTextParams = { uri: uri.toString() };
      const result = await client()?.sendRequest<protocol.BaselineTextResult | null>(request, parameters);
      return result?.text ?? "The baseline does not have this contract.";
    },
  });
}
