/**
 * `npm run bench [-- NAME...]`: what things cost on this machine, on real input. Compare figures only within one run.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchActivation } from "./bench/activation.ts";
import { benchKeystroke } from "./bench/keystroke.ts";
import { benchProto } from "./bench/proto.ts";
import { benchSearch } from "./bench/search.ts";
import { benchTap } from "./bench/tap.ts";

const benches: Record<string, { readonly what: string; readonly run: () => Promise<void> }> = {
  activation: { what: "activation of the extension in a real VS Code", run: benchActivation },
  keystroke: { what: "keystroke to diagnostic", run: benchKeystroke },
  proto: { what: "contrail check and buf breaking on Google's APIs", run: benchProto },
  search: { what: "search over a million captured messages", run: benchSearch },
  tap: { what: "tap to screen on a real Kafka and a real RabbitMQ", run: benchTap },
};

const asked = process.argv.slice(2);
if (asked.includes("--help") || asked.includes("-h")) {
  console.log("npm run bench [-- NAME...]\n\nWithout a name, all of these:");
  for (const [name, { what }] of Object.entries(benches)) console.log(`  ${name.padEnd(12)} ${what}`);
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`bench: nothing is named ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`);
const built = spawnSync(process.execPath, [join(import.meta.dirname, "package.ts")], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (built.status !== 0) process.exit(built.status ?? 1);
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) await bench.run();
}
