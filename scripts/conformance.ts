/**
 * `npm run conformance -- FILE.jsonl...`: runs labelled cases of other projects against the engine, and says where they
 * agree. Takes any file in the case format, from any place; a case without an `expect` is only answered.
 *
 * Exits 0 when nothing differs, 1 when something does, 2 when a file or case could not be read.
 */
import { runFile } from "./conformance/run.ts";
import { readExceptions } from "./conformance/exceptions.ts";
import { join } from "node:path";

const usage = `npm run conformance -- [--json] [--exceptions FILE] FILE.jsonl...

Runs each case of the files and prints, per file, how many agree, how many differ (with the difference) and how many are
excepted (with the reason). --json prints one object a case and one object of totals a file.`;

const files: string[] = [];
let json = false;
let exceptionsPath = join(import.meta.dirname, "../fixtures/conformance-exceptions.json");
const args = process.argv.slice(2);
for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  if (arg === "--help" || arg === "-h") {
    console.log(usage);
    process.exit(0);
  } else if (arg === "--json") json = true;
  else if (arg === "--exceptions") exceptionsPath = args.shift() ?? exceptionsPath;
  else if (arg.startsWith("-")) {
    console.error(`conformance: there is no option ${arg}\n\n${usage}`);
    process.exit(2);
  } else files.push(arg);
}
if (files.length === 0) {
  console.error(usage);
  process.exit(2);
}

const exceptions = readExceptions(exceptionsPath);
let status = 0;
for (const file of files) status = Math.max(status, await runFile(file, exceptions, json));
process.exitCode = status;
