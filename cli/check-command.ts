/** `contrail check`: arguments in, a report in the form asked for, and an exit code. */
import { setFlagsFromString } from "node:v8";
import { levelNames } from "../workspace/index.ts";
import { check, exitCodeOf, type CheckOptions, type CheckResult, type FailOn } from "./check.ts";
import { Progress, styleFor } from "./terminal.ts";
import type { Command, ParsedArguments } from "./usage.ts";

const formats = ["text", "json", "sarif", "junit", "markdown", "github", "html"] as const;
type ReportFormat = (typeof formats)[number];

export const checkCommand: Command = {
  name: "check",
  summary: "Say who breaks by the changes to contracts, with proof.",
  usage: "contrail check [PATH...] [--against git:REF|FOLDER|ARCHIVE|FILE] [flags]",
  about: `
Compares the .proto, OpenAPI and AsyncAPI files here with an earlier version and says who breaks: at
which line, under which rule, and, for data, with a message that one side may write and the other
can no longer read.

It finds contracts by itself, honours .gitignore, buf.yaml and contrail.yaml, and compares with the
merge-base of HEAD and the default branch, so that a branch is judged by what it changed.

Exit codes: 0 nothing counts, 1 something does, 2 something could not be read or done.`,
  positionals: { min: 0, max: Infinity, what: "files or folders" },
  flags: {
    against: {
      type: "string",
      value: "git:REF|FOLDER|ARCHIVE|FILE",
      help: "What to compare with. git:main, git:v1.2, git:HEAD~3; a folder or archive (tar, tar.gz, tar.zst, zip), for the one folder that is checked; a file, for the one file.",
    },
    format: {
      type: "string",
      choices: formats,
      value: "FORMAT",
      help: "How to print: text, json (stable, see docs/check-json.md), sarif, junit, markdown, github (annotations), html.",
    },
    level: {
      type: "string",
      choices: levelNames,
      value: "LEVEL",
      help: "backward: new readers read what old writers wrote. forward: old readers read what new writers write. full: both, the default. With -transitive: against every tag that matches contrail.yaml's `tags` as well.",
    },
    profile: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "Let this reader profile decide whether a break of data counts: tolerant, strict, or one of contrail.yaml. May be given several times.",
    },
    "import-path": {
      type: "string",
      multiple: true,
      value: "DIR",
      help: "A folder that imports of .proto files are relative to, where no buf.yaml speaks for them; instead of contrail.yaml's `importPaths`. May be given several times. Default: found from the imports.",
    },
    "fail-on": {
      type: "string",
      choices: ["wire", "json", "source", "hint"],
      value: "SURFACE",
      help: "What counts. wire: only what breaks on the wire. json: that, and what breaks in JSON. source: any break, the default. hint: also what is unknown or only advised.",
    },
  },
  examples: [
    ["contrail check", "what this branch breaks"],
    ["contrail check --against git:v1.2 proto", "what changed in proto/ since the tag v1.2"],
    ["contrail check --against shop-1.2.tar.gz", "against a released archive"],
    ["contrail check new.yaml --against old.yaml", "one file against another"],
    ["contrail check --format github", "in a GitHub workflow: annotations at the lines"],
    ["contrail explain FIELD_SAME_TYPE", "what a rule is about"],
  ],
  async run(args) {
    keepNewSpaceSmall();
    const format = (args.text("format") ?? "text") as ReportFormat;
    const progress = new Progress();
    let result: CheckResult;
    try {
      result = await check(optionsOf(args, (text) => progress.say(text)));
    } finally {
      progress.end();
    }
    await write(await print(result, format));
    // Text has everything in one place; a program's output stays clean, and what went wrong is told beside it.
    if (format !== "text") {
      for (const { message } of [...result.notes, ...result.unreadable]) process.stderr.write(`${message}\n`);
    }
    return exitCodeOf(result);
  },
};

/**
 * Trees of contracts live until the end, so V8's room for short-lived objects grows to its most, 130 MB, and serves
 * nothing. It stays as it is when the command starts.
 */
function keepNewSpaceSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

function optionsOf(args: ParsedArguments, progress: (text: string) => void): CheckOptions {
  const against = args.text("against");
  const level = args.text("level") as CheckOptions["level"];
  const profiles = args.texts("profile");
  const importPaths = args.texts("import-path");
  return {
    folder: process.cwd(),
    paths: args.positionals,
    ...(against === undefined ? {} : { against }),
    ...(level === undefined ? {} : { level }),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(importPaths.length === 0 ? {} : { importPaths }),
    failOn: (args.text("fail-on") ?? "source") as FailOn,
    today: new Date().toISOString().slice(0, 10),
    progress,
  };
}

/** Each form is loaded when it is asked for. */
async function print(result: CheckResult, format: ReportFormat): Promise<string> {
  switch (format) {
    case "text":
      return (await import("./report/text.ts")).textReport(result, styleFor(process.stdout));
    case "json":
      return (await import("./report/json.ts")).jsonReport(result);
    case "sarif":
      return (await import("./report/sarif.ts")).sarifReport(result);
    case "junit":
      return (await import("./report/junit.ts")).junitReport(result);
    case "markdown":
      return (await import("./report/markdown.ts")).markdownReport(result);
    case "github":
      return (await import("./report/github.ts")).githubReport(result);
    case "html":
      return (await import("./report/html.ts")).htmlReport(result);
    default:
      return format satisfies never;
  }
}

/** Resolves when the text is out: the process ends right after, and a pipe may be slow. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}
