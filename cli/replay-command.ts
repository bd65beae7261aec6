/** `contrail replay`: a recording through the very pipeline that live taps use, on the live page; or to a broker. */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { exitCodes } from "./exit-codes.ts";
import { harmless } from "./terminal.ts";
import { installedParts, startTrace, untilEnd } from "./trace-options.ts";
import { UsageError, type Command, type ParsedArguments } from "./usage.ts";

export const replayCommand: Command = {
  name: "replay",
  summary: "Play a recording again, on the live page or on a broker.",
  usage: "contrail replay FILE [--pace N] [--still | --to-broker --kafka HOST:PORT --rabbitmq URL]",
  about: `
Plays a file that \`contrail tap --out\` recorded, at its pace, decoded by the contracts below this folder as they
are now, and prints the address of the live page. Nothing is sent to any broker.

With --to-broker its messages are written again, to a Kafka or a RabbitMQ on this machine only, at the same pace. It
says what goes where and asks first. Each message carries a header x-contrail-replayed; nothing goes into internal
topics or exchanges and queues named amq.*, and what is missing there is not created.`,
  positionals: { min: 1, max: 1, what: "a recording" },
  flags: {
    pace: { type: "string", value: "N", help: "How many times as fast: 1, the default, is as recorded." },
    still: { type: "boolean", help: "Show the whole recording at once, as it was, instead of playing it." },
    "to-broker": { type: "boolean", help: "Write the messages to brokers again, instead of showing them." },
    kafka: { type: "string", value: "HOST:PORT", help: "With --to-broker: the Kafka to write to, on this machine." },
    rabbitmq: { type: "string", value: "URL", help: "With --to-broker: the RabbitMQ and virtual host to write to." },
    yes: { type: "boolean", short: "y", help: "With --to-broker: do not ask." },
    contracts: { type: "string", value: "FOLDER", help: "Decode by the contracts below this folder instead." },
  },
  examples: [
    ["contrail replay run.contrail", "as recorded"],
    ["contrail replay run.contrail --pace 10", "ten times as fast"],
    ["contrail replay run.contrail --to-broker --kafka 127.0.0.1:9092", "write its Kafka messages again"],
  ],
  async run(args) {
    const file = resolve(args.positionals[0] ?? "");
    const contracts = resolve(args.text("contracts") ?? ".");
    for (const path of [file, contracts]) if (!existsSync(path)) throw new UsageError(`There is no "${path}".`);
    const pace = Number(args.text("pace") ?? "1");
    if (!(pace > 0 && pace <= 1000)) throw new UsageError(`--pace takes a number above 0, such as 1 or 10.`);
    if (args.flag("to-broker")) return toBroker(file, contracts, pace, args);
    for (const name of ["kafka", "rabbitmq", "yes"]) {
      if (args.flag(name)) throw new UsageError(`--${name} is for writing to a broker: add --to-broker.`);
    }
    const ended = untilEnd();
    const trace = await startTrace({
      taps: [
        args.flag("still")
          ? { kind: "capture", file, as: "capture" }
          : { kind: "capture", file, as: "recording", pace },
      ],
      contractsFolder: contracts,
      source: `the recording ${basename(file)}`,
      ...installedParts(),
    });
    process.stdout.write(`${trace.browserAddress()}\n`);
    process.stderr.write("The address opens one browser, once. Ctrl-C ends it.\n");
    await ended;
    await trace.stop();
    return exitCodes.clean;
  },
};

async function toBroker(file: string, contracts: string, pace: number, args: ParsedArguments): Promise<number> {
  if (args.flag("still")) throw new UsageError("--still shows a recording; it cannot go with --to-broker.");
  const kafka = args.text("kafka");
  const rabbitmq = args.text("rabbitmq");
  const targets = { ...(kafka === undefined ? {} : { kafka }), ...(rabbitmq === undefined ? {} : { rabbitmq }) };
  if (kafka === undefined && rabbitmq === undefined) {
    throw new UsageError("--to-broker needs a broker on this machine: --kafka HOST:PORT, --rabbitmq URL, or both.");
  }
  const { CaptureError, openForReading, planRepublishing, republish, RepublishError } =
    await import("../daemon/index.ts");
  try {
    const reading = await openForReading(file, contracts);
    try {
      const plan = planRepublishing(reading, targets);
      const say = (text: string) => process.stderr.write(`${harmless(text)}\n`);
      for (const [why, count] of plan.skipped) say(`Not written: ${messages(count)} ${why}.`);
      for (const [where, count] of plan.destinations) say(`${messages(count)} to ${where}`);
      if (plan.masked > 0) say(`In ${messages(plan.masked)} secrets were masked; they are written with the masks.`);
      if (plan.seqs.length === 0) {
        say("There is nothing to write.");
        return exitCodes.clean;
      }
      if (!args.flag("yes") && !(await isAgreed(plan.seqs.length))) {
        say("Nothing was written.");
        return exitCodes.failed;
      }
      const stop = new AbortController();
      void untilEnd().then(() => stop.abort());
      const { written, unroutable } = await republish(reading, plan, targets, { pace, signal: stop.signal });
      say(`${messages(written)} written.`);
      if (unroutable > 0) say(`For ${messages(unroutable)} RabbitMQ had no queue; they are gone.`);
      return written === plan.seqs.length ? exitCodes.clean : exitCodes.failed;
    } finally {
      reading.close();
    }
  } catch (error) {
    if (error instanceof CaptureError || error instanceof RepublishError) throw new UsageError(error.message);
    throw error;
  }
}

/** Services that read there will act on what is written, so somebody has to want it. */
async function isAgreed(count: number): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError("Writing to a broker needs your consent: run it in a terminal, or add --yes.");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Write ${messages(count)}? Services that read there will act on them. [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function messages(count: number): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "message" : "messages"}`;
}
