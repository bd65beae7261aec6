/**
 * The official AsyncAPI parser, in a thread of its own: it takes up to a second for a document and half of that to load,
 * and nothing else shall wait for it. It gets texts, it answers with problems; it reads no disk and no network.
 */
import { parentPort } from "node:worker_threads";
import { Parser, type Diagnostic as ParserDiagnostic } from "@asyncapi/parser";

export interface WorkerRequest {
  readonly id: number;
  readonly path: string;
  readonly text: string;
  /** Texts of the files that the document may refer to, by path. */
  readonly files: ReadonlyMap<string, string>;
}

export interface WorkerAnswer {
  readonly id: number;
  readonly problems: readonly SpecificationProblem[];
  readonly failure?: string;
}

export interface SpecificationProblem {
  readonly code: string;
  readonly message: string;
  readonly severity: "error" | "warning";
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** Rules of the parser that are taste or advice, not what the specification demands. */
const advice =
  /^asyncapi(2|3)?-(id|tags|tag-|info-|latest|unused|headers-schema-type|operation-security|message-messageId|message-examples)/;

const port = parentPort;
port?.on("message", (request: WorkerRequest) => {
  void problemsOf(request).then(
    (problems) => port.postMessage({ id: request.id, problems } satisfies WorkerAnswer),
    (error: unknown) =>
      port.postMessage({ id: request.id, problems: [], failure: String(error) } satisfies WorkerAnswer),
  );
});

export async function problemsOf({ path, text, files }: WorkerRequest): Promise<SpecificationProblem[]> {
  const parser = new Parser({ __unstable: { resolver: { cache: false, resolvers: resolversFor(files) } } });
  const diagnostics = await parser.validate(text, { source: `/${path}` });
  return diagnostics.flatMap((diagnostic): SpecificationProblem[] => {
    const severity = severityOf(diagnostic);
    const code = String(diagnostic.code);
    if (severity === undefined || advice.test(code) || isElsewhere(diagnostic, path)) return [];
    const { start, end } = diagnostic.range;
    return [{ code, message: diagnostic.message, severity, start, end }];
  });
}

/**
 * The parser's own resolvers would read the disk and the network; these come first and answer always: with a text that
 * was handed over, else with an empty document (a missing file is reported by the engine itself).
 */
function resolversFor(files: ReadonlyMap<string, string>) {
  const empty = () => Promise.resolve("{}");
  return [
    { schema: "file", order: 1, read: (uri: { path(): string }) => Promise.resolve(fileAt(files, uri.path())) },
    { schema: "http", order: 1, read: empty },
    { schema: "https", order: 1, read: empty },
  ];
}

function fileAt(files: ReadonlyMap<string, string>, uriPath: string): string {
  let path = uriPath;
  try {
    path = decodeURIComponent(uriPath);
  } catch {
    // Not an escaped path: it is meant as it stands.
  }
  return files.get(path.replace(/^\/+/, "")) ?? "{}";
}

function severityOf(diagnostic: ParserDiagnostic): "error" | "warning" | undefined {
  const severity = diagnostic.severity as number;
  return severity === 0 ? "error" : severity === 1 ? "warning" : undefined;
}

function isElsewhere(diagnostic: ParserDiagnostic, path: string): boolean {
  return diagnostic.source !== undefined && !diagnostic.source.endsWith(path);
}
