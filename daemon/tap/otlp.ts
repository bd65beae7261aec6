/**
 * OTLP over HTTP in: services, gateways and meshes send their spans here, and they join the conversations of the
 * messages with the same trace. Listens on this machine only; connects to nothing and changes nothing anywhere.
 *
 *   POST /v1/traces     spans, Protobuf or JSON, gzip or not
 *   POST /v1/metrics    taken and thrown away, so that exporters that send all three do not fill their logs
 *   POST /v1/logs       the same
 *
 * Bounds: 64 connections, 8 requests of together 48 MB at a time, each within 15 s; 5,000 spans a second with a reserve
 * of 50,000. Who comes at a bad moment is told to come again (503), which exporters do by themselves. Spans beyond the
 * rate are rejected, said so in the answer, and counted as shed. Where the pipeline asks to wait, the answer waits.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { otlpCannotListen, otlpPortTaken } from "../errors.ts";
import { preciseNow } from "./clock.ts";
import type { Tap, TapEvent, TapReport, TapSink } from "./envelope.ts";
import { encodingOf, readBody, refusesSender, type Encoding, type HttpRefusal } from "./otlp-http.ts";
import { spansOf, type ReadSpans } from "./otlp-spans.ts";
import { OtlpError, readJsonRequest, readProtobufRequest, writeAnswer, writeRefusal } from "./otlp-wire.ts";
import { StateTeller } from "./state-teller.ts";

/** Where exporters send spans to when nobody told them otherwise. */
export const otlpPort = 4318;

export interface OtlpTapOptions {
  /** Default 4318; 0: any free one, for tests. */
  readonly port?: number;
  readonly limits?: Partial<OtlpLimits>;
}

export interface OtlpLimits {
  readonly connections: number;
  /** Requests, and bytes of them, that are worked on at a time. */
  readonly requests: number;
  readonly bytes: number;
  /** How long a request may take to arrive. */
  readonly requestMs: number;
  readonly spansPerSecond: number;
  /** What may come at once after a silence. */
  readonly burst: number;
  /** Spans that are remembered, to know one that is sent again. */
  readonly remembered: number;
}

const defaults: OtlpLimits = {
  connections: 64,
  requests: 8,
  bytes: 48 * 1024 * 1024,
  requestMs: 15_000,
  spansPerSecond: 5_000,
  burst: 50_000,
  remembered: 100_000,
};

export interface OtlpTap extends Tap {
  /** Where it listens; 0 while it does not. */
  readonly port: number;
}

/** A tap that takes in what is sent to it. */
export function createOtlpTap(options: OtlpTapOptions = {}): OtlpTap {
  return new OtlpReceiver(options);
}

/** Spans that are handed on together. */
const atOnce = 500;
const thrownAway = new Set(["/v1/metrics", "/v1/logs"]);
const spokeGrpc =
  "Somebody speaks gRPC to it, which it does not: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf where the spans come from.";
const busy: HttpRefusal = { status: 503, reason: "Too much at once. Try again.", headers: { "retry-after": "1" } };

class OtlpReceiver implements OtlpTap {
  readonly id: string;
  readonly #wanted: number;
  readonly #limits: OtlpLimits;
  readonly #state: StateTeller;
  readonly #known: RecentSpans;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  #sink: TapSink | undefined;
  #stopped = false;
  #requests = 0;
  #held = 0;
  #tokens: number;
  #refilledAt = performance.now();
  #shed = 0;
  /** Why somebody could not send, in a sentence; the last of them. */
  #trouble = "";
  #spans = 0;
  #bytes = 0;

  constructor({ port = otlpPort, limits }: OtlpTapOptions) {
    this.#wanted = port;
    this.#limits = { ...defaults, ...limits };
    this.#tokens = this.#limits.burst;
    this.#known = new RecentSpans(this.#limits.remembered);
    const address = `127.0.0.1:${port}`;
    this.id = `otlp:${address}`;
    this.#state = new StateTeller({ tap: this.id, broker: "otlp", address });
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port ?? 0;
  }

  async start(sink: TapSink): Promise<void> {
    if (this.#sink !== undefined || this.#stopped) return;
    this.#sink = sink;
    this.#state.open(sink);
    await this.#listen();
  }

  retry(): void {
    if (this.#server === undefined && this.#sink !== undefined && !this.#stopped) void this.#listen();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const server = this.#server;
    this.#server = undefined;
    for (const connection of this.#connections) connection.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#state.tell({ phase: "stopped" });
  }

  report(): TapReport {
    return {
      tap: this.id,
      touched: [],
      neverTouched: [`It listened on this machine for what was sent to it, and connected to nothing.`],
      messages: this.#spans,
      bytes: this.#bytes,
    };
  }

  async #listen(): Promise<void> {
    this.#state.tell({ phase: "connecting" });
    const { requestMs, connections } = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: 16 * 1024,
        headersTimeout: Math.min(10_000, requestMs),
        requestTimeout: requestMs,
        keepAliveTimeout: 60_000,
        connectionsCheckingInterval: Math.min(1_000, requestMs),
      },
      (request, response) => {
        const { socket } = request;
        this.#answer(request, response).catch(() => socket.destroy());
      },
    );
    server.maxConnections = connections;
    server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
    });
    server.on("clientError", (cause: Error & { readonly rawPacket?: Buffer }, socket) => {
      // OpenTelemetry's other protocol, which many SDKs speak unless told otherwise.
      if (cause.rawPacket?.subarray(0, 14).toString("latin1") === "PRI * HTTP/2.0") this.#note(spokeGrpc);
      socket.destroy();
    });
    this.#server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        // The address, not the name `localhost`, which could mean something else on some machines.
        server.listen({ port: this.#wanted, host: "127.0.0.1", exclusive: true }, resolve);
      });
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const failure = code === "EADDRINUSE" ? otlpPortTaken(this.#wanted) : otlpCannotListen(this.#wanted, message);
      this.#server = undefined;
      if (!this.#stopped) this.#state.tell({ phase: "failed", detail: failure.message });
      return;
    }
    if (this.#stopped) server.close();
    else this.#tellLive();
  }

  #tellLive(): void {
    const detail = `Spans are taken in at http://127.0.0.1:${this.port}/v1/traces.${this.#trouble}`;
    this.#state.tell({ phase: "live", detail, shed: this.#shed });
  }

  /** Shows why somebody could not send: who points an exporter here looks here when nothing comes. */
  #note(reason: string): void {
    if (this.#stopped || this.#trouble === ` ${reason}`) return;
    this.#trouble = ` ${reason}`;
    this.#tellLive();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
    const path = (request.url ?? "").split("?")[0] ?? "";
    const refusal = refusesSender(request.headers) ?? refusesPath(path, request.method);
    if (refusal !== undefined) return this.#refuse(request, response, "json", refusal);
    const encoding = encodingOf(request.headers);
    if (typeof encoding !== "string") return this.#refuse(request, response, "json", encoding);
    if (thrownAway.has(path)) {
      // Read to its end, so that the connection can be used again; within the same limits of size and time.
      const body = await readBody(request, () => undefined);
      return Buffer.isBuffer(body)
        ? send(response, 200, encoding, writeAnswer(encoding, 0, ""))
        : refuse(request, response, encoding, body);
    }
    if (this.#requests >= this.#limits.requests) return refuse(request, response, encoding, busy);
    this.#requests++;
    let held = 0;
    try {
      const body = await readBody(request, (bytes) => {
        if (this.#held + bytes > this.#limits.bytes) return busy;
        this.#held += bytes;
        held += bytes;
        return undefined;
      });
      if (!Buffer.isBuffer(body)) return refuse(request, response, encoding, body);
      await this.#take(body, encoding, request, response);
    } finally {
      this.#requests--;
      this.#held -= held;
    }
  }

  async #take(body: Buffer, encoding: Encoding, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedAt = preciseNow();
    let read: ReadSpans;
    try {
      const wire = encoding === "json" ? readJsonRequest(body) : readProtobufRequest(body);
      read = spansOf(wire, this.id, receivedAt, this.#allowance());
    } catch (cause) {
      if (!(cause instanceof OtlpError)) throw cause;
      return this.#refuse(request, response, encoding, { status: 400, reason: cause.message });
    }
    const { envelopes, invalid, tooMany } = read;
    this.#tokens -= envelopes.length;
    // What is sent again because an answer got lost was taken already: that is a success as well.
    const events: TapEvent[] = envelopes
      .filter(({ origin }) => this.#known.isNew(`${origin.traceId}${origin.spanId}${origin.spanKind}`))
      .map((envelope) => ({ kind: "message", envelope }));
    this.#spans += events.length;
    this.#bytes += body.length;
    if (tooMany > 0) {
      this.#shed += tooMany;
      this.#tellLive();
    }
    // In pieces, each of which may be waited for: what was said to be taken is never shed behind this.
    for (let i = 0; i < events.length; i += atOnce) await this.#sink?.accept(events.slice(i, i + atOnce));
    send(response, 200, encoding, writeAnswer(encoding, invalid + tooMany, reasonFor(invalid, tooMany)));
  }

  /** Refuses what coming again would not help. */
  #refuse(request: IncomingMessage, response: ServerResponse, encoding: Encoding, refusal: HttpRefusal): void {
    this.#note(`A request was refused: ${refusal.reason}`);
    refuse(request, response, encoding, refusal);
  }

  /** How many spans may be taken in now. */
  #allowance(): number {
    const now = performance.now();
    const { burst, spansPerSecond } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilledAt) / 1000) * spansPerSecond);
    this.#refilledAt = now;
    return Math.max(0, Math.floor(this.#tokens));
  }
}

/** The ids of the newest spans, in two halves: when the younger one is full, the older one is forgotten. */
class RecentSpans {
  readonly #half: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(remembered: number) {
    this.#half = Math.max(1, Math.floor(remembered / 2));
  }

  isNew(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    this.#young.add(id);
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return true;
  }
}

function refusesPath(path: string, method: string | undefined): HttpRefusal | undefined {
  if (path !== "/v1/traces" && !thrownAway.has(path)) {
    return { status: 404, reason: "Spans are taken in at /v1/traces." };
  }
  return method === "POST"
    ? undefined
    : { status: 405, reason: "Spans are sent with POST.", headers: { allow: "POST" } };
}

function reasonFor(invalid: number, tooMany: number): string {
  const reasons: string[] = [];
  if (invalid > 0) reasons.push(`${invalid} without a valid trace id and span id`);
  if (tooMany > 0) reasons.push(`${tooMany} beyond the rate that Contrail takes in`);
  return reasons.length === 0 ? "" : `Rejected spans: ${reasons.join(", ")}.`;
}

/** Answers without having read the body: what is still on its way ends with the connection. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  encoding: Encoding,
  { status, reason, headers }: HttpRefusal,
): void {
  if (!request.complete) {
    // Absent where the sender has gone already.
    const socket = request.socket as Socket | null;
    response.setHeader("connection", "close");
    // Thrown away for a moment: a sender that finds nobody reading would not read the answer either.
    request.resume();
    response.once("finish", () => setTimeout(() => socket?.destroy(), 500).unref());
  }
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  send(response, status, encoding, writeRefusal(encoding, reason));
}

function send(response: ServerResponse, status: number, encoding: Encoding, body: Buffer): void {
  if (response.destroyed || response.writableEnded) return;
  response.writeHead(status, {
    "content-type": encoding === "json" ? "application/json" : "application/x-protobuf",
    "content-length": body.length,
  });
  response.end(body);
}
