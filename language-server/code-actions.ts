/** Quick fixes: what a finding itself offers, and to accept a break in contrail.yaml with a reason still to be written. */
import { CodeActionKind, type CodeAction, type Diagnostic } from "vscode-languageserver";
import type { Finding } from "../contracts/compat/index.ts";
import { configNames } from "../workspace/index.ts";
import type { Folder, Outcome } from "./folder.ts";
import { diagnosticSource, editsToLsp, fixIsPreferred, keyOf, toRange, type FindingData } from "./to-lsp.ts";
import { uriBelow } from "./uris.ts";

export function codeActions(
  folder: Folder,
  outcome: Outcome,
  path: string,
  diagnostics: readonly Diagnostic[],
): CodeAction[] {
  const findings = new Map((outcome.findings.get(path) ?? []).map((finding) => [keyOf(finding), finding]));
  return diagnostics.flatMap((diagnostic) => {
    const finding = diagnostic.source === diagnosticSource ? findings.get(keyIn(diagnostic.data) ?? "") : undefined;
    if (finding === undefined) return [];
    const fixes = (finding.fixes ?? []).map((fix): CodeAction => ({
      title: fix.title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [diagnostic],
      isPreferred: fixIsPreferred(fix),
      edit: { changes: editsToLsp(fix.edits, folder.places) },
    }));
    return finding.verdict === "breaking" ? [...fixes, acceptance(folder, outcome, finding, diagnostic)] : fixes;
  });
}

function acceptance(folder: Folder, outcome: Outcome, finding: Finding, diagnostic: Diagnostic): CodeAction {
  const entry =
    `  - rule: ${finding.ruleId}\n    path: ${JSON.stringify(finding.place.path)}\n` +
    `    element: ${JSON.stringify(finding.message)}\n    reason: ""\n`;
  const path = outcome.sides.config.path ?? configNames[0];
  const uri = uriBelow(folder.root, path);
  const text = outcome.sides.settings.get(path);
  const title = `Accept this break in ${path} (write down the reason)`;
  const base = { title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic] };
  if (text === undefined) {
    const start = { line: 0, character: 0 };
    return {
      ...base,
      edit: {
        documentChanges: [
          { kind: "create", uri, options: { ignoreIfExists: true } },
          {
            textDocument: { uri, version: null },
            edits: [{ range: { start, end: start }, newText: `accept:\n${entry}` }],
          },
        ],
      },
    };
  }
  const list = /^accept:[ \t]*(?:#.*)?(?:\r?\n|$)/m.exec(text);
  const at = list === null ? text.length : list.index + list[0].length;
  const before = at > 0 && text[at - 1] !== "\n" ? "\n" : "";
  const newText = list === null ? `${before}accept:\n${entry}` : `${before}${entry}`;
  return { ...base, edit: { changes: { [uri]: [{ range: toRange(text, { start: at, end: at }), newText }] } } };
}

function keyIn(data: unknown): string | undefined {
  const key = (data as Partial<FindingData> | undefined)?.finding;
  return typeof key === "string" ? key : undefined;
}
