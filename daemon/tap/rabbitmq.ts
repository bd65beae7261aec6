/**
 * The RabbitMQ tap: sees messages without taking any.
 *
 * Where it may, by the firehose: with tracing on, the broker copies every publish and every delivery of a virtual host
 * to `amq.rabbitmq.trace`, to which the tap binds a queue of its own. Tracing is switched on only when it was off, under
 * a lease (guardian/), and off again at the end. Where it may not, by bindings of its own beside those of others; where
 * not even that, it only says so. Which of them it is, `state.mode` tells.
 *
 * The queue is exclusive, bounded and drops its oldest: when the tap cannot keep up, it loses trace events and says so,
 * and the broker does not suffer. Events are acknowledged when the sink has taken them, so that bound is the buffer.
 */
import type { ChannelModel, ConsumeMessage } from "amqplib";
import { randomBytes } from "node:crypto";
import { brokerClosed, brokerFailed, failureOf } from "../errors.ts";
import type { LeaseKeeper, Management } from "../guardian/index.ts";
import { rabbitmqAddress, type RabbitmqAddress } from "./address.ts";
import { pause, preciseNow } from "./clock.ts";
import { number } from "./cost.ts";
import type { Tap, TapEvent, TapReport, TapSink } from "./envelope.ts";
import { openAmqp, type AmqpConnection } from "./rabbitmq-connect.ts";
import { Destinations } from "./rabbitmq-destinations.ts";
import type { Dropped } from "./rabbitmq-dropped.ts";
import { findManagement } from "./rabbitmq-management.ts";
import { ownPrefix, readCopy, readTrace } from "./rabbitmq-messages.ts";
import { ConnectionNames, type LateName } from "./rabbitmq-names.ts";
import { Tracing } from "./rabbitmq-tracing.ts";
import { RabbitmqWatch, type RabbitmqMode } from "./rabbitmq-watch.ts";
import { liveDetail } from "./rabbitmq-words.ts";
import { StateTeller } from "./state-teller.ts";

export interface RabbitmqTapOptions {
  readonly address: RabbitmqAddress;
  /** Where the management API is, when it is not where one expects it: `http://127.0.0.1:15672`. */
  readonly managementUrl?: string;
  /** Leases for what the tap changes. Without it, a killed tap leaves tracing on. */
  readonly leases?: LeaseKeeper;
  /** Where tracing is not permitted: the exchanges to watch by bindings. Without it, all that can be listed. */
  readonly exchanges?: readonly string[];
  /** Never switch tracing on, even where the user may. */
  readonly noFirehose?: boolean;
  /** PEM text of the authority that signed the broker's certificate, when it is none of those known here. */
  readonly ca?: string;
  readonly connectTimeoutMs?: number;
  /** The most bytes of a body that are kept; `bodySize` tells the whole size. Default 1 MiB. */
  readonly keptBytes?: number;
  /** The bound of the tap's queue at the broker, in messages and bytes. */
  readonly queueLength?: number;
  readonly queueBytes?: number;
}

/** Why a session ended: the broker's reply code and words, or `again` where another way of watching is to be taken. */
interface SessionEnd {
  readonly code: number | "again" | undefined;
  readonly message?: string;
}

const longestBackoffMs = 8_000;
const watchEveryMs = 2_000;
const longNamesCode = 541;
const heardOfConnections =
  "Another queue of the tap's own, exclusive and gone with its connection, heard the names of new connections.";
/** For so long it is said that somebody switched tracing off. */
const sayOffMs = 300_000;

export function createRabbitmqTap(options: RabbitmqTapOptions): Tap {
  return new RabbitmqTap(options);
}

class RabbitmqTap implements Tap {
  readonly id: string;
  readonly #options: RabbitmqTapOptions;
  readonly #address: string;
  readonly #vhost: string;
  readonly #name = `${ownPrefix}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #stopping = new AbortController();
  readonly #state: StateTeller;
  readonly #names: ConnectionNames;
  #wake = new AbortController();
  #sink: TapSink | undefined;
  #running: Promise<void> | undefined;
  #management: Management | undefined;
  #managementRefused = false;
  readonly #tracing: Tracing;
  readonly #destinations: Destinations;
  #watch: RabbitmqWatch | undefined;
  /** As it was last: told also while it is interrupted. */
  #mode: RabbitmqMode | undefined;
  /** Names over 247 bytes exist, so the firehose is bound name by name. */
  #narrow = false;
  #messages = 0;
  /** Publishes and deliveries that the broker copied for the tap. */
  #events = 0;
  #connections = 0;
  /** Requests to management APIs of earlier connections. */
  readonly #asked = { GET: 0, PUT: 0 };
  #bytes = 0;
  #shed = 0;
  #shedBefore = 0;
  #shedKnown: Dropped["known"] = "exactly";
  readonly #touched = new Set<string>();

  constructor(options: RabbitmqTapOptions) {
    this.#options = options;
    this.#vhost = options.address.vhost;
    this.#address = rabbitmqAddress(options.address);
    this.id = `rabbitmq:${this.#address}`;
    this.#state = new StateTeller({ tap: this.id, broker: "rabbitmq", address: this.#address });
    this.#names = new ConnectionNames(this.#vhost, (names) => this.#tellNames(names));
    this.#tracing = new Tracing(this.#vhost, options.leases, (sentence) => this.#touched.add(sentence));
    this.#destinations = new Destinations(
      (queue) => this.#management?.hasQueue(this.#vhost, queue) ?? Promise.reject(new Error("no management API")),
      preciseNow,
    );
  }

  /** Resolves when the tap sees what it can see, or when its first attempt failed. */
  async start(sink: TapSink): Promise<void> {
    if (this.#sink !== undefined || this.#stopping.signal.aborted) return;
    this.#sink = sink;
    this.#state.open(sink);
    this.#state.tell({ phase: "connecting", detail: `Connecting to RabbitMQ at ${this.#address}.` });
    await new Promise<void>((settled) => {
      this.#running = this.#run(settled);
    });
  }

  async stop(): Promise<void> {
    const first = !this.#stopping.signal.aborted;
    this.#stopping.abort();
    this.#wake.abort();
    // A session that is being set up sees the stop and ends by itself; should it hang at something that does not answer,
    // what it may still touch is under a lease.
    const patience = new AbortController();
    await Promise.race([this.#running, pause(1_500, patience.signal)]);
    patience.abort();
    await this.#tracing.restore(this.#management);
    this.#closeManagement();
    if (first && this.#sink !== undefined) this.#state.tell({ phase: "stopped", mode: this.#mode });
  }

  /** Where it sees less than everything, it connects anew: somebody may have granted what was missing. */
  retry(): void {
    this.#tracing.forgive();
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  report(): TapReport {
    return {
      tap: this.id,
      touched: [...this.#touched],
      neverTouched: [
        "No message was taken from a queue, acknowledged or published.",
        "No exchange, lasting queue or binding of others was created, changed or deleted.",
        `Description, tags and default queue type of virtual host ${this.#vhost} were kept.`,
      ],
      messages: this.#messages,
      bytes: this.#bytes,
      cost: this.#cost(),
    };
  }

  #cost(): readonly string[] {
    const { GET = 0, PUT = 0 } = this.#management?.requests ?? {};
    const asked = this.#asked.GET + GET;
    const changed = this.#asked.PUT + PUT;
    const connections = this.#connections === 1 ? "1 AMQP connection" : `${this.#connections} AMQP connections`;
    return [
      `${number(this.#events)} events over ${connections}`,
      `${number(asked + changed)} requests to the management API, ${changed} of them to switch tracing`,
    ];
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(settled: () => void): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      let failure = brokerClosed("RabbitMQ", this.#address);
      try {
        const reason = await this.#session(() => {
          failures = 0;
          settled();
        });
        if (reason.code === longNamesCode && !this.#narrow) {
          this.#narrow = true;
          continue;
        }
        if (reason.code === "again") continue;
        failure = brokerClosed("RabbitMQ", this.#address, reason.message);
      } catch (error) {
        failure = failureOf(error, (why) => brokerFailed("RabbitMQ", this.#address, why));
      }
      if (this.#stopped) break;
      const wait = Math.min(longestBackoffMs, 125 * 2 ** Math.min(++failures, 10));
      this.#state.tell({
        phase: failure.passing ? "reconnecting" : "failed",
        detail: failure.message,
        mode: this.#mode,
        nextTryAt: preciseNow() + wait,
        shed: this.#shed,
      });
      settled();
      await pause(wait, this.#wake.signal);
    }
    settled();
  }

  /** One connection's life. Resolves with why it ended; throws when it could not be set up. */
  async #session(live: () => void): Promise<SessionEnd> {
    const connection = await openAmqp(
      this.#options.address,
      this.#name,
      this.#options.ca,
      this.#options.connectTimeoutMs,
    );
    this.#connections++;
    const ended = new AbortController();
    void connection.closed.then(() => ended.abort());
    let again = false;
    try {
      await this.#findManagement(connection.cluster);
      this.#tracing.begin();
      const watch = await this.#watchByBestMeans(connection);
      if (!this.#stopped) live();
      while (!ended.signal.aborted && !this.#stopped && !again) {
        const wake = this.#wake.signal;
        await pause(watchEveryMs, AbortSignal.any([ended.signal, this.#stopping.signal, wake]));
        again = wake.aborted && watch.mode !== "firehose";
        if (!ended.signal.aborted && !this.#stopped) again = (await this.#lookAfter(watch)) || again;
      }
    } finally {
      if (this.#stopped) await this.#tracing.restore(this.#management);
      this.#watch?.close();
      this.#watch = undefined;
      if (!ended.signal.aborted) {
        await Promise.race([connection.model.close().catch(() => undefined), pause(1_000, ended.signal)]);
      }
    }
    if (this.#stopped) return { code: undefined };
    return again ? { code: "again" } : connection.closed;
  }

  #closeManagement(): void {
    const requests = this.#management?.requests;
    if (requests === undefined) return;
    this.#asked.GET += requests.GET;
    this.#asked.PUT += requests.PUT;
    // What may still be asked to put tracing back is counted on.
    Object.assign(requests, { GET: 0, PUT: 0 });
    this.#management?.close();
  }

  async #findManagement(cluster: string): Promise<void> {
    this.#closeManagement();
    const found = await findManagement(this.#options.address, this.#options.managementUrl, cluster, this.#options.ca);
    this.#management = found === "refused" ? undefined : found;
    this.#managementRefused = found === "refused";
    this.#names.use(this.#management);
  }

  async #watchByBestMeans(connection: AmqpConnection): Promise<RabbitmqWatch> {
    this.#shedBefore = this.#shed;
    const watch = new RabbitmqWatch({
      connection,
      address: this.#options.address,
      management: this.#managementRefused ? "refused" : this.#management,
      tracing: this.#tracing,
      queue: {
        name: this.#name,
        length: this.#options.queueLength ?? 100_000,
        bytes: this.#options.queueBytes ?? 64 << 20,
      },
      exchanges: this.#options.exchanges,
      noFirehose: this.#options.noFirehose === true,
      narrow: this.#narrow,
      stopped: () => this.#stopped,
      touched: (sentence) => this.#touched.add(sentence),
      traced: (message) => this.#readTraced(message),
      copied: (message) => this.#readCopied(message),
      accept: (events) => this.#accept(events),
    });
    this.#watch = watch;
    await watch.open();
    this.#tellLive(watch);
    if (watch.mode === "firehose") void this.#listenForNames(connection);
    return watch;
  }

  async #listenForNames(connection: AmqpConnection): Promise<void> {
    const { address, ca, connectTimeoutMs } = this.#options;
    const elsewhere = async (vhost: string, name: string): Promise<ChannelModel> => {
      const { model } = await openAmqp({ ...address, vhost }, name, ca, connectTimeoutMs);
      void connection.closed.then(() => model.close().catch(() => undefined));
      return model;
    };
    if (await this.#names.listen(connection.model, `${this.#name}-names`, elsewhere)) {
      this.#touched.add(heardOfConnections);
    }
    await this.#names.refresh();
  }

  #tellNames(names: readonly LateName[]): void {
    const at = preciseNow();
    const events = names
      .filter(({ name }) => !name.startsWith(ownPrefix))
      .map((late): TapEvent => ({ kind: "connection", tap: this.id, at, ...late }));
    if (events.length > 0) void Promise.resolve(this.#sink?.accept(events)).catch(() => undefined);
  }

  #tellLive(watch: RabbitmqWatch): void {
    const { mode, facts, reason } = watch;
    if (mode === undefined) return;
    this.#mode = mode;
    if (mode === "topology") {
      this.#state.tell({ phase: "live", mode, detail: reason });
      return;
    }
    const { offAt } = this.#tracing;
    this.#state.tell({
      phase: "live",
      mode,
      detail: liveDetail({
        ...facts,
        mode,
        noticedAfterMs: watchEveryMs,
        shed: this.#shed,
        shedKnown: this.#shedKnown,
        offAt: offAt !== undefined && preciseNow() - offAt < sayOffMs ? offAt : undefined,
      }),
      shed: this.#shed,
    });
  }

  /** Every two seconds: what is watched, what was dropped, who is there. `true`: another way is to be taken. */
  async #lookAfter(watch: RabbitmqWatch): Promise<boolean> {
    const { mode } = watch;
    try {
      const another = await watch.lookAfter(() =>
        this.#state.tell({
          phase: "reconnecting",
          mode,
          detail: "Somebody switched tracing off. Switching it on again.",
        }),
      );
      if (another) return true;
      if (mode === "firehose") await this.#names.lookAfter();
      await this.#countDropped(watch);
      if (mode !== "topology") this.#tellLive(watch);
    } catch {
      // The management API is away; the queue goes on, and the next look tries again.
    }
    return false;
  }

  /** Counts on from what queues of earlier connections dropped. */
  async #countDropped(watch: RabbitmqWatch): Promise<void> {
    const dropped = await watch.dropped();
    if (dropped === undefined || dropped.count === 0) return;
    this.#shed = this.#shedBefore + dropped.count;
    // The least that is known of one part is all that is known of the sum.
    this.#shedKnown = dropped.known === "exactly" && this.#shedBefore > 0 ? this.#shedKnown : dropped.known;
  }

  #readTraced(message: ConsumeMessage): TapEvent | undefined {
    const { fields, properties, content } = message;
    const event = readTrace(fields.routingKey, properties.headers ?? {}, content, this.#reading());
    if (event?.kind === "delivery") this.#destinations.delivered(event.delivery.queue);
    return event;
  }

  #readCopied(message: ConsumeMessage): TapEvent | undefined {
    return readCopy(
      message.fields,
      message.properties as unknown as Record<string, unknown>,
      message.content,
      this.#reading(),
    );
  }

  #reading(): Parameters<typeof readTrace>[3] {
    return {
      tap: this.id,
      vhost: this.#vhost,
      receivedAt: preciseNow(),
      keptBytes: this.#options.keptBytes ?? 1 << 20,
      nameOf: (connection) => this.#names.nameOf(connection),
    };
  }

  async #accept(events: readonly TapEvent[]): Promise<void> {
    const asks = this.#watch?.mode === "firehose" && this.#management !== undefined;
    const told = asks ? await this.#destinations.told(events) : events;
    this.#events += told.length;
    for (const event of told) {
      if (event.kind !== "message") continue;
      this.#messages++;
      this.#bytes += event.envelope.bodySize;
    }
    await this.#sink?.accept(told);
  }
}
