/**
 * `npm start`: the live page in a browser, on real brokers where some are named, else on the recording of the sample
 * shop. Builds what is missing, prints the address, and ends everything it started within two seconds of Ctrl-C.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  aboutPasswords,
  grouped,
  helpText,
  parseCommand,
  sourceFlags,
  sourcesOf,
  UsageError,
  type Command,
  type Sources,
} from "../cli/index.ts";
import { stateFolder } from "../daemon/client/index.ts";
import * as daemon from "../daemon/index.ts";
import type { RunningTrace } from "../daemon/index.ts";
import { endSignal } from "./end-signal.ts";

const root = join(import.meta.dirname, "..");
const recording = join(root, "fixtures", "recordings", "shop.contrail");

const command: Command = {
  name: "start",
  program: "npm start",
  summary: "Shows live message flow in a browser.",
  usage: "npm start [-- flags]",
  about: `
Shows live message flow in a browser: of the brokers that are named, on which it leaves no trace; else of a recording
of the sample shop, for which no broker is needed.

${aboutPasswords}`,
  flags: {
    ...sourceFlags,
    ...grouped("The rest", {
      contracts: {
        type: "string",
        value: "FOLDER",
        help: "Decode by the contracts below this folder (the current one; for the recording, the shop's own).",
      },
      recording: { type: "string", value: "FILE", help: "Play this capture instead." },
      pace: { type: "string", value: "N", help: "How many times as fast a recording is played. Default: 1." },
      port: { type: "string", value: "N", help: "Serve the page on this port. Default: a free one." },
      "no-open": { type: "boolean", help: "Do not open a browser." },
    }),
  },
  examples: [
    ["npm start", "plays a recording of the sample shop; no broker is needed"],
    ["npm start -- --kafka 127.0.0.1:9092 --rabbitmq amqp://127.0.0.1:5672", "taps these brokers"],
  ],
  run: () => Promise.resolve(0),
};

const nothingToTap: Sources = { taps: [], allowRemote: [], addressMap: {}, notes: [] };

interface Asked extends Omit<Sources, "notes"> {
  readonly contracts: string;
  readonly source: string | undefined;
  readonly port: number | undefined;
  readonly open: boolean;
}

try {
  const asked = await readArguments(process.argv.slice(2));
  if (asked === "help") process.stdout.write(helpText(command));
  else await start(asked);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n"npm start -- --help" lists what can be said.`);
  process.exitCode = 2;
}

async function start(asked: Asked): Promise<void> {
  const ending = new AbortController();
  let trace: RunningTrace | undefined;
  const end = (code: number) => {
    if (ending.signal.aborted) return;
    ending.abort();
    setTimeout(() => process.exit(code), 1_900).unref();
    void (trace?.stop() ?? Promise.resolve()).finally(() => process.exit(code));
  };
  endSignal().addEventListener("abort", () => end(0));
  // Whoever read what is said here is gone, as with `npm start | head`: that is an end in order too.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => end(0));
  if (!(await buildIfNeeded(ending.signal))) {
    process.exitCode = 1;
    return;
  }
  const guardian = join(root, "dist", "node", "guardian.js");
  try {
    trace = await daemon.runTrace({
      taps: asked.taps,
      contractsFolder: asked.contracts,
      webviewFolder: join(root, "dist", "webview"),
      stateDir: stateFolder(),
      allowRemote: asked.allowRemote,
      addressMap: asked.addressMap,
      ...(asked.registry === undefined ? {} : { registry: asked.registry }),
      ...(existsSync(guardian) ? { guardianPath: guardian } : {}),
      ...(asked.port === undefined ? {} : { port: asked.port }),
      ...(asked.source === undefined ? {} : { source: asked.source }),
      onShutdown: () => end(0),
    });
  } catch (cause) {
    console.error(cause instanceof Error ? cause.message : String(cause));
    process.exitCode = 1;
    return;
  }
  if (ending.signal.aborted) {
    await trace.stop();
    return;
  }
  const address = trace.browserAddress();
  console.log(
    asked.source === undefined
      ? "Contrail taps your brokers and leaves no trace on them."
      : `No broker was named, so Contrail plays the recording of ${asked.source}.`,
  );
  console.log(`\n  ${address}\n`);
  console.log("The address opens one browser, once; Enter prints another. Ctrl-C ends everything.");
  saysStates(trace);
  if (asked.open && hasPerson()) openBrowser(address);
  if (process.stdin.isTTY) {
    process.stdin.on("data", () => console.log(`  ${trace.browserAddress()}`));
  }
}

/** Says in the terminal how the taps are doing, whenever that changes. */
function saysStates(trace: RunningTrace): void {
  const said = new Map<string, string>();
  const look = () => {
    for (const note of trace.notes()) {
      if (!said.has(note)) console.log(note);
      said.set(note, note);
    }
    for (const { tap, broker, address, phase, detail } of trace.pipeline.taps.values()) {
      const line = `${phase} ${detail ?? ""}`;
      if (said.get(tap) === line) continue;
      said.set(tap, line);
      const name = { kafka: "Kafka", rabbitmq: "RabbitMQ", otlp: "Spans", capture: "Recording" }[broker];
      console.log(`${name} ${address}: ${phase}${detail === undefined ? "" : `. ${detail}`}`);
    }
  };
  setInterval(look, 200).unref();
}

/** What was asked for, or `help`. Throws a UsageError for what is wrong with the arguments. */
async function readArguments(words: readonly string[]): Promise<Asked | "help"> {
  const args = parseCommand(command, words);
  if (args === "help") return "help";
  const portText = args.text("port");
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new UsageError(`--port takes a port from 1 to 65535, not "${portText ?? ""}".`);
  }
  const paceText = args.text("pace") ?? "1";
  const pace = Number(paceText);
  if (!(pace > 0 && pace <= 1000))
    throw new UsageError(`--pace takes a number above 0, such as 1 or 10, not "${paceText}".`);
  const wanted = args.text("recording");
  const { notes, ...sources } = wanted === undefined ? await sourcesOf(args, daemon) : nothingToTap;
  for (const note of notes) console.error(note);
  const live = wanted === undefined && sources.taps.length > 0;
  const file = resolve(wanted ?? recording);
  if (!live && !existsSync(file)) {
    throw new UsageError(
      `There is no recording ${file}. Name brokers with --kafka and --rabbitmq, or make it with "npm run record".`,
    );
  }
  const contracts = args.text("contracts") ?? (live ? process.cwd() : join(root, "fixtures", "shop", "contracts"));
  if (!existsSync(contracts)) throw new UsageError(`There is no folder ${contracts}. Correct --contracts.`);
  return {
    ...sources,
    taps: live ? sources.taps : [{ kind: "capture", file, as: "recording", pace }],
    contracts: resolve(contracts),
    source: live ? undefined : wanted === undefined ? "the sample shop" : basename(file),
    port,
    open: !args.flag("no-open"),
  };
}

// ---------------------------------------------------------------------------------------------------- building

/** Builds the page and the programs beside the daemon where they are missing or older than their sources. */
async function buildIfNeeded(signal: AbortSignal): Promise<boolean> {
  const built = [join(root, "dist", "webview", "live.js"), join(root, "dist", "node", "guardian.js")];
  const oldest = Math.min(...built.map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0)));
  const sources = ["contracts", "workspace", "daemon", "webview", "cli", "language-server"];
  const newest = Math.max(
    ...sources.map((folder) => newestIn(join(root, folder))),
    statSync(join(root, "package.json")).mtimeMs,
  );
  if (oldest > newest) return true;
  console.log("Building...");
  const child = spawn(process.execPath, [join(root, "scripts", "build.ts"), "webview", "node"], { stdio: "inherit" });
  const kill = () => child.kill();
  signal.addEventListener("abort", kill);
  const code = await new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", () => resolve(1));
  });
  signal.removeEventListener("abort", kill);
  return code === 0 && !signal.aborted;
}

function newestIn(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name.endsWith(".test.ts")) continue;
    newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

// ---------------------------------------------------------------------------------------------------- browser

/** Whether somebody sits before a screen: not under CI, not in a pipe, not on a machine without a display. */
function hasPerson(): boolean {
  if (!process.stdout.isTTY || (process.env["CI"] ?? "") !== "") return false;
  if (process.platform === "darwin" || process.platform === "win32") return true;
  return (process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"] ?? "") !== "";
}

function openBrowser(address: string): void {
  const [command, args]: [string, string[]] =
    process.platform === "darwin"
      ? ["open", [address]]
      : process.platform === "win32"
        ? ["explorer", [address]]
        : ["xdg-open", [address]];
  if (process.platform === "linux" && spawnSync("which", [command]).status !== 0) return;
  spawn(command, args, { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}
