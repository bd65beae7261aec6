/**
 * The flow half of the line, on a real Kafka and a real RabbitMQ: the sample shop runs, the daemon taps it beside its
 * services, and a view on a WebSocket sees conversations, decoded by the shop's contracts, while they happen.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTrace, type RunningTrace } from "../../daemon/index.ts";
import type { ConversationRow, MessageDetail, MessageSummary } from "../../daemon/serve/protocol.ts";
import { TestView } from "../../daemon/testing/scripted.ts";
import { runShop, type Truth } from "../../fixtures/shop/index.ts";
import { brokers } from "./brokers.ts";

const contracts = join(import.meta.dirname, "..", "..", "fixtures", "shop", "contracts");

let folder: string;
let trace: RunningTrace;
let view: TestView;
let truth: Truth;
const summaries = new Map<number, MessageSummary>();
/** From when a message was written, by its own broker's time, to when this view had it. */
const latencies: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-flow-"));
  const { kafka, rabbitmq } = await brokers();
  trace = await runTrace({
    taps: [
      { kind: "kafka", brokers: kafka },
      { kind: "rabbitmq", url: rabbitmq },
    ],
    contractsFolder: contracts,
    captureFolder: join(folder, "captures"),
    stateDir: folder,
  });
  view = await TestView.open(trace.port, trace.token);
  view.socket.on("message", () => {
    const message = view.received.at(-1);
    if (message?.kind !== "messages") return;
    for (const summary of message.messages) {
      summaries.set(summary.seq, summary);
      latencies.push(Date.now() - summary.at);
    }
  });
  await view.next(
    "status",
    ({ status }) => status.taps.length === 2 && status.taps.every(({ phase }) => phase === "live"),
    30_000,
  );
  view.watchList({}, 0, 500);
  view.send({ kind: "watchMessages", afterSeq: 0 });
  truth = await runShop({ kafka, rabbitmq, orders: 24, seed: 3, failures: "some", pace: "fast", clean: true });
  await sleep(2_500);
}, 120_000);

afterAll(async () => {
  view?.close();
  await trace?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function rows(): readonly ConversationRow[] {
  const list = view.last("conversations");
  return list === undefined ? [] : [...list.needsLook, ...list.rows];
}

let request = 0;
async function message(seq: number): Promise<MessageDetail> {
  const wanted = ++request;
  view.send({ kind: "getMessage", request: wanted, seq });
  const { message } = await view.next("message", (answer) => answer.request === wanted);
  if (message === null) throw new Error(`Message ${seq} is not there.`);
  return message;
}

/** The trace token that the shop puts into each payload. */
function tokenOf(body: string): string | undefined {
  return /"trace_?[tT]oken":"([^"]+)"/.exec(body)?.[1];
}

describe("the sample shop, live", () => {
  it("is seen whole: every message that the services truly wrote", () => {
    const seen = new Map<string, number>();
    for (const { body } of summaries.values()) {
      const token = tokenOf(body);
      if (token !== undefined) seen.set(token, (seen.get(token) ?? 0) + 1);
    }
    const written = new Map<string, number>();
    const broken = new Set(truth.contractBreaks.map(({ token }) => token));
    for (const { token } of truth.messages) written.set(token, (written.get(token) ?? 0) + 1);
    for (const [token, count] of written) {
      // A body that breaks its contract may not be readable, so its token cannot be found in it.
      if (broken.has(token)) continue;
      expect(seen.get(token) ?? 0, token).toBeGreaterThanOrEqual(count);
    }
    expect(summaries.size).toBeGreaterThanOrEqual(truth.messages.length);
  });

  it("shows a message to the view in less than a second after it was sent", () => {
    const sorted = [...latencies].sort((a, b) => a - b);
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? Number.POSITIVE_INFINITY;
    console.log(
      `send to view: p50 ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, of ${sorted.length}`,
    );
    expect(p95).toBeLessThan(1_000);
  });

  it("shows exchanges over RabbitMQ and sagas over Kafka", async () => {
    const exchange = rows().find(({ kind, state }) => kind === "exchange" && state === "completed");
    const sagas = rows().filter(({ kind, state }) => kind === "saga" && state === "completed");
    expect(exchange).toBeDefined();
    expect(sagas.length).toBeGreaterThan(0);
    const brokersOf = async (row: ConversationRow) => {
      view.send({ kind: "watchConversation", id: row.id });
      const { detail } = await view.next("conversation", ({ detail }) => detail.row.id === row.id);
      return detail.rows.filter(({ kind }) => kind === "message").map(({ broker }) => broker);
    };
    expect(exchange && (await brokersOf(exchange))).not.toContain("kafka");
    const overKafka = await Promise.all(sagas.slice(0, 1).map(brokersOf));
    const all = overKafka.flat();
    for (const saga of sagas.slice(1)) all.push(...(await brokersOf(saga)));
    expect(all).toContain("kafka");
    expect(rows().some(({ state }) => state === "compensated")).toBe(true);
  });

  it("reads bodies by the workspace's contracts: protobuf on Kafka, JSON on RabbitMQ", async () => {
    const valid = [...summaries.values()].filter(({ check }) => check === "valid");
    const proto = valid.find(({ format }) => format === "protobuf");
    const json = valid.find(({ broker, format }) => broker === "rabbitmq" && format === "json");
    expect(proto?.broker).toBe("kafka");
    const placed = await message(proto?.seq ?? 0);
    expect(placed.contract?.path).toBe("events.proto");
    expect(placed.tree.some(({ name }) => /trace_?token/i.test(name))).toBe(true);
    expect((await message(json?.seq ?? 0)).contract?.path).toMatch(/asyncapi\.yaml$/);
    const unread = [...summaries.values()].filter(({ check }) => check === "unchecked");
    expect(unread.length / summaries.size).toBeLessThan(0.05);
  });

  it("marks exactly the messages that truly break their contract", () => {
    const invalid = [...summaries.values()].filter(({ check }) => check === "invalid");
    expect(invalid.length).toBeGreaterThan(0);
    const tokens = new Set(truth.contractBreaks.map(({ token }) => token));
    for (const { body, name } of invalid) {
      const token = tokenOf(body);
      // Bytes that do not fit the schema at all are shown as they are: then the token is among them.
      const readable = token ?? Buffer.from(body, "hex").toString("latin1");
      expect(
        [...tokens].some((known) => readable.includes(known)),
        `${name} ${body}`,
      ).toBe(true);
    }
    expect(rows().filter(({ errors, latest }) => errors > 0 && latest.squiggle > 0).length).toBeGreaterThan(0);
  });

  it("pins what needs a look, and says what is missing", () => {
    const list = view.last("conversations");
    expect(list?.needsLookTotal).toBeGreaterThan(0);
    expect(list?.needsLook.length).toBeLessThanOrEqual(5);
    expect(rows().some(({ state }) => state === "late" || state === "stuck")).toBe(true);
    expect(rows().some(({ latest }) => /went to .*dead/.test(latest.text))).toBe(true);
  });

  it("keeps all of it in a capture that a restarted daemon goes on with", async () => {
    // Which of them are pinned is a matter of the moment; that all are there is not.
    const before = rows().map(({ id }) => id);
    const { captureFile = "" } = trace;
    expect(readFileSync(captureFile).length).toBeGreaterThan(0);
    await trace.stop();
    trace = await runTrace({
      taps: [{ kind: "capture", file: captureFile, as: "capture" }],
      contractsFolder: contracts,
    });
    view = await TestView.open(trace.port, trace.token);
    view.watchList({}, 0, 500);
    const again = await view.next(
      "conversations",
      ({ total, needsLook }) => total + needsLook.length === before.length,
      10_000,
    );
    expect([...again.needsLook, ...again.rows].map(({ id }) => id).toSorted()).toEqual(before.toSorted());
    expect(readdirSync(join(folder, "captures")).filter((name) => name.endsWith(".contrail"))).toHaveLength(1);
  });
});
