import { WebSocket } from "ws";
import { protocolVersion, type ClientMessage, type ServerMessage, type TapSettings } from "../serve/protocol.ts";
import { isAlive, readConnectionFile } from "./connection-file.ts";

export interface ConnectOptions {
  readonly client: "webview" | "page" | "extension" | "cli";
  /** Says `hello` by itself on every connection. A host that passes a page's words through leaves it to the page. Default yes. */
  readonly hello?: boolean;
  /** Waits for a daemon when there is none, and for the next when it ends. Default no: then `closed` is the end. */
  readonly wait?: boolean;
  /** Brings a daemon back when it died; see startDaemon. */
  readonly revive?: () => Promise<void>;
}

export interface ConnectionChange {
  readonly state: "connecting" | "open" | "closed";
  /** One sentence: what happened, and what happens next. */
  readonly detail?: string;
  readonly nextTryAt?: number;
}

type WithRequest = Extract<ClientMessage, { readonly request: number }>;
/** A message that is answered, without its number. */
export type Question = WithRequest extends infer M ? (M extends WithRequest ? Omit<M, "request"> : never) : never;

/** What goes along with the taps; see `configure` of the protocol. */
export type ConfigureMore = Pick<
  Extract<ClientMessage, { kind: "configure" }>,
  "allowRemote" | "addressMap" | "registry" | "again"
>;

/** A connection to the daemon that comes back by itself. Watches are said again after every break, so nothing is missed. */
export interface DaemonConnection {
  /** The capture that the daemon shows; empty before the first welcome. */
  readonly captureId: string;
  readonly state: ConnectionChange["state"];
  /** Sent now, or dropped while there is no connection; watches are kept and said again. */
  send(message: ClientMessage): void;
  /** Asks and waits for the answer; rejects with the daemon's sentence when it refuses, or when the connection breaks. */
  ask(question: Question): Promise<ServerMessage>;
  configure(taps: readonly TapSettings[], more?: ConfigureMore): Promise<void>;
  /** An address with a one-time code, for a browser. */
  browserAddress(): Promise<string>;
  /** Both return a function that takes the listener away. */
  onMessage(listener: (message: ServerMessage) => void): () => void;
  onState(listener: (change: ConnectionChange) => void): () => void;
  /** Tries again now instead of after the pause. */
  reconnect(): void;
  /** Leaves. The daemon goes on for others. */
  close(): void;
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;
const openWithinMs = 5_000;

/**
 * Connects to the daemon of a connection file. Resolves when the connection stands; rejects with a sentence when there
 * is no daemon, unless `wait`: then it resolves at once and connects when one is there.
 */
export async function connectDaemon(file: string, options: ConnectOptions): Promise<DaemonConnection> {
  const connection = new Connection(file, options);
  const opened = connection.open();
  if (options.wait === true) opened.catch(() => undefined);
  else await opened;
  return connection;
}

class Connection implements DaemonConnection {
  captureId = "";
  state: ConnectionChange["state"] = "connecting";
  private readonly file: string;
  private readonly options: ConnectOptions;
  private socket: WebSocket | undefined;
  private revision = 0;
  private lastSeq = 0;
  private attempt = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private nextRequest = 1_000_000;
  private readonly watches = new Map<string, ClientMessage>();
  private readonly waiting = new Map<
    number,
    { resolve: (message: ServerMessage) => void; reject: (cause: Error) => void }
  >();
  private readonly messageListeners = new Set<(message: ServerMessage) => void>();
  private readonly stateListeners = new Set<(change: ConnectionChange) => void>();

  constructor(file: string, options: ConnectOptions) {
    this.file = file;
    this.options = options;
  }

  async open(): Promise<void> {
    try {
      await this.connect();
    } catch (cause) {
      if (this.options.wait === true) this.tryAgain();
      else this.closed = true;
      throw cause;
    }
  }

  send(message: ClientMessage): void {
    if (message.kind.startsWith("watch")) this.watches.set(message.kind, message);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  ask(question: Question): Promise<ServerMessage> {
    const request = this.nextRequest++;
    return new Promise((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        reject(new Error("There is no connection to the daemon at the moment. Try again."));
        return;
      }
      this.waiting.set(request, { resolve, reject });
      this.send({ ...question, request });
    });
  }

  async configure(taps: readonly TapSettings[], more: ConfigureMore = {}): Promise<void> {
    await this.ask({ kind: "configure", taps, ...more });
  }

  async browserAddress(): Promise<string> {
    const answer = await this.ask({ kind: "getBrowserAddress" });
    return answer.kind === "browserAddress" ? answer.address : "";
  }

  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.messageListeners.add(listener);
    return () => this.messageListeners.delete(listener);
  }

  onState(listener: (change: ConnectionChange) => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  reconnect(): void {
    if (this.closed || this.state === "open") return;
    clearTimeout(this.timer);
    this.attempt = 0;
    this.connect().catch(() => this.tryAgain());
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
    // A daemon that hangs does not answer the closing handshake; this side is done all the same.
    const { socket } = this;
    if (socket !== undefined) setTimeout(() => socket.terminate(), 500).unref();
    this.failWaiting();
  }

  private async connect(): Promise<void> {
    const info = readConnectionFile(this.file);
    if (info === undefined || !isAlive(info.pid))
      throw new Error("No trace is running. Start one with Contrail: Start Trace.");
    if (info.protocolVersion !== protocolVersion) {
      throw new Error(
        "The running daemon is of another version of Contrail. End it with Contrail: Stop Trace, then start it again.",
      );
    }
    this.change({ state: "connecting" });
    const socket = new WebSocket(`ws://127.0.0.1:${info.port}/live`, {
      headers: { authorization: `Bearer ${info.token}` },
      handshakeTimeout: openWithinMs,
      perMessageDeflate: false,
      maxPayload: 256 * 1024 * 1024,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    if (this.closed) {
      socket.terminate();
      return;
    }
    this.socket = socket;
    this.attempt = 0;
    socket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) this.receive(data.toString("utf8"));
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", (_code, reason) => this.onClosed(reason.toString("utf8")));
    if (this.options.hello !== false) {
      this.send({
        kind: "hello",
        protocolVersion,
        client: this.options.client,
        revision: this.revision,
        ...(this.captureId === "" ? {} : { captureId: this.captureId }),
      });
      for (const watch of this.watches.values()) {
        this.send(
          watch.kind === "watchMessages" ? { ...watch, afterSeq: Math.max(watch.afterSeq, this.lastSeq) } : watch,
        );
      }
    }
    this.change({ state: "open" });
  }

  private receive(text: string): void {
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
    } catch {
      return;
    }
    if (message.kind === "welcome") {
      if (this.captureId !== "" && this.captureId !== message.captureId) this.lastSeq = 0;
      this.captureId = message.captureId;
    }
    if ("revision" in message) this.revision = message.revision;
    if (message.kind === "messages") this.lastSeq = message.messages.at(-1)?.seq ?? this.lastSeq;
    const request = "request" in message ? message.request : undefined;
    const asked = request === undefined ? undefined : this.waiting.get(request);
    if (request !== undefined && asked !== undefined) {
      this.waiting.delete(request);
      if (message.kind === "refused") asked.reject(new Error(message.reason));
      else asked.resolve(message);
      return;
    }
    for (const listener of this.messageListeners) listener(message);
  }

  private onClosed(reason: string): void {
    this.socket = undefined;
    this.failWaiting();
    if (this.closed) {
      this.change({ state: "closed", ...(reason === "" ? {} : { detail: reason }) });
      return;
    }
    this.tryAgain(reason);
  }

  private tryAgain(reason = ""): void {
    if (this.closed) return;
    const info = readConnectionFile(this.file);
    const gone = info === undefined || !isAlive(info.pid);
    if (gone && this.options.revive === undefined && this.options.wait !== true) {
      this.closed = true;
      this.change({ state: "closed", detail: reason === "" ? "The trace has ended." : reason });
      return;
    }
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.attempt++, 10));
    this.change({
      state: "closed",
      nextTryAt: Date.now() + pause,
      ...(reason === "" ? {} : { detail: reason }),
    });
    this.timer = setTimeout(() => {
      this.again(gone).catch((cause: unknown) => this.tryAgain(cause instanceof Error ? cause.message : ""));
    }, pause);
    if (this.options.wait === true) this.timer.unref();
  }

  private async again(gone: boolean): Promise<void> {
    if (gone) await this.options.revive?.();
    await this.connect();
  }

  private failWaiting(): void {
    for (const { reject } of this.waiting.values()) reject(new Error("The connection to the daemon broke. Try again."));
    this.waiting.clear();
  }

  private change(change: ConnectionChange): void {
    this.state = change.state;
    for (const listener of this.stateListeners) listener(change);
  }
}
