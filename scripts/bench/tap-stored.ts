/**
 * A process that looks into the daemon's capture file while it is written, as any SQLite tool could, and notes when
 * each message is there: that, and nothing before it, is stored. Takes in one `StoredJob` by IPC, says `ready`, looks
 * every few milliseconds until it is told to finish, and hands back its `StoredOutcome`.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Timed } from "./figures.ts";
import { nowSince, sentAtOf } from "./tap-messages.ts";

export interface StoredJob {
  /** Where the daemon keeps its captures; the newest one is looked into. */
  readonly folder: string;
  readonly epoch: number;
  /** The topic and the exchange of the load; other messages are not counted. */
  readonly channels: Readonly<Record<"kafka" | "rabbitmq", string>>;
  readonly everyMs: number;
  /** Only each n-th message is timed. */
  readonly sample: number;
  /** It is done by itself when so many are stored. */
  readonly until?: number;
}

export interface StoredOutcome {
  /** From send to stored, milliseconds; later than true by one look at most. */
  readonly timed: Readonly<Record<"kafka" | "rabbitmq", Timed>>;
  /** How many messages are stored. */
  readonly stored: number;
  /** The longest time between two looks. */
  readonly longestLookMs: number;
}

// Whoever started it is gone: there is nobody to work for.
process.once("disconnect", () => process.exit());
process.once("message", (message) => {
  const job = message as StoredJob;
  let finished = false;
  process.on("message", () => (finished = true));
  look(job, () => finished).then(
    (outcome) => process.send?.(outcome, () => process.disconnect()),
    (cause: unknown) => {
      console.error(cause);
      process.exit(1);
    },
  );
});

async function look(job: StoredJob, isFinished: () => boolean): Promise<StoredOutcome> {
  const file = await newest(job.folder);
  const database = new DatabaseSync(file, { readOnly: true });
  const last = database.prepare("SELECT max(seq) AS seq FROM message");
  const lastSeq = () => (last.get() as { readonly seq: number | null }).seq ?? 0;
  const row = database.prepare("SELECT channel, body FROM message WHERE seq = ?");
  const timed = { kafka: newTimed(), rabbitmq: newTimed() };
  const kinds = new Map([
    [job.channels.kafka, "kafka"],
    [job.channels.rabbitmq, "rabbitmq"],
  ] as const);
  const first = lastSeq();
  let seen = first;
  let longest = 0;
  let before = performance.now();
  process.send?.("ready");
  for (;;) {
    const isLast = isFinished();
    const newestSeq = lastSeq();
    const at = nowSince(job.epoch);
    longest = Math.max(longest, performance.now() - before);
    before = performance.now();
    // One by one: a walk over all of them would take the processor from what is measured.
    const firstSampled = Math.ceil((seen + 1) / job.sample) * job.sample;
    for (let seq = firstSampled; seq <= newestSeq; seq += job.sample) {
      const { channel, body } = (row.get(seq) ?? {}) as { readonly channel?: unknown; readonly body?: unknown };
      const kind = kinds.get(String(channel));
      if (kind === undefined || !(body instanceof Uint8Array)) continue;
      const sent = sentAtOf(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"));
      timed[kind].sentAt.push(sent);
      timed[kind].latencies.push(at - sent);
    }
    seen = newestSeq;
    if (isLast || seen - first >= (job.until ?? Number.POSITIVE_INFINITY)) break;
    await new Promise((resolve) => setTimeout(resolve, job.everyMs));
  }
  database.close();
  return { timed, stored: seen - first, longestLookMs: longest };
}

function newTimed(): { sentAt: number[]; latencies: number[] } {
  return { sentAt: [], latencies: [] };
}

async function newest(folder: string): Promise<string> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    const name = existsSync(folder)
      ? readdirSync(folder)
          .filter((one) => one.endsWith(".contrail"))
          .sort()
          .at(-1)
      : undefined;
    if (name !== undefined) return join(folder, name);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`There is no capture in ${folder}.`);
}
