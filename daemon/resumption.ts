/**
 * Where the Kafka tap of a daemon that died left off, by the capture that is gone on with: what was written to Kafka
 * meanwhile is still there, and is read from that place on.
 */
import type { TapSettings } from "./serve/protocol.ts";
import type { Capture } from "./store/index.ts";
import type { Resumption, StartAt } from "./tap/index.ts";

/** Rows that are looked at in one go; others get their turn in between. */
const sliceRows = 5_000;

type KafkaSettings = Extract<TapSettings, { kind: "kafka" }>;

/** Where to go on; `undefined` where the capture has nothing of this tap. Reads through the capture, in small steps. */
export async function resumptionOf(
  capture: Capture,
  tap: string,
  from: KafkaSettings["from"],
): Promise<Resumption | undefined> {
  const resume = new Map<string, Map<number, bigint>>();
  const { oldestSeq, lastSeq } = capture;
  const until = capture.span()?.to;
  // From the newest to the oldest: a topic that was made anew has begun its offsets anew.
  for (let high = lastSeq; high >= oldestSeq; high -= sliceRows) {
    for (const { topic, partition, offset } of capture.lastOffsets(tap, high - sliceRows + 1, high)) {
      const partitions = resume.get(topic) ?? new Map<number, bigint>();
      resume.set(topic, partitions);
      if (!partitions.has(partition)) partitions.set(partition, offset + 1n);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (until === undefined) return undefined;
  return { resume, otherwise: otherwise(from, until, capture.dropped > 0) };
}

/**
 * Where to begin in partitions of which the capture has nothing: where the first daemon began, if that was the past;
 * else when something was seen last, for all before that would have been seen.
 */
function otherwise(from: KafkaSettings["from"], until: number, trimmed: boolean): StartAt {
  if (trimmed || from === undefined || from === "now") return { time: until };
  return typeof from === "number" ? { time: from } : from;
}
