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
  /** The heading that it stands under in the help; absent: the first, or the last one's. */
  readonly group?: string;
  /** What it stands for without a value; then only a value like `valued` belongs to it. */
  readonly otherwise?: string;
  readonly valued?: RegExp;
  /** The only values allowed. */
  readonly choices?: readonly string[];
}

export interface Command {
  readonly name: string;
  /** How it is called in sentences; absent: `contrail NAME`. */
  readonly program?: string;
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
  const { tokens } = parseArgs({
    args: withValues(args, flags),
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
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
  if (positionals.length < min) throw new UsageError(`${programOf(command)} needs ${what}.`);
  if (positionals.length > max) {
    const extra = `"${positionals[max] ?? ""}"`;
    throw new UsageError(
      max === 0
        ? `${programOf(command)} takes no arguments, but got ${extra}.`
        : `There is one argument too many: ${extra}.`,
    );
  }
  const texts = (name: string) => (values.get(name) ?? []).filter((value) => typeof value === "string");
  return { positionals, flag: (name) => values.has(name), text: (name) => texts(name)[0], texts };
}

export function helpText(command: Command): string {
  let group = "Flags";
  const rows = Object.entries({ ...command.flags, help }).flatMap(([name, flag]) => {
    const heading = flag.group === undefined || flag.group === group ? [] : ["", `${flag.group}:`];
    group = flag.group ?? group;
    const called = flag.value ?? flag.choices?.join("|") ?? "VALUE";
    const value = flag.type === "string" ? (flag.otherwise === undefined ? ` ${called}` : ` [${called}]`) : "";
    return [
      ...heading,
      ...layout(`${flag.short === undefined ? "    " : `-${flag.short}, `}--${name}${value}`, flag.help),
    ];
  });
  const examples = command.examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]);
  return [
    `Usage: ${command.usage}`,
    "",
    command.about.trim(),
    "",
    ...(rows[0] === "" ? rows.slice(1) : ["Flags:", ...rows]),
    "",
    "Examples:",
    ...examples,
    "",
  ].join("\n");
}

/** The same flags under one heading of the help. */
export function grouped<F extends Readonly<Record<string, Flag>>>(group: string, flags: F): F {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, { ...flag, group }])) as unknown as F;
}

/** Gives flags that may stand alone the value that they stand for. */
function withValues(args: readonly string[], flags: Readonly<Record<string, Flag>>): string[] {
  return args.map((arg, index) => {
    const flag = arg.startsWith("--") && Object.hasOwn(flags, arg.slice(2)) ? flags[arg.slice(2)] : undefined;
    if (flag?.otherwise === undefined || flag.valued?.test(args[index + 1] ?? "") === true) return arg;
    return `${arg}=${flag.otherwise}`;
  });
}

function programOf(command: Command): string {
  return command.program ?? `contrail ${command.name}`;
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
  const hint = near === undefined ? `See \`${programOf(command)} --help\`.` : `Did you mean --${near}?`;
  return new UsageError(`${programOf(command)} has no flag ${name}. ${hint}`);
}
