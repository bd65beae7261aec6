/**
 * Where the Kafka tap of a daemon that died left off, by the capture that is gone on with: what was written to Kafka
 * meanwhile is still there, and is read from that place on.
 */
import type { TapSettings } from "./serve/protocol.ts";
import type { Capture } from "./store/index.ts";
import type { Resumption, StartAt } from "./tap/index.ts";

/** Rows that are looked at in one go; others get their turn in between. */
const sliceRows = 5_000;
/** What was on its way to the capture when the daemon died may be so much older than what it stored last. */
const onItsWayMs = 10_000;

type KafkaSettings = Extract<TapSettings, { kind: "kafka" }>;

/** Where to go on. Reads through the capture, in small steps. */
export async function resumptionOf(capture: Capture, tap: string, from: KafkaSettings["from"]): Promise<Resumption> {
  const resume = new Map<string, Map<number, bigint>>();
  const { oldestSeq, lastSeq } = capture;
  const created = Number(capture.meta("created") ?? 0);
  const until = Math.max(created, (capture.span()?.to ?? 0) - onItsWayMs);
  // From the newest to the oldest: a topic that was made anew has begun its offsets anew.
  for (let high = lastSeq; high >= oldestSeq; high -= sliceRows) {
    for (const { topic, partition, offset } of capture.lastOffsets(tap, high - sliceRows + 1, high)) {
      const partitions = resume.get(topic) ?? new Map<number, bigint>();
      resume.set(topic, partitions);
      if (!partitions.has(partition)) partitions.set(partition, offset + 1n);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const topics = topicsKept(capture, tap);
  return {
    resume,
    otherwise: otherwise(from, until, capture.dropped > 0),
    ...(topics === undefined ? {} : { topics }),
  };
}

/** Keeps which topics a tap found, so that one made while no daemon ran, or made anew, is not taken for one of these. */
export function keepTopics(capture: Capture, tap: string, ids: ReadonlyMap<string, string>): void {
  try {
    capture.setMeta(topicsName(tap), JSON.stringify([...ids]));
  } catch (cause) {
    // The capture itself says what is wrong with its file; all that is lost is this.
    console.error("contrail: the topics of Kafka could not be kept:", cause);
  }
}

/** A capture that was ended in order is not gone on with; nobody who gets it needs to know what else there was. */
export function forgetTopics(capture: Capture, tap: string): void {
  if (capture.meta(topicsName(tap)) !== undefined) keepTopics(capture, tap, new Map());
}

function topicsKept(capture: Capture, tap: string): ReadonlyMap<string, string> | undefined {
  const kept = capture.meta(topicsName(tap));
  return kept === undefined ? undefined : new Map(JSON.parse(kept) as [string, string][]);
}

function topicsName(tap: string): string {
  return `topics of ${tap}`;
}

/**
 * Where to begin in partitions of which the capture has nothing: where the first daemon began, if that was the past;
 * else when something was seen last, for all before that would have been seen.
 */
function otherwise(from: KafkaSettings["from"], until: number, trimmed: boolean): StartAt {
  if (trimmed || from === undefined || from === "now") return { time: until };
  return typeof from === "number" ? { time: from } : from;
}
