import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ensureKafkaLibrary, ensureRabbitmq4, missingTools, startBrokers } from "./index.ts";
import { startProcessGroup } from "./process-group.ts";
import { kafkaReady, rabbitmqReady } from "./ready.ts";
import { ResidueWatch } from "./residue.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-brokers-test-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("what is missing is named with the package that brings it", () => {
  vi.stubEnv("PATH", folder);
  vi.stubEnv("CONTRAIL_CACHE", folder);
  expect(missingTools({ kafka: true, rabbitmq: false })).toEqual([
    { program: "java", debianPackage: "default-jre-headless" },
    { program: "mvn", debianPackage: "maven" },
  ]);
});

test("without Java and Docker the error says what to run", async () => {
  vi.stubEnv("PATH", folder);
  vi.stubEnv("CONTRAIL_CACHE", folder);
  vi.stubEnv("CONTRAIL_KAFKA", undefined);
  await expect(startBrokers({ rabbitmq: false })).rejects.toThrow(
    /^Cannot start the brokers: java, mvn not found. Run "npm run test:setup", or "apt-get install/,
  );
});

test("where RabbitMQ 4 cannot be unpacked, the error says how to name one that runs", async () => {
  vi.stubEnv("PATH", folder);
  vi.stubEnv("CONTRAIL_CACHE", folder);
  await expect(ensureRabbitmq4()).rejects.toThrow(
    /^The tests need a RabbitMQ 4, .* apt-get is not here\. Name a running RabbitMQ 4 .* in CONTRAIL_RABBITMQ4 /,
  );
});

test("two that want Kafka's files at the same time download them once, and a part of them is never taken for all", async () => {
  const program = join(folder, "mvn");
  const count = join(folder, "count");
  writeFileSync(
    program,
    [
      "#!/bin/sh",
      `echo x >> ${count}`,
      `for word in "$@"; do case "$word" in -DoutputDirectory=*) to="\${word#*=}";; esac; done`,
      'mkdir -p "$to"; sleep 0.2; echo > "$to/kafka_2.13-4.1.0.jar"',
    ].join("\n"),
  );
  chmodSync(program, 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  vi.stubEnv("CONTRAIL_CACHE", join(folder, "cache"));
  // A download that was killed: its owner does not live any more.
  mkdirSync(join(folder, "cache", "kafka", "lock"), { recursive: true });
  writeFileSync(join(folder, "cache", "kafka", "lock", "pid"), "999999999");
  const [one, other] = await Promise.all([ensureKafkaLibrary(), ensureKafkaLibrary()]);
  expect(one).toBe(other);
  expect(existsSync(join(one, "kafka_2.13-4.1.0.jar"))).toBe(true);
  expect(readFileSync(count, "utf8")).toBe("x\n");
});

test("a group ends with all that it started, one that ignores the polite signal included", async () => {
  const watch = new ResidueWatch();
  const script = "trap '' TERM; sleep 600 & sleep 600 & wait; wait";
  const group = await startProcessGroup("sh", ["-c", script], { cwd: folder, log: join(folder, "log"), watch });
  expect(group.alive()).toBe(true);
  await group.end(200);
  expect(group.alive()).toBe(false);
  await watch.end();
});

test("when the run dies without a word, its guardian ends groups, runs commands and removes folders", async () => {
  const left = join(folder, "data");
  const mark = join(folder, "mark");
  const run = spawn(
    process.execPath,
    [
      "--no-warnings",
      "--input-type=module",
      "--eval",
      `import { mkdirSync } from "node:fs";
       import { ResidueWatch } from ${JSON.stringify(join(import.meta.dirname, "residue.ts"))};
       import { startProcessGroup } from ${JSON.stringify(join(import.meta.dirname, "process-group.ts"))};
       mkdirSync(${JSON.stringify(left)});
       const watch = new ResidueWatch();
       watch.add({ kind: "folder", path: ${JSON.stringify(left)} });
       watch.add({ kind: "command", command: "touch", args: [${JSON.stringify(mark)}] });
       const group = await startProcessGroup("sleep", ["600"], { cwd: "/", log: ${JSON.stringify(join(folder, "log"))}, watch });
       process.stdout.write(String(group.pid));
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [pid] = (await once(run.stdout, "data")) as [Buffer];
  run.kill("SIGKILL");
  await vi.waitFor(
    () => {
      expect(existsSync(left)).toBe(false);
      expect(existsSync(mark)).toBe(true);
      expect(() => process.kill(-Number(pid.toString()), 0)).toThrow();
    },
    { timeout: 5_000, interval: 50 },
  );
});

test("a port that accepts connections is not yet a broker", async () => {
  const answers: ((socket: Socket) => void)[] = [
    // Kafka while it starts: it knows of no broker.
    (socket) => socket.write(Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0])),
    (socket) => socket.write(Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1])),
    // RabbitMQ that speaks another version says which, and hangs up.
    (socket) => socket.end(Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])),
    (socket) => socket.write(Buffer.from([1, 0, 0, 0, 0, 1, 0xd8])),
  ];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => answers.shift()?.(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await kafkaReady("127.0.0.1", port)).toBe(false);
  expect(await kafkaReady("127.0.0.1", port)).toBe(true);
  expect(await rabbitmqReady("127.0.0.1", port)).toBe(false);
  expect(await rabbitmqReady("127.0.0.1", port)).toBe(true);
  server.close();
});
