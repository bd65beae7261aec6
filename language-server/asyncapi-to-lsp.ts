/** The parser's problems as diagnostics. */
import { DiagnosticSeverity, type Diagnostic } from "vscode-languageserver";
import type { SpecificationProblem } from "./asyncapi-worker.ts";
import { diagnosticSource } from "./to-lsp.ts";

export function problemToLsp(problem: SpecificationProblem): Diagnostic {
  return {
    range: { start: problem.start, end: problem.end },
    severity: problem.severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code: problem.code,
    source: `${diagnosticSource} (AsyncAPI specification)`,
    message: problem.message,
  };
}
