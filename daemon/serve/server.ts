import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Change } from "../correlate/model.ts";
import type { Pipeline } from "../pipeline.ts";
import { Board } from "./board.ts";
import { Guard } from "./guard.ts";
import { noteCaptureProblem } from "./present-status.ts";
import { Activity } from "./histogram.ts";
import { addressOf, answerPage } from "./page.ts";
import { Session } from "./session.ts";
import type { Shown } from "./shown.ts";

export interface ServeOptions {
  readonly pipeline: Pipeline;
  /** Absent: a free one. */
  readonly port?: number;
  /** Where the page was bundled to. */
  readonly webviewFolder?: string;
  readonly now: () => number;
  readonly showing: Shown["showing"];
  readonly reports: Shown["reports"];
  readonly retryTap: Shown["retryTap"];
  readonly configure: Shown["configure"];
  readonly shutdown: () => void;
  /** What changed in a round; only one can take it from the pipeline. */
  readonly onChanges?: (changes: readonly Change[]) => void;
  /** The number of connected views, whenever it changes. */
  readonly onViews?: (count: number) => void;
}

const roundMs = 100;
const mostViews = 64;
/** A text of a view; the largest is a list of taps. */
const mostFrameBytes = 256 * 1024;

/** Listens on the loopback address and lets views look at the pipeline. */
export class TraceServer {
  readonly guard: Guard;
  private readonly options: ServeOptions;
  private readonly http: Server;
  private readonly sockets: WebSocketServer;
  private readonly sessions = new Set<Session>();
  private readonly connections = new Set<Socket>();
  private shown: Shown;
  private timer: NodeJS.Timeout | undefined;
  private rounds = 0;
  private statesSaid = "";
  private port = 0;

  constructor(options: ServeOptions) {
    this.options = options;
    this.guard = new Guard(options.now);
    this.shown = this.shownOf(options.pipeline);
    this.http = createServer(
      { maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 10_000 },
      (request, response) => {
        answerPage(request, response, this.guard, options.webviewFolder).catch(() => response.destroy());
      },
    );
    this.http.on("connection", (socket: Socket) => {
      this.connections.add(socket);
      socket.once("close", () => this.connections.delete(socket));
    });
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: mostFrameBytes, perMessageDeflate: false });
    this.http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
  }

  /** Resolves to the port; rejects with one sentence when it is taken. */
  async listen(): Promise<number> {
    const { port = 0 } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.http.once("error", (cause: NodeJS.ErrnoException) =>
        reject(cause.code === "EADDRINUSE" ? portIsTaken(port) : cause),
      );
      // The address, not the name `localhost`, which could mean something else on some machines.
      this.http.listen({ port, host: "127.0.0.1", exclusive: true }, resolve);
    });
    this.port = (this.http.address() as AddressInfo).port;
    this.guard.listensOn(this.port);
    this.timer = setInterval(() => this.round(), roundMs);
    return this.port;
  }

  /** Shows another capture: views come back at once, and learn from the welcome that it is another one. */
  show(pipeline: Pipeline): void {
    this.shown = this.shownOf(pipeline);
    this.round();
    for (const client of this.sockets.clients) client.close(4000, "Another capture is shown now.");
  }

  get views(): number {
    return this.sessions.size;
  }

  /** An address for one browser, once. */
  browserAddress(): string {
    return `http://127.0.0.1:${this.port}/?code=${this.guard.issueCode()}`;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const client of this.sockets.clients) client.close(1001, "The trace ended.");
    this.sockets.close();
    const closed = new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
    // A peer that does not answer the closing handshake must not hold up the end.
    const impatient = setTimeout(() => {
      for (const client of this.sockets.clients) client.terminate();
      for (const connection of this.connections) connection.destroy();
    }, 200);
    this.http.closeIdleConnections();
    await closed;
    clearTimeout(impatient);
  }

  /** Has views learn what changed: every 100 ms, and once before the first view comes, so that it finds what is there. */
  round(): void {
    const { pipeline, board, activity } = this.shown;
    const second = ++this.rounds % (1000 / roundMs) === 0;
    const changes: readonly Change[] = pipeline.cycle();
    if (changes.length > 0) this.options.onChanges?.(changes);
    activity.count(pipeline);
    const before = board.revision;
    if (second) for (const session of this.sessions) board.touch(session.ticking());
    const changed = board.apply(changes);
    noteCaptureProblem(pipeline);
    const states = JSON.stringify([...pipeline.taps.values()]) + (pipeline.capture.problem ?? "");
    const statesChanged = states !== this.statesSaid;
    this.statesSaid = states;
    for (const session of this.sessions) {
      if (statesChanged) session.sendStatus();
      session.round(changed, board.revision !== before, second);
    }
  }

  private shownOf(pipeline: Pipeline): Shown {
    const { showing, reports, retryTap, configure, shutdown } = this.options;
    return {
      pipeline,
      board: new Board(pipeline),
      activity: new Activity(),
      showing,
      reports,
      retryTap,
      configure,
      shutdown,
      browserAddress: () => this.browserAddress(),
    };
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const refusal = this.guard.refuses(request.headers);
    if (refusal !== undefined) return turnAway(socket, refusal.status, refusal.reason);
    const pass = this.guard.passOf(request.headers);
    if (pass === undefined) return turnAway(socket, 401, "Show the token or the cookie.");
    if (addressOf(request)?.pathname !== "/live") return turnAway(socket, 404, "The socket is at /live.");
    if (this.sessions.size >= mostViews) return turnAway(socket, 503, "Too many views are open.");
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      const session = new Session(client, pass, this.shown);
      this.sessions.add(session);
      this.options.onViews?.(this.sessions.size);
      client.on("message", (data: Buffer, isBinary) => {
        if (isBinary) return;
        session.receive(data.toString("utf8")).catch((cause: unknown) => {
          console.error("contrail: a view's message could not be answered:", cause);
        });
      });
      // A frame that is too large or malformed: `ws` ends this connection, and only this one.
      client.on("error", () => client.terminate());
      client.on("close", () => {
        this.sessions.delete(session);
        this.options.onViews?.(this.sessions.size);
      });
    });
    return undefined;
  }
}

export function portIsTaken(port: number): Error {
  return new Error(
    `Port ${port} on this machine is taken by another program. Choose another with --port, or leave it out for a free one.`,
  );
}

function turnAway(socket: Duplex, status: number, reason: string): void {
  const words: Readonly<Record<number, string>> = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    421: "Misdirected Request",
    503: "Service Unavailable",
  };
  socket.end(
    `HTTP/1.1 ${status} ${words[status] ?? "Refused"}\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
  );
}
