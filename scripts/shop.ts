/** `npm run shop`: runs the sample shop against given brokers. See fixtures/shop. */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { allFailures, failureKinds, runShop, type FailureKind, type Failures } from "../fixtures/shop/index.ts";
import { endSignal } from "./end-signal.ts";

const help = `Runs the sample shop on a real Kafka and a real RabbitMQ.

  npm run shop -- [--orders 50] [--seed 7] [--kafka HOST:PORT] [--rabbitmq URL] ...

  --orders N        how many orders customers place; price quotes and account look-ups come between them (20)
  --seed N          the same seed gives the same orders, ids, prices and failures (1)
  --kafka ADDRESS   Kafka's bootstrap servers; default CONTRAIL_KAFKA
  --rabbitmq URL    such as amqp://guest:guest@127.0.0.1:5672; default CONTRAIL_RABBITMQ
  --pace PACE       normal: as in a small shop; fast: as tests want it (normal)
  --failures WHAT   none; some: each kind once; all: each kind about once in 25 orders; or kinds from the list
                    below, with commas between them (some)
  --truth FILE      writes what truly happened as JSON; its shape is in fixtures/shop/truth.ts
  --prefix TEXT     stands before all names on the brokers, so that two runs do not meet
  --clean           removes the shop's topics, groups, queues and exchanges at the end

Kinds of failures:
${Object.entries(failureKinds)
  .map(([kind, text]) => `  ${kind.padEnd(17)} ${text}`)
  .join("\n")}

No brokers at hand? "npm run brokers" starts both and prints what to export.
`;

quietenKafkajs();
const options = readArguments(process.argv.slice(2));
if (options === "help") {
  process.stdout.write(help);
} else if (typeof options === "string") {
  console.error(`${options}\n\n"npm run shop -- --help" lists what can be said.`);
  process.exitCode = 2;
} else {
  await run(options);
}

interface Asked {
  readonly orders: number;
  readonly seed: number;
  readonly kafka: string;
  readonly rabbitmq: string;
  readonly pace: "normal" | "fast";
  readonly failures: Failures;
  readonly truth: string | undefined;
  readonly prefix: string;
  readonly clean: boolean;
}

async function run(asked: Asked): Promise<void> {
  const ending = endSignal();
  const { truth: file, ...rest } = asked;
  const started = performance.now();
  try {
    const truth = await runShop({
      ...rest,
      signal: ending,
      onReady: (url) => console.log(`The shop is open; its gateway is at ${url}.`),
    });
    if (file !== undefined) await writeFile(file, `${JSON.stringify(truth, null, 2)}\n`);
    const outcomes = ["completed", "compensated", "failed", "stuck"] as const;
    const sagas = outcomes
      .map((outcome) => `${truth.sagas.filter((saga) => saga.outcome === outcome).length} ${outcome}`)
      .join(", ");
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.log(
      `${truth.messages.length} messages in ${seconds} s: ${truth.exchanges.length} exchanges, ${truth.sagas.length} sagas (${sagas}).`,
    );
  } catch (error) {
    console.error(ending.aborted ? "The shop was closed before its last order was done." : (error as Error).message);
    process.exitCode = 1;
  }
}

/** What was asked for, `help`, or what is wrong with the arguments. */
function readArguments(args: string[]): Asked | string {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        orders: { type: "string", default: "20" },
        seed: { type: "string", default: "1" },
        kafka: { type: "string" },
        rabbitmq: { type: "string" },
        pace: { type: "string", default: "normal" },
        failures: { type: "string", default: "some" },
        truth: { type: "string" },
        prefix: { type: "string", default: "" },
        clean: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  if (values.help) return "help";
  const orders = Number(values.orders);
  const seed = Number(values.seed);
  if (!Number.isInteger(orders) || orders < 1) return `--orders takes a whole number from 1, not "${values.orders}".`;
  if (!Number.isInteger(seed)) return `--seed takes a whole number, not "${values.seed}".`;
  const { pace } = values;
  if (pace !== "normal" && pace !== "fast") return `--pace takes normal or fast, not "${pace}".`;
  const failures = readFailures(values.failures);
  if (typeof failures === "object" && "unknown" in failures) {
    return `--failures does not know "${failures.unknown}"; there are none, some, all, ${allFailures.join(", ")}.`;
  }
  const kafka = values.kafka ?? process.env["CONTRAIL_KAFKA"];
  const rabbitmq = values.rabbitmq ?? process.env["CONTRAIL_RABBITMQ"];
  if (kafka === undefined || rabbitmq === undefined) {
    const what = kafka === undefined ? "Kafka: give --kafka HOST:PORT" : "RabbitMQ: give --rabbitmq URL";
    return `The shop needs ${what}, or start both brokers with "npm run brokers" and export what it prints.`;
  }
  return {
    orders,
    seed,
    kafka,
    rabbitmq,
    pace,
    failures,
    truth: values.truth,
    prefix: values.prefix,
    clean: values.clean,
  };
}

function readFailures(text: string): Failures | { readonly unknown: string } {
  if (text === "none" || text === "some" || text === "all") return text;
  const kinds = text.split(",").map((kind) => kind.trim());
  const unknown = kinds.find((kind) => !allFailures.includes(kind as FailureKind));
  return unknown === undefined ? (kinds as FailureKind[]) : { unknown };
}

/** kafkajs 2.2.4 sets timers that lie in the past, which Node 24 warns of; nobody who runs the shop can do anything. */
function quietenKafkajs(): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "TimeoutNegativeWarning") console.error(`${warning.name}: ${warning.message}`);
  });
}
