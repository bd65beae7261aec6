/** Traffic without a broker: a tap that sends what a test tells it to, and a view that keeps what it was told. */
import { WebSocket } from "ws";
import { protocolVersion, type ClientMessage, type ServerMessage } from "../serve/protocol.ts";
import type { Envelope, GroupLag, Header, RabbitmqOrigin, Tap, TapEvent, TapSink, TapState } from "../tap/envelope.ts";

let nextOffset = 0n;

export class ScriptedTap implements Tap {
  readonly id: string;
  stopped = false;
  /** How far consumer groups are behind, as a Kafka tap would say. */
  lags: readonly GroupLag[] = [];
  private sink: TapSink | undefined;

  constructor(id = "kafka:127.0.0.1:9092") {
    this.id = id;
  }

  async start(sink: TapSink): Promise<void> {
    this.sink = sink;
    await this.say({ phase: "live" });
  }

  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }

  report() {
    return { tap: this.id, touched: [], neverTouched: ["nothing"], messages: 0, bytes: 0 };
  }

  groups(): readonly GroupLag[] {
    return this.lags;
  }

  async send(...events: TapEvent[]): Promise<void> {
    await this.sink?.accept(events);
  }

  async message(...envelopes: Envelope[]): Promise<void> {
    await this.send(...envelopes.map((envelope) => ({ kind: "message", envelope }) as const));
  }

  async say(state: Partial<TapState>): Promise<void> {
    const [broker = "", address = ""] = this.id.split(/:(.*)/s);
    await this.send({
      kind: "state",
      state: { tap: this.id, broker: broker as "kafka", address, phase: "live", since: Date.now(), shed: 0, ...state },
    });
  }
}

interface Parts {
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
  readonly key?: string;
  readonly at?: number;
}

function partsOf(body: unknown, { headers = {}, key, at = Date.now() }: Parts) {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const list: Header[] = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return {
    receivedAt: at,
    headers: list,
    key: key === undefined ? null : Buffer.from(key),
    body: bytes,
    bodySize: bytes.length,
  };
}

export function kafka(topic: string, body: unknown, parts: Parts = {}): Envelope {
  const common = partsOf(body, parts);
  return {
    ...common,
    tap: "kafka:127.0.0.1:9092",
    timestamp: Math.floor(common.receivedAt),
    origin: {
      broker: "kafka",
      topic,
      partition: 0,
      offset: nextOffset++,
      timestampType: "create",
      transactional: false,
    },
  };
}

export function rabbit(
  queue: string,
  body: unknown,
  parts: Parts & { readonly properties?: RabbitmqOrigin["properties"]; readonly connectionName?: string } = {},
): Envelope & { readonly origin: RabbitmqOrigin } {
  return {
    ...partsOf(body, parts),
    tap: "rabbitmq:127.0.0.1:5672",
    origin: {
      broker: "rabbitmq",
      vhost: "/",
      exchange: "",
      routingKeys: [queue],
      routedQueues: [queue],
      properties: parts.properties ?? {},
      ...(parts.connectionName === undefined ? {} : { connectionName: parts.connectionName }),
    },
  };
}

/** A client on a raw socket: keeps every message and waits for those that a test wants. */
export class TestView {
  readonly socket: WebSocket;
  readonly received: ServerMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  private listeners = new Set<() => void>();

  constructor(port: number, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers });
    this.socket.on("message", (data: Buffer) => {
      this.received.push(JSON.parse(data.toString("utf8")) as ServerMessage);
      for (const listener of this.listeners) listener();
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString("utf8") };
      for (const listener of this.listeners) listener();
    });
    this.socket.on("error", () => undefined);
  }

  static async open(
    port: number,
    token: string,
    hello: Partial<Extract<ClientMessage, { kind: "hello" }>> = {},
  ): Promise<TestView> {
    const view = new TestView(port, { authorization: `Bearer ${token}` });
    await new Promise((resolve, reject) => view.socket.once("open", resolve).once("error", reject));
    view.send({ kind: "hello", protocolVersion, client: "extension", revision: 0, ...hello });
    await view.next("welcome");
    return view;
  }

  send(message: ClientMessage | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message));
  }

  watchList(filter: { text?: string; states?: readonly string[] } = {}, first = 0, count = 100): void {
    this.send({ kind: "watchConversations", filter: { text: "", states: [], ...filter }, first, count });
  }

  last<K extends ServerMessage["kind"]>(kind: K): Extract<ServerMessage, { kind: K }> | undefined {
    return this.received.findLast((message): message is Extract<ServerMessage, { kind: K }> => message.kind === kind);
  }

  /** The newest message of a kind that satisfies `wanted`, as soon as there is one. */
  async next<K extends ServerMessage["kind"]>(
    kind: K,
    wanted: (message: Extract<ServerMessage, { kind: K }>) => boolean = () => true,
    withinMs = 10_000,
  ): Promise<Extract<ServerMessage, { kind: K }>> {
    const find = () => {
      const message = this.last(kind);
      return message !== undefined && wanted(message) ? message : undefined;
    };
    const found = find();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.listeners.delete(look);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`No ${kind} as wanted came; the last was ${JSON.stringify(this.last(kind))?.slice(0, 2000)}`));
      }, withinMs);
      const look = () => {
        const message = find();
        if (message === undefined && this.closed === undefined) return;
        done();
        if (message === undefined) reject(new Error(`The connection was closed: ${JSON.stringify(this.closed)}`));
        else resolve(message);
      };
      this.listeners.add(look);
    });
  }

  close(): void {
    this.socket.terminate();
  }
}
