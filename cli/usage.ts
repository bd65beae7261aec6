/** Arguments of a subcommand: one table describes the flags, and makes the help, the parser and the errors. */
import { parseArgs } from "node:util";
import { nearest } from "../workspace/index.ts";

export interface Flag {
  readonly type: "boolean" | "string";
  readonly multiple?: boolean;
  readonly short?: string;
  /** How its value is called in the help: `HOST:PORT`. */
  readonly value?: string;
  /** What it does: one sentence, for the help. */
  readonly help: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
}

export interface Command {
  readonly name: string;
  /** One line, for the list of all commands. */
  readonly summary: string;
  /** How it is called: `contrail check [paths...] [flags]`. */
  readonly usage: string;
  /** What it does and when to use it: a few short paragraphs. */
  readonly about: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: ReadonlyArray<readonly [command: string, what: string]>;
  /** Arguments without a name; absent: none are allowed. */
  readonly positionals?: { readonly min: number; readonly max: number; readonly what: string };
  readonly run: (args: ParsedArguments) => Promise<number>;
}

export interface ParsedArguments {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

/** Something wrong with how the command was called: told in a sentence, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const help: Flag = { type: "boolean", short: "h", help: "Show this help." };

export function parseCommand(command: Command, args: readonly string[]): ParsedArguments | "help" {
  const flags = { ...command.flags, help };
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, multiple, short }]) => [
      name,
      { type, multiple: multiple ?? false, ...(short === undefined ? {} : { short }) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const values = new Map<string, (string | true)[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name as keyof typeof flags] : undefined;
    if (flag === undefined) throw unknownFlag(command, token.rawName, Object.keys(flags));
    if (flag.type === "boolean" && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
    if (flag.type === "string") {
      if (token.value === undefined) {
        throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value ?? "VALUE"}.`);
      }
      if (flag.choices !== undefined && !flag.choices.includes(token.value)) {
        const near = nearest(token.value, flag.choices);
        const hint = near === undefined ? "" : ` Did you mean ${near}?`;
        throw new UsageError(`${token.rawName} can be ${flag.choices.join(", ")}, not "${token.value}".${hint}`);
      }
    }
    const known = values.get(token.name) ?? [];
    if (known.length > 0 && flag.multiple !== true && flag.type === "string") {
      throw new UsageError(`${token.rawName} can be given only once.`);
    }
    values.set(token.name, [...known, token.value ?? true]);
  }
  if (values.has("help")) return "help";
  const { min, max, what } = command.positionals ?? { min: 0, max: 0, what: "" };
  if (positionals.length < min) throw new UsageError(`contrail ${command.name} needs ${what}.`);
  if (positionals.length > max) {
    const extra = `"${positionals[max] ?? ""}"`;
    throw new UsageError(
      max === 0
        ? `contrail ${command.name} takes no arguments, but got ${extra}.`
        : `There is one argument too many: ${extra}.`,
    );
  }
  const texts = (name: string) => (values.get(name) ?? []).filter((value) => typeof value === "string");
  return { positionals, flag: (name) => values.has(name), text: (name) => texts(name)[0], texts };
}

export function helpText(command: Command): string {
  const rows = Object.entries({ ...command.flags, help }).map(([name, flag]): [string, string] => {
    const value = flag.type === "string" ? ` ${flag.value ?? flag.choices?.join("|") ?? "VALUE"}` : "";
    return [`${flag.short === undefined ? "    " : `-${flag.short}, `}--${name}${value}`, flag.help];
  });
  const examples = command.examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]);
  return [
    `Usage: ${command.usage}`,
    "",
    command.about.trim(),
    "",
    "Flags:",
    ...rows.flatMap(([name, what]) => layout(name, what)),
    "",
    "Examples:",
    ...examples,
    "",
  ].join("\n");
}

/** A flag and what it does: beside each other where there is room, else below, at most 100 columns. */
function layout(name: string, what: string): string[] {
  const column = 30;
  const lines: string[] = [];
  let line = "";
  for (const word of what.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > 100 - column) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  const head = `  ${name}`;
  const rest = lines.map((text) => " ".repeat(column) + text);
  if (head.length >= column - 1) return [head, ...rest];
  return [head.padEnd(column) + (lines[0] ?? ""), ...rest.slice(1)];
}

function unknownFlag(command: Command, name: string, known: readonly string[]): UsageError {
  const near = nearest(name.replace(/^-+/, ""), known);
  const hint = near === undefined ? `See \`contrail ${command.name} --help\`.` : `Did you mean --${near}?`;
  return new UsageError(`contrail ${command.name} has no flag ${name}. ${hint}`);
}
