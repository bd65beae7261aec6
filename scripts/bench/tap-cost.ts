/**
 * What the tap costs those who write: the most they can write, and how long a steady writer waits for its broker's
 * acknowledgement, with the tap and without it, in turns, so that whatever else the machine does meets both. All
 * processes share the machine's processors with both brokers.
 */
import { line, quantile } from "./figures.ts";
import { jobOf, nameOf, pause, purge, startLoad, startTap, tapOf, type BrokerKind, type TapRig } from "./tap-rig.ts";

export interface CostOptions {
  /** How often each of with and without is measured. */
  readonly rounds: number;
  readonly seconds: number;
  readonly rates: Readonly<Record<BrokerKind, number>>;
}

interface Sample {
  /** As fast as its broker takes it. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export async function benchCost(rig: TapRig, options: CostOptions): Promise<void> {
  const { rounds, seconds, rates } = options;
  console.log(`\nWhat the tap costs the producers: ${rounds} rounds of ${seconds} s each, in turns; medians`);
  for (const kind of ["kafka", "rabbitmq"] as const) {
    const without: Sample[] = [];
    const withTap: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      // Which comes first changes too: brokers warm up, and logs grow.
      const turns = round % 2 === 0 ? [without, withTap] : [withTap, without];
      for (const samples of turns) samples.push(await measure(rig, kind, options, samples === withTap));
    }
    const figures = (pick: (sample: Sample) => number, digits: number, unit: string) => {
      const [a, b] = [median(without.map(pick)), median(withTap.map(pick))];
      const each = `[${without.map((s) => pick(s).toFixed(digits)).join(" ")}] and [${withTap.map((s) => pick(s).toFixed(digits)).join(" ")}]`;
      return `${a.toFixed(digits)}${unit} without, ${b.toFixed(digits)}${unit} with the tap (${(b / a).toFixed(2)} times)   ${each}`;
    };
    line(
      `  ${nameOf(kind)}, throughput`,
      figures(({ perSecond }) => perSecond, 0, "/s"),
    );
    line(
      `  ${nameOf(kind)}, acknowledged at ${rates[kind].toLocaleString("en")}/s, p50`,
      figures(({ p50 }) => p50, 1, " ms"),
    );
    line(
      `  ${nameOf(kind)}, acknowledged at ${rates[kind].toLocaleString("en")}/s, p99`,
      figures(({ p99 }) => p99, 1, " ms"),
    );
  }
}

async function measure(rig: TapRig, kind: BrokerKind, options: CostOptions, tapped: boolean): Promise<Sample> {
  await purge(rig);
  const daemon = tapped ? await startTap(rig, tapOf(rig, kind)) : undefined;
  try {
    await daemon?.live();
    const consumer = startLoad({ ...jobOf(rig, kind), kind: "consume" });
    await consumer.ready;
    const { seconds, rates } = options;
    const paced = await startLoad({ ...jobOf(rig, kind), kind: "pace", perSecond: rates[kind], seconds }).outcome;
    await pause(300);
    const flood = await startLoad({ ...jobOf(rig, kind), kind: "flood", seconds }).outcome;
    consumer.finish();
    await consumer.outcome;
    return {
      perSecond: (flood.count / flood.milliseconds) * 1000,
      p50: quantile(paced.latencies, 0.5),
      p99: quantile(paced.latencies, 0.99),
    };
  } finally {
    await daemon?.stop();
  }
}

function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}
