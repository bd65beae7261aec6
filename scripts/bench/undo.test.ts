/** A bench that is told to end takes away what it has started, the last first, and says so with its exit code. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";

const program = `
  import { spawn } from "node:child_process";
  import { processToBeEnded, orEnded, toBeEnded } from ${JSON.stringify(join(import.meta.dirname, "undo.ts"))};
  toBeEnded(async () => console.log("brokers"));
  const daemon = toBeEnded(async () => console.log("daemon"));
  toBeEnded(async () => { await new Promise((go) => setTimeout(go, 50)); console.log("another load"); });
  const load = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  processToBeEnded(load);
  const failed = new Promise((_, reject) => load.on("exit", (code, signal) => (console.log("load", signal), reject(new Error("load")))));
  await toBeEnded(async () => console.log("ended before"))();
  console.log("ready");
  await orEnded(async () => { try { await failed; } finally { await daemon(); } });
  console.log("never");
`;

it.each(["SIGINT", "SIGTERM"] as const)("ends in order on %s", async (signal) => {
  const bench = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, errors] = ["", ""];
  bench.stderr.on("data", (text) => (errors += String(text)));
  bench.stdout.on("data", (text) => {
    out += String(text);
    if (String(text).includes("ready")) bench.kill(signal);
  });
  const [code] = (await once(bench, "close")) as [number | null];
  expect(out.trim().split("\n")).toEqual([
    "ended before",
    "ready",
    "load SIGTERM",
    "another load",
    "daemon",
    "brokers",
  ]);
  expect(errors).toMatch(/Interrupted/);
  expect(code).toBe(130);
});
