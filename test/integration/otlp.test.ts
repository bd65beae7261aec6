/**
 * Spans beside messages of real brokers: services that write a trace context into their messages, as instrumentations
 * do, and send their spans as exporters do, seconds later and in any order.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTrace, type RunningTrace } from "../../daemon/index.ts";
import { freePort, protobufRequest, type SpanDraft } from "../../daemon/tap/testing/otlp-requests.ts";
import { TestView } from "../../daemon/testing/scripted.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const orders = 12;
const prefix = ownPrefix();
const topic = `${prefix}orders`;
const queue = `${prefix}shipping`;

let folder: string;
let trace: RunningTrace;
let view: TestView;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-otlp-"));
  const { kafka, rabbitmq } = await brokers();
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  const port = await freePort();
  trace = await runTrace({
    taps: [
      { kind: "kafka", brokers: kafka, topics: [`${prefix}*`] },
      { kind: "rabbitmq", url: rabbitmq },
      { kind: "otlp", port },
    ],
    captureFolder: folder,
    stateDir: folder,
  });
  view = await TestView.open(trace.port, trace.token);
  await view.next(
    "status",
    ({ status }) => status.taps.length === 3 && status.taps.every(({ phase }) => phase === "live"),
    30_000,
  );
  view.watchList();

  const producer = client.producer();
  await producer.connect();
  const connection = await connect(rabbitmq);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: false });
  const exported: (readonly [service: string, span: SpanDraft])[] = [];
  for (let i = 0; i < orders; i++) {
    const traceId = (0xface00 + i).toString(16).padStart(32, "7");
    const id = (part: number) => (0x100 * (i + 1) + part).toString(16).padStart(16, "5");
    const span = (service: string, part: number, kind: SpanDraft["kind"], name: string, at: number, of?: number) => {
      const draft = { traceId, spanId: id(part), kind: kind ?? 1, name, startedAt: at, tookMs: Date.now() - at };
      exported.push([service, of === undefined ? draft : { ...draft, parentSpanId: id(of) }]);
    };
    const headers = (part: number) => ({ traceparent: `00-${traceId}-${id(part)}-01` });
    const body = Buffer.from(JSON.stringify({ type: "OrderPlaced", orderId: `ORD-${7_000 + i}` }));
    const began = Date.now();
    await producer.send({ topic, messages: [{ key: `ORD-${7_000 + i}`, value: body, headers: headers(3) }] });
    span("order-svc", 3, 4, `${topic} publish`, began + 0.4, 2);
    const booked = Date.now();
    channel.sendToQueue(queue, Buffer.from(JSON.stringify({ orderId: `ORD-${7_000 + i}` })), {
      headers: headers(5),
      type: "BookShipment",
    });
    await channel.waitForConfirms();
    span("order-svc", 5, 4, `${queue} publish`, booked, 4);
    span("order-svc", 4, 5, `${topic} process`, booked - 0.2, 3);
    span("order-svc", 2, 2, "POST /orders", began + 0.2, 1);
    span("gateway", 1, 2, "ingress", began);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  // Newest first, a service at a time, in several requests, one of them twice.
  for (const service of ["order-svc", "gateway", "gateway"]) {
    const spans = exported.filter(([of]) => of === service).map(([, span]) => span);
    for (let i = 0; i < spans.length; i += 7) await send(port, service, spans.toReversed().slice(i, i + 7));
  }
  await channel.deleteQueue(queue);
  await connection.close();
  await producer.disconnect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}, 120_000);

afterAll(async () => {
  view?.close();
  await trace?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function send(port: number, service: string, spans: readonly SpanDraft[]): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
    body: new Uint8Array(gzipSync(protobufRequest(service, spans))),
  });
  expect(answer.status).toBe(200);
  expect((await answer.arrayBuffer()).byteLength).toBe(0);
}

test("each order is one conversation, from the gateway's request to the last message, in order", async () => {
  const name = (text: string) => text.replace(prefix, "");
  const { rows } = await view.next(
    "conversations",
    (list) => list.rows.length === orders && list.rows.every(({ participants }) => participants.includes("gateway")),
    30_000,
  );
  expect(new Set(rows.map(({ messages }) => messages))).toEqual(new Set([2]));
  expect(new Set(rows.map(({ key }) => key))).toEqual(
    new Set(Array.from({ length: orders }, (_, i) => `ORD-${7_000 + i}`)),
  );
  for (const { id } of rows) {
    view.send({ kind: "watchConversation", id });
    const { detail } = await view.next("conversation", (answer) => answer.detail.row.id === id);
    const shown = detail.rows.filter(({ kind }) => kind === "message");
    expect(shown.map((row) => [row.broker, name(row.name)])).toEqual([
      ["otlp", "ingress"],
      ["otlp", "POST /orders"],
      ["kafka", "OrderPlaced"],
      ["rabbitmq", "BookShipment"],
    ]);
    const causes = detail.rows.flatMap(({ cause }) => (cause === undefined ? [] : [cause.evidence[0]?.strength]));
    expect(causes).toEqual(["certain", "certain", "certain"]);
    const lane = (index: number | undefined) => (index === undefined ? undefined : detail.lanes[index]?.name);
    expect(shown.map(({ from }) => lane(from))).toEqual(["client", "gateway", "order-svc", "order-svc"]);
  }
});

test("the taps on the brokers leave no trace, and the one for spans has nothing to leave", () => {
  const report = trace.reports().find(({ tap }) => tap.startsWith("otlp:"));
  expect(report).toMatchObject({ touched: [], messages: orders * 5 });
});
