import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { Envelope, TapEvent, TapState } from "./envelope.ts";
import { createOtlpTap, type OtlpLimits, type OtlpTap } from "./otlp.ts";
import { jsonRequest, protobufRequest, readAnswer, readStatus, type SpanDraft } from "./testing/otlp-requests.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const json = { "content-type": "application/json" };
const protobuf = { "content-type": "application/x-protobuf" };

const spanOf = (number: number): SpanDraft => ({
  traceId,
  spanId: number.toString(16).padStart(16, "0"),
  name: `span ${number}`,
  kind: 2,
  startedAt: Date.now() - 10,
});
const one = jsonRequest("gateway", [spanOf(1)]);

/** A tap that listens at a free port, and what it has said. */
class Receiver {
  readonly tap: OtlpTap;
  readonly spans: Envelope[] = [];
  readonly states: TapState[] = [];
  /** What the pipeline makes it wait for. */
  wait: Promise<void> | undefined;

  constructor(limits: Partial<OtlpLimits> = {}, port = 0) {
    this.tap = createOtlpTap({ port, limits });
  }

  async start(): Promise<this> {
    await this.tap.start({
      accept: (events: readonly TapEvent[]) => {
        for (const event of events) {
          if (event.kind === "message") this.spans.push(event.envelope);
          if (event.kind === "state") this.states.push(event.state);
        }
        return events.some(({ kind }) => kind === "message") ? this.wait : undefined;
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${this.tap.port}`;
  }

  post(body: string | Uint8Array, headers: Record<string, string>, path = "/v1/traces", method = "POST") {
    return new Promise<{ status: number; body: Buffer; headers: Record<string, unknown> }>((resolve, reject) => {
      const sent = httpRequest(`http://${this.host}${path}`, { method, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts), headers: response.headers }),
        );
      });
      sent.on("error", reject);
      sent.end(method === "GET" ? undefined : body);
    });
  }
}

let open: Receiver[] = [];
const receive = async (limits?: Partial<OtlpLimits>, port?: number): Promise<Receiver> => {
  const receiver = await new Receiver(limits, port).start();
  open.push(receiver);
  return receiver;
};
afterEach(async () => {
  await Promise.all(open.map(({ tap }) => tap.stop()));
  open = [];
});

describe("an exporter is answered as OTLP has it", () => {
  test("JSON in, JSON out", async () => {
    const receiver = await receive();
    const answer = await receiver.post(one, { "content-type": "application/json; charset=utf-8" });
    expect({ ...answer, body: answer.body.toString() }).toMatchObject({
      status: 200,
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(receiver.spans).toMatchObject([{ origin: { broker: "otlp", service: "gateway", name: "span 1" } }]);
  });

  test("Protobuf in, Protobuf out, packed with gzip or not", async () => {
    const receiver = await receive();
    const request = protobufRequest("gateway", [spanOf(1)]);
    expect(await receiver.post(request, protobuf)).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    const packed = gzipSync(protobufRequest("gateway", [spanOf(2)]));
    expect(await receiver.post(packed, { ...protobuf, "content-encoding": "gzip" })).toMatchObject({ status: 200 });
    expect(receiver.spans.map(({ origin }) => (origin as { name: string }).name)).toEqual(["span 1", "span 2"]);
  });

  test("an exporter with nothing to say says so", async () => {
    const receiver = await receive();
    expect(await receiver.post(Buffer.alloc(0), protobuf)).toMatchObject({ status: 200 });
    expect(receiver.spans).toEqual([]);
  });

  test("some spans rejected is a success in part, in both encodings", async () => {
    const receiver = await receive();
    const spans = [spanOf(1), { ...spanOf(2), traceId: "0".repeat(32) }];
    const text = await receiver.post(jsonRequest("gateway", spans), json);
    const why = "Rejected spans: 1 without a valid trace id and span id.";
    expect(JSON.parse(text.body.toString())).toEqual({ partialSuccess: { rejectedSpans: "1", errorMessage: why } });
    const bytes = await receiver.post(protobufRequest("gateway", spans), protobuf);
    expect(readAnswer(bytes.body)).toEqual({ partialSuccess: { rejectedSpans: 1, errorMessage: why } });
  });

  test("spans that are sent again, since an answer got lost, are taken once", async () => {
    const receiver = await receive();
    await receiver.post(one, json);
    expect(await receiver.post(one, json)).toMatchObject({ status: 200 });
    expect(receiver.spans).toHaveLength(1);
  });

  test("metrics and logs are thrown away without an error in anybody's log", async () => {
    const receiver = await receive();
    expect(await receiver.post("{}", json, "/v1/metrics")).toMatchObject({ status: 200 });
    expect(await receiver.post(Buffer.alloc(64, 1), protobuf, "/v1/logs")).toMatchObject({ status: 200 });
    expect(receiver.spans).toEqual([]);
  });

  test("the answer waits while the pipeline asks to wait", async () => {
    const receiver = await receive();
    let release = (): void => undefined;
    receiver.wait = new Promise((resolve) => (release = resolve));
    const answer = receiver.post(one, json);
    const early = await Promise.race([answer, new Promise((resolve) => setTimeout(() => resolve("waiting"), 100))]);
    expect(early).toBe("waiting");
    release();
    expect(await answer).toMatchObject({ status: 200 });
  });
});

describe("who may not send", () => {
  test("a name that was rebound to this machine", async () => {
    const receiver = await receive();
    for (const host of ["evil.example.com", "evil.example.com:4318", "127.0.0.1.nip.io", "169.254.169.254"]) {
      expect(await receiver.post(one, { ...json, host }), host).toMatchObject({ status: 421 });
    }
    for (const host of ["localhost", "LOCALHOST:9", "[::1]:4318", "host.docker.internal:4318"]) {
      expect(await receiver.post(one, { ...json, host }), host).toMatchObject({ status: 200 });
    }
  });

  test("a page of a browser, whatever it says it sends", async () => {
    const receiver = await receive();
    const page = { origin: "https://evil.example.com" };
    expect(await receiver.post(one, { ...json, ...page })).toMatchObject({ status: 403 });
    expect(await receiver.post(one, { "content-type": "text/plain", ...page })).toMatchObject({ status: 403 });
    expect(await receiver.post(one, { ...json, origin: "null" })).toMatchObject({ status: 403 });
    expect(await receiver.post(one, { ...json, "sec-fetch-site": "cross-site" })).toMatchObject({ status: 403 });
    const preflight = await receiver.post(one, page, "/v1/traces", "OPTIONS");
    expect(preflight.status).toBe(403);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(receiver.spans).toEqual([]);
  });

  test("what is no OTLP is told what is", async () => {
    const receiver = await receive();
    expect(await receiver.post(one, { "content-type": "text/plain" })).toMatchObject({ status: 415 });
    expect(await receiver.post(one, {})).toMatchObject({ status: 415 });
    expect(await receiver.post(one, { ...json, "content-encoding": "br" })).toMatchObject({ status: 415 });
    expect(await receiver.post(one, json, "/v1/nothing")).toMatchObject({ status: 404 });
    expect(await receiver.post("", json, "/v1/traces", "GET")).toMatchObject({ status: 405 });
    const malformed = await receiver.post("{", json);
    expect({ ...malformed, body: malformed.body.toString() }).toMatchObject({
      status: 400,
      body: '{"message":"The body is not JSON."}',
    });
    const bytes = await receiver.post(Buffer.from("no protobuf"), protobuf);
    expect(bytes.status).toBe(400);
    expect(readStatus(bytes.body)).toMatchObject({ message: expect.stringContaining("Protobuf") as string });
  });
});

describe("what is too much", () => {
  test("a body of more than 4 MB, said to be so or not", async () => {
    const receiver = await receive();
    const large = Buffer.alloc(5 * 1024 * 1024, 32);
    expect(await receiver.post(large, json)).toMatchObject({ status: 413 });
    expect(await receiver.post(large, { ...json, "transfer-encoding": "chunked" })).toMatchObject({ status: 413 });
    expect(await receiver.post(one, json)).toMatchObject({ status: 200 });
  });

  test("a body that unpacks to more than 16 MB", async () => {
    const receiver = await receive();
    const bomb = gzipSync(Buffer.alloc((1024 * 1024 * 1024) >> 2));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    const before = process.memoryUsage().rss;
    expect(await receiver.post(bomb, { ...json, "content-encoding": "gzip" })).toMatchObject({ status: 413 });
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    expect(await receiver.post("no gzip", { ...json, "content-encoding": "gzip" })).toMatchObject({ status: 400 });
  });

  test("spans beyond the rate are rejected, said so, and counted as shed", async () => {
    const receiver = await receive({ burst: 10, spansPerSecond: 1 });
    const spans = Array.from({ length: 25 }, (_, i) => spanOf(i + 1));
    const { body } = await receiver.post(jsonRequest("gateway", spans), json);
    expect(JSON.parse(body.toString())).toMatchObject({ partialSuccess: { rejectedSpans: "15" } });
    expect(receiver.spans).toHaveLength(10);
    expect(receiver.states.at(-1)).toMatchObject({ phase: "live", shed: 15 });
  });

  test("more requests at a time than are worked on are told to come again", async () => {
    const receiver = await receive({ requests: 1 });
    let release = (): void => undefined;
    receiver.wait = new Promise((resolve) => (release = resolve));
    const first = receiver.post(one, json);
    while (receiver.spans.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await receiver.post(jsonRequest("gateway", [spanOf(2)]), json);
    expect(second).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    release();
    expect(await first).toMatchObject({ status: 200 });
    expect(receiver.spans).toHaveLength(1);
  });

  test("bytes that are worked on at a time, which are free again afterwards", async () => {
    const receiver = await receive({ bytes: 4_000 });
    const large = jsonRequest("gateway", [{ ...spanOf(2), attributes: { text: "x".repeat(5_000) } }]);
    for (let i = 0; i < 3; i++) expect(await receiver.post(large, json)).toMatchObject({ status: 503 });
    for (let i = 0; i < 9; i++) expect(await receiver.post(one, json)).toMatchObject({ status: 200 });
  });

  test("who sends a request byte by byte is left, and holds up nobody", async () => {
    const receiver = await receive({ requestMs: 300 });
    const slow = connect(receiver.tap.port, "127.0.0.1");
    slow.on("error", () => undefined);
    await once(slow, "connect");
    slow.write(
      `POST /v1/traces HTTP/1.1\r\nhost: ${receiver.host}\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{`,
    );
    const dripping = setInterval(() => slow.write(" "), 50);
    const began = performance.now();
    const closed = once(slow.resume(), "close");
    expect(await receiver.post(one, json)).toMatchObject({ status: 200 });
    await closed;
    clearInterval(dripping);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await receiver.post(one, json)).toMatchObject({ status: 200 });
  });
});

describe("the tap says how it is", () => {
  test("where it listens, and that it touched nothing", async () => {
    const receiver = await receive();
    expect(receiver.states.at(-1)).toMatchObject({
      broker: "otlp",
      phase: "live",
      detail: `Spans are taken in at http://${receiver.host}/v1/traces.`,
    });
    await receiver.post(one, json);
    expect(receiver.tap.report()).toMatchObject({ touched: [], messages: 1, bytes: one.length });
  });

  test("why somebody could not send", async () => {
    const receiver = await receive();
    await receiver.post(one, { ...json, host: "contrail:4318" });
    expect(receiver.states.at(-1)?.detail).toContain(" A request was refused: Spans are taken in at 127.0.0.1 only.");
    const grpc = connect(receiver.tap.port, "127.0.0.1");
    grpc.on("error", () => undefined);
    await once(grpc, "connect");
    grpc.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await once(grpc.resume(), "close");
    expect(receiver.states.at(-1)?.detail).toContain("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf");
    expect(receiver.states.at(-1)?.phase).toBe("live");
  });

  test("a port that is taken, and goes on when it is free and somebody says so", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const receiver = await receive({}, port);
    expect(receiver.states.at(-1)).toMatchObject({
      phase: "failed",
      detail: `Spans cannot be taken in: port ${port} on this machine is taken, perhaps by an OpenTelemetry collector or another trace. Choose another with --otlp PORT (in VS Code the setting contrail.otlp.port), and let exporters send there.`,
    });
    await new Promise((resolve) => taken.close(resolve));
    receiver.tap.retry?.();
    while (receiver.tap.port === 0 || receiver.states.at(-1)?.phase !== "live") {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await receiver.post(one, json)).toMatchObject({ status: 200 });
  });

  test("it listens on this machine only", async () => {
    const receiver = await receive();
    const elsewhere = Object.values((await import("node:os")).networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4");
    // Where there is no other address, nobody else can come.
    if (elsewhere === undefined) return;
    const socket = connect(receiver.tap.port, elsewhere.address);
    const [cause] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(cause.code).toBe("ECONNREFUSED");
  });

  test("when it ends, it ends at once, with whoever is connected", async () => {
    const receiver = await receive();
    const idle = connect(receiver.tap.port, "127.0.0.1");
    idle.on("error", () => undefined);
    await once(idle, "connect");
    const began = performance.now();
    await receiver.tap.stop();
    expect(performance.now() - began).toBeLessThan(500);
    expect(receiver.tap.port).toBe(0);
  });
});
