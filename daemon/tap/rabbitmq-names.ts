/**
 * The names that applications gave their connections. Trace events call a connection `127.0.0.1:50000 ->
 * 127.0.0.1:5672`. Where the plug-in rabbitmq_event_exchange is on and the user may bind to its exchange, the broker
 * tells each new connection's name at once; else the management API knows it, three to five seconds late. A name that
 * comes after messages of its connection were handed on is handed on by itself.
 */
import type { ChannelModel } from "amqplib";
import type { Management } from "../guardian/index.ts";
import { preciseNow } from "./clock.ts";

const pauseMs = 1_000;
/** Applications that give no name are asked for so often, and not again. */
const askedAtMost = 12;
const keptAtMost = 20_000;
/** A port is given to another connection sooner or later, and its old name must not stick to it. */
const believedMs = 30_000;

const eventExchange = "amq.rabbitmq.event";
const firstVhost = "/";

export interface LateName {
  readonly connection: string;
  readonly name: string;
}

export class ConnectionNames {
  readonly #vhost: string;
  readonly #onLate: (names: readonly LateName[]) => void;
  readonly #known = new Map<string, { readonly name: string; readonly told: boolean }>();
  /** Connections that were met and have no name yet, and how often they were asked for. */
  readonly #nameless = new Map<string, number>();
  #management: Management | undefined;
  #listening = false;
  #lastRefresh = 0;
  #refreshing: Promise<void> | undefined;

  constructor(vhost: string, onLate: (names: readonly LateName[]) => void) {
    this.#vhost = vhost;
    this.#onLate = onLate;
  }

  /** A new connection of the tap: what it is told from now on, and by whom. */
  use(management: Management | undefined): void {
    this.#management = management;
    this.#listening = false;
    for (const connection of this.#nameless.keys()) this.#nameless.set(connection, 0);
  }

  nameOf(connection: string): string | undefined {
    const known = this.#known.get(connection);
    if (known !== undefined) return known.name;
    if (!this.#nameless.has(connection)) {
      if (this.#nameless.size > keptAtMost) this.#nameless.clear();
      this.#nameless.set(connection, 0);
    }
    if (this.#asks(connection) && preciseNow() - this.#lastRefresh >= pauseMs) void this.refresh();
    return undefined;
  }

  /** Every two seconds: asks for those that were met and have no name, and now and then whether the others still have theirs. */
  async lookAfter(): Promise<void> {
    const wanted = [...this.#nameless.keys()].some((connection) => this.#asks(connection));
    const old = !this.#listening && this.#known.size > 0 && preciseNow() - this.#lastRefresh >= believedMs;
    if (wanted || old) await this.refresh();
  }

  /** Asks the management API for every connection of the virtual host. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /**
   * Hears of new connections from the broker itself, where it tells them: in its first virtual host, of all of them. The
   * queue for it goes with its connection: `model`, or one that `elsewhere` opens in that virtual host. Resolves to
   * whether it could.
   */
  async listen(
    model: ChannelModel,
    queueName: string,
    elsewhere: (vhost: string, name: string) => Promise<ChannelModel>,
  ): Promise<boolean> {
    const management = this.#management;
    try {
      if (management === undefined) return false;
      if (await management.hasExchange(this.#vhost, eventExchange)) return await this.#consume(model, queueName);
      if (this.#vhost === firstVhost || !(await management.hasExchange(firstVhost, eventExchange))) return false;
      if (!(await management.hasPermissions(firstVhost))) return false;
      return await this.#consume(await elsewhere(firstVhost, queueName), queueName);
    } catch {
      // Then the management API tells them, later.
      return false;
    }
  }

  async #consume(model: ChannelModel, queueName: string): Promise<boolean> {
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    const { queue } = await channel.assertQueue(queueName, {
      exclusive: true,
      autoDelete: true,
      durable: false,
      arguments: {
        "x-queue-type": "classic",
        "x-max-length": 10_000,
        "x-overflow": "drop-head",
        // As of the tap's own queue: nothing that it drops goes anywhere, whatever a policy says.
        "x-dead-letter-exchange": `${queueName}-nowhere`,
      },
    });
    await channel.bindQueue(queue, eventExchange, "connection.created");
    await channel.consume(queue, (message) => this.#created(message?.properties.headers ?? {}), { noAck: true });
    this.#listening = true;
    return true;
  }

  #created(headers: Readonly<Record<string, unknown>>): void {
    const { name: connection, user_provided_name: name } = headers;
    if (typeof connection !== "string") return;
    if (typeof name === "string" && name !== "") this.#learn([{ connection, name }], true);
    else this.#known.delete(connection);
  }

  #asks(connection: string): boolean {
    return this.#management !== undefined && (this.#nameless.get(connection) ?? 0) < askedAtMost;
  }

  async #refresh(): Promise<void> {
    const management = this.#management;
    if (management === undefined) return;
    this.#lastRefresh = preciseNow();
    try {
      const connections = await management.connections(this.#vhost);
      const there = new Set(connections.map(({ name }) => name));
      for (const [connection, { told }] of this.#known) {
        // One that the broker told of itself may be too new for the management API.
        if (!told && !there.has(connection)) this.#known.delete(connection);
      }
      // Just opened, the statistics do not tell the name yet; the connection may still have one.
      this.#learn(
        connections.flatMap(({ name, applicationName }) =>
          applicationName === undefined ? [] : [{ connection: name, name: applicationName }],
        ),
        false,
      );
    } catch {
      // No names then; the events are worth the same without them.
    }
    for (const [connection, times] of this.#nameless) this.#nameless.set(connection, times + 1);
  }

  #learn(names: readonly LateName[], told: boolean): void {
    if (this.#known.size > keptAtMost) this.#known.clear();
    const late: LateName[] = [];
    for (const { connection, name } of names) {
      this.#known.set(connection, { name, told });
      if (this.#nameless.delete(connection)) late.push({ connection, name });
    }
    if (late.length > 0) this.#onLate(late);
  }
}
