/** Finds the subcommand, loads it, and turns what it cannot do into a sentence and an exit code. */
import { exitCodes } from "./exit-codes.ts";
import { helpText, parseCommand, UsageError, type Command } from "./usage.ts";

/** All subcommands in the order of the help; each is loaded when it is asked for. */
const commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  check: {
    summary: "Say who breaks by the changes to contracts, with proof.",
    load: async () => (await import("./check-command.ts")).checkCommand,
  },
  explain: {
    summary: "Print the page of a rule: what it checks, why, what to do.",
    load: async () => (await import("./explain-command.ts")).explainCommand,
  },
  tap: {
    summary: "Follow messages on Kafka and RabbitMQ, decoded by the contracts here.",
    load: async () => (await import("./tap-command.ts")).tapCommand,
  },
  replay: {
    summary: "Play a recording again, on the live page or on a broker.",
    load: async () => (await import("./replay-command.ts")).replayCommand,
  },
  export: {
    summary: "Write a recording as NDJSON, CSV or OpenTelemetry spans.",
    load: async () => (await import("./export-command.ts")).exportCommand,
  },
  captures: {
    summary: "List what was recorded on this machine, keep it, or delete it.",
    load: async () => (await import("./captures-command.ts")).capturesCommand,
  },
  doctor: {
    summary: "Say what Contrail finds in this folder and on this machine.",
    load: async () => (await import("./doctor-command.ts")).doctorCommand,
  },
  lsp: {
    summary: "Run the language server for an editor.",
    load: async () => (await import("./lsp-command.ts")).lspCommand,
  },
};

export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const asked = name === "help" ? rest[0] : undefined;
    if (asked !== undefined) return run([asked, "--help"]);
    process.stdout.write(overview());
    return name === undefined ? exitCodes.failed : exitCodes.clean;
  }
  if (name === "--version" || name === "-v") {
    const { version } = await import("./version.ts");
    process.stdout.write(`${version()}\n`);
    return exitCodes.clean;
  }
  if (!Object.hasOwn(commands, name)) {
    const { nearest } = await import("../workspace/index.ts");
    const near = nearest(name, Object.keys(commands));
    return failed(
      `contrail has no command "${name}". ${near === undefined ? "See `contrail --help`." : `Did you mean \`contrail ${near}\`?`}`,
    );
  }
  try {
    const command = await (commands[name] as (typeof commands)[string]).load();
    const parsed = parseCommand(command, rest);
    if (parsed === "help") {
      process.stdout.write(helpText(command));
      return exitCodes.clean;
    }
    return await command.run(parsed);
  } catch (error) {
    if (error instanceof UsageError) return failed(error.message);
    const detail =
      error instanceof Error ? (process.env["CONTRAIL_DEBUG"] ? error.stack : error.message) : String(error);
    return failed(
      `contrail ${name} failed: ${detail ?? ""}\nThis is a mistake in Contrail. Please report it with the output of CONTRAIL_DEBUG=1.`,
    );
  }
}

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return `Contrail: contracts judged while they are edited, messages followed while they flow.

Usage: contrail COMMAND [arguments]

Commands:
${rows.join("\n")}

\`contrail COMMAND --help\` explains a command, \`contrail --version\` prints the version.

Start with \`contrail check\` in a git repository that holds .proto, OpenAPI or AsyncAPI files.
`;
}

function failed(message: string): number {
  process.stderr.write(`${message}\n`);
  return exitCodes.failed;
}
