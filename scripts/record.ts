/**
 * `npm run record`: makes fixtures/recordings/shop.contrail, the recording that `npm start` plays where no broker is
 * given. Starts brokers, taps them, lets the sample shop run with all its failures, and keeps what the taps saw.
 */
import { mkdtempSync, mkdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { exportRecording, runTrace } from "../daemon/index.ts";
import { runShop } from "../fixtures/shop/index.ts";
import { startBrokers } from "./brokers/index.ts";

const root = join(import.meta.dirname, "..");

const help = `Records the sample shop into a file that \`npm start\` plays.

  npm run record -- [--orders 24] [--seed 7] [--pace normal|fast] [--quiet 40] [--out FILE]

  --orders N   how many orders customers place (24)
  --seed N     the same seed gives the same orders and failures (7)
  --pace PACE  normal or fast (normal)
  --quiet S    seconds to go on watching when the shop is done, so that what never comes is seen to be missing (12)
  --out FILE   default fixtures/recordings/shop.contrail

Brokers named by CONTRAIL_KAFKA and CONTRAIL_RABBITMQ are used, else some are started.
`;

const { values } = parseArgs({
  options: {
    orders: { type: "string", default: "24" },
    seed: { type: "string", default: "7" },
    pace: { type: "string", default: "normal" },
    quiet: { type: "string", default: "12" },
    out: { type: "string", default: join(root, "fixtures", "recordings", "shop.contrail") },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) process.stdout.write(help);
else await record();

async function record(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "contrail-record-"));
  const brokers = await startBrokers({ say: (line) => console.log(line) });
  try {
    const { kafka, rabbitmq } = brokers;
    if (kafka === undefined || rabbitmq === undefined) throw new Error("Both brokers are needed to record the shop.");
    const file = join(folder, "run.contrail");
    const trace = await runTrace({
      taps: [
        { kind: "kafka", brokers: kafka },
        { kind: "rabbitmq", url: rabbitmq },
      ],
      captureFile: file,
      contractsFolder: join(root, "fixtures", "shop", "contracts"),
      stateDir: folder,
    });
    await untilLive(() => [...trace.pipeline.taps.values()]);
    console.log("Both taps are live; the shop opens.");
    const truth = await runShop({
      kafka,
      rabbitmq,
      orders: Number(values.orders),
      seed: Number(values.seed),
      pace: values.pace === "fast" ? "fast" : "normal",
      failures: "some",
      clean: true,
    });
    await sleep(Number(values.quiet) * 1000);
    trace.pipeline.capture.setMeta("ended", String(Date.now()));
    const seen = trace.pipeline.seen;
    await trace.stop();
    mkdirSync(dirname(values.out), { recursive: true });
    exportRecording(file, values.out, "the sample shop", withoutAddresses(kafka, rabbitmq));
    const kilobytes = Math.ceil(statSync(values.out).size / 1024);
    console.log(`${seen} of ${truth.messages.length} messages are in ${values.out}, ${kilobytes} KiB.`);
  } finally {
    await brokers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ports of this run mean nothing to those who play the recording. */
function withoutAddresses(kafka: string, rabbitmq: string): (text: string) => string {
  const amqp = new URL(rabbitmq).host;
  return (text) => text.replaceAll(kafka, "127.0.0.1:9092").replaceAll(amqp, "127.0.0.1:5672");
}

async function untilLive(
  states: () => ReadonlyArray<{ readonly phase: string; readonly detail?: string }>,
): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const now = states();
    if (now.length >= 2 && now.every(({ phase }) => phase === "live")) return;
    if (performance.now() > end) throw new Error(now.map(({ detail }) => detail).join(" "));
    await sleep(100);
  }
}
