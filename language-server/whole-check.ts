/**
 * Checks of a whole large tree, in a thread of their own. Texts are sent once; afterwards only what changed. The thread
 * ends when nothing was asked for a while, and with it what it remembers.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { CheckReport, ContractSet, Level } from "../contracts/compat/index.ts";
import { checkSides, type Sides } from "../workspace/index.ts";
import type { WholeAnswer, WholeRequest } from "./check-worker.ts";

const idleMs = 120_000;

export interface CheckedWhole {
  readonly report: CheckReport;
  readonly tookMs: number;
}

export class WholeCheck {
  private readonly log: (message: string) => void;
  private readonly workerFile: () => string;
  private worker: Worker | undefined;
  private sent: { readonly before: ContractSet; readonly after: ContractSet } | undefined;
  private nextId = 1;
  private waiting: { readonly id: number; readonly settle: (answer: WholeAnswer) => void } | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private idle: NodeJS.Timeout | undefined;
  private disposed = false;

  constructor(log: (message: string) => void, workerFile = installedWorker) {
    this.log = log;
    this.workerFile = workerFile;
  }

  /** One check after the other. Where the thread fails, the check is done here, and that is logged. */
  check(sides: Sides, level: Level): Promise<CheckedWhole> {
    const next = this.last.then(() => this.ask(sides, level));
    this.last = next.catch(() => undefined);
    return next;
  }

  dispose(): void {
    this.disposed = true;
    this.end("it was closed");
  }

  private async ask(sides: Sides, level: Level): Promise<CheckedWhole> {
    const started = performance.now();
    clearTimeout(this.idle);
    const answer = this.disposed ? undefined : await this.send(sides, level);
    if (answer !== undefined && "report" in answer) {
      this.idle = setTimeout(() => this.end("it is idle"), idleMs);
      this.idle.unref();
      return { report: answer.report, tookMs: performance.now() - started };
    }
    if (this.disposed) throw new Error("the folder was closed");
    this.log(`The thread for large checks failed, so the check runs without it: ${answer?.failure ?? "it ended"}`);
    this.end("it failed");
    return { report: await checkSides(sides, level), tookMs: performance.now() - started };
  }

  private send(sides: Sides, level: Level): Promise<WholeAnswer> {
    const id = this.nextId++;
    return new Promise((settle) => {
      this.waiting = { id, settle };
      try {
        this.worker ??= this.start();
        this.worker.postMessage(this.requestFor(id, sides, level));
        this.sent = { before: sides.before, after: sides.after };
      } catch (error) {
        this.end(String(error));
      }
    });
  }

  private requestFor(id: number, { before, after, config: all, dependencies }: Sides, level: Level): WholeRequest {
    const { sent } = this;
    // Sagas are nothing that a check asks for, and may hold anything.
    const { sagas: _, ...config } = all;
    const part = sent === undefined ? undefined : changedTexts(sent.after, after);
    return {
      id,
      level,
      // Sagas and places are nothing that a check asks for.
      config: { level: config.level, profiles: config.profiles, data: config.data },
      dependencies,
      ...(sent?.before === before ? {} : { before }),
      ...(part === undefined ? { after } : { changed: part }),
    };
  }

  private start(): Worker {
    const worker = new Worker(this.workerFile(), { execArgv: ["--no-warnings"] });
    worker.unref();
    worker.on("message", (answer: WholeAnswer) => {
      if (this.waiting?.id === answer.id) this.settle(answer);
    });
    worker.on("error", (error) => {
      if (this.worker === worker) this.end(error.message);
    });
    worker.on("exit", () => {
      if (this.worker === worker) this.end("it ended");
    });
    return worker;
  }

  private end(reason: string): void {
    clearTimeout(this.idle);
    const { worker } = this;
    this.worker = undefined;
    this.sent = undefined;
    void worker?.terminate();
    if (this.waiting !== undefined) this.settle({ id: this.waiting.id, failure: reason });
  }

  private settle(answer: WholeAnswer): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.settle(answer);
  }
}

/** The texts that differ, where both versions have the same files in the same modules; else all has to be sent. */
function changedTexts(old: ContractSet, now: ContractSet): ReadonlyMap<string, string> | undefined {
  if (old.files.size !== now.files.size) return undefined;
  if (old.protoModules !== now.protoModules && JSON.stringify(old.protoModules) !== JSON.stringify(now.protoModules))
    return undefined;
  const changed = new Map<string, string>();
  for (const [path, text] of now.files) {
    const known = old.files.get(path);
    if (known === undefined) return undefined;
    if (known !== text) changed.set(path, text);
  }
  return changed;
}

/** Beside the bundle, above its chunks, or, from source, the TypeScript file. */
function installedWorker(): string {
  const candidates = ["./check-worker.js", "../check-worker.js", "./check-worker.ts"].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new Error("check-worker.js is missing from this installation");
  return found;
}
