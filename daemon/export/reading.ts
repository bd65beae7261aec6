import { basename } from "node:path";
import { contractsHereOr, readContracts } from "../contracts.ts";
import { createCorrelator } from "../correlate/index.ts";
import { Pipeline } from "../pipeline.ts";
import { StoredSchemas } from "../registry.ts";
import type { ReadMessage } from "../pipeline-recent.ts";
import { Capture, readingFailed } from "../store/index.ts";

/** What is waited for behind the last event, so that what was under way is settled: as a view of the capture does. */
const settleMs = 2_000;
const readAtOnce = 500;

export interface ReadingOptions {
  /** How many of how many messages were correlated; a few times a second. */
  readonly onProgress?: (done: number, all: number) => void;
  /** Ends the correlation early; what was read by then is handed out. */
  readonly signal?: AbortSignal;
}

const progressEveryMs = 200;

/** A capture file with everything that is known of it. */
export interface CaptureReading {
  readonly capture: Capture;
  readonly pipeline: Pipeline;
  /** What is not in it, or could not be read, a sentence each. */
  readonly notes: readonly string[];
  /** Every message in order, read by the contracts. */
  messages(): Generator<ReadMessage>;
  close(): void;
}

/**
 * Opens a capture, read only, and correlates it to its end, as the live page shows the file. Throws a CaptureError for
 * a file that is none. Correlation holds as many messages as while tracing; of older ones only themselves are known.
 */
export async function openForReading(
  file: string,
  contractsFolder?: string,
  options: ReadingOptions = {},
): Promise<CaptureReading> {
  const capture = Capture.open(file, { readOnly: true });
  try {
    return await readWhole(capture, contractsFolder, options);
  } catch (cause) {
    capture.close();
    throw readingFailed(basename(file), cause);
  }
}

async function readWhole(
  capture: Capture,
  contractsFolder: string | undefined,
  { onProgress, signal }: ReadingOptions,
): Promise<CaptureReading> {
  const schemas = new StoredSchemas();
  const contracts = contractsHereOr(
    capture,
    contractsFolder === undefined ? undefined : await readContracts(contractsFolder),
    schemas,
  );
  const end = Number(capture.meta("ended") ?? (capture.span()?.to ?? 0) + settleMs);
  const pipeline = new Pipeline({
    capture,
    contracts,
    createCorrelator: (hints) => createCorrelator({ hints, spans: true }),
    now: () => end,
  });
  const messages = capture.lastSeq - capture.oldestSeq + 1;
  const watch = setInterval(() => onProgress?.(pipeline.readSoFar, messages), progressEveryMs);
  const stop = () => pipeline.stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await pipeline.rebuild();
  } finally {
    clearInterval(watch);
    signal?.removeEventListener("abort", stop);
  }
  const notes = contracts.problems.slice(0, 5);
  const unknown = pipeline.uncorrelated;
  if (unknown > 0) {
    notes.push(
      `The oldest ${unknown.toLocaleString("en-US")} messages are in no conversation here: correlation keeps the newest.`,
    );
  }
  if (capture.dropped > 0) {
    notes.push(`${capture.dropped.toLocaleString("en-US")} older messages had gone because of the capture's limits.`);
  }
  return {
    capture,
    pipeline,
    notes,
    *messages() {
      let after = 0;
      for (;;) {
        const messages = readSome(capture, () => pipeline.messagesAfter(after, readAtOnce));
        const last = messages.at(-1);
        if (last === undefined) return;
        yield* messages;
        after = last.seq;
      }
    },
    close: () => capture.close(),
  };
}

function readSome<T>(capture: Capture, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw readingFailed(basename(capture.file ?? capture.name), cause);
  }
}
