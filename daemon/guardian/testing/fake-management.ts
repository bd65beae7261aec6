/** A management API that behaves as RabbitMQ's does, its trap included: what a change does not name, it empties. */
import { createServer, type IncomingMessage, type Server } from "node:http";

export interface FakeVhost {
  description: string;
  tags: string[];
  default_queue_type?: string;
  tracing: boolean;
}

export class FakeManagement {
  readonly vhosts = new Map<string, FakeVhost>();
  readonly requests: string[] = [];
  tags: readonly string[] = ["administrator"];
  /** Answers everything with an error, as a broker does that is just starting. */
  broken = false;
  /** The most requests that were under way at the same time. */
  mostAtOnce = 0;
  #now = 0;
  #held: Promise<void> | undefined;
  readonly #server: Server = createServer((request, response) => {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#now);
    void this.#answer(request).then(({ status, body }) => {
      this.#now--;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** The next change waits, as at a broker that is busy, until what this returns is called. */
  holdNextChange(): () => void {
    let release: () => void = () => undefined;
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }

  get baseUrl(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  get access() {
    return { baseUrl: this.baseUrl, username: "bob", password: "s3cret" };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    this.requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    if (this.broken) return { status: 503 };
    if (request.headers.authorization !== `Basic ${Buffer.from("bob:s3cret").toString("base64")}`)
      return { status: 401 };
    const path = new URL(request.url ?? "/", this.baseUrl).pathname;
    if (path === "/api/overview") return { status: 200, body: { cluster_name: "rabbit@here", rabbitmq_version: "4" } };
    if (path === "/api/whoami") return { status: 200, body: { name: "bob", tags: this.tags } };
    if (path === "/api/vhosts") {
      return { status: 200, body: [...this.vhosts].map(([name, vhost]) => describe(name, vhost)) };
    }
    const name = decodeURIComponent(/^\/api\/vhosts\/([^/]+)$/.exec(path)?.[1] ?? "");
    const vhost = this.vhosts.get(name);
    if (vhost === undefined) return { status: 404 };
    if (!this.tags.includes("administrator")) return { status: 401 };
    if (request.method === "GET") return { status: 200, body: describe(name, vhost) };
    const held = this.#held;
    this.#held = undefined;
    await held;
    const change = JSON.parse(text) as Partial<Record<string, string | boolean>>;
    this.vhosts.set(name, {
      description: String(change["description"] ?? ""),
      tags: String(change["tags"] ?? "")
        .split(",")
        .filter((tag) => tag !== ""),
      ...(change["default_queue_type"] === undefined
        ? {}
        : { default_queue_type: String(change["default_queue_type"]) }),
      tracing: change["tracing"] === true,
    });
    return { status: 204 };
  }
}

function describe(name: string, { tracing, ...metadata }: FakeVhost): object {
  return { name, tracing, ...metadata, default_queue_type: metadata.default_queue_type ?? "undefined", metadata };
}
