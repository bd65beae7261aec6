/**
 * Problems that the AsyncAPI specification itself names, from the official parser in its worker. Started with the first
 * AsyncAPI document, one document at a time, the newest text of each; when the worker breaks, that is logged and the rest
 * of the server does not notice.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Diagnostic } from "vscode-languageserver";
import type { SpecificationProblem, WorkerAnswer, WorkerRequest } from "./asyncapi-worker.ts";
import { problemToLsp } from "./asyncapi-to-lsp.ts";

const timeoutMs = 20_000;
const idleMs = 60_000;

export class AsyncapiProblems {
  private readonly log: (message: string) => void;
  private readonly onChange: () => void;
  private readonly workerFile: () => string;
  private worker: Worker | undefined;
  private broken = 0;
  private nextId = 1;
  /** The newest text asked for, by document; the order is that of asking. */
  private readonly waiting = new Map<string, WorkerRequest>();
  private current: { key: string; request: WorkerRequest; timer: NodeJS.Timeout } | undefined;
  private readonly known = new Map<string, { text: string; problems: readonly SpecificationProblem[] }>();
  private idle: NodeJS.Timeout | undefined;

  constructor(onChange: () => void, log: (message: string) => void, workerFile = installedWorker) {
    this.workerFile = workerFile;
    this.onChange = onChange;
    this.log = log;
  }

  /** What is known for this very text; asks the worker when nothing is. `key` tells documents of several folders apart. */
  diagnostics(key: string, path: string, text: string, files: ReadonlyMap<string, string>): Diagnostic[] {
    const known = this.known.get(key);
    if (known?.text === text) return known.problems.map(problemToLsp);
    if (this.broken < 3 && text.length < 2_000_000 && this.current?.request.text !== text) {
      this.waiting.delete(key);
      this.waiting.set(key, { id: this.nextId++, path, text, files });
      this.next();
    }
    return [];
  }

  dispose(): void {
    clearTimeout(this.idle);
    clearTimeout(this.current?.timer);
    this.waiting.clear();
    this.current = undefined;
    void this.worker?.terminate();
    this.worker = undefined;
  }

  private next(): void {
    if (this.current !== undefined) return;
    clearTimeout(this.idle);
    for (const [key, request] of this.waiting) {
      this.waiting.delete(key);
      try {
        this.worker ??= this.start();
        const timer = setTimeout(
          () => this.fail(`took more than ${timeoutMs / 1000} s for "${request.path}"`),
          timeoutMs,
        );
        this.current = { key, request, timer };
        this.worker.postMessage({ ...request, files: documentsFor(request) });
      } catch (error) {
        this.fail(String(error));
      }
      return;
    }
    this.idle = setTimeout(() => {
      void this.worker?.terminate();
      this.worker = undefined;
    }, idleMs);
    this.idle.unref();
  }

  private start(): Worker {
    const worker = new Worker(this.workerFile(), {
      execArgv: ["--no-deprecation"],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    worker.unref();
    worker.on("message", (answer: WorkerAnswer) => {
      const { current } = this;
      if (current === undefined || answer.id !== current.request.id) return;
      clearTimeout(current.timer);
      this.current = undefined;
      this.broken = 0;
      if (answer.failure !== undefined)
        this.log(`The AsyncAPI parser failed on "${current.request.path}": ${answer.failure}`);
      if (this.known.size > 200) this.known.clear();
      this.known.set(current.key, { text: current.request.text, problems: answer.problems });
      if (!this.waiting.has(current.key)) this.onChange();
      this.next();
    });
    worker.on("error", (error) => {
      if (this.worker === worker) this.fail(error.message);
    });
    return worker;
  }

  private fail(reason: string): void {
    this.log(`The AsyncAPI parser's worker ended: ${reason}. Findings are not affected.`);
    this.broken++;
    if (this.current !== undefined) {
      clearTimeout(this.current.timer);
      this.known.set(this.current.key, { text: this.current.request.text, problems: [] });
    }
    this.current = undefined;
    void this.worker?.terminate();
    this.worker = undefined;
    if (this.broken < 3) this.next();
  }
}

/** Only files that an AsyncAPI document can refer to go over to the worker. */
function documentsFor({ files }: WorkerRequest): ReadonlyMap<string, string> {
  const documents = new Map<string, string>();
  let bytes = 0;
  for (const [path, text] of files) {
    if (path.endsWith(".proto") || (bytes += text.length) > 20_000_000) continue;
    documents.set(path, text);
  }
  return documents;
}

/** Beside the bundle, above its chunks, or, from source, the TypeScript file. */
function installedWorker(): string {
  const candidates = ["./asyncapi-worker.js", "../asyncapi-worker.js", "./asyncapi-worker.ts"].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new Error("asyncapi-worker.js is missing from this installation");
  return found;
}
