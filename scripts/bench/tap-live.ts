/**
 * Both brokers at once at a steady rate: when is each message stored, and what does the daemon need for it. The bare
 * client libraries read the same load in the same run, after the tap, so that they do not take the processor from each
 * other.
 */
import type { DaemonConnection } from "../../daemon/client/index.ts";
import { line, quantile, spread } from "./figures.ts";
import { processUsage, threadShares, usageLine } from "./process-usage.ts";
import type { Outcome } from "./tap-load.ts";
import {
  jobOf,
  nameOf,
  produceSteadily,
  purge,
  readSteadyLoad,
  startLoad,
  startTap,
  tapOf,
  until,
  type BrokerKind,
  type Load,
  type TapRig,
} from "./tap-rig.ts";

export interface LiveOptions {
  readonly seconds: number;
  readonly rates: Readonly<Record<BrokerKind, number>>;
}

const kinds = ["kafka", "rabbitmq"] as const;
const lookEveryMs = 4;
/** After the last message was sent, it may take so long until all are stored. */
const patienceMs = 30_000;

export async function benchLive(rig: TapRig, { seconds, rates }: LiveOptions): Promise<void> {
  const perSecond = kinds.map((kind) => `${nameOf(kind)} ${rates[kind].toLocaleString("en")}/s`).join(" and ");
  console.log(`\nLive, ${perSecond} at once, 300 bytes, for ${seconds} s`);
  const daemon = await startTap(rig, ...kinds.map((kind) => tapOf(rig, kind)));
  const stored: Partial<Record<BrokerKind, readonly number[]>> = {};
  try {
    await daemon.live();
    const status = lastStatus(daemon.connection);
    const reader = readSteadyLoad(rig, daemon, { seconds, rates, everyMs: lookEveryMs });
    await reader.ready;
    const before = processUsage(daemon.pid);
    const threads = threadShares(daemon.pid);
    const begun = performance.now();
    const sent = await produceBoth(rig, rates, seconds);
    const took = performance.now() - begun;
    const after = processUsage(daemon.pid);
    const shares = threads();
    const all = kinds.reduce((sum, kind) => sum + sent[kind].count, 0);
    await until(() => status.seen() >= all, patienceMs);
    reader.finish();
    const outcome = await reader.outcome;
    for (const kind of kinds) {
      const { count, milliseconds } = sent[kind];
      stored[kind] = outcome.latencies[kind];
      line(
        `  ${nameOf(kind)} written`,
        `${((count / milliseconds) * 1000).toFixed(0)}/s, ${count.toLocaleString("en")}`,
      );
      line(`  ${nameOf(kind)} send to stored`, spread(outcome.latencies[kind]), "p95 under 100 ms");
    }
    line("  sent, stored, shed", `${all}, ${outcome.stored}, ${status.shed()}`, "nothing shed");
    line(
      "  (the file was looked into)",
      `every ${lookEveryMs} ms, at most ${outcome.longestLookMs.toFixed(0)} ms apart`,
    );
    line("  daemon", usageLine(before, after, took), "under one core");
    line("  its threads, % of a core", shares);
  } finally {
    await daemon.stop();
  }
  await benchBare(rig, { seconds: Math.min(seconds, 20), rates }, stored);
}

/** The same load, read by the bare client libraries, each in a process of its own. */
async function benchBare(
  rig: TapRig,
  { seconds, rates }: LiveOptions,
  stored: Partial<Record<BrokerKind, readonly number[]>>,
): Promise<void> {
  await purge(rig);
  const consumers: Record<BrokerKind, Load> = {
    kafka: startLoad({ ...jobOf(rig, "kafka"), kind: "consume" }),
    rabbitmq: startLoad({ ...jobOf(rig, "rabbitmq"), kind: "consume" }),
  };
  await Promise.all(kinds.map((kind) => consumers[kind].ready));
  const begun = performance.now();
  await produceBoth(rig, rates, seconds);
  const took = performance.now() - begun;
  for (const kind of kinds) consumers[kind].finish();
  for (const kind of kinds) {
    const bare = await consumers[kind].outcome;
    const library = kind === "kafka" ? "kafkajs" : "amqplib";
    const share = Math.round((bare.cpuMilliseconds / took) * 100);
    line(`  send to a bare ${library} consumer (${seconds} s)`, `${spread(bare.latencies)}, ${share} % of a core`);
    const ratio = quantile(stored[kind] ?? [], 0.95) / quantile(bare.latencies, 0.95);
    line(`  ratio of p95, stored to bare ${library}`, ratio.toPrecision(2));
  }
}

async function produceBoth(
  rig: TapRig,
  rates: LiveOptions["rates"],
  seconds: number,
): Promise<Record<BrokerKind, Outcome>> {
  const producer = (kind: BrokerKind) => produceSteadily(rig, kind, rates[kind], seconds);
  const producers = { kafka: producer("kafka"), rabbitmq: producer("rabbitmq") };
  const [kafka, rabbitmq] = await Promise.all([producers.kafka.outcome, producers.rabbitmq.outcome]);
  return { kafka, rabbitmq };
}

/** What the daemon last said of itself, as an open view with its list hears it, and when. */
export interface LastStatus {
  seen(): number;
  shed(): number;
  /** Messages that the search index has still to take in. */
  behind(): number;
  /** By `performance.now()`. */
  at(): number;
}

export function lastStatus(connection: DaemonConnection): LastStatus {
  const last = { seen: 0, shed: 0, behind: 0, at: 0 };
  connection.onMessage((message) => {
    if (message.kind !== "status") return;
    const { seen, shed, search } = message.status;
    Object.assign(last, { seen, shed, behind: search?.behind ?? 0, at: performance.now() });
  });
  connection.send({ kind: "watchConversations", filter: { text: "", states: [] }, first: 0, count: 40 });
  return { seen: () => last.seen, shed: () => last.shed, behind: () => last.behind, at: () => last.at };
}
