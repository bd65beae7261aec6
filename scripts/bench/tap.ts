/**
 * `npm run bench -- tap`: what tapping costs, on a real Kafka and a real RabbitMQ, with all processes on the same
 * processors. Each part has the bare client library as its peer in the same run. Flags run parts alone, or shorter.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { heading } from "./figures.ts";
import { benchCost } from "./tap-cost.ts";
import { benchDrain } from "./tap-drain.ts";
import { benchLive } from "./tap-live.ts";
import { benchReading } from "./tap-reading.ts";
import { openTapRig, type TapRig } from "./tap-rig.ts";
import { benchScreen } from "./tap-screen.ts";

export const tapFlags = `  --part NAME        only this part, may be given several times: ${partNames().join(", ")}
  --seconds N        how long the live part runs (60), the screen part (10)
  --kafka N          messages a second on Kafka, live (10000)
  --rabbitmq N       messages a second on RabbitMQ, live (2000)
  --records N        how many records are drained (500000)
  --rounds N         how often the producers are measured with and without the tap (5)`;

interface Flags {
  readonly parts: readonly Part[];
  readonly seconds: number | undefined;
  readonly rates: { readonly kafka: number; readonly rabbitmq: number };
  readonly records: number;
  readonly rounds: number;
}

const parts = {
  drain: (rig: TapRig, { records }: Flags) => benchDrain(rig, records),
  reading: (rig: TapRig) => benchReading(rig.addresses.kafka),
  live: (rig: TapRig, { seconds = 60, rates }: Flags) => benchLive(rig, { seconds, rates }),
  screen: async (rig: TapRig, { seconds = 10, rates }: Flags) => {
    for (const kind of ["kafka", "rabbitmq"] as const) await benchScreen(rig, kind, rates[kind], seconds);
  },
  producers: (rig: TapRig, { rounds, rates }: Flags) => benchCost(rig, { rounds, seconds: 4, rates }),
};

type Part = keyof typeof parts;

function partNames(): readonly Part[] {
  return ["drain", "reading", "live", "screen", "producers"];
}

export async function benchTap(args: readonly string[]): Promise<void> {
  const flags = readFlags(args);
  heading("Taps on a real Kafka and a real RabbitMQ");
  console.log(`load of this machine before: ${loadavg()[0]?.toFixed(1)}`);
  const rig = await openTapRig();
  try {
    for (const name of flags.parts) await parts[name](rig, flags);
  } finally {
    await rig.close();
  }
}

/** Throws with a sentence when a flag is wrong. */
function readFlags(args: readonly string[]): Flags {
  const number = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: "string", multiple: true },
      seconds: number,
      kafka: number,
      rabbitmq: number,
      records: number,
      rounds: number,
    },
  });
  const unknown = (values.part ?? []).filter((name) => !(name in parts));
  if (unknown.length > 0) throw new Error(`--part takes ${partNames().join(", ")}, not ${unknown.join(", ")}.`);
  const read = (name: "seconds" | "kafka" | "rabbitmq" | "records" | "rounds", otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${values[name]}".`);
    return value;
  };
  return {
    parts: (values.part as Part[] | undefined) ?? partNames(),
    seconds: values.seconds === undefined ? undefined : read("seconds", 0),
    rates: { kafka: read("kafka", 10_000), rabbitmq: read("rabbitmq", 2_000) },
    records: read("records", 500_000),
    rounds: read("rounds", 5),
  };
}
