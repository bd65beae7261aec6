/**
 * `npm run soak`: a hundred taps of each ending beside a load, after each of which both brokers must be as without it;
 * then ten minutes of steady load, over which memory must stay flat. Exit code 1 when a trace was left, 130 when it was
 * interrupted.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBrokers } from "./brokers/index.ts";
import { orEnded } from "./bench/index.ts";
import { endSignal } from "./end-signal.ts";
import { noTraceReport, NoTraceRig, soakMemory, type Cycle, type Ending } from "./soak/index.ts";

const help = `Taps for long: first that it leaves no trace, then that memory stays flat.

  npm run soak [-- --cycles 100] [--minutes 10] [--kafka 10000] [--rabbitmq 2000] [--only cycles|memory] [--as-built]

  --cycles     how often a tap is ended in order, and killed, beside a load
  --minutes    how long the steady load runs
  --kafka, --rabbitmq    messages a second of the steady load
  --only       one of both
  --as-built   measure memory of what was built last
`;

const endings: readonly Ending[] = ["in order", "kill -9"];
/** The run without a tap is made anew now and then: what brokers do by themselves over time must not count. */
const controlEvery = 20;

const { values } = parseArgs({
  options: {
    cycles: { type: "string", default: "100" },
    minutes: { type: "string", default: "10" },
    kafka: { type: "string", default: "10000" },
    rabbitmq: { type: "string", default: "2000" },
    only: { type: "string" },
    "as-built": { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}
const numbers = [values.cycles, values.minutes, values.kafka, values.rabbitmq].map(Number);
const [cycles = 0, minutes = 0, kafka = 0, rabbitmq = 0] = numbers;
if (numbers.some((number) => !(number > 0)) || !["cycles", "memory", undefined].includes(values.only)) {
  console.error(help);
  process.exit(2);
}

const ending = endSignal();
let left = false;
if (values.only !== "memory") left = await soakCycles();
if (values.only !== "cycles" && !ending.aborted) {
  if (values["as-built"] !== true) {
    const built = spawnSync(process.execPath, [join(import.meta.dirname, "package.ts")], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (built.status !== 0) process.exit(built.status ?? 1);
  }
  // This one ends what it has started by itself, in its midst.
  await orEnded(() => soakMemory({ seconds: minutes * 60, rates: { kafka, rabbitmq } }));
}
process.exit(left ? 1 : ending.aborted ? 130 : 0);

/** Resolves to whether a trace was left. */
async function soakCycles(): Promise<boolean> {
  ending.addEventListener("abort", () => console.error("Interrupted: it ends when this tap is compared."));
  const brokers = await startBrokers({ say: (text) => console.error(text) });
  const all: Cycle[] = [];
  let controls = 0;
  let unlike: readonly string[] = [];
  try {
    const { kafka = "", rabbitmq = "", rabbitmqManagement = "" } = brokers;
    const rig = await NoTraceRig.open({ kafka, rabbitmq, rabbitmqManagement }, `soak-${Date.now().toString(36)}.`);
    try {
      for (let i = 0; i < cycles && !ending.aborted; i++) {
        if (i === 0 || i % controlEvery === 0) {
          unlike = [...unlike, ...(await rig.control())];
          controls++;
        }
        for (const one of i === cycles - 1 ? ([...endings, "kill -9 with its guardian"] as const) : endings) {
          if (ending.aborted) break;
          const cycle = await rig.cycle(one);
          all.push(cycle);
          const identical = cycle.differences.length === 0 ? "identical" : cycle.differences.join("; ");
          console.log(
            `${String(i + 1).padStart(4)} ended ${one.padEnd(9)} ${identical}, ${cycle.restoredMs.toFixed(0)} ms`,
          );
        }
      }
    } finally {
      await rig.close();
    }
  } finally {
    await brokers.stop();
  }
  if (all.length > 0) console.log(`\n${noTraceReport(all, controls)}`);
  for (const one of unlike) console.log(`  changed without any tap: ${one}`);
  return all.some(({ differences }) => differences.length > 0);
}
