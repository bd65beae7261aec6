/**
 * Both brokers at once at a steady rate: when is each message stored, and what does the daemon need for it. The bare
 * client libraries read the same load in the same run, after the tap, so that they do not take the processor from each
 * other. Brokers and producers are warm both times; the daemon and the bare clients have just been started.
 */
import type { DaemonConnection } from "../../daemon/client/index.ts";
import { line, quantile, spread, spreadByTenth, type Timed } from "./figures.ts";
import { processUsage, threadShares, usageLine } from "./process-usage.ts";
import {
  jobOf,
  nameOf,
  readSteadyLoad,
  startLoad,
  startTap,
  tapOf,
  until,
  type BrokerKind,
  type Load,
  type Rates,
  type TapRig,
} from "./tap-rig.ts";
import { kinds, warmLoad, warmUpSeconds } from "./tap-warm.ts";

export interface LiveOptions {
  readonly seconds: number;
  readonly rates: Rates;
}

const lookEveryMs = 4;
/** After the last message was sent, it may take so long until all are stored. */
const patienceMs = 30_000;

export async function benchLive(rig: TapRig, { seconds, rates }: LiveOptions): Promise<void> {
  const perSecond = kinds.map((kind) => `${nameOf(kind)} ${rates[kind].toLocaleString("en")}/s`).join(" and ");
  const warm = `brokers and producers warm by ${warmUpSeconds} s of the same load, the daemon just started`;
  console.log(`\nLive, ${perSecond} at once, 300 bytes, for ${seconds} s; ${warm}`);
  const load = await warmLoad(rig, rates, seconds);
  const daemon = await startTap(rig, ...kinds.map((kind) => tapOf(rig, kind)));
  const stored: Partial<Record<BrokerKind, Timed>> = {};
  try {
    await daemon.live();
    const status = lastStatus(daemon.connection);
    const reader = readSteadyLoad(rig, daemon, { seconds, rates, everyMs: lookEveryMs });
    await reader.ready;
    const before = processUsage(daemon.pid);
    const threads = threadShares(daemon.pid);
    const begun = performance.now();
    const sent = await load.run();
    const ended = performance.now();
    const after = processUsage(daemon.pid);
    const shares = threads();
    const all = kinds.reduce((sum, kind) => sum + sent[kind].count, 0);
    // The status is a moment old; the first one after the end says what was left then.
    await until(() => status.at() > ended, patienceMs);
    const left = status.uncorrelated();
    await until(() => status.seen() >= all && status.uncorrelated().messages === 0, patienceMs);
    const caughtUp = status.at() - ended;
    reader.finish();
    const outcome = await reader.outcome;
    for (const kind of kinds) {
      const { count, milliseconds } = sent[kind];
      const timed = outcome.timed[kind];
      stored[kind] = timed;
      line(
        `  ${nameOf(kind)} written`,
        `${((count / milliseconds) * 1000).toFixed(0)}/s, ${count.toLocaleString("en")}`,
      );
      line(`  ${nameOf(kind)} send to stored`, spread(timed.latencies), "p95 under 100 ms");
      line("    p50/p95 by tenth of the run, ms", spreadByTenth(timed));
    }
    line("  sent, stored, shed", `${all}, ${outcome.stored}, ${status.shed()}`, "nothing shed");
    line(
      "  (the file was looked into)",
      `every ${lookEveryMs} ms, at most ${outcome.longestLookMs.toFixed(0)} ms apart`,
    );
    line("  correlation behind at the end", behindLine(left, status, caughtUp, all));
    line("  daemon", usageLine(before, after, ended - begun), "under one core");
    line("  its threads, % of a core", shares);
  } finally {
    await daemon.stop();
  }
  await benchBare(rig, { seconds: Math.min(seconds, 20), rates }, stored);
}

/** The status comes once a second at the most, so times are exact to about that. */
function behindLine(left: Behind, status: LastStatus, caughtUpMs: number, all: number): string {
  const { messages, ms } = left;
  const at = `${messages.toLocaleString("en")} messages, ${(ms / 1000).toFixed(1)} s`;
  const most = `at most ${status.mostUncorrelated().toLocaleString("en")} in the run`;
  const isDone = status.seen() >= all && status.uncorrelated().messages === 0;
  const caughtUp = isDone
    ? `it had none ${(caughtUpMs / 1000).toFixed(1)} s later`
    : `not done ${patienceMs / 1000} s later`;
  return `${at}; ${caughtUp}; ${most}`;
}

/** The same load, read by the bare client libraries, each in a process of its own. */
async function benchBare(
  rig: TapRig,
  { seconds, rates }: LiveOptions,
  stored: Partial<Record<BrokerKind, Timed>>,
): Promise<void> {
  const load = await warmLoad(rig, rates, seconds);
  const consumers: Record<BrokerKind, Load> = {
    kafka: startLoad({ ...jobOf(rig, "kafka"), kind: "consume" }),
    rabbitmq: startLoad({ ...jobOf(rig, "rabbitmq"), kind: "consume" }),
  };
  await Promise.all(kinds.map((kind) => consumers[kind].ready));
  const begun = performance.now();
  await load.run();
  const took = performance.now() - begun;
  for (const kind of kinds) consumers[kind].finish();
  for (const kind of kinds) {
    const bare = await consumers[kind].outcome;
    const library = kind === "kafka" ? "kafkajs" : "amqplib";
    const share = Math.round((bare.cpuMilliseconds / took) * 100);
    line(`  send to a bare ${library} consumer (${seconds} s)`, `${spread(bare.latencies)}, ${share} % of a core`);
    line("    p50/p95 by tenth of the run, ms", spreadByTenth(bare));
    const ratio = quantile(stored[kind]?.latencies ?? [], 0.95) / quantile(bare.latencies, 0.95);
    line(`  ratio of p95, stored to bare ${library}`, ratio.toPrecision(2));
  }
}

interface Behind {
  readonly messages: number;
  readonly ms: number;
}

/** What the daemon last said of itself, as an open view with its list hears it, and when. */
export interface LastStatus {
  seen(): number;
  shed(): number;
  /** Messages that the search index has still to take in. */
  behind(): number;
  /** Messages that are stored and not correlated yet, and for how long the oldest of them waits. */
  uncorrelated(): Behind;
  /** The most of them that any status told of. */
  mostUncorrelated(): number;
  /** By `performance.now()`. */
  at(): number;
}

export function lastStatus(connection: DaemonConnection): LastStatus {
  const last = { seen: 0, shed: 0, behind: 0, uncorrelated: { messages: 0, ms: 0 } as Behind, most: 0, at: 0 };
  connection.onMessage((message) => {
    if (message.kind !== "status") return;
    const { seen, shed, search, behind = { messages: 0, ms: 0 } } = message.status;
    const most = Math.max(last.most, behind.messages);
    Object.assign(last, { seen, shed, behind: search?.behind ?? 0, uncorrelated: behind, most, at: performance.now() });
  });
  connection.send({ kind: "watchConversations", filter: { text: "", states: [] }, first: 0, count: 40 });
  return {
    seen: () => last.seen,
    shed: () => last.shed,
    behind: () => last.behind,
    uncorrelated: () => last.uncorrelated,
    mostUncorrelated: () => last.most,
    at: () => last.at,
  };
}
