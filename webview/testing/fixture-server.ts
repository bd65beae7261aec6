/**
 * A scripted daemon for the page's tests and for looking at the page while working on it:
 * `npx node webview/testing/fixture-server.ts [port]`, then open the address with `?theme=light` and the like. It
 * serves dist/webview under the strict policy that the daemon and VS Code use, and answers the protocol from fixtures.
 */
import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { WebSocketServer, type WebSocket } from "ws";
import type { ClientMessage, ConversationFilter, ConversationRow, ServerMessage } from "../../daemon/serve/protocol.ts";
import { detailOf } from "./fixture-conversations.ts";
import { listRow, needsLook } from "./fixture-rows.ts";
import { histogramOf, messageOf, report, statusOf, type Scenario } from "./fixture-messages.ts";

export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
};

export class FixtureServer {
  scenario: Scenario = "live";
  /** Everything the page said, in order. */
  readonly heard: ClientMessage[] = [];
  revision = 100;
  captureId = "capture-1";
  /** How many conversations came after the page was loaded. */
  arrived = 0;
  /** As a daemon that hangs: it takes connections and says nothing. */
  mute = false;
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #watches = new Map<WebSocket, Extract<ClientMessage, { kind: "watchConversations" }>>();

  /** `folder`: where the bundled page is. */
  constructor(folder = join(import.meta.dirname, "../../dist/webview")) {
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://fixture").pathname;
      const name = path === "/" ? "index.html" : path.slice(1);
      const type = types[extname(name)];
      if (type === undefined || name.includes("..")) {
        response.writeHead(404).end();
        return;
      }
      readFile(join(folder, name)).then(
        (content) => response.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(content),
        () => response.writeHead(404).end(),
      );
    });
    const sockets = new WebSocketServer({ server: this.#server, path: "/live" });
    sockets.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#watches.delete(socket);
      });
      socket.on("message", (data: Buffer) => this.#answer(socket, JSON.parse(data.toString("utf8")) as ClientMessage));
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : port}/`;
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** As if the daemon had been killed and came back. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** New conversations come on top. */
  arrive(conversations: number): void {
    this.arrived += conversations;
    this.revision++;
    for (const [socket, watch] of this.#watches) this.#list(socket, watch);
  }

  sendStatus(): void {
    for (const socket of this.#sockets) say(socket, { kind: "status", status: statusOf(this.scenario) });
  }

  #answer(socket: WebSocket, message: ClientMessage): void {
    this.heard.push(message);
    if (this.mute) return;
    switch (message.kind) {
      case "hello":
        say(socket, {
          kind: "welcome",
          protocolVersion: 1,
          captureId: this.captureId,
          revision: this.revision,
          resumed: message.captureId === this.captureId,
          status: statusOf(this.scenario),
        });
        break;
      case "watchConversations":
        this.#watches.set(socket, message);
        this.#list(socket, message);
        break;
      case "watchConversation": {
        const detail = message.id === null ? undefined : detailOf(message.id);
        if (detail) say(socket, { kind: "conversation", revision: this.revision, detail });
        break;
      }
      case "getMessage":
        say(socket, { kind: "message", request: message.request, message: messageOf(message.seq) });
        break;
      case "getReport":
        say(socket, { kind: "report", request: message.request, reports: report });
        break;
      default:
        break;
    }
  }

  #list(socket: WebSocket, watch: Extract<ClientMessage, { kind: "watchConversations" }>): void {
    const total = this.#total(watch.filter);
    const count = Math.max(0, Math.min(watch.count, total - watch.first));
    const rows = Array.from({ length: count }, (_unused, index) => this.#row(watch.first + index));
    const nothing = total === 0;
    say(socket, {
      kind: "conversations",
      revision: watch.atRevision ?? this.revision,
      needsLook: nothing ? [] : needsLook,
      needsLookTotal: nothing ? 0 : 4,
      first: watch.first,
      rows,
      total,
      counts: {
        all: nothing ? 0 : 1318,
        running: 14,
        completed: 1288,
        compensating: 1,
        compensated: 9,
        stuck: 1,
        failed: 1,
        late: 4,
      },
      histogram: histogramOf(this.scenario),
      ruler: Array.from({ length: 200 }, (_unused, index) => ({
        errors: [14, 20, 154].includes(index) ? 1 : 0,
        warnings: [8, 26, 122].includes(index) ? 1 : 0,
      })),
      ...(watch.filter.text === "slowly found" ? { searchBehind: 12_000 } : {}),
      ...(watch.filter.text === "often found" ? { searchCut: 10_000 } : {}),
      ...(watch.atRevision === undefined ? {} : { behind: 312 }),
    });
  }

  /** Rows that arrived are older by their number, so that every index keeps its conversation's id. */
  #row(index: number): ConversationRow {
    if (index >= this.arrived) return listRow(index - this.arrived);
    return { ...listRow(0), id: `new${this.arrived - index}`, key: `NEW-${this.arrived - index}` };
  }

  #total(filter: ConversationFilter): number {
    if (this.scenario === "quiet" || this.scenario === "empty" || this.scenario === "connecting") return 0;
    if (filter.text === "nothing like it") return 0;
    return (this.scenario === "million" ? 1_000_000 : 1314) + this.arrived;
  }
}

function say(socket: WebSocket, message: ServerMessage): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}

if (process.argv[1] === import.meta.filename) {
  const server = new FixtureServer();
  const scenario = process.argv[3];
  if (scenario !== undefined) server.scenario = scenario as Scenario;
  console.log(await server.listen(Number(process.argv[2] ?? 0)));
}
