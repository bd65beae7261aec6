/** `contrail tap` as a user runs it, on a real Kafka and a real RabbitMQ; and what it records, played again. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import amqplib from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, commandLine, removeBundle } from "../../cli/testing/check-cli.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const topic = `${ownPrefix()}orders`;
let folder: string;
let kafka: string;
let rabbitmq: string;

beforeAll(async () => {
  ({ kafka, rabbitmq } = await brokers());
  folder = mkdtempSync(join(tmpdir(), "contrail-tap-command-"));
  writeFileSync(join(folder, "README"), "no contracts here");
  await bundleCli();
}, 120_000);

afterAll(() => {
  removeBundle();
  rmSync(folder, { recursive: true, force: true });
});

class Running {
  stdout = "";
  stderr = "";
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    const { program, args: all } = commandLine(args);
    const env = {
      ...process.env,
      NO_COLOR: "1",
      CONTRAIL_STATE_DIR: join(folder, "state"),
      CONTRAIL_KAFKA: "",
      CONTRAIL_RABBITMQ: "",
    };
    this.child = spawn(program, all, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => this.child.on("close", resolve));
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const end = Date.now() + 20_000;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`waited in vain until ${what}:\n${this.stdout}\n${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function publish(): Promise<void> {
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
  const producer = client.producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: [{ key: "o-1", value: '{"orderId":"o-1"}', headers: { type: "OrderPlaced" } }],
  });
  await producer.disconnect();
  const connection = await amqplib.connect(rabbitmq);
  const channel = await connection.createChannel();
  channel.publish("amq.topic", topic, Buffer.from('{"paymentId":"p-1"}'), { contentType: "application/json" });
  await channel.close();
  await connection.close();
}

describe("contrail tap", () => {
  it("prints a line for each message, records, reports, and ends in order on Ctrl-C", async () => {
    const recording = join(folder, "run.contrail");
    const args = [
      "tap",
      "--kafka",
      kafka,
      "--rabbitmq",
      rabbitmq,
      "--json",
      "--grep",
      topic,
      "--for",
      "1h",
      "--out",
      recording,
      "--report",
    ];
    const tap = new Running(args);
    await tap.until(() => (tap.stderr.match(/: live/g) ?? []).length === 2, "both taps are live");
    await publish();
    await tap.until(() => tap.stdout.split("\n").length > 2, "both messages are printed");
    const asked = Date.now();
    tap.child.kill("SIGINT");
    expect(await tap.ended).toBe(0);
    expect(Date.now() - asked).toBeLessThan(4_000);
    const lines = tap.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const summary = lines.map(({ kind, broker, decoded, check }) => ({ kind, broker, decoded, check }));
    expect(summary).toContainEqual({
      kind: "message",
      broker: "kafka",
      decoded: { orderId: "o-1" },
      check: "unchecked",
    });
    expect(summary).toContainEqual({
      kind: "message",
      broker: "rabbitmq",
      decoded: { paymentId: "p-1" },
      check: "unchecked",
    });
    expect(tap.stderr).toContain("messages,");
    expect(tap.stderr).toMatch(/touched: .*[Tt]racing/);
    expect(tap.stderr).toMatch(/touched: Tracing of virtual host \/ is off again\./);
    expect(tap.stderr).toMatch(/cost: \d+ requests: .*Fetch/);
    expect(tap.stderr).toMatch(/This machine: [\d.]+ s of processor .* MB of memory at most\./);

    const replay = new Running(["replay", recording]);
    await replay.until(() => /^http:\/\/127\.0\.0\.1:\d+\//.test(replay.stdout), "the address is printed");
    replay.child.kill("SIGTERM");
    expect(await replay.ended).toBe(0);
  }, 60_000);

  it("prints a conversation, whole, when it gets into a state that is asked for, and no other", async () => {
    const tap = new Running(["tap", "--rabbitmq", rabbitmq, "--json", "--state", "completed", "--for", "1h"]);
    await tap.until(() => /: live/.test(tap.stderr), "the tap is live");
    const queue = `${topic}-prices`;
    const connection = await amqplib.connect(rabbitmq);
    const channel = await connection.createConfirmChannel();
    const { queue: replies } = await channel.assertQueue("", { exclusive: true });
    await channel.assertQueue(queue, { exclusive: true });
    const send = (to: string, correlationId: string, replyTo?: string) =>
      channel.sendToQueue(to, Buffer.from("{}"), {
        correlationId,
        ...(replyTo === undefined ? { type: "Price" } : { type: "PriceRequest", replyTo }),
      });
    send(queue, "7d4e0001-91be-4d0e-9d1f-6a5b8f0e2c11", replies);
    send(queue, "7d4e0002-91be-4d0e-9d1f-6a5b8f0e2c11", replies);
    send(replies, "7d4e0002-91be-4d0e-9d1f-6a5b8f0e2c11");
    await channel.waitForConfirms();
    await tap.until(() => tap.stdout.trim().split("\n").length >= 3, "the conversation is printed");
    await connection.close();
    tap.child.kill("SIGINT");
    expect(await tap.ended).toBe(0);
    const lines = tap.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const [state, ...messages] = lines;
    expect(state).toMatchObject({ kind: "state", shape: "exchange", name: "PriceRequest", state: "completed" });
    expect(messages.map(({ name }) => name)).toEqual(["PriceRequest", "Price"]);
    expect(messages.map(({ id }) => id)).toEqual(state?.["messages"]);
    for (const { conversation } of messages) expect(conversation).toBe(state?.["conversation"]);
  }, 60_000);

  it("ends by itself after --for, and says so by its exit code when it saw no broker", async () => {
    const tap = new Running(["tap", "--kafka", "127.0.0.1:1", "--for", "500ms"]);
    expect(await tap.ended).toBe(2);
    expect(tap.stderr).toContain("Nothing accepts connections for Kafka at 127.0.0.1:1");
  }, 30_000);

  it("says at the end which broker had not answered by then", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = silent.address() as AddressInfo;
      const tap = new Running(["tap", "--kafka", `127.0.0.1:${port}`, "--for", "500ms"]);
      expect(await tap.ended).toBe(2);
      expect(tap.stderr).toContain(`127.0.0.1:${port} did not answer until the end, so nothing was seen of it.`);
    } finally {
      silent.close();
    }
  }, 30_000);
});
