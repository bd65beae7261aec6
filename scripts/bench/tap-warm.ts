/**
 * A steady load on both brokers that begins warm. What runs for the first time is slow for seconds: a JVM that compiles
 * takes most of a core. So producers write at the same rates, and bare consumers read, for a while before; then only what
 * is measured is cold. The producers wait for the word to begin with their connections open.
 */
import type { Outcome } from "./tap-load.ts";
import { jobOf, produceSteadily, purge, startLoad, type BrokerKind, type Rates, type TapRig } from "./tap-rig.ts";

export const kinds = ["kafka", "rabbitmq"] as const;
export const warmUpSeconds = 10;

export interface WarmLoad {
  /** Writes for as long as was asked for; resolves when all is written. */
  run(): Promise<Readonly<Record<BrokerKind, Outcome>>>;
}

/** Resolves when everything is warm, quiet and empty. */
export async function warmLoad(rig: TapRig, rates: Rates, seconds: number): Promise<WarmLoad> {
  const consumers = kinds.map((kind) => startLoad({ ...jobOf(rig, kind), kind: "consume" }));
  await Promise.all(consumers.map(({ ready }) => ready));
  const start = (kind: BrokerKind) => produceSteadily(rig, kind, rates[kind], seconds, warmUpSeconds);
  const producers = { kafka: start("kafka"), rabbitmq: start("rabbitmq") };
  await Promise.all(kinds.map((kind) => producers[kind].ready));
  for (const consumer of consumers) consumer.finish();
  await Promise.all(consumers.map(({ outcome }) => outcome));
  await purge(rig);
  return {
    run: async () => {
      for (const kind of kinds) producers[kind].begin();
      const [kafka, rabbitmq] = await Promise.all([producers.kafka.outcome, producers.rabbitmq.outcome]);
      return { kafka, rabbitmq };
    },
  };
}
