/**
 * The guardian process: stands by until the daemon is gone, then puts back what it left on brokers. Started by the
 * daemon with a pipe as its standard input; it takes no arguments, and prints one word once it stands by.
 */
import { guard } from "./guardian/guard.ts";

// Whatever ends the daemon's process group or terminal must not end the one who tidies up after it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

// Nobody reads this any more when the daemon is gone already.
process.stdout.on("error", () => undefined);
process.stdout.write("ready\n");

await guard(process.stdin);
process.exit(0);
