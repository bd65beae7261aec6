/** `contrail captures`: what was recorded on this machine; to keep it by a name, and away with it. */
import type { CaptureFile } from "../daemon/client/index.ts";
import type * as daemonModule from "../daemon/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { harmless, styleFor } from "./terminal.ts";
import { UsageError, type Command, type ParsedArguments } from "./usage.ts";

export const capturesCommand: Command = {
  name: "captures",
  summary: "List what was recorded on this machine, keep it, or delete it.",
  usage: "contrail captures [keep CAPTURE NAME | rm CAPTURE... | rm --all]",
  about: `
Traces are kept in your own state folder, readable by you alone: for 24 hours, and up to 1 GB together; the next trace
that starts deletes what is older or more. This lists them, gives one a name by which it stays, and deletes them.
A CAPTURE is a file, a name that is listed, or "latest"; replay and export take the same.

What \`contrail tap --out\` recorded lies where you put it. docs/captures.md says what is in these files.`,
  positionals: { min: 0, max: Infinity, what: "" },
  flags: {
    all: { type: "boolean", help: "With rm: delete all that have no name." },
    json: { type: "boolean", help: "One JSON object a line." },
  },
  examples: [
    ["contrail captures", "what is there"],
    ["contrail captures keep latest stuck-order", "the last trace stays, by this name"],
    ["contrail replay stuck-order", "look at it again"],
    ["contrail captures rm --all", "delete everything that was not given a name"],
  ],
  async run(args) {
    const [verb, ...names] = args.positionals;
    switch (verb) {
      case undefined:
      case "list":
      case "ls":
        return list(args);
      case "rm":
        return remove(args, names);
      case "keep":
        return keep(names);
      default:
        throw new UsageError(`contrail captures knows "keep" and "rm", not "${verb}".`);
    }
  },
};

async function list(args: ParsedArguments): Promise<number> {
  const { Capture } = await import("../daemon/index.ts");
  const { listCaptures } = await import("../daemon/client/index.ts");
  const captures = listCaptures();
  const style = styleFor(process.stdout);
  for (const capture of captures) {
    const { file, name, bytes, changedAt, kept, inUse } = capture;
    const { messages, title, problem } = look(file, Capture);
    if (args.flag("json")) {
      const at = new Date(changedAt).toISOString();
      const rest = problem === undefined ? { title, messages } : { problem };
      process.stdout.write(`${JSON.stringify({ file, name, bytes, changedAt: at, kept, inUse, ...rest })}\n`);
      continue;
    }
    const state = kept ? style.green("kept") : inUse ? style.cyan("being recorded") : untilWhen(changedAt);
    const holds = problem ?? `${(messages ?? 0).toLocaleString("en-US")} messages`;
    process.stdout.write(
      `${style.bold(harmless(kept ? name : (title ?? name)))}  ${holds}, ${(bytes / 1_000_000).toFixed(1)} MB, ${state}\n  ${style.dim(file)}\n`,
    );
  }
  if (captures.length === 0 && !args.flag("json")) process.stdout.write("There are no captures.\n");
  return exitCodes.clean;
}

async function remove(args: ParsedArguments, names: readonly string[]): Promise<number> {
  const { deleteCaptures, listCaptures } = await import("../daemon/client/index.ts");
  if (names.length === 0 && !args.flag("all")) throw new UsageError("Name the captures to delete, or say --all.");
  if (names.length > 0 && args.flag("all")) throw new UsageError("Name captures, or say --all, not both.");
  const captures = listCaptures();
  const asked =
    names.length > 0 ? await Promise.all(names.map(named)) : captures.filter(({ kept, inUse }) => !kept && !inUse);
  const open = asked.find(({ inUse }) => inUse);
  if (open !== undefined)
    throw new UsageError(`"${open.name}" is being recorded or shown. Stop that trace first; nothing was deleted.`);
  for (const { file } of deleteCaptures(asked)) process.stdout.write(`Deleted ${file}\n`);
  if (args.flag("all")) {
    const left = captures.filter((capture) => !asked.includes(capture));
    for (const { name, kept } of left)
      process.stdout.write(`Left ${name}, which ${kept ? "is kept" : "is being recorded"}\n`);
  }
  return exitCodes.clean;
}

async function keep(names: readonly string[]): Promise<number> {
  const [which, name, ...more] = names;
  if (which === undefined || name === undefined || more.length > 0)
    throw new UsageError("Say which capture to keep, and by which name: contrail captures keep CAPTURE NAME.");
  const { keepCapture, keptNameProblem } = await import("../daemon/client/index.ts");
  const capture = await named(which);
  const problem = keptNameProblem(name);
  if (problem !== undefined) throw new UsageError(problem);
  const { Capture } = await import("../daemon/index.ts");
  const { problem: damage } = look(capture.file, Capture);
  if (damage !== undefined) throw new UsageError(damage);
  const file = await keepCapture(capture, name);
  process.stdout.write(
    `${capture.inUse ? "Kept a copy of how it is now" : "Kept"}: ${file}\n\`contrail replay "${name}"\` shows it.\n`,
  );
  return exitCodes.clean;
}

/** Only files in the state folder are ever deleted. */
async function named(text: string): Promise<CaptureFile> {
  const { captureNamed } = await import("../daemon/client/index.ts");
  const found = captureNamed(text);
  if (found === undefined) throw new UsageError(`There is no capture "${text}". \`contrail captures\` lists them.`);
  return found;
}

interface Looked {
  readonly title?: string;
  readonly messages?: number;
  readonly problem?: string;
}

function look(file: string, Capture: (typeof daemonModule)["Capture"]): Looked {
  try {
    const capture = Capture.open(file, { readOnly: true });
    const { name, lastSeq, oldestSeq } = capture;
    capture.close();
    return { title: name, messages: lastSeq === 0 ? 0 : lastSeq - oldestSeq + 1 };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function untilWhen(changedAt: number): string {
  const until = new Date(changedAt + 24 * 60 * 60 * 1000);
  if (until.getTime() < Date.now()) return "goes when the next trace starts";
  const two = (part: number) => String(part).padStart(2, "0");
  return `until ${until.getFullYear()}-${two(until.getMonth() + 1)}-${two(until.getDate())} ${two(until.getHours())}:${two(until.getMinutes())}`;
}
