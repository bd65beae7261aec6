/**
 * Passwords that a command needs. They come from a file, from the environment or from whoever sits at the terminal,
 * and never from an argument, which every program on the machine can read.
 */
import { readFileSync } from "node:fs";
import { UsageError, type ParsedArguments } from "./usage.ts";

/** The value of a flag, else of its variable: `--kafka-username` and `CONTRAIL_KAFKA_USERNAME`. */
export function said(args: ParsedArguments, flag: string): string | undefined {
  const value = args.text(flag) ?? process.env[variableOf(flag)];
  return value === "" ? undefined : value;
}

/** The password of `user` at `where`, whose flags begin with `--NAME-`. */
export async function passwordOf(args: ParsedArguments, name: string, user: string, where: string): Promise<string> {
  const file = said(args, `${name}-password-file`);
  if (file !== undefined) return readPassword(file);
  const variable = variableOf(`${name}-password`);
  const inherited = process.env[variable];
  if (inherited !== undefined) return inherited;
  if (process.stdin.isTTY && process.stderr.isTTY) return askHidden(`Password of ${user} for ${where}: `);
  throw new UsageError(
    `The password of "${user}" for ${where} is missing. Set ${variable}, name a file with --${name}-password-file, or run this in a terminal, which asks.`,
  );
}

function variableOf(flag: string): string {
  return `CONTRAIL_${flag.toUpperCase().replaceAll("-", "_")}`;
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch {
    throw new UsageError(`The password file "${file}" cannot be read. Correct its path, or its permissions.`);
  }
}

/** Asks without showing what is typed. */
function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8").resume();
  return new Promise((resolve, reject) => {
    let typed = "";
    const settle = (end: () => void) => {
      stdin.off("data", onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      end();
    };
    const onData = (text: string) => {
      for (const character of text) {
        if (character === "\r" || character === "\n") return settle(() => resolve(typed));
        // Ctrl-C and Ctrl-D end it, as they would if the terminal were not asked to be silent.
        if (character === "\u0003" || character === "\u0004")
          return settle(() => reject(new UsageError("No password was given.")));
        typed = character === "\u007f" || character === "\b" ? typed.slice(0, -1) : typed + character;
      }
      return undefined;
    };
    stdin.on("data", onData);
  });
}
