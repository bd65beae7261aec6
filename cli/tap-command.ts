/** `contrail tap`: the daemon in this process, its messages as lines. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type * as daemonModule from "../daemon/index.ts";
import type { RunningTrace, TraceOptions } from "../daemon/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { isOutputLost, untilOutputEnds } from "./output.ts";
import { contractsFolder } from "./recording-argument.ts";
import { aboutPasswords, sourceFlags, sourcesOf } from "./source-flags.ts";
import { filterFlags, filterOf } from "./tap-filter.ts";
import { ConversationPrinter, MessagePrinter, type Changes, type JsonOf } from "./tap-printers.ts";
import { harmless, styleFor } from "./terminal.ts";
import { durationOf, installedParts, startTrace, untilEnd } from "./trace-options.ts";
import { grouped, UsageError, type Command, type ParsedArguments } from "./usage.ts";

export const tapCommand: Command = {
  name: "tap",
  summary: "Follow messages on Kafka and RabbitMQ, decoded by the contracts here.",
  usage: "contrail tap [--kafka HOST:PORT] [--rabbitmq URL]... [flags]",
  about: `
Prints one line for each message, decoded by the .proto and AsyncAPI files below this folder, until
Ctrl-C. It leaves no trace: no consumer group, no commit, no message taken, and what it switches on
(RabbitMQ's tracing) it puts back as it was. Passwords, tokens and card numbers are masked.

It connects to this machine only, unless a host is allowed by --allow-remote.

${aboutPasswords}

Exit codes: 0 it ended as it was asked to, 2 no broker could be tapped, not everything could be recorded or printed,
or the flags are wrong.`,
  flags: {
    ...sourceFlags,
    ...grouped("What is printed", filterFlags),
    json: { type: "boolean", help: "One JSON object a line, see docs/tap-json.md." },
    contracts: {
      type: "string",
      value: "FOLDER",
      group: "The rest",
      help: "Decode by the contracts below this folder instead.",
    },
    for: { type: "string", value: "30s", help: "End after this time: 500ms, 30s, 5m, 1h." },
    out: {
      type: "string",
      value: "FILE",
      help: "Record into this file as well: everything, whatever is printed. `contrail replay FILE` plays it again.",
    },
    page: { type: "boolean", help: "Also serve the live page, and print its address." },
    report: { type: "boolean", help: "At the end, print what was touched on each broker and what it cost." },
  },
  examples: [
    ["contrail tap --kafka 127.0.0.1:9092", "every message from now on"],
    ["contrail tap --kafka 127.0.0.1:9092 --topic 'orders.*' --from -10m", "some topics, from ten minutes ago"],
    ["contrail tap --rabbitmq amqp://127.0.0.1:5672/shop --out run.contrail", "follow a virtual host and record it"],
    ["contrail tap --kafka 127.0.0.1:9092 --state stuck,failed,late", "only what went wrong, each time whole"],
    [
      "contrail tap --kafka kafka.test:9093 --allow-remote kafka.test --kafka-ca ca.pem --kafka-username me --kafka-mechanism scram-sha-512",
      "another machine, over TLS, with a login; asks for the password",
    ],
    ["contrail tap --kafka 127.0.0.1:9092 --json --for 30s | jq .decoded", "half a minute for another program"],
  ],
  async run(args) {
    const length = lengthOf(args);
    const filter = filterOf(args);
    const daemon = await import("../daemon/index.ts");
    const options = await optionsOf(args, daemon);
    const changes: Changes = new Map();
    const lost = untilOutputEnds();
    let outputCode: number = exitCodes.clean;
    // Whoever stops reading (`contrail tap | head`) asks for the end like Ctrl-C: what was changed is put back.
    const ended = Promise.race([untilEnd(length), lost.then((code) => ((outputCode = code), "asked" as const))]);
    const trace = await startTrace({
      ...options,
      ...(filter.states === undefined
        ? {}
        : {
            onChanges: (round) => {
              for (const change of round) if (change.kind !== "message") changes.set(change.id, change);
            },
          }),
    });
    const style = styleFor(process.stdout);
    const json = args.flag("json");
    const { pipeline } = trace;
    const jsonOf: JsonOf | undefined = json ? (message) => daemon.messageLine(message, pipeline.correlator) : undefined;
    const printer =
      filter.states === undefined
        ? new MessagePrinter(pipeline, filter, style, jsonOf)
        : new ConversationPrinter(pipeline, filter, filter.states, changes, style, jsonOf);
    const failed = await follow(trace, args, printer, ended);
    const problem = pipeline.capture.problem;
    await trace.stop();
    const atTheEnd = pipeline.capture.problem;
    if (atTheEnd !== undefined && atTheEnd !== problem) process.stderr.write(`${harmless(atTheEnd)}\n`);
    // After the end: only then it is known that everything was put back.
    if (args.flag("report")) printReports(trace.reports(), json || isOutputLost() ? process.stderr : process.stdout);
    const isNotRecorded = args.flag("out") && atTheEnd !== undefined;
    return failed || isNotRecorded ? exitCodes.failed : outputCode;
  },
};

type Daemon = typeof daemonModule;

async function optionsOf(args: ParsedArguments, daemon: Daemon): Promise<TraceOptions> {
  const { stateFolder } = await import("../daemon/client/index.ts");
  const out = args.text("out");
  if (out !== undefined && existsSync(out))
    throw new UsageError(`"${out}" is there already. Name a new file, or move it away.`);
  const contracts = contractsFolder(args.text("contracts"));
  const { notes, ...sources } = await sourcesOf(args, daemon);
  if (sources.taps.length === 0) {
    throw new UsageError("contrail tap needs a broker: --kafka HOST:PORT, --rabbitmq URL, or both.");
  }
  for (const note of notes) process.stderr.write(`${note}\n`);
  const { guardianPath, webviewFolder } = installedParts();
  return {
    ...sources,
    contractsFolder: contracts,
    stateDir: stateFolder(),
    ...(guardianPath === undefined ? {} : { guardianPath }),
    ...(webviewFolder === undefined || !args.flag("page") ? {} : { webviewFolder }),
    ...(out === undefined ? {} : { captureFile: resolve(out) }),
  };
}

function lengthOf(args: ParsedArguments): number | undefined {
  const text = args.text("for");
  const ms = text === undefined ? undefined : durationOf(text);
  if (text !== undefined && ms === undefined)
    throw new UsageError(`--for takes a time such as 30s, 5m or 1h, not "${text}".`);
  return ms;
}

/** Prints until the end is asked for, or no tap can go on. Resolves to whether all of them failed, or none was ever live. */
async function follow(
  trace: RunningTrace,
  args: ParsedArguments,
  printer: MessagePrinter | ConversationPrinter,
  ended: Promise<"asked" | "time">,
): Promise<boolean> {
  if (args.flag("page")) process.stderr.write(`Live page, for one browser, once: ${trace.browserAddress()}\n`);
  const { pipeline } = trace;
  const said = new Map<string, string>();
  let over: Awaited<typeof ended> | undefined;
  let wasLive = false;
  void ended.then((why) => (over = why));
  const say = (text: string) => process.stderr.write(`${harmless(text)}\n`);
  const sayStates = () => {
    const states = [...pipeline.taps.values()];
    for (const { tap, broker, address, phase, detail: more, mode } of states) {
      // "connecting. Connecting to ..." would say it twice.
      const detail = phase === "connecting" && more?.startsWith("Connecting") === true ? undefined : more;
      const text = `${broker} ${address}: ${phase}${mode === undefined ? "" : ` (${mode})`}${detail === undefined ? "" : `. ${detail}`}`;
      if (said.get(tap) === text) continue;
      said.set(tap, text);
      say(text);
    }
    const { problem } = pipeline.capture;
    for (const note of [
      ...trace.notes(),
      ...notesOf(pipeline.contracts.problems),
      ...(problem === undefined ? [] : [problem]),
    ]) {
      if (said.has(note)) continue;
      said.set(note, note);
      say(note);
    }
    wasLive ||= states.some(({ phase }) => phase === "live");
    return states.length > 0 && states.every(({ phase }) => phase === "failed");
  };
  for (;;) {
    // First: that the disk is full is said before the first message that is kept in memory only.
    const failed = sayStates();
    const behind = await printer.print(performance.now() + patienceMs);
    if (over !== undefined || failed) {
      sayStates();
      // Whoever asked for the end does not wait for what was not printed yet; who named a time wants what came in it.
      const left = await printer.print(over === "asked" ? performance.now() + patienceMs : undefined);
      const notRead = Math.max(0, pipeline.capture.lastSeq - pipeline.observedSeq);
      if (left + notRead > 0)
        say(
          `${(left + notRead).toLocaleString("en-US")} messages that were seen are not printed, since the end came first.`,
        );
      const { shed } = pipeline;
      if (shed > 0) say(`${shed} messages or bodies were given up for lack of speed.`);
      // A broker that has failed has said why.
      if (!failed && !wasLive) for (const sentence of neverReached(pipeline.taps.values())) say(sentence);
      return failed || !wasLive;
    }
    if (behind === 0) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
}

/** What is said of brokers that had not answered by the end. */
function neverReached(states: Iterable<{ broker: string; address: string; phase: string }>): readonly string[] {
  return [...states]
    .filter(({ phase }) => phase === "connecting" || phase === "reconnecting")
    .map(
      ({ broker, address }) =>
        `${broker} ${address} did not answer until the end, so nothing was seen of it. Check the address and that the broker is ready, or give it more time.`,
    );
}

/** How long lines are printed without a look at the taps, and still after Ctrl-C. */
const patienceMs = 500;
const mostNotes = 5;

/** What is wrong with contracts, as far as it fits before the first message. */
function notesOf(problems: readonly string[]): readonly string[] {
  const more = problems.length - mostNotes;
  return more <= 0
    ? problems
    : [...problems.slice(0, mostNotes), `${more} more contracts could not be read; \`contrail doctor\` names them.`];
}

function printReports(reports: ReturnType<RunningTrace["reports"]>, stream: NodeJS.WriteStream): void {
  for (const { tap, touched, neverTouched, messages, bytes, cost = [] } of reports) {
    stream.write(`\n${tap}: ${messages} messages, ${bytes} bytes read\n`);
    for (const sentence of touched) stream.write(`  touched: ${sentence}\n`);
    for (const sentence of neverTouched) stream.write(`  never touched: ${sentence}\n`);
    for (const sentence of cost) stream.write(`  cost: ${sentence}.\n`);
  }
  const { user, system } = process.cpuUsage();
  const cpu = (user + system) / 1_000_000;
  const share = Math.round((cpu / process.uptime()) * 100);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  stream.write(
    `\nThis machine: ${cpu.toFixed(1)} s of processor in ${process.uptime().toFixed(0)} s (${share} % of a core), ${peak} MB of memory at most.\n`,
  );
}
