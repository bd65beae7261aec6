/** `npm run brokers`: starts Kafka and RabbitMQ, prints their addresses, and ends them on Ctrl-C. */
import { parseArgs } from "node:util";
import { startBrokers } from "./brokers/index.ts";
import { endSignal } from "./end-signal.ts";

const help = `Starts a real Kafka and a real RabbitMQ on free ports of the loopback address, until Ctrl-C.

  npm run brokers [-- --json] [--only kafka|rabbitmq] [--rabbitmq4]

  --json       print the addresses as one line of JSON: {"kafka", "rabbitmq", "rabbitmqManagement", "runner"}
  --only       start one of them
  --rabbitmq4  a RabbitMQ 4 instead of this machine's; it is downloaded once

Brokers named by CONTRAIL_KAFKA (HOST:PORT) and CONTRAIL_RABBITMQ (URL) are used as they are and stay running.
`;

const values = readArguments(process.argv.slice(2));
if (typeof values === "string") {
  console.error(`${values}\n\n${help}`);
  process.exit(2);
}
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

const ending = endSignal();

try {
  const brokers = await startBrokers({
    kafka: values.only !== "rabbitmq",
    rabbitmq: values.only !== "kafka",
    ...(values.rabbitmq4 === true ? { rabbitmqVersion: 4 } : {}),
    say: (line) => console.error(line),
  });
  try {
    const { kafka, rabbitmq, rabbitmqManagement, runner } = brokers;
    if (values.json === true) {
      console.log(JSON.stringify({ kafka, rabbitmq, rabbitmqManagement, runner }));
    } else {
      const origin = { given: "given by the environment", docker: "in Docker", local: "as local processes" }[runner];
      if (kafka !== undefined) console.log(`Kafka      ${kafka}`);
      if (rabbitmq !== undefined) console.log(`RabbitMQ   ${rabbitmq}`);
      if (rabbitmqManagement !== undefined) console.log(`Management ${rabbitmqManagement}`);
      console.log(`\nRunning ${origin}. In another terminal:\n`);
      if (kafka !== undefined) console.log(`  export CONTRAIL_KAFKA=${kafka}`);
      if (rabbitmq !== undefined) console.log(`  export CONTRAIL_RABBITMQ=${rabbitmq}`);
      console.log("\nCtrl-C ends them.");
    }
    await aborted(ending);
  } finally {
    await brokers.stop();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // Nothing else keeps this process alive once the brokers run in groups of their own.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener("abort", () => {
      clearInterval(alive);
      resolve();
    });
  });
}

/** The arguments, or what is wrong with them. */
function readArguments(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: "boolean" },
        only: { type: "string" },
        rabbitmq4: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.only !== undefined && values.only !== "kafka" && values.only !== "rabbitmq") {
      return `--only takes kafka or rabbitmq, not "${values.only}".`;
    }
    return values;
  } catch (error) {
    return (error as Error).message;
  }
}
