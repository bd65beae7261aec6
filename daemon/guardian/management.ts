/**
 * RabbitMQ's management API, as far as a tap and its guardian need it. Takes in a base URL and credentials; hands out
 * plain facts. Throws `ManagementError` with the HTTP status, or 0 when nobody answered.
 */
import { Agent as HttpAgent, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";

export interface ManagementAccess {
  /** `http://127.0.0.1:15672`, without a path and without credentials. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  /** PEM text of the authority that signed its certificate, when it is none of those known here. */
  readonly ca?: string;
}

export class ManagementError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ManagementError";
    this.status = status;
  }
}

/** What a virtual host says of itself that a change of its tracing must not lose. */
export interface Vhost {
  readonly description: string;
  readonly tags: readonly string[];
  readonly defaultQueueType: string | undefined;
  readonly tracing: boolean;
  /** What was published in it and handed to consumers, ever; seconds old, and nothing where no statistics are kept. */
  readonly traffic: { readonly published: number; readonly delivered: number };
}

export interface ManagementConnection {
  /** `127.0.0.1:50000 -> 127.0.0.1:5672`: what trace events call a connection. */
  readonly name: string;
  /** The name that the application gave it. */
  readonly applicationName: string | undefined;
  readonly user: string;
}

export interface Exchange {
  readonly name: string;
  readonly type: string;
}

export interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly destinationType: string;
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface QueueCounts {
  /** How many messages ever entered it; RabbitMQ 3 tells it as the next number to be given, 4 does not. */
  readonly entered: number | undefined;
  /** How many wait in it, of how many bytes. */
  readonly ready: number;
  readonly readyBytes: number;
  /** How many were handed to consumers, ever. */
  readonly delivered: number;
  /** What policies of the broker lay down for it, by their own words: `max-length`, `message-ttl`. */
  readonly policy: Readonly<Record<string, unknown>>;
}

/** By the host of the management API: the last change of tracing that is under way there. */
const tracingChanges = new Map<string, Promise<void>>();

const timeoutMs = 4_000;
const answerLimit = 64 << 20;

export class Management {
  readonly #access: ManagementAccess;
  readonly #agent: HttpAgent | HttpsAgent;
  /** How many requests were made: those that only ask, and those that change something. */
  readonly requests = { GET: 0, PUT: 0 };

  constructor(access: ManagementAccess) {
    this.#access = access;
    const options = { keepAlive: true, maxSockets: 2, keepAliveMsecs: 5_000 };
    this.#agent = access.baseUrl.startsWith("https:")
      ? new HttpsAgent({ ...options, ...(access.ca === undefined ? {} : { ca: access.ca }) })
      : new HttpAgent(options);
  }

  get access(): ManagementAccess {
    return this.#access;
  }

  /** `cluster`: the name of the node's cluster, which AMQP tells too; so one can see that both are the same broker. */
  async overview(): Promise<{ readonly cluster: string; readonly version: string }> {
    const overview = asObject(await this.#get("/api/overview"));
    return { cluster: asText(overview["cluster_name"]), version: asText(overview["rabbitmq_version"]) };
  }

  async tagsOfUser(): Promise<readonly string[]> {
    return asTexts(asObject(await this.#get("/api/whoami"))["tags"]);
  }

  async vhost(name: string): Promise<Vhost> {
    const vhost = await this.#vhostObject(name);
    const metadata = asObject(vhost["metadata"]);
    // The outer field may be the node's default rather than the virtual host's own; only the inner one is its own.
    const defaultQueueType = metadata["default_queue_type"];
    const traffic = asObject(vhost["message_stats"]);
    return {
      description: asText(metadata["description"] ?? vhost["description"]),
      tags: asTexts(metadata["tags"] ?? vhost["tags"]),
      defaultQueueType:
        typeof defaultQueueType === "string" && defaultQueueType !== "undefined" ? defaultQueueType : undefined,
      tracing: vhost["tracing"] === true,
      traffic: { published: asCount(traffic["publish"]), delivered: asCount(traffic["deliver_get"]) },
    };
  }

  /** One alone is for administrators; in the list, others find those that they may use. */
  async #vhostObject(name: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      return asObject(await this.#get(`/api/vhosts/${encodeURIComponent(name)}`));
    } catch (error) {
      if (!(error instanceof ManagementError) || error.status !== 401) throw error;
      const found = asObjects(await this.#get("/api/vhosts")).find((vhost) => vhost["name"] === name);
      if (found === undefined) throw error;
      return found;
    }
  }

  /**
   * Switches the tracing of a virtual host and returns whether it had to. The request that does it also sets
   * description, tags and default queue type, and empties what it does not name: so all of them are read before. One
   * after the other: a RabbitMQ before 4.3.3 that is asked for two virtual hosts at once forgets one of them.
   */
  setTracing(name: string, on: boolean): Promise<boolean> {
    const { host } = new URL(this.#access.baseUrl);
    const before = tracingChanges.get(host) ?? Promise.resolve();
    const change = before.then(() => this.#changeTracing(name, on));
    const ended = change.then(
      () => undefined,
      () => undefined,
    );
    tracingChanges.set(host, ended);
    void ended.then(() => tracingChanges.get(host) === ended && tracingChanges.delete(host));
    return change;
  }

  async #changeTracing(name: string, on: boolean): Promise<boolean> {
    const vhost = await this.vhost(name);
    if (vhost.tracing === on) return false;
    await this.#send("PUT", `/api/vhosts/${encodeURIComponent(name)}`, {
      tracing: on,
      description: vhost.description,
      tags: vhost.tags.join(","),
      ...(vhost.defaultQueueType === undefined ? undefined : { default_queue_type: vhost.defaultQueueType }),
    });
    return true;
  }

  async connections(vhost: string): Promise<readonly ManagementConnection[]> {
    const columns = "name,user,user_provided_name,client_properties.connection_name";
    const list = await this.#get(`/api/vhosts/${encodeURIComponent(vhost)}/connections?columns=${columns}`);
    return asObjects(list).map((connection) => {
      const given = connection["user_provided_name"] ?? asObject(connection["client_properties"])["connection_name"];
      return {
        name: asText(connection["name"]),
        applicationName: typeof given === "string" && given !== "" ? given : undefined,
        user: asText(connection["user"]),
      };
    });
  }

  async exchanges(vhost: string): Promise<readonly Exchange[]> {
    const list = await this.#get(`/api/exchanges/${encodeURIComponent(vhost)}?columns=name,type`);
    return asObjects(list).map((exchange) => ({ name: asText(exchange["name"]), type: asText(exchange["type"]) }));
  }

  async queueNames(vhost: string): Promise<readonly string[]> {
    const list = await this.#get(`/api/queues/${encodeURIComponent(vhost)}?columns=name`);
    return asObjects(list).map((queue) => asText(queue["name"]));
  }

  async bindings(vhost: string): Promise<readonly Binding[]> {
    return asObjects(await this.#get(`/api/bindings/${encodeURIComponent(vhost)}`)).map((binding) => ({
      source: asText(binding["source"]),
      destination: asText(binding["destination"]),
      destinationType: asText(binding["destination_type"]),
      routingKey: asText(binding["routing_key"]),
      arguments: asObject(binding["arguments"]),
    }));
  }

  /** Seconds old, but all of one moment. */
  async queueCounts(vhost: string, queue: string): Promise<QueueCounts> {
    const found = asObject(await this.#get(queuePath(vhost, queue)));
    const entered = asObject(found["backing_queue_status"])["next_seq_id"];
    return {
      entered: typeof entered === "number" ? entered : undefined,
      ready: asCount(found["messages_ready"]),
      readyBytes: asCount(found["message_bytes_ready"]),
      delivered: asCount(asObject(found["message_stats"])["deliver_get"]),
      policy: asObject(found["effective_policy_definition"]),
    };
  }

  async hasQueue(vhost: string, queue: string): Promise<boolean> {
    return this.#exists(`${queuePath(vhost, queue)}?columns=name`);
  }

  async hasExchange(vhost: string, exchange: string): Promise<boolean> {
    return this.#exists(`/api/exchanges/${encodeURIComponent(vhost)}/${encodeURIComponent(exchange)}?columns=name`);
  }

  /** The queues that are bound to an exchange directly. */
  async queuesBoundTo(vhost: string, exchange: string): Promise<readonly string[]> {
    const path = `/api/exchanges/${encodeURIComponent(vhost)}/${encodeURIComponent(exchange)}/bindings/source`;
    const bindings = asObjects(await this.#get(`${path}?columns=destination,destination_type`));
    const queues = bindings.filter((binding) => binding["destination_type"] === "queue");
    return [...new Set(queues.map((binding) => asText(binding["destination"])))];
  }

  /** Whether the user may enter a virtual host at all; only administrators are told. */
  async hasPermissions(vhost: string): Promise<boolean> {
    return this.#exists(`/api/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(this.#access.username)}`);
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#get(path);
      return true;
    } catch (error) {
      if (error instanceof ManagementError && error.status === 404) return false;
      throw error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #get(path: string): Promise<unknown> {
    return this.#send("GET", path);
  }

  #send(method: "GET" | "PUT", path: string, body?: object): Promise<unknown> {
    this.requests[method]++;
    const url = new URL(path, this.#access.baseUrl);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const credentials = Buffer.from(`${this.#access.username}:${this.#access.password}`).toString("base64");
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(new ManagementError(0, error.message));
      const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
        method,
        agent: this.#agent,
        timeout: timeoutMs,
        headers: {
          authorization: `Basic ${credentials}`,
          accept: "application/json",
          ...(text === undefined
            ? undefined
            : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        },
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)));
      request.on("error", fail);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > answerLimit) response.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString("utf8");
          const status = response.statusCode ?? 0;
          const ok = status >= 200 && status <= 299;
          const parsed = ok ? parse(answer) : undefined;
          if (!ok) reject(new ManagementError(status, `${method} ${url.pathname} was answered with ${status}`));
          else if (parsed === undefined)
            reject(new ManagementError(status, `${url.host} does not answer like RabbitMQ's management API`));
          else resolve(parsed.value);
        });
      });
      request.end(text);
    });
  }
}

/** Nothing is an answer too: that to a change. */
function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: text.trim() === "" ? undefined : (JSON.parse(text) as unknown) };
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function asObjects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function asCount(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function queuePath(vhost: string, queue: string): string {
  return `/api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A list of texts, which older versions write as one text with commas. */
function asTexts(value: unknown): readonly string[] {
  if (typeof value === "string")
    return value
      .split(",")
      .map((text) => text.trim())
      .filter((text) => text !== "");
  return Array.isArray(value) ? value.filter((text): text is string => typeof text === "string") : [];
}
