/** The thread that checks a whole large tree, so that nobody who types waits for it. It keeps both versions between checks. */
import { parentPort } from "node:worker_threads";
import type { CheckReport, ContractSet, Level } from "../contracts/compat/index.ts";
import { checkSides, type CheckedSides } from "../workspace/index.ts";

export interface WholeRequest {
  readonly id: number;
  readonly level: Level;
  readonly config: CheckedSides["config"];
  readonly dependencies: readonly string[];
  /** Absent: as it was sent last. */
  readonly before?: ContractSet;
  /** Absent: as it was sent last, with `changed`. */
  readonly after?: ContractSet;
  readonly changed?: ReadonlyMap<string, string>;
}

export type WholeAnswer =
  | { readonly id: number; readonly report: CheckReport; readonly tookMs: number }
  | { readonly id: number; readonly failure: string };

let before: ContractSet | undefined;
let after: ContractSet | undefined;

parentPort?.on("message", (request: WholeRequest) => void answer(request));

async function answer(request: WholeRequest): Promise<void> {
  const started = performance.now();
  const { id, level, config, dependencies } = request;
  try {
    before = request.before ?? before;
    after = request.after ?? after;
    if (before === undefined || after === undefined) throw new Error("the versions to compare were never sent");
    if (request.changed !== undefined && request.changed.size > 0) {
      after = { ...after, files: new Map([...after.files, ...request.changed]) };
    }
    const report = await checkSides({ before, after, config, dependencies }, level);
    send({ id, report, tookMs: performance.now() - started });
  } catch (error) {
    send({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function send(message: WholeAnswer): void {
  parentPort?.postMessage(message);
}
