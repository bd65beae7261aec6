/**
 * `npm start`: the live page in a browser, on real brokers where some are named, else on the recording of the sample
 * shop. Builds what is missing, prints the address, and ends everything it started within two seconds of Ctrl-C.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { stateFolder } from "../daemon/client/index.ts";
import { parseAddressMap, runTrace, type RunningTrace, type TapSettings } from "../daemon/index.ts";
import { endSignal } from "./end-signal.ts";

const root = join(import.meta.dirname, "..");
const recording = join(root, "fixtures", "recordings", "shop.contrail");

const help = `Shows live message flow in a browser.

  npm start                                          plays a recording of the sample shop; no broker is needed
  npm start -- --kafka HOST:PORT --rabbitmq URL      taps these brokers, and leaves no trace on them

  --kafka ADDRESS      Kafka's bootstrap servers, such as 127.0.0.1:9092; default CONTRAIL_KAFKA
  --rabbitmq URL       such as amqp://guest:guest@127.0.0.1:5672; default CONTRAIL_RABBITMQ
  --contracts DIR      decode by the contracts below DIR (the current folder; for the recording, the shop's own)
  --recording FILE     play this capture instead
  --pace N             how many times as fast a recording is played (1)
  --port N             serve the page on this port; default a free one
  --allow-remote HOST  allow a broker on another machine; may be given more than once
  --address-map MAP    what brokers advertise and where it is reached from here: kafka:9092=127.0.0.1:9092
  --no-open            do not open a browser
`;

interface Asked {
  readonly taps: readonly TapSettings[];
  readonly contracts: string;
  readonly source: string | undefined;
  readonly port: number | undefined;
  readonly allowRemote: readonly string[];
  readonly addressMap: Readonly<Record<string, string>>;
  readonly open: boolean;
}

const asked = readArguments(process.argv.slice(2));
if (asked === "help") process.stdout.write(help);
else if (typeof asked === "string") {
  console.error(`${asked}\n\n"npm start -- --help" lists what can be said.`);
  process.exitCode = 2;
} else await start(asked);

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
    trace = await runTrace({
      taps: asked.taps,
      contractsFolder: asked.contracts,
      webviewFolder: join(root, "dist", "webview"),
      stateDir: stateFolder(),
      allowRemote: asked.allowRemote,
      addressMap: asked.addressMap,
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
    for (const { tap, broker, address, phase, detail } of trace.pipeline.taps.values()) {
      const line = `${phase} ${detail ?? ""}`;
      if (said.get(tap) === line) continue;
      said.set(tap, line);
      const name = broker === "kafka" ? "Kafka" : broker === "rabbitmq" ? "RabbitMQ" : "Recording";
      console.log(`${name} ${address}: ${phase}${detail === undefined ? "" : `. ${detail}`}`);
    }
  };
  setInterval(look, 200).unref();
}

/** What was asked for, `help`, or what is wrong with the arguments. */
function readArguments(args: string[]): Asked | string {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        kafka: { type: "string" },
        rabbitmq: { type: "string" },
        contracts: { type: "string" },
        recording: { type: "string" },
        pace: { type: "string", default: "1" },
        port: { type: "string" },
        "allow-remote": { type: "string", multiple: true, default: [] },
        "address-map": { type: "string", default: "" },
        "no-open": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  if (values.help) return "help";
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    return `--port takes a port from 1 to 65535, not "${values.port}".`;
  }
  const pace = Number(values.pace);
  if (!(pace > 0 && pace <= 1000)) return `--pace takes a number above 0, such as 1 or 10, not "${values.pace}".`;
  const map = parseAddressMap(values["address-map"]);
  if ("failure" in map) return map.failure.message;
  const kafka = values.kafka ?? process.env["CONTRAIL_KAFKA"];
  const rabbitmq = values.rabbitmq ?? process.env["CONTRAIL_RABBITMQ"];
  const live = values.recording === undefined && (kafka ?? rabbitmq) !== undefined;
  const file = resolve(values.recording ?? recording);
  if (!live && !existsSync(file)) {
    return `There is no recording ${file}. Name brokers with --kafka and --rabbitmq, or make it with "npm run record".`;
  }
  const contracts = values.contracts ?? (live ? process.cwd() : join(root, "fixtures", "shop", "contracts"));
  if (!existsSync(contracts)) return `There is no folder ${contracts}. Correct --contracts.`;
  const taps: TapSettings[] = live
    ? [
        ...(kafka === undefined ? [] : [{ kind: "kafka", brokers: kafka } as const]),
        ...(rabbitmq === undefined ? [] : [{ kind: "rabbitmq", url: rabbitmq } as const]),
      ]
    : [{ kind: "capture", file, as: "recording", pace }];
  const played = values.recording === undefined ? "the sample shop" : basename(file);
  return {
    taps,
    contracts: resolve(contracts),
    source: live ? undefined : played,
    port,
    allowRemote: values["allow-remote"],
    addressMap: map.value,
    open: !values["no-open"],
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
