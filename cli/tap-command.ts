/** `contrail tap`: the daemon in this process, its messages as lines. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type * as daemonModule from "../daemon/index.ts";
import type { RunningTrace, TapSettings, TraceOptions } from "../daemon/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { jsonLine, readMessage, textLine } from "./tap-lines.ts";
import { harmless, styleFor } from "./terminal.ts";
import { durationOf, installedParts, startTrace, untilEnd } from "./trace-options.ts";
import { UsageError, type Command, type ParsedArguments } from "./usage.ts";

export const tapCommand: Command = {
  name: "tap",
  summary: "Follow messages on Kafka and RabbitMQ, decoded by the contracts here.",
  usage: "contrail tap [--kafka HOST:PORT] [--rabbitmq URL] [flags]",
  about: `
Prints one line for each message, decoded by the .proto and AsyncAPI files below this folder, until
Ctrl-C. It leaves no trace: no consumer group, no commit, no message taken, and what it switches on
(RabbitMQ's tracing) it puts back as it was. Passwords, tokens and card numbers are masked.

It connects to this machine only, unless a host is allowed by --allow-remote.

CONTRAIL_KAFKA and CONTRAIL_RABBITMQ mean the same as --kafka and --rabbitmq.`,
  flags: {
    kafka: { type: "string", value: "HOST:PORT", help: "Kafka's bootstrap servers, several with commas between." },
    rabbitmq: { type: "string", value: "URL", help: "amqp://user:password@host:port/vhost" },
    topic: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "Only these Kafka topics, by name or pattern (orders.*).",
    },
    from: {
      type: "string",
      choices: ["now", "beginning"],
      value: "now|beginning",
      help: "Where to start in Kafka. Default: now.",
    },
    grep: { type: "string", value: "TEXT", help: "Only messages whose line or JSON holds this text." },
    json: { type: "boolean", help: "One JSON object a line, see docs/tap-json.md." },
    for: { type: "string", value: "30s", help: "End after this time: 500ms, 30s, 5m, 1h." },
    out: {
      type: "string",
      value: "FILE",
      help: "Record into this file as well; `contrail replay FILE` plays it again.",
    },
    "allow-remote": { type: "string", multiple: true, value: "HOST", help: "Allow a broker on this other machine." },
    "address-map": {
      type: "string",
      multiple: true,
      value: "A=B",
      help: "A broker advertises A; from here it is reached at B: kafka:9092=127.0.0.1:9092.",
    },
    page: { type: "boolean", help: "Also serve the live page, and print its address." },
    report: { type: "boolean", help: "At the end, print what was touched on each broker." },
  },
  examples: [
    ["contrail tap --kafka 127.0.0.1:9092", "every message from now on"],
    ["contrail tap --rabbitmq amqp://guest:guest@127.0.0.1:5672 --out run.contrail", "follow and record"],
    ["contrail tap --kafka 127.0.0.1:9092 --json --for 30s | jq .decoded", "half a minute for another program"],
  ],
  async run(args) {
    const length = lengthOf(args);
    const daemon = await import("../daemon/index.ts");
    const options = await optionsOf(args, daemon);
    const ended = untilEnd(length);
    const trace = await startTrace(options);
    const failed = await follow(trace, args, ended);
    const reports = trace.reports();
    await trace.stop();
    if (args.flag("report")) printReports(reports, args.flag("json") ? process.stderr : process.stdout);
    return failed ? exitCodes.failed : exitCodes.clean;
  },
};

type Daemon = typeof daemonModule;

async function optionsOf(args: ParsedArguments, daemon: Daemon): Promise<TraceOptions> {
  const { stateFolder } = await import("../daemon/client/index.ts");
  const out = args.text("out");
  if (out !== undefined && existsSync(out))
    throw new UsageError(`"${out}" is there already. Name a new file, or move it away.`);
  const map = daemon.parseAddressMap(args.texts("address-map").join(","));
  if ("failure" in map) throw new UsageError(map.failure.message);
  const { guardianPath, webviewFolder } = installedParts();
  return {
    taps: tapsOf(args, daemon),
    contractsFolder: process.cwd(),
    allowRemote: args.texts("allow-remote"),
    addressMap: map.value,
    stateDir: stateFolder(),
    ...(guardianPath === undefined ? {} : { guardianPath }),
    ...(webviewFolder === undefined || !args.flag("page") ? {} : { webviewFolder }),
    ...(out === undefined ? {} : { captureFile: resolve(out) }),
  };
}

function tapsOf(args: ParsedArguments, daemon: Daemon): TapSettings[] {
  const kafka = args.text("kafka") ?? process.env["CONTRAIL_KAFKA"];
  const rabbitmq = args.text("rabbitmq") ?? process.env["CONTRAIL_RABBITMQ"];
  const topics = args.texts("topic");
  const taps: TapSettings[] = [];
  if (kafka !== undefined && kafka !== "") {
    const parsed = daemon.parseKafkaAddress(kafka);
    if ("failure" in parsed) throw new UsageError(parsed.failure.message);
    taps.push({
      kind: "kafka",
      brokers: kafka,
      ...(topics.length === 0 ? {} : { topics }),
      ...(args.text("from") === "beginning" ? { from: "beginning" } : {}),
    });
  }
  if (rabbitmq !== undefined && rabbitmq !== "") {
    const parsed = daemon.parseRabbitmqAddress(rabbitmq);
    if ("failure" in parsed) throw new UsageError(parsed.failure.message);
    taps.push({ kind: "rabbitmq", url: rabbitmq });
  }
  if (taps.length === 0) {
    throw new UsageError("contrail tap needs a broker: --kafka HOST:PORT, --rabbitmq URL, or both.");
  }
  return taps;
}

function lengthOf(args: ParsedArguments): number | undefined {
  const text = args.text("for");
  const ms = text === undefined ? undefined : durationOf(text);
  if (text !== undefined && ms === undefined)
    throw new UsageError(`--for takes a time such as 30s, 5m or 1h, not "${text}".`);
  return ms;
}

/** Prints until the end is asked for, or no tap can go on. Resolves to whether all of them failed, or none was ever live. */
async function follow(trace: RunningTrace, args: ParsedArguments, ended: Promise<void>): Promise<boolean> {
  const style = styleFor(process.stdout);
  const json = args.flag("json");
  const word = args.text("grep");
  const { pipeline } = trace;
  if (args.flag("page")) process.stderr.write(`Live page, for one browser, once: ${trace.browserAddress()}\n`);
  const said = new Map<string, string>();
  let last = 0;
  let over = false;
  let wasLive = false;
  void ended.then(() => (over = true));

  const print = async () => {
    for (; last < pipeline.observedSeq; last++) {
      const message = readMessage(pipeline, last + 1);
      if (message === undefined) continue;
      const line = json ? jsonLine(message) : textLine(message, style, process.stdout.columns ?? 10_000);
      if (word !== undefined && !line.includes(word)) continue;
      if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
  };
  const sayStates = () => {
    const states = [...pipeline.taps.values()];
    for (const { tap, broker, address, phase, detail, mode } of states) {
      const text = `${broker} ${address}: ${phase}${mode === undefined ? "" : ` (${mode})`}${detail === undefined ? "" : `. ${detail}`}`;
      if (said.get(tap) === text) continue;
      said.set(tap, text);
      process.stderr.write(`${harmless(text)}\n`);
    }
    wasLive ||= states.some(({ phase }) => phase === "live");
    return states.length > 0 && states.every(({ phase }) => phase === "failed");
  };
  for (;;) {
    pipeline.cycle();
    await print();
    const failed = sayStates();
    if (over || failed) {
      await print();
      const { shed } = pipeline;
      if (shed > 0) process.stderr.write(`${shed} messages or bodies were given up for lack of speed.\n`);
      return failed || !wasLive;
    }
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
}

function printReports(reports: ReturnType<RunningTrace["reports"]>, stream: NodeJS.WriteStream): void {
  for (const { tap, touched, neverTouched, messages, bytes } of reports) {
    stream.write(`\n${tap}: ${messages} messages, ${bytes} bytes read\n`);
    for (const sentence of touched) stream.write(`  touched: ${sentence}\n`);
    for (const sentence of neverTouched) stream.write(`  never touched: ${sentence}\n`);
  }
}
