import { createServer, type IncomingMessage, type Server } from "node:http";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeProtobuf } from "../contracts/codec/index.ts";
import { linkProto, parseProto } from "../contracts/proto/index.ts";
import { runTrace, type RunningTrace, type TraceOptions } from "./index.ts";
import type { ReadMessage } from "./pipeline-recent.ts";
import { kafka, ScriptedTap, TestView } from "./testing/scripted.ts";

vi.setConfig({ testTimeout: 20_000 });

const orderAvsc = JSON.stringify({
  type: "record",
  name: "OrderPlaced",
  namespace: "shop",
  fields: [
    { name: "orderId", type: "string" },
    { name: "password", type: "string" },
    { name: "money", type: "Money" },
  ],
});
const moneyAvsc = JSON.stringify({
  type: "record",
  name: "Money",
  namespace: "shop",
  fields: [{ name: "cents", type: "long" }],
});
const proto = `syntax = "proto3"; package shop; import "common/money.proto";
message Ignored { string a = 1; }
message Outer { message Paid { string order_id = 1; Money money = 2; } }
`;
const moneyProto = `syntax = "proto3"; package shop; message Money { int64 cents = 1; }`;
const jsonSchema = JSON.stringify({
  type: "object",
  title: "Shipped",
  required: ["orderId"],
  properties: { orderId: { type: "string" } },
});

/** What the registry answers, by path. */
const schemas: Record<string, unknown> = {
  "/schemas/ids/1": { schema: orderAvsc, references: [{ name: "shop.Money", subject: "money value", version: 3 }] },
  "/subjects/money%20value/versions/3": { schema: moneyAvsc, id: 2, version: 3 },
  "/schemas/ids/7": {
    schema: proto,
    schemaType: "PROTOBUF",
    references: [{ name: "common/money.proto", subject: "money", version: 1 }],
  },
  "/subjects/money/versions/1": { schema: moneyProto, schemaType: "PROTOBUF" },
  "/schemas/ids/9": { schema: jsonSchema, schemaType: "JSON" },
  "/schemas/guids/89791762-2336-186f-9674-196cb3cca3d2": { schema: moneyAvsc },
  "/schemas/ids/30": { schema: "{", schemaType: "AVRO" },
};

const text = (value: string) => [value.length * 2, ...Buffer.from(value)];
const framed = (id: number, payload: Iterable<number>) => Uint8Array.from([0, 0, 0, 0, id, ...payload]);
const order = framed(1, [...text("ord-1"), ...text("hunter2!"), 200, 1]);

let folder: string;
let server: Server;
let url: string;
let asked: IncomingMessage[];
let respond: (path: string) => { status: number; body: string; delayMs?: number; headers?: Record<string, string> };
let trace: RunningTrace | undefined;
let tap: ScriptedTap;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-registry-"));
  asked = [];
  respond = (path) =>
    path in schemas
      ? { status: 200, body: JSON.stringify(schemas[path]) }
      : { status: 404, body: JSON.stringify({ error_code: 40403, message: "Schema not found" }) };
  server = createServer((request, response) => {
    asked.push(request);
    const { status, body, delayMs = 0, headers = {} } = respond(request.url ?? "");
    setTimeout(
      () =>
        response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json", ...headers }).end(body),
      delayMs,
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await trace?.stop();
  trace = undefined;
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<TraceOptions> = {}): Promise<RunningTrace> {
  tap = new ScriptedTap();
  trace = await runTrace({
    taps: [],
    customTaps: [tap],
    captureFolder: join(folder, "captures"),
    stateDir: join(folder, "state"),
    registry: { url },
    ...options,
  });
  return trace;
}

async function read(seq: number, until: (message: ReadMessage) => boolean = () => true): Promise<ReadMessage> {
  return vi.waitFor(
    async () => {
      await trace?.pipeline.caughtUp();
      const message = trace?.pipeline.message(seq);
      if (message === undefined || !until(message)) throw new Error(`not yet: ${JSON.stringify(message?.decoded)}`);
      return message;
    },
    { timeout: 10_000, interval: 20 },
  );
}

const attemptsOf = ({ decoded }: ReadMessage) => decoded.attempts.map(({ failure }) => failure).join(" ");

describe("messages that name their schema by an id", () => {
  it("are read by the registry's schema and what it refers to, from the first one on, each schema asked for once", async () => {
    await start();
    await tap.message(kafka("orders", order));
    await tap.message(kafka("orders", order));
    const { decoded, masked } = await read(2, ({ decoded }) => decoded.format === "avro");
    expect(decoded).toMatchObject({ evidence: "registry", typeName: "OrderPlaced", check: "valid" });
    expect(decoded.value).toMatchObject({ orderId: "ord-1", money: { cents: 100 } });
    expect(masked).toBe(1);
    expect((await read(1)).decoded.value).toEqual(decoded.value);
    const view = await TestView.open(trace?.port ?? 0, trace?.token ?? "");
    view.send({ kind: "getMessage", request: 1, seq: 1 });
    const { message } = await view.next("message");
    view.close();
    expect(message?.contract).toMatchObject({
      definition: "shop.OrderPlaced",
      file: "",
      path: "schema-registry:/1.avsc",
    });
    expect(message?.tree.find(({ name }) => name === "password")).toMatchObject({ kind: "masked" });
    expect(asked.map((request) => request.url)).toEqual(["/schemas/ids/1", "/subjects/money%20value/versions/3"]);
  });

  it("in Protobuf by message indexes, in JSON, by GUID in a header, and in Apicurio's framing", async () => {
    await start();
    const schema = linkProto([parseProto("a.proto", proto), parseProto("common/money.proto", moneyProto)]);
    const paid = encodeProtobuf(schema, "shop.Outer.Paid", { orderId: "ord-2", money: { cents: "5" } });
    if (!paid.ok) throw new Error(paid.failure);
    const guid = Uint8Array.from([1, ...Buffer.from("897917622336186f9674196cb3cca3d2", "hex")]);
    await tap.message(
      kafka("paid", framed(7, [4, 2, 0, ...paid.bytes])),
      kafka("shipped", framed(9, Buffer.from('{"orderId":7}'))),
      kafka("money", Uint8Array.from([84]), { headers: { __value_schema_id: guid } }),
      kafka("money", Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 9, ...Buffer.from('{"orderId":"x"}')])),
    );
    expect((await read(1, ({ decoded }) => decoded.format === "protobuf")).decoded).toMatchObject({
      value: { orderId: "ord-2", money: { cents: "5" } },
      definition: { name: "shop.Outer.Paid" },
      check: "valid",
    });
    expect((await read(2, ({ decoded }) => decoded.definition !== undefined)).decoded).toMatchObject({
      typeName: "Shipped",
      check: "invalid",
      violations: [{ path: "orderId" }],
    });
    expect((await read(3, ({ decoded }) => decoded.format === "avro")).decoded.value).toEqual({ cents: 42 });
    expect((await read(4, ({ decoded }) => decoded.definition !== undefined)).decoded).toMatchObject({
      check: "valid",
    });
  });

  it("are shown while a slow registry thinks, and read, masked and found again when the schema came", async () => {
    respond = (path) => ({ status: 200, body: JSON.stringify(schemas[path]), delayMs: 600 });
    await start();
    const sent = performance.now();
    await tap.message(kafka("orders", order), kafka("plain", { plain: true }));
    const waiting = await read(1);
    expect(performance.now() - sent).toBeLessThan(1_000);
    expect(attemptsOf(waiting)).toContain("schema 1 is being fetched from the registry");
    expect((await read(2)).decoded.value).toEqual({ plain: true });
    const { decoded } = await read(1, (message) => message.decoded.format === "avro");
    expect(decoded.value).toMatchObject({ orderId: "ord-1", password: expect.stringMatching(/^\*/) as string });
    await trace?.pipeline.capture.stored();
    expect(trace?.pipeline.capture.searchable(0, 9).map(({ decoded: value }) => value)[0]).toContain("ord-1");
    await trace?.stop();
    for (const file of readdirSync(join(folder, "captures"))) {
      expect(readFileSync(join(folder, "captures", file)).includes("hunter2!")).toBe(false);
    }
  });

  it("are read the same from the capture alone, where no registry is", async () => {
    await start({ captureFile: join(folder, "run.contrail") });
    await tap.message(kafka("orders", order));
    const { decoded } = await read(1, (message) => message.decoded.format === "avro");
    await trace?.stop();
    const before = asked.length;
    await start({
      registry: { url: "http://127.0.0.1:1" },
      taps: [{ kind: "capture", file: join(folder, "run.contrail"), as: "capture" }],
      customTaps: [],
    });
    expect((await read(1)).decoded).toMatchObject({ value: decoded.value, evidence: "registry", check: "valid" });
    expect(asked).toHaveLength(before);
  });

  it("log in with a user name and a password, which no sentence repeats", async () => {
    respond = (path) =>
      asked.at(-1)?.headers.authorization === `Basic ${Buffer.from("me:s3cret").toString("base64")}`
        ? { status: 200, body: JSON.stringify(schemas[path]) }
        : { status: 401, body: "" };
    await start({ registry: { url: url.replace("//", "//me:wr0ng@") } });
    await tap.message(kafka("orders", order));
    const refused = attemptsOf(await read(1, (message) => attemptsOf(message).includes("401")));
    expect(refused).toContain("wants a login");
    expect(refused).not.toContain("wr0ng");
    await trace?.configure({ taps: [], registry: { url, username: "me", password: "s3cret" } });
    expect((await read(1, ({ decoded }) => decoded.format === "avro")).decoded.typeName).toBe("OrderPlaced");
  });

  it.each<[string, ReturnType<typeof respond>, RegExp]>([
    ["that it does not have", { status: 404, body: "{}" }, /schema 1 is not here. .* \(404\)/],
    ["where something else answers", { status: 200, body: "<html>" }, /is no schema registry/],
    ["of another kind", { status: 200, body: '{"schema":"x","schemaType":"THRIFT"}' }, /type "THRIFT"/],
    ["that breaks", { status: 500, body: "" }, /status 500/],
    [
      "that sends elsewhere",
      { status: 302, body: "", headers: { location: "http://198.51.100.7/x" } },
      /sends on to 198\.51\.100\.7/,
    ],
    ["that sends too much", { status: 200, body: `{"schema":"${"x".repeat(5_000_000)}"}` }, /too large/],
    ["that is no schema", { status: 200, body: '{"schema":"{"}' }, /is not a schema/],
  ])("say why there is none: a registry %s", async (_what, answer, sentence) => {
    respond = () => answer;
    await start();
    await tap.message(kafka("orders", order));
    expect(attemptsOf(await read(1, (message) => sentence.test(attemptsOf(message))))).toMatch(sentence);
    // Every further message is read at once, and asks nobody again.
    const before = asked.length;
    await tap.message(...Array.from({ length: 50 }, () => kafka("orders", order)));
    await read(51);
    expect(asked.length).toBe(before);
  });

  it("are read when the registry comes back, without a new message", async () => {
    let isUp = false;
    respond = (path) => (isUp ? { status: 200, body: JSON.stringify(schemas[path]) } : { status: 503, body: "" });
    await start();
    await tap.message(kafka("orders", order));
    await read(1, (message) => attemptsOf(message).includes("503"));
    isUp = true;
    expect((await read(1, ({ decoded }) => decoded.format === "avro")).decoded.check).toBe("valid");
  });

  it("ask nobody without a registry, nor one on a host that the user did not allow", async () => {
    const { pipeline } = await start({ registry: { url: "http://registry.example.com:8081" } });
    await tap.message(kafka("orders", order));
    expect((await read(1)).decoded.format).toBe("binary");
    expect(pipeline).toBeDefined();
    await trace?.configure({ taps: [], registry: null });
    await tap.message(kafka("orders", order));
    expect((await read(2)).decoded.attempts.map(({ failure }) => failure).join()).not.toContain("registry");
    expect(asked).toEqual([]);
  });
});
