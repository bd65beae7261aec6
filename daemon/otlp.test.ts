/** Spans over HTTP and messages of a tap, from the wire to what views are told, what a capture keeps and what is exported. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exportLines, openForReading } from "./export/index.ts";
import { runTrace, type RunningTrace } from "./index.ts";
import { readTapSettings } from "./serve/index.ts";
import type { ConversationDetail } from "./serve/protocol.ts";
import { freePort, jsonRequest, protobufRequest, type SpanDraft } from "./tap/testing/otlp-requests.ts";
import { kafka, rabbit, ScriptedTap, TestView } from "./testing/scripted.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const ids = { ingress: "a1", place: "a2", publish: "a3", process: "a4", book: "a5", bookProcess: "a6", select: "a7" };
const spanId = (name: keyof typeof ids) => ids[name].padStart(16, "0");
const secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";

let folder: string;
let trace: RunningTrace;
let view: TestView;
let tap: ScriptedTap;
let address: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-otlp-"));
  tap = new ScriptedTap();
  const port = await freePort();
  address = `http://127.0.0.1:${port}/v1/traces`;
  trace = await runTrace({ taps: [{ kind: "otlp", port }], customTaps: [tap], captureFolder: folder });
  view = await TestView.open(trace.port, trace.token);
  view.watchList();
  await view.next("status", ({ status }) =>
    status.taps.some(({ broker, phase }) => broker === "otlp" && phase === "live"),
  );
});

afterEach(async () => {
  view.close();
  await trace.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function send(service: string, spans: readonly SpanDraft[], encoding: "json" | "protobuf" = "json") {
  const body = new Uint8Array(
    encoding === "json" ? Buffer.from(jsonRequest(service, spans)) : protobufRequest(service, spans),
  );
  const type = encoding === "json" ? "application/json" : "application/x-protobuf";
  const answer = await fetch(address, { method: "POST", headers: { "content-type": type }, body });
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
}

/** An order, as a gateway, three services, Kafka and RabbitMQ see it; spans come when it is over, the last one first. */
async function placeOrder(at = Date.now() - 1_000): Promise<void> {
  const carried = (name: keyof typeof ids) => ({ traceparent: `00-${traceId}-${spanId(name)}-01` });
  await tap.message(
    kafka(
      "orders",
      { orderId: "ORD-1042" },
      { at: at + 21.3, headers: { ...carried("publish"), type: "OrderPlaced" } },
    ),
    rabbit(
      "shipping.book",
      { orderId: "ORD-1042" },
      { at: at + 40, headers: carried("book"), properties: { type: "BookShipment" } },
    ),
  );
  const span = (name: keyof typeof ids, offset: number, more: Partial<SpanDraft> = {}): SpanDraft => ({
    traceId,
    spanId: spanId(name),
    name,
    startedAt: at + offset,
    ...more,
  });
  const parent = (name: keyof typeof ids) => ({ parentSpanId: spanId(name) });
  await send("shipping-svc", [
    span("bookProcess", 38, { ...parent("book"), kind: 5, name: "shipping.book process" }),
    span("select", 44, {
      ...parent("bookProcess"),
      kind: 3,
      name: "SELECT carriers",
      attributes: { "db.system": "postgresql", "url.full": `https://ship.example.com/?access_token=${secret}` },
      events: [{ name: "exception", at: at + 45, attributes: { "exception.message": `Bearer ${secret}` } }],
    }),
  ]);
  await send(
    "order-svc",
    [
      span("process", 27, { ...parent("publish"), kind: 5, name: "orders process" }),
      span("book", 39, { ...parent("process"), kind: 4, name: "shipping.book publish" }),
      span("publish", 21, { ...parent("place"), kind: 4, name: "orders publish" }),
      span("place", 21.2, { ...parent("ingress"), kind: 2, name: "POST /orders", tookMs: 14 }),
    ],
    "protobuf",
  );
  await send("gateway", [
    span("ingress", 10, {
      kind: 2,
      name: "ingress POST",
      tookMs: 31,
      attributes: { "http.request.header.authorization": [`Bearer ${secret}`], "http.response.status_code": 201 },
    }),
  ]);
}

async function detailOf(wanted: (detail: ConversationDetail) => boolean): Promise<ConversationDetail> {
  const { rows } = await view.next("conversations", (list) => list.rows.length === 1);
  view.send({ kind: "watchConversation", id: rows[0]?.id ?? "" });
  return (await view.next("conversation", ({ detail }) => wanted(detail))).detail;
}

const rowsOf = ({ rows, lanes }: ConversationDetail) =>
  rows.map(({ name, broker, from, to, note = "" }) => {
    const who = [from === undefined ? "?" : lanes[from]?.name, to.map((lane) => lanes[lane]?.name).join(" and ")];
    return `${broker} ${name}: ${who.join(" to ")}${broker === "otlp" ? ` ${note}` : ""}`;
  });

describe("an order that came in through a gateway", () => {
  test("is one conversation, from the request to the last message, in the order in which it happened", async () => {
    await placeOrder();
    const detail = await detailOf(({ rows }) => rows.length === 5);
    expect(rowsOf(detail)).toEqual([
      "otlp ingress POST: client to gateway 31 ms",
      "otlp POST /orders: gateway to order-svc 14 ms",
      "kafka OrderPlaced: order-svc to order-svc",
      "rabbitmq BookShipment: order-svc to shipping-svc",
      "otlp SELECT carriers: shipping-svc to postgresql 3 ms",
    ]);
    expect(detail.row).toMatchObject({ name: "OrderPlaced", messages: 2, key: "ORD-1042", errors: 0 });
    expect(detail.row.participants).toEqual(expect.arrayContaining(["gateway", "order-svc", "shipping-svc"]));
    const causes = detail.rows.map(({ cause }) => cause && [cause.row, cause.evidence[0]?.strength]);
    expect(causes).toEqual([undefined, [0, "certain"], [1, "certain"], [2, "certain"], [3, "certain"]]);
    expect(detail.rows[1]?.cause?.evidence[0]?.text).toBe("parent span is its span id, 00000000000000a1");
  });

  test("can be looked into: a span with its attributes, a message with the spans around it", async () => {
    await placeOrder();
    const detail = await detailOf(({ rows }) => rows.length === 5);
    view.send({ kind: "getMessage", request: 1, seq: detail.rows[1]?.seq ?? 0 });
    const { message } = await view.next("message", ({ request }) => request === 1);
    expect(message).toMatchObject({ broker: "otlp", channel: "order-svc", name: "POST /orders", writer: "gateway" });
    expect(message?.coordinates).toEqual(
      expect.arrayContaining([
        { label: "Service", value: "order-svc" },
        { label: "Kind", value: "server" },
        { label: "Took", value: "14 ms" },
        { label: "Trace", value: traceId },
      ]),
    );
    expect(message?.why.map(({ text }) => text.replace(/ [\d.]+ ms/, ""))).toEqual([
      "caused by ingress POST before",
      "led to orders publish after",
    ]);
    view.send({ kind: "getMessage", request: 2, seq: detail.rows[0]?.seq ?? 0 });
    const { message: ingress } = await view.next("message", ({ request }) => request === 2);
    expect(ingress?.headers.map(({ name }) => name)).toEqual([
      "http.request.header.authorization",
      "http.response.status_code",
    ]);
  });

  test("is found by the id of its trace, and by what stands in an attribute", async () => {
    await placeOrder();
    await detailOf(({ rows }) => rows.length === 5);
    for (const text of [traceId, "carriers", "http.response.status_code", "nobody-has-this"]) {
      view.watchList({ text });
      const found = text === "nobody-has-this" ? 0 : 1;
      const list = await view.next("conversations", ({ rows, searchBehind }) => {
        return searchBehind === undefined && rows.length === found;
      });
      expect(list.total, text).toBe(found);
    }
  });

  test("is the same when its capture is opened, and when it is played", async () => {
    await placeOrder();
    const live = rowsOf(await detailOf(({ rows }) => rows.length === 5));
    await trace.stop();
    view.close();
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".contrail")) ?? "");
    for (const as of ["capture", "recording"] as const) {
      trace = await runTrace({ taps: [{ kind: "capture", file, as }] });
      view = await TestView.open(trace.port, trace.token);
      view.watchList();
      expect(rowsOf(await detailOf(({ rows }) => rows.length === 5)), as).toEqual(live);
      await trace.stop();
      view.close();
    }
  });

  test("leaves no secret in the capture, and comes out of it as it was", async () => {
    await placeOrder();
    await detailOf(({ rows }) => rows.length === 5);
    await trace.stop();
    const file = readdirSync(folder).find((name) => name.endsWith(".contrail")) ?? "";
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name)).includes(secret), name).toBe(false);
    }
    const reading = await openForReading(join(folder, file));
    const lines = [...exportLines(reading, "ndjson")].map((line) => JSON.parse(line) as Record<string, unknown>);
    const kinds = lines.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "span")).toHaveLength(7);
    expect(kinds.filter((kind) => kind === "message")).toHaveLength(2);
    expect(lines.find(({ name }) => name === "POST /orders")).toMatchObject({
      kind: "span",
      service: "order-svc",
      spanKind: "server",
      traceId,
      spanId: spanId("place"),
      parentSpanId: spanId("ingress"),
    });
    const edges = lines.filter(({ kind, by }) => kind === "edge" && by === "trace-parent");
    expect(edges).toHaveLength(8);
    const [conversation, ...others] = lines.filter(({ kind }) => kind === "conversation" || kind === "saga");
    expect(others).toEqual([]);
    expect(conversation).toMatchObject({ messages: [1, 2] });
    expect([...exportLines(reading, "csv")]).toHaveLength(10);
    const spans = JSON.stringify([...exportLines(reading, "otlp")].map((line) => JSON.parse(line) as unknown));
    // A span goes out with the ids that it came with, so that it is found where else it was sent.
    expect(spans).toContain(`"spanId":"${spanId("ingress")}"`);
    reading.close();
  });
});

describe("spans of which no message was seen", () => {
  const request = (number: number, more: Partial<SpanDraft> = {}): SpanDraft => ({
    traceId: number.toString(16).padStart(32, "b"),
    spanId: spanId("ingress"),
    kind: 2,
    name: `GET /health ${number}`,
    startedAt: Date.now() - 50,
    ...more,
  });

  test("are not in the list, unless something went wrong", async () => {
    await send("gateway", [request(1), request(2, { status: { code: 2, message: "upstream is gone" } }), request(3)]);
    const list = await view.next("conversations", ({ needsLook }) => needsLook.length === 1);
    expect(list.needsLook[0]).toMatchObject({ name: "GET /health 2", state: "failed", errors: 1 });
    expect(list.needsLook[0]?.latest.text).toBe("GET /health 2 failed in gateway");
    expect(list.counts.all).toBe(1);
    view.send({ kind: "watchConversation", id: list.needsLook[0]?.id ?? "" });
    const { detail } = await view.next("conversation");
    expect(detail.sentence[0]).toEqual({
      text: expect.stringMatching(/^Failed after 3 ms: one span, and no message was seen\./) as string,
    });
    await send("gateway", [request(4)]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(view.last("conversations")?.counts.all).toBe(1);
  });
});

async function portIsFree(): Promise<void> {
  await expect(fetch(address, { method: "POST" })).rejects.toThrow();
}

test("settings that name no port that there is are none", () => {
  expect(readTapSettings({ kind: "otlp" })).toEqual({ kind: "otlp" });
  expect(readTapSettings({ kind: "otlp", port: 4319 })).toEqual({ kind: "otlp", port: 4319 });
  for (const port of [0, -1, 65_536, 1.5, "4318", null])
    expect(readTapSettings({ kind: "otlp", port })).toBeUndefined();
});

test("a trace that is told to tap something else gives its port back", async () => {
  expect(await trace.configure({ taps: [] })).toBeUndefined();
  await portIsFree();
});
