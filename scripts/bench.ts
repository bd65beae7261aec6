/**
 * `npm run bench [-- NAME... [flags]]`: what things cost on this machine, on real input. Compare figures only within one
 * run.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchActivation } from "./bench/activation.ts";
import { benchDecode } from "./bench/decode.ts";
import { benchKeystroke } from "./bench/keystroke.ts";
import { benchProto } from "./bench/proto.ts";
import { benchSearch } from "./bench/search.ts";
import { benchTap, tapFlags } from "./bench/tap.ts";
import { orEnded } from "./bench/undo.ts";

const benches: Record<string, { readonly what: string; readonly run: (flags: readonly string[]) => Promise<void> }> = {
  activation: { what: "activation of the extension in a real VS Code", run: benchActivation },
  decode: { what: "one message, its secrets masked and its body decoded", run: benchDecode },
  keystroke: { what: "keystroke to diagnostic", run: benchKeystroke },
  proto: { what: "contrail check and buf breaking on Google's APIs", run: benchProto },
  search: { what: "search over a million captured messages", run: benchSearch },
  tap: { what: "taps on a real Kafka and a real RabbitMQ", run: benchTap },
};

const args = process.argv.slice(2);
const firstFlag = args.findIndex((arg) => arg.startsWith("-"));
const asked = firstFlag < 0 ? args : args.slice(0, firstFlag);
/** What is measured is built first, unless it was just built. */
const asBuilt = args.includes("--as-built");
const flags = (firstFlag < 0 ? [] : args.slice(firstFlag)).filter((arg) => arg !== "--as-built");
if (args.includes("--help") || args.includes("-h")) {
  console.log("npm run bench [-- NAME... [flags]]\n\nWithout a name, all of these:");
  for (const [name, { what }] of Object.entries(benches)) console.log(`  ${name.padEnd(12)} ${what}`);
  console.log(`\nFlags of each:\n  --as-built         measure what was built last\n\nFlags of tap:\n${tapFlags}`);
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`bench: nothing is named ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`);
if (!asBuilt) {
  const built = spawnSync(process.execPath, [join(import.meta.dirname, "package.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) await orEnded(() => bench.run(flags));
}
