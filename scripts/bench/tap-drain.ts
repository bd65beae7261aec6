/**
 * How fast a topic is drained from its beginning: decoded, correlated and on disk; and the search index, which follows
 * in its own worker, with its own rate and the time it needs to catch up.
 */
import { line } from "./figures.ts";
import { processUsage, usageLine } from "./process-usage.ts";
import { lastStatus } from "./tap-live.ts";
import { jobOf, startLoad, startStoredReader, startTap, until, type TapRig } from "./tap-rig.ts";

const patienceMs = 180_000;
const indexPatienceMs = 300_000;

export async function benchDrain(rig: TapRig, count: number): Promise<void> {
  console.log(`\nDraining ${count.toLocaleString("en")} records of 300 bytes from Kafka, from the beginning`);
  const job = { ...jobOf(rig, "kafka"), channel: rig.channels.drain };
  await startLoad({ ...job, kind: "fill", count }).outcome;
  const peer = await startLoad({ ...job, kind: "consume", until: count }).outcome;
  const daemon = await startTap(rig);
  try {
    const status = lastStatus(daemon.connection);
    const reader = startStoredReader({
      folder: daemon.captures,
      epoch: rig.epoch,
      channels: rig.channels,
      everyMs: 20,
      sample: count,
      until: count,
    });
    await reader.ready;
    const before = processUsage(daemon.pid);
    const begun = performance.now();
    await daemon.connection.configure([
      { kind: "kafka", brokers: rig.addresses.kafka, topics: [rig.channels.drain], from: "beginning" },
    ]);
    const patience = setTimeout(() => reader.finish(), patienceMs);
    await reader.outcome;
    clearTimeout(patience);
    const took = performance.now() - begun;
    const { stored } = await reader.outcome;
    const after = processUsage(daemon.pid);
    const storedAt = performance.now();
    await until(() => status.at() > storedAt, 10_000);
    const behind = status.behind();
    const behindAt = status.at();
    await until(() => status.behind() === 0, indexPatienceMs);
    const caughtUp = status.at();
    await until(() => status.seen() >= count, patienceMs);
    const shownAt = status.at();
    const ours = (stored / took) * 1000;
    const theirs = (peer.count / peer.milliseconds) * 1000;
    line("  contrail: decoded, on disk", `${ours.toFixed(0)}/s`, "60,000/s");
    line("  bare kafkajs consumer, body read as JSON", `${theirs.toFixed(0)}/s`);
    line("  ratio, contrail to kafkajs", (ours / theirs).toPrecision(2));
    line("  not stored, shed", `${count - stored}, ${status.shed()}`);
    line("  daemon", usageLine(before, after, took));
    line("  shown to a view, correlated", `${perSecond(count, shownAt - begun)} (the status says so once a second)`);
    line("  index, meanwhile", `${perSecond(count - behind, behindAt - begun)}, ${behind} behind`);
    const alone = behind === 0 ? "it had kept up" : `${perSecond(behind, caughtUp - behindAt)} by itself`;
    line("  index, caught up after", `${((caughtUp - storedAt) / 1000).toFixed(1)} s (${alone})`);
  } finally {
    await daemon.stop();
  }
}

function perSecond(count: number, milliseconds: number): string {
  return `${((count / Math.max(1, milliseconds)) * 1000).toFixed(0)}/s`;
}
