/**
 * The daemon's process, dist/node/daemon.js. Reads one line of settings from standard input (client/settings.ts),
 * becomes the only daemon of its workspace, answers one line, and lives until its last client has left.
 *
 * What it runs on is looked at before anything else is loaded: a runtime without SQLite could not load the rest, and
 * its user would read of a missing module. Then come the settings, for they say where what was loaded is kept.
 */
import { probeRuntime } from "./runtime.ts";

const lacks = probeRuntime();
if (lacks === undefined) {
  const { readConfig } = await import("./config-line.ts");
  const config = await readConfig();
  if (config !== undefined) {
    const { keepCompiled } = await import("./compiled.ts");
    keepCompiled(config);
  }
  const { runDaemon } = await import("./run-daemon.ts");
  await runDaemon(config);
} else {
  process.stdout.write(`${JSON.stringify({ failed: lacks })}\n`);
  process.exitCode = 1;
}
