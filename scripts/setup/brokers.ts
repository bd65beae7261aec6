/**
 * Brings what local brokers need onto this machine: RabbitMQ as Debian has it and RabbitMQ 4, a Java runtime, Maven, and
 * Kafka's files.
 *
 * Takes in: nothing but the machine. Hands out: a promise that ends well when `startBrokers` can run, else an error
 * that says what to run by hand. `node scripts/setup/brokers.ts` does the same from a terminal.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { ensureKafkaLibrary, ensureRabbitmq4, missingTools } from "../brokers/index.ts";
import { onPath } from "../brokers/tools.ts";

/** Installs what is missing, saying what it does; throws with what to run by hand where it may not install. */
export async function ensureBrokerTools(say: (line: string) => void = (line) => console.log(line)): Promise<void> {
  const wanted = {
    kafka: process.env["CONTRAIL_KAFKA"] === undefined,
    rabbitmq: process.env["CONTRAIL_RABBITMQ"] === undefined,
  };
  const missing = missingTools(wanted);
  if (missing.length > 0) installPackages([...new Set(missing.map((tool) => tool.debianPackage))], say);
  await Promise.all([
    wanted.kafka ? ensureKafkaLibrary(say) : undefined,
    process.env["CONTRAIL_RABBITMQ4"] === undefined ? ensureRabbitmq4(say) : undefined,
  ]);
}

function installPackages(packages: readonly string[], say: (line: string) => void): void {
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!onPath("apt-get")) {
    throw new Error(
      `The tests need ${packages.join(", ")} (names of Debian's packages). Install them with this system's package manager, or name running brokers in CONTRAIL_KAFKA and CONTRAIL_RABBITMQ.`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new Error(`The tests need ${packages.join(", ")}. Run: sudo apt-get update && sudo ${command}`);
  }
  say(`Installing ${packages.join(", ")} with apt-get: the tests run real brokers.`);
  withoutServiceStart(() => {
    apt(["update", "-qq"], say);
    apt(["install", "-y", "-qq", "--no-install-recommends", ...packages], say);
  });
  const still = missingTools({ kafka: true, rabbitmq: true }).filter((tool) => packages.includes(tool.debianPackage));
  if (still.length > 0) {
    const programs = still.map((tool) => tool.program).join(", ");
    throw new Error(`apt-get ended well but ${programs} cannot be found. Run by hand and look: ${command}`);
  }
}

function apt(args: readonly string[], say: (line: string) => void): void {
  const { status, stdout, stderr } = spawnSync("apt-get", args, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  const reason = `${stdout}\n${stderr}`.split("\n").filter((line) => line.startsWith("E:"));
  // An index that could not be refreshed is no reason to stop: the packages may be in the one that is there.
  if (args[0] === "update")
    say(`apt-get update failed (${reason.join(" ")}); going on with the package lists as they are.`);
  else throw new Error(`apt-get ${args.join(" ")} failed: ${reason.join(" ") || stderr}. Run it by hand and look.`);
}

/**
 * Debian's packages start their service when they are installed, and a test set-up must leave no system node behind.
 * A `policy-rc.d` that answers 101 forbids it for the time of the installation; one that is already there stays.
 */
function withoutServiceStart(install: () => void): void {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) {
    writeFileSync(policy, "#!/bin/sh\nexit 101\n");
    chmodSync(policy, 0o755);
  }
  try {
    install();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

if (import.meta.main) {
  try {
    await ensureBrokerTools();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
