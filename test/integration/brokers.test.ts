import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { expect, test, vi } from "vitest";
import { startBrokers } from "../../scripts/brokers/index.ts";

const script = join(import.meta.dirname, "../../scripts/brokers.ts");

test("killed and restarted brokers come back on their addresses, with their data", async () => {
  const brokers = await startBrokers({ own: true });
  try {
    const admin = new Kafka({ brokers: [brokers.kafka ?? ""], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "kept" }], waitForLeaders: true });
    await admin.disconnect();
    await brokers.rabbitmqctl(["add_vhost", "kept"]);
    await Promise.all([brokers.killKafka().then(() => brokers.startKafka()), brokers.restartRabbitmq()]);
    await admin.connect();
    expect(await admin.listTopics()).toContain("kept");
    await admin.disconnect();
    expect(await brokers.rabbitmqctl(["list_vhosts"])).toContain("kept");
  } finally {
    await brokers.stop();
  }
});

// The port mapper of Erlang is what outlives its node, so RabbitMQ alone tells whether the guardian does its work.
test.each([
  ["SIGTERM", []],
  ["SIGKILL", ["--only", "rabbitmq"]],
] as const)("%s leaves nothing of the command behind", async (signal, args) => {
  const folders = new Set(readdirSync(tmpdir()));
  const command = spawn(process.execPath, ["--no-warnings", script, "--json", ...args], {
    env: { ...process.env, CONTRAIL_KAFKA: undefined, CONTRAIL_RABBITMQ: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(command.stdout, "data")) as [Buffer];
  const { kafka, rabbitmq, rabbitmqManagement, runner } = JSON.parse(line.toString()) as Record<string, string>;
  const ports = [rabbitmqManagement, rabbitmq, kafka === undefined ? undefined : `http://${kafka}`].flatMap(
    (address) => (address === undefined ? [] : [Number(new URL(address).port)]),
  );
  // Erlang's distribution and port mapper follow on the management API's port.
  if (runner === "local") ports.push((ports[0] ?? 0) + 1, (ports[0] ?? 0) + 2);
  for (const port of ports) expect(await accepts(port)).toBe(true);
  command.kill(signal);
  await once(command, "exit");
  await vi.waitFor(
    async () => {
      for (const port of ports) expect(await accepts(port)).toBe(false);
      const left = readdirSync(tmpdir()).filter((name) => name.startsWith("contrail-brokers-") && !folders.has(name));
      expect(left.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
    },
    { timeout: 10_000, interval: 100 },
  );
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
