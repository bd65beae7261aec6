import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runTrace, type RunningTrace, type TraceOptions } from "./index.ts";
import { kafka, rabbit, ScriptedTap, TestView } from "./testing/scripted.ts";

const asyncapi = `asyncapi: 3.0.0
info: { title: order service, version: "1" }
channels:
  orders:
    address: orders
    messages: { OrderPlaced: { $ref: "#/components/messages/OrderPlaced" } }
operations:
  placed: { action: send, channel: { $ref: "#/channels/orders" } }
components:
  messages:
    OrderPlaced:
      payload:
        type: object
        required: [orderId]
        properties: { orderId: { type: string }, quantity: { type: integer } }
`;

vi.setConfig({ testTimeout: 20_000 });

let folder: string;
let trace: RunningTrace;
let tap: ScriptedTap;
const views: TestView[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-trace-"));
  mkdirSync(join(folder, "contracts"));
});

afterEach(async () => {
  for (const view of views.splice(0)) view.close();
  await trace?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<TraceOptions> = {}): Promise<TestView> {
  tap = new ScriptedTap();
  trace = await runTrace({ taps: [], customTaps: [tap], captureFolder: join(folder, "captures"), ...options });
  return open();
}

async function open(hello: Parameters<typeof TestView.open>[2] = {}): Promise<TestView> {
  const view = await TestView.open(trace.port, trace.token, hello);
  views.push(view);
  return view;
}

/** A request and its reply over RabbitMQ. */
function exchange(id: string, at = Date.now()) {
  const names = { replyTo: "replies.web", correlationId: id };
  return {
    request: rabbit("prices", { sku: "A-1" }, { at, properties: { ...names, type: "PriceRequest" } }),
    reply: rabbit("replies.web", { price: 12 }, { at: at + 20, properties: { correlationId: id, type: "Price" } }),
  };
}

describe("a trace", () => {
  it("tells with its status how far groups are behind, of a hundred at most", async () => {
    const view = await start();
    const lag = (group: string, lag: number) => ({ group, topic: "orders", lag });
    tap.lags = [lag("billing", 120), lag("shop", 3)];
    const { status } = await view.next("status", ({ status }) => status.taps[0]?.groups !== undefined);
    expect(status.taps[0]?.groups).toEqual(tap.lags);
    tap.lags = Array.from({ length: 300 }, (_, i) => lag(`group ${i}`, 300 - i));
    await view.next("status", ({ status }) => status.taps[0]?.groups?.length === 100);
  });

  it("shows a conversation to a view within a moment, with its sentence, lanes and messages", async () => {
    const view = await start();
    view.watchList();
    const { request, reply } = exchange("3f0c7a52-91be-4d0e-9d1f-6a5b8f0e2c11");
    await tap.message(request, reply);
    const { rows, counts } = await view.next("conversations", ({ rows }) => rows[0]?.state === "completed");
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ kind: "exchange", name: "PriceRequest", messages: 2, errors: 0, needsLook: false });
    expect(counts.all).toBe(1);
    view.send({ kind: "watchConversation", id: rows[0]?.id ?? "" });
    const { detail } = await view.next("conversation");
    const messages = detail.rows.filter(({ kind }) => kind === "message");
    expect(messages.map(({ name, arrow }) => [name, arrow])).toEqual([
      ["PriceRequest", "command"],
      ["Price", "reply"],
    ]);
    expect(messages[1]?.latencyMs).toBeCloseTo(20, 0);
    expect(messages[1]?.cause?.evidence[0]?.role).toBe("decides");
    expect(detail.sentence.map((run) => ("text" in run ? run.text : "")).join("")).toContain("Answered");
    view.send({ kind: "getMessage", request: 7, seq: messages[1]?.seq ?? 0 });
    const { message } = await view.next("message");
    expect(message).toMatchObject({ name: "Price", format: "json", body: '{"price":12}' });
    expect(message?.tree[0]).toMatchObject({ name: "price", kind: "number", text: "12" });
    expect(message?.why[0]?.text).toMatch(/^caused by PriceRequest/);
  });

  it("reads bodies by the folder's contracts, shows what breaks them, and reads again when a contract changes", async () => {
    const contracts = join(folder, "contracts");
    writeFileSync(join(contracts, "orders.asyncapi.yaml"), asyncapi);
    const view = await start({ contractsFolder: contracts });
    view.watchList();
    view.send({ kind: "watchDefinitions", on: true });
    await tap.message(kafka("orders", { orderId: "ORD-1", quantity: "two" }, { key: "ORD-1" }));
    const ill = await view.next("conversations", ({ needsLook }) => (needsLook[0]?.errors ?? 0) > 0);
    expect(ill.needsLook[0]?.latest.text).toMatch(/^OrderPlaced breaks orders.asyncapi.yaml: quantity /);
    expect(ill.needsLook[0]?.latest.squiggle).toBe("OrderPlaced".length);
    expect(ill.needsLook).toHaveLength(1);
    const { definitions } = await view.next("definitions", (message) => message.definitions[0]?.broken === 1);
    expect(definitions[0]).toMatchObject({ definition: "OrderPlaced", count: 1 });
    expect(definitions[0]?.file).toBe(join(contracts, "orders.asyncapi.yaml"));
    view.send({ kind: "getMessage", request: 1, seq: 1 });
    const { message } = await view.next("message");
    expect(message?.contract?.path).toBe("orders.asyncapi.yaml");
    expect(message?.tree.find(({ name }) => name === "quantity")?.violation).toBeDefined();
    writeFileSync(join(contracts, "orders.asyncapi.yaml"), asyncapi.replace("type: integer", "type: string"));
    const well = await view.next("conversations", ({ rows }) => rows[0]?.errors === 0);
    expect(well.needsLook).toHaveLength(0);
  });

  it("writes no secret to the file, to its log or to a view", async () => {
    const view = await start();
    view.watchList();
    view.send({ kind: "watchMessages", afterSeq: 0 });
    const secrets = [
      "s3cr3t-passw0rd",
      "4111111111111111",
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl",
      "k-0123456789abcdef",
    ];
    await tap.message(
      kafka(
        "orders",
        { user: "ann", password: secrets[0], note: `card ${secrets[1]}`, auth: `Bearer ${secrets[2]}` },
        { headers: { "x-api-key": secrets[3] ?? "" } },
      ),
    );
    await view.next("messages", ({ messages }) => messages.length > 0);
    view.send({ kind: "getMessage", request: 1, seq: 1 });
    const { message } = await view.next("message");
    expect(message?.headers[0]).toMatchObject({ name: "x-api-key", masked: true });
    expect(message?.tree.find(({ name }) => name === "password")?.kind).toBe("masked");
    expect((await view.next("status", ({ status }) => status.masked > 0)).status.masked).toBe(4);
    const sent = JSON.stringify(view.received);
    const files = readdirSync(join(folder, "captures")).map((name) =>
      readFileSync(join(folder, "captures", name), "latin1"),
    );
    for (const secret of secrets) {
      expect(sent).not.toContain(secret);
      for (const content of files) expect(content.includes(secret)).toBe(false);
    }
    expect(files.join("").includes("ann")).toBe(true);
  });

  it("lets a view that was away go on where it was: nothing missed, nothing twice", async () => {
    const first = await start();
    first.send({ kind: "watchMessages", afterSeq: 0 });
    const seen: number[] = [];
    await tap.message(...Array.from({ length: 300 }, (_, i) => kafka("a", { i }, { key: String(i) })));
    const take = (view: TestView) => {
      for (const message of view.received)
        if (message.kind === "messages") seen.push(...message.messages.map(({ seq }) => seq));
    };
    await first.next("messages", ({ messages }) => messages.at(-1)?.seq === 300);
    const { captureId } = await first.next("welcome");
    first.close();
    take(first);
    await tap.message(...Array.from({ length: 50 }, (_, i) => kafka("a", { i }, { key: String(i) })));
    const second = await open({ captureId, revision: 1 });
    expect(second.last("welcome")?.resumed).toBe(true);
    second.send({ kind: "watchMessages", afterSeq: seen.at(-1) ?? 0 });
    await second.next("messages", ({ messages }) => messages.at(-1)?.seq === 350);
    take(second);
    expect(seen).toEqual(Array.from({ length: 350 }, (_, i) => i + 1));
  });

  it("stands still for a view that is paused, and counts what came", async () => {
    const view = await start();
    const other = await open();
    view.watchList();
    other.watchList();
    await tap.message(exchange("10000000-0000-4000-8000-000000000001").request);
    const { revision } = await view.next("conversations", ({ total }) => total === 1);
    view.send({
      kind: "watchConversations",
      filter: { text: "", states: [] },
      first: 0,
      count: 100,
      atRevision: revision,
    });
    await tap.message(exchange("20000000-0000-4000-8000-000000000002").request);
    await other.next("conversations", ({ total }) => total === 2);
    const paused = await view.next("conversations", ({ behind }) => behind === 1);
    expect(paused.total).toBe(1);
    view.watchList();
    expect((await view.next("conversations", ({ total }) => total === 2)).behind).toBeUndefined();
  });

  it("finds conversations by words and by fields of bodies", async () => {
    const view = await start();
    await tap.message(
      kafka("orders", { orderId: "ORD-77123", colour: "red" }, { key: "ORD-77123" }),
      kafka("payments", { orderId: "ORD-88123", colour: "blue" }, { key: "ORD-88123" }),
    );
    for (const [text, topic] of [
      ["colour=blue", "ORD-88123"],
      ["ord-77123", "ORD-77123"],
      ["payments", "ORD-88123"],
      ["red", "ORD-77123"],
    ] as const) {
      view.watchList({ text });
      const { rows } = await view.next(
        "conversations",
        ({ total, rows }) => total === 1 && JSON.stringify(rows).includes(topic),
      );
      expect(rows).toHaveLength(1);
    }
    view.watchList({ text: "colour=green" });
    await view.next("conversations", ({ total }) => total === 0);
  });

  it("counts and finds conversations that nobody has looked at, and shows on top what is wrong among them", async () => {
    writeFileSync(join(folder, "contracts", "orders.asyncapi.yaml"), asyncapi);
    const view = await start({ contractsFolder: join(folder, "contracts") });
    view.watchList({}, 0, 5);
    const order = (i: number) =>
      kafka("orders", { orderId: `ORD-${i}`, quantity: i === 400 ? "two" : 2 }, { key: `ORD-${i}` });
    await tap.message(...Array.from({ length: 1_000 }, (_, i) => order(i)));
    const known = ({ all, running, completed }: Readonly<Record<string, number>>) =>
      all === 1_000 && (running ?? 0) + (completed ?? 0) === 1_000;
    const { needsLook } = await view.next("conversations", ({ counts }) => known(counts));
    expect(needsLook.map(({ key }) => key)).toEqual(["ORD-400"]);
    view.watchList({ text: "ORD-123" }, 0, 5);
    const found = await view.next("conversations", ({ total }) => total === 1);
    expect(found.rows.map(({ key, name }) => ({ key, name }))).toEqual([{ key: "ORD-123", name: "OrderPlaced" }]);
    // A word of every row, which no message has.
    view.watchList({ text: "orderplaced" }, 0, 5);
    await view.next("conversations", ({ total, needsLookTotal }) => total === 999 && needsLookTotal === 1);
    view.watchList({ states: ["running", "completed"] }, 990, 20);
    const last = await view.next("conversations", ({ total }) => total === 1_000);
    expect(last.rows).toHaveLength(10);
  });

  it("refuses a broker on another machine with a sentence, until it was allowed", async () => {
    const view = await start();
    view.send({ kind: "configure", request: 1, taps: [{ kind: "kafka", brokers: "kafka.example.com:9092" }] });
    const refused = await view.next("refused");
    expect(refused).toMatchObject({ request: 1 });
    expect(refused.reason).toMatch(/another machine.*--allow-remote kafka.example.com/);
    const { status } = await view.next("status", ({ status }) => status.taps.length === 2);
    expect(status.taps[1]).toMatchObject({ broker: "kafka", phase: "failed", detail: refused.reason });
  });

  it("says in one sentence that its port is taken", async () => {
    await start();
    await expect(runTrace({ taps: [], port: trace.port })).rejects.toThrow(
      `Port ${trace.port} on this machine is taken by another program. Choose another with --port, or leave it out for a free one.`,
    );
  });

  it("plays its own capture again as a recording, and opens it as a file, with the same conversations", async () => {
    const view = await start();
    view.watchList();
    const at = Date.now() - 400;
    for (const id of ["a", "b", "c"]) {
      const { request, reply } = exchange(`${id.repeat(8)}-0000-4000-8000-000000000001`, at);
      await tap.message(request, reply);
    }
    const before = await view.next("conversations", ({ counts }) => counts.completed === 3);
    const { captureFile = "" } = trace;
    await trace.stop();
    for (const as of ["recording", "capture"] as const) {
      trace = await runTrace({ taps: [{ kind: "capture", file: captureFile, as }] });
      const again = await open();
      again.watchList();
      const { rows } = await again.next("conversations", ({ counts }) => counts.completed === 3);
      expect(rows.map(({ id }) => id)).toEqual(before.rows.map(({ id }) => id));
      const { status } = await again.next(
        "status",
        ({ status }) => as === "capture" || status.taps[0]?.phase === "ended",
      );
      expect(status.mode).toBe(as);
      if (as === "capture") expect(rows[0]?.startedAt).toBe(before.rows[0]?.startedAt);
      else expect(rows[0]?.startedAt).toBeGreaterThan(before.rows[0]?.startedAt ?? 0);
      await trace.stop();
    }
  });

  it("opens a capture as it was, whatever the contracts say by now, and however long ago it ended", async () => {
    const contracts = join(folder, "contracts");
    const file = join(contracts, "orders.asyncapi.yaml");
    writeFileSync(file, asyncapi);
    const view = await start({ contractsFolder: contracts });
    view.watchList();
    // One message is right, one is wrong, and a request waits: how long it did is known only from when the trace ended.
    const { request } = exchange("5f0c7a52-91be-4d0e-9d1f-6a5b8f0e2c11", Date.now() - 60_000);
    await tap.message(kafka("orders", { orderId: "o-1" }), kafka("orders", { quantity: "many" }), request);
    const live = await view.next("conversations", ({ counts }) => counts.all === 3 && counts.late === 1);
    const { captureFile = "" } = trace;
    await trace.stop();
    writeFileSync(file, asyncapi.replaceAll("orderId", "orderNumber").replace("type: integer", "type: string"));
    // It was a day ago. (The clock of this process stays as it is: a daemon's never goes back.)
    const database = new DatabaseSync(captureFile);
    database.exec(`
      UPDATE message SET received_at = received_at - 86400000, timestamp = timestamp - 86400000;
      UPDATE meta SET value = printf('%.3f', value - 86400000) WHERE name = 'ended';`);
    database.close();
    trace = await runTrace({
      taps: [{ kind: "capture", file: captureFile, as: "capture" }],
      contractsFolder: contracts,
    });
    const again = await open();
    again.watchList();
    const opened = await again.next("conversations", ({ counts }) => counts.all === 3);
    const shown = ({ needsLook, rows }: typeof opened) =>
      [...needsLook, ...rows]
        .map(({ id, name, state, latest, errors, warnings }) => ({ id, name, state, latest, errors, warnings }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(shown(opened)).toEqual(shown(live));
  });

  it("keeps with the capture that somebody has dealt with a conversation", async () => {
    const contracts = join(folder, "contracts");
    writeFileSync(join(contracts, "orders.asyncapi.yaml"), asyncapi);
    const view = await start({ contractsFolder: contracts });
    view.watchList();
    for (const id of ["ORD-1", "ORD-2"])
      await tap.message(kafka("orders", { orderId: id, quantity: "two" }, { key: id }));
    const { needsLook } = await view.next("conversations", (list) => list.needsLookTotal === 2);
    const [first, second] = needsLook;
    view.send({ kind: "dismiss", id: first?.id ?? "", dismissed: true });
    await view.next("conversations", (list) => list.needsLookTotal === 1);
    const { captureFile = "" } = trace;
    await trace.stop();
    trace = await runTrace({
      taps: [{ kind: "capture", file: captureFile, as: "capture" }],
      contractsFolder: contracts,
    });
    const again = await open();
    again.watchList();
    const list = await again.next("conversations", ({ counts }) => counts.all === 2);
    expect(list.needsLook.map(({ id }) => id)).toEqual([second?.id]);
  });

  it("plays a recording again only when it is asked to; the same taps just go on", async () => {
    const first = await start();
    await tap.message(kafka("orders", { a: 1 }));
    first.send({ kind: "watchMessages", afterSeq: 0 });
    await first.next("messages");
    const { captureFile = "" } = trace;
    await trace.stop();
    const taps = [{ kind: "capture", file: captureFile, as: "recording" }] as const;
    trace = await runTrace({ taps });
    const view = await open();
    await view.next("status", ({ status }) => status.taps[0]?.phase === "ended" && status.seen === 1);
    const before = trace.captureId;
    view.send({ kind: "configure", request: 1, taps });
    await view.next("configured");
    expect(trace.captureId).toBe(before);
    view.send({ kind: "configure", request: 2, taps, again: true });
    await view.next("configured", ({ request }) => request === 2);
    expect(trace.captureId).not.toBe(before);
    // Views are sent away once, to come back to the other capture.
    await new Promise((resolve) => view.socket.once("close", resolve));
    const back = await open({ captureId: before });
    expect(back.last("welcome")).toMatchObject({ resumed: false, captureId: trace.captureId });
  });

  it("is told about another capture while it runs, and refuses a broken one without losing what it shows", async () => {
    const view = await start();
    writeFileSync(join(folder, "broken.contrail"), "this is no capture, only some text of a certain length");
    view.send({
      kind: "configure",
      request: 3,
      taps: [{ kind: "capture", file: join(folder, "broken.contrail"), as: "capture" }],
    });
    expect((await view.next("refused")).reason).toMatch(/not a capture of Contrail/);
    await tap.message(kafka("t", { a: 1 }));
    view.watchList();
    await view.next("conversations", ({ total }) => total === 1);
  });
});
