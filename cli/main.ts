#!/usr/bin/env node
/**
 * The `contrail` command: what the editor shows, in a terminal and for machines.
 *
 * Takes in: arguments, files, git, and for `tap` and `replay` brokers and recordings. Hands out: text and exit codes:
 * 0 clean, 1 something was found, 2 it could not be done. Each subcommand is loaded only when it is asked for.
 */
const oldest = [22, 15] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  process.stderr.write(
    `contrail needs Node ${oldest.join(".")} or newer, and this is Node ${process.versions.node}. Install a newer Node, or run it with \`npx -p node@24 contrail\`.\n`,
  );
  process.exitCode = 2;
} else {
  const { endWithOutput } = await import("./output.ts");
  endWithOutput();
  const { run } = await import("./run.ts");
  process.exitCode = await run(process.argv.slice(2));
}
