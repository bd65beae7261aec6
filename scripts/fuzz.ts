/**
 * `npm run fuzz [-- --runs N] [--seed S] [--only WORDS]`: a million changed inputs for everything that reads what comes
 * from outside. A broken reader is shown with the input, in hexadecimal digits; the same seed finds it again.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz/run.ts";
import { fuzzTargets } from "./fuzz/targets.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
if (values.help || !Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  console.log("npm run fuzz [-- --runs N] [--seed S] [--only WORDS]");
  process.exit(values.help ? 0 : 2);
}

const targets = fuzzTargets().filter((target) => target.name.includes(values.only));
if (targets.length === 0) {
  console.error(
    `fuzz: nothing is named ${values.only}; there are ${fuzzTargets()
      .map((one) => one.name)
      .join("; ")}`,
  );
  process.exit(2);
}
let failed = false;
let total = 0;
for (const [i, target] of targets.entries()) {
  const result = await fuzz(target, Math.ceil((runs / targets.length) * (target.share ?? 1)), seed + i);
  total += result.inputs;
  const rate = Math.round(result.inputs / (result.ms / 1000)).toLocaleString("en");
  const figures = `${result.inputs.toLocaleString("en")} inputs, ${rate}/s, slowest ${result.slowestMs.toFixed(1)} ms`;
  console.log(`${target.name.padEnd(26)} ${figures}${result.broken.length === 0 ? "" : "  BROKEN"}`);
  for (const { why, input } of result.broken) {
    failed = true;
    console.log(`  ${why}\n  ${Buffer.from(input.subarray(0, 2000)).toString("hex")}`);
  }
}
console.log(
  `${total.toLocaleString("en")} inputs, seed ${seed}: ${failed ? "some broke a reader" : "all were read or refused"}`,
);
process.exitCode = failed ? 1 : 0;
