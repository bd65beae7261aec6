/**
 * A tap under a steady load for minutes: its memory must stay flat, nothing may be shed, and messages must go on being
 * stored as fast at the end as at the beginning.
 */
import {
  line,
  nameOf,
  openTapRig,
  processUsage,
  produceSteadily,
  quantile,
  readSteadyLoad,
  startTap,
  tapOf,
  until,
  type BrokerKind,
} from "../bench/index.ts";

export interface MemoryOptions {
  readonly seconds: number;
  readonly rates: Readonly<Record<BrokerKind, number>>;
}

/** Resident memory at a time, seconds from the start of the load. */
export interface MemorySample {
  readonly at: number;
  readonly mebibytes: number;
}

const kinds = ["kafka", "rabbitmq"] as const;
const sampleEveryMs = 10_000;
/** Caches fill, code is compiled: what comes before is no trend. */
const settledAfterSeconds = 60;
const lookEveryMs = 20;

/** Prints a line every ten seconds and the slope at the end. */
export async function soakMemory({ seconds, rates }: MemoryOptions): Promise<void> {
  const rig = await openTapRig();
  try {
    const perSecond = kinds.map((kind) => `${nameOf(kind)} ${rates[kind].toLocaleString("en")}/s`).join(" and ");
    console.log(`\nMemory under ${perSecond} for ${seconds} s\n`);
    const daemon = await startTap(rig, ...kinds.map((kind) => tapOf(rig, kind)));
    try {
      await daemon.live();
      const told = { seen: 0, shed: 0, behind: 0, captureBytes: 0 };
      daemon.connection.onMessage((message) => {
        if (message.kind !== "status") return;
        const { seen, shed, search, capture } = message.status;
        Object.assign(told, { seen, shed, behind: search?.behind ?? 0, captureBytes: capture?.bytes ?? 0 });
      });
      daemon.connection.send({
        kind: "watchConversations",
        filter: { text: "", states: [] },
        first: 0,
        count: 40,
      });
      const reader = readSteadyLoad(rig, daemon, { seconds, rates, everyMs: lookEveryMs });
      await reader.ready;
      const producers = kinds.map((kind) => produceSteadily(rig, kind, rates[kind], seconds));
      await Promise.all(producers.map(({ ready }) => ready));
      const begun = performance.now();
      const samples: MemorySample[] = [];
      let before = processUsage(daemon.pid);
      console.log("      s   RSS MiB   CPU %        seen   shed   index behind   capture MiB");
      const sample = (): void => {
        const at = (performance.now() - begun) / 1000;
        const usage = processUsage(daemon.pid);
        if (usage === undefined || before === undefined) return;
        const mebibytes = usage.residentBytes / 1024 ** 2;
        const share = (usage.cpuMilliseconds - before.cpuMilliseconds) / 1000 / (at - (samples.at(-1)?.at ?? 0));
        before = usage;
        samples.push({ at, mebibytes });
        const columns = [
          at.toFixed(0).padStart(7),
          mebibytes.toFixed(0).padStart(10),
          (share * 100).toFixed(0).padStart(8),
        ];
        columns.push(String(told.seen).padStart(12), String(told.shed).padStart(7), String(told.behind).padStart(15));
        console.log(columns.join("") + (told.captureBytes / 1024 ** 2).toFixed(0).padStart(14));
      };
      const timer = setInterval(sample, Math.min(sampleEveryMs, (seconds * 1000) / 6));
      const sent = await Promise.all(producers.map(({ outcome }) => outcome));
      clearInterval(timer);
      const all = sent.reduce((sum, { count }) => sum + count, 0);
      await until(() => told.seen >= all, 60_000);
      reader.finish();
      const { timed, stored } = await reader.outcome;
      console.log("");
      for (const kind of kinds) {
        const ms = (q: number) => quantile(timed[kind].latencies, q).toFixed(0);
        line(
          `  ${nameOf(kind)} send to stored`,
          `p50 ${ms(0.5)} ms, p95 ${ms(0.95)} ms, p99 ${ms(0.99)} ms`,
          "p95 under 100 ms",
        );
      }
      line("  sent, stored, shed", `${all}, ${stored}, ${told.shed}`, "nothing shed");
      const from = Math.min(settledAfterSeconds, seconds / 2);
      const settled = samples.filter(({ at }) => at >= from);
      const most = Math.max(...settled.map(({ mebibytes }) => mebibytes));
      const least = Math.min(...settled.map(({ mebibytes }) => mebibytes));
      line(
        `  RSS from second ${from.toFixed(0)} on`,
        `slope ${slopePerMinute(settled).toFixed(2)} MiB a minute (${least.toFixed(0)} to ${most.toFixed(0)} MiB, ${settled.length} samples)`,
        "flat",
      );
    } finally {
      await daemon.stop();
    }
  } finally {
    await rig.close();
  }
}

/** How much memory grows in a minute, by least squares; NaN of fewer than two samples. */
export function slopePerMinute(samples: readonly MemorySample[]): number {
  const count = samples.length;
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / count;
  const meanSize = samples.reduce((sum, { mebibytes }) => sum + mebibytes, 0) / count;
  let up = 0;
  let down = 0;
  for (const { at, mebibytes } of samples) {
    up += (at - meanAt) * (mebibytes - meanSize);
    down += (at - meanAt) ** 2;
  }
  return (up / down) * 60;
}
