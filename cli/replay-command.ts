/** `contrail replay`: a recording through the very pipeline that live taps use, on the live page; or to a broker. */
import { basename } from "node:path";
import type * as daemonModule from "../daemon/index.ts";
import type { RepublishTargets } from "../daemon/index.ts";
import { createInterface } from "node:readline/promises";
import { exitCodes } from "./exit-codes.ts";
import { contractsFolder, recordingFile } from "./recording-argument.ts";
import { aboutPasswords, sourceFlags, sourcesOf } from "./source-flags.ts";
import { harmless } from "./terminal.ts";
import { installedParts, startTrace, untilEnd } from "./trace-options.ts";
import { grouped, UsageError, type Command, type Flag, type ParsedArguments } from "./usage.ts";

/** Of the flags that name what to tap, those that say how to reach a broker. */
const targetFlags: Readonly<Record<string, Flag>> = Object.fromEntries(
  Object.entries(sourceFlags).filter(([name]) =>
    /^(?:kafka|rabbitmq)(?:-(?:username|mechanism|password-file|tls|ca))?$|^address-map$/.test(name),
  ),
);

export const replayCommand: Command = {
  name: "replay",
  summary: "Play a recording again, on the live page or on a broker.",
  usage: "contrail replay FILE [--pace N | --still] [--to-broker --kafka HOST:PORT --rabbitmq URL]",
  about: `
Plays a file that \`contrail tap --out\` recorded, at its pace, decoded by the contracts below this folder as they
are now, and prints the address of the live page. Nothing is sent to any broker.

With --to-broker its messages are written again, to a Kafka or a RabbitMQ on this machine only, at the same pace. It
says what goes where and asks first. Each message carries a header x-contrail-replayed; nothing goes into internal
topics or exchanges and queues named amq.*, and what is missing there is not created.

FILE may be the name of a capture, too; see \`contrail captures\`.

${aboutPasswords}

Exit codes: 0 it ended as it was asked to, 2 it could not be done, or not everything was written.`,
  positionals: { min: 1, max: 1, what: "a recording" },
  flags: {
    pace: {
      type: "string",
      value: "N",
      help: "How many times as fast: 1, the default, is as recorded; 0.1 is slow motion.",
    },
    still: { type: "boolean", help: "Show the whole recording at once, as it was, instead of playing it." },
    port: { type: "string", value: "N", help: "Serve the page on this port. Default: a free one." },
    contracts: { type: "string", value: "FOLDER", help: "Decode by the contracts below this folder instead." },
    ...grouped("Writing to a broker", {
      "to-broker": { type: "boolean", help: "Write the messages to brokers again, instead of showing them." },
      yes: { type: "boolean", short: "y", help: "Do not ask." },
      ...targetFlags,
    }),
  },
  examples: [
    ["contrail replay run.contrail", "as recorded"],
    ["contrail replay run.contrail --pace 10", "ten times as fast"],
    ["contrail replay run.contrail --still", "everything at once, at the times at which it was"],
    ["contrail replay run.contrail --to-broker --kafka 127.0.0.1:9092", "write its Kafka messages again"],
  ],
  async run(args) {
    const pace = Number(args.text("pace") ?? "1");
    if (!(pace > 0 && Number.isFinite(pace)))
      throw new UsageError(`--pace takes a number above 0, such as 0.1 or 10, not "${args.text("pace") ?? ""}".`);
    if (args.flag("still") && args.flag("pace"))
      throw new UsageError("--still shows everything at once, so it has no pace. Leave one of them out.");
    const port = args.text("port") === undefined ? undefined : Number(args.text("port"));
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
      throw new UsageError(`--port takes a port from 1 to 65535, not "${args.text("port") ?? ""}".`);
    for (const name of ["yes", ...Object.keys(targetFlags)]) {
      if (args.flag(name) && !args.flag("to-broker"))
        throw new UsageError(`--${name} is for writing to a broker: add --to-broker.`);
    }
    const contracts = contractsFolder(args.text("contracts"));
    const file = await recordingFile(args.positionals[0] ?? "");
    if (args.flag("to-broker")) return toBroker(file, contracts, pace, args);
    const ended = untilEnd();
    const trace = await startTrace({
      taps: [
        args.flag("still")
          ? { kind: "capture", file, as: "capture" }
          : { kind: "capture", file, as: "recording", pace },
      ],
      contractsFolder: contracts,
      source: `the recording ${basename(file)}`,
      ...(port === undefined ? {} : { port }),
      ...installedParts(),
    });
    process.stdout.write(`${trace.browserAddress()}\n`);
    process.stderr.write("The address opens one browser, once. Ctrl-C ends it.\n");
    const problem = () => [...trace.pipeline.taps.values()].find(({ phase }) => phase === "failed")?.detail;
    if (!args.flag("still")) {
      void trace.ended.then(() =>
        process.stderr.write(`${harmless(problem() ?? "The recording was played to its end; the page goes on.")}\n`),
      );
    }
    await ended;
    await trace.stop();
    return problem() === undefined ? exitCodes.clean : exitCodes.failed;
  },
};

async function toBroker(file: string, contracts: string, pace: number, args: ParsedArguments): Promise<number> {
  if (args.flag("still")) throw new UsageError("--still shows a recording; it cannot go with --to-broker.");
  const daemon = await import("../daemon/index.ts");
  const targets = await targetsOf(args, daemon);
  const { CaptureError, openForReading, planRepublishing, republish, RepublishError } = daemon;
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

/** Only brokers that are named in the call are written to: a variable that was set for tapping is no order to write. */
async function targetsOf(args: ParsedArguments, daemon: typeof daemonModule): Promise<RepublishTargets> {
  if (!args.flag("kafka") && !args.flag("rabbitmq"))
    throw new UsageError("--to-broker needs a broker on this machine: --kafka HOST:PORT, --rabbitmq URL, or both.");
  if (args.texts("rabbitmq").length > 1)
    throw new UsageError("--to-broker writes to one virtual host of RabbitMQ: give --rabbitmq once.");
  const { taps, addressMap, notes } = await sourcesOf(args, daemon);
  for (const note of notes) process.stderr.write(`${note}\n`);
  const kafka = args.flag("kafka") ? taps.find((tap) => tap.kind === "kafka") : undefined;
  const rabbitmq = args.flag("rabbitmq") ? taps.find((tap) => tap.kind === "rabbitmq") : undefined;
  return {
    addressMap,
    ...(kafka === undefined ? {} : { kafka }),
    ...(rabbitmq === undefined ? {} : { rabbitmq }),
  };
}

/** Services that read there will act on what is written, so somebody has to want it. */
async function isAgreed(count: number): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError("Writing to a broker needs your consent: run it in a terminal, or add --yes.");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `Write ${messages(count)}? Services that read there will act on them. [y/N] `;
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } catch (cause) {
    // Ctrl-C and Ctrl-D are answers, too.
    if ((cause as NodeJS.ErrnoException).code !== "ABORT_ERR") throw cause;
    process.stderr.write("\n");
    return false;
  } finally {
    terminal.close();
  }
}

function messages(count: number): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "message" : "messages"}`;
}
