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
import { narrowFirehose, wholeFirehose } from "./rabbitmq-bindings.ts";
import { openAmqp, type AmqpConnection } from "./rabbitmq-connect.ts";
import { Destinations } from "./rabbitmq-destinations.ts";
import type { Dropped } from "./rabbitmq-dropped.ts";
import { findManagement, mayTrace } from "./rabbitmq-management.ts";
import { ownPrefix, readCopy, readTrace } from "./rabbitmq-messages.ts";
import { ConnectionNames, type LateName } from "./rabbitmq-names.ts";
import { TapQueue } from "./rabbitmq-queue.ts";
import { Tracing } from "./rabbitmq-tracing.ts";
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

/** What the tap can see: everything, copies of some publishes, or nothing but that the broker is there. */
export type RabbitmqMode = "firehose" | "bindings" | "topology";

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
  #queue: TapQueue | undefined;
  #bindingsReason = "";
  #leftOut: readonly string[] = [];
  #watched = 0;
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
      await this.#watchByBestMeans(connection);
      if (!this.#stopped) live();
      while (!ended.signal.aborted && !this.#stopped && !again) {
        const wake = this.#wake.signal;
        await pause(watchEveryMs, AbortSignal.any([ended.signal, this.#stopping.signal, wake]));
        again = wake.aborted && this.#mode !== "firehose";
        if (!ended.signal.aborted && !this.#stopped) again = (await this.#lookAfter()) || again;
      }
    } finally {
      if (this.#stopped) await this.#tracing.restore(this.#management);
      this.#queue?.close();
      this.#queue = undefined;
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

  /** Firehose, else bindings, else nothing but words; each step down says what it cannot see and what would help. */
  async #watchByBestMeans(connection: AmqpConnection): Promise<void> {
    let reason = "Tracing was switched off in the settings.";
    if (this.#tracing.refused) {
      reason =
        "Somebody switched tracing off three times within a minute, so it is left off. Try again when it may be on.";
    } else if (this.#options.noFirehose !== true) {
      const permitted = await mayTrace(this.#managementRefused ? "refused" : this.#management, this.#options.address);
      if (permitted === true) {
        const refused = await this.#openFirehose(connection);
        if (refused === undefined) return;
        reason = refused;
      } else {
        reason = permitted;
      }
    }
    if (!this.#stopped) await this.#openBindings(connection, reason);
  }

  async #openFirehose(connection: AmqpConnection): Promise<string | undefined> {
    const queue = await this.#openQueue(connection, (message) => this.#readTraced(message));
    if (typeof queue === "string") return queue;
    const leftOut = this.#narrow ? await this.#bindNarrowly(queue) : [];
    const refused = this.#narrow ? undefined : await queue.bind(wholeFirehose);
    if (refused !== undefined) {
      queue.close();
      const { username } = this.#options.address;
      return `RabbitMQ does not permit the user "${username}" to read amq.rabbitmq.trace; grant it: rabbitmqctl set_permissions -p ${this.#vhost} ${username} ".*" ".*" ".*".`;
    }
    this.#queue = queue;
    this.#touched.add("A queue of the tap's own, exclusive and gone with its connection, received trace events.");
    this.#mode = "firehose";
    // What the broker's statistics say before the first event is what later ones are measured by.
    await this.#countDropped().catch(() => undefined);
    if (this.#management !== undefined && !this.#stopped) await this.#tracing.keepOn(this.#management, preciseNow());
    this.#tellLive(leftOut);
    void this.#listenForNames(connection);
    return undefined;
  }

  async #openBindings(connection: AmqpConnection, reason: string): Promise<void> {
    const queue = await this.#openQueue(connection, (message) => this.#readCopied(message));
    const canWatch = typeof queue !== "string" && (await this.#mirrorBindings(queue));
    if (typeof queue === "string" || !canWatch) {
      if (typeof queue !== "string") queue.close();
      this.#mode = "topology";
      const why =
        typeof queue === "string"
          ? queue
          : "Exchanges to watch by bindings instead can neither be listed, nor are any named in the settings.";
      this.#state.tell({
        phase: "live",
        mode: this.#mode,
        detail: `${reason === why ? "" : `${reason} `}${why} No message can be seen.`,
      });
      return;
    }
    this.#queue = queue;
    this.#mode = "bindings";
    this.#touched.add(
      "A queue of the tap's own, exclusive and gone with its connection, was bound beside those of others.",
    );
    this.#bindingsReason = reason;
    this.#tellLive([]);
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

  #tellLive(leftOut: readonly string[]): void {
    this.#leftOut = leftOut;
    if (this.#mode !== "firehose" && this.#mode !== "bindings") return;
    const { offAt } = this.#tracing;
    this.#state.tell({
      phase: "live",
      mode: this.#mode,
      detail: liveDetail({
        mode: this.#mode,
        reason: this.#bindingsReason,
        watched: this.#watched,
        listed: this.#management !== undefined,
        narrow: this.#narrow,
        leftOut,
        noticedAfterMs: watchEveryMs,
        shed: this.#shed,
        shedKnown: this.#shedKnown,
        policy: this.#queue?.policy ?? [],
        offAt: offAt !== undefined && preciseNow() - offAt < sayOffMs ? offAt : undefined,
      }),
      shed: this.#shed,
    });
  }

  /** Every two seconds: tracing still on, bindings up to date, nothing dropped. `true`: another way is to be taken. */
  async #lookAfter(): Promise<boolean> {
    try {
      if (this.#mode === "firehose") {
        if (this.#management !== undefined && (await this.#keepTracingOn(this.#management))) return true;
        if (this.#narrow && this.#queue !== undefined) this.#leftOut = await this.#bindNarrowly(this.#queue);
        await this.#names.lookAfter();
      } else if (this.#queue !== undefined) {
        await this.#mirrorBindings(this.#queue);
      }
      await this.#countDropped();
      this.#tellLive(this.#leftOut);
    } catch {
      // The management API is away; the queue goes on, and the next look tries again.
    }
    return false;
  }

  /** Resolves to whether somebody does not want it on. While it was off, nothing could be seen: that is an interruption. */
  async #keepTracingOn(management: Management): Promise<boolean> {
    const found = await this.#tracing.keepOn(management, preciseNow(), () =>
      this.#state.tell({
        phase: "reconnecting",
        mode: this.#mode,
        detail: "Somebody switched tracing off. Switching it on again.",
      }),
    );
    return found === "refused";
  }

  /** Counts on from what queues of earlier connections dropped. */
  async #countDropped(): Promise<void> {
    const whole = this.#mode === "firehose" && !this.#narrow;
    const dropped = await this.#queue?.dropped(this.#management, this.#vhost, whole);
    if (dropped === undefined || dropped.count === 0) return;
    this.#shed = this.#shedBefore + dropped.count;
    // The least that is known of one part is all that is known of the sum.
    this.#shedKnown = dropped.known === "exactly" && this.#shedBefore > 0 ? this.#shedKnown : dropped.known;
  }

  async #openQueue(
    connection: AmqpConnection,
    read: (message: ConsumeMessage) => TapEvent | undefined,
  ): Promise<TapQueue | string> {
    this.#shedBefore = this.#shed;
    return TapQueue.open(connection.model, {
      name: this.#name,
      length: this.#options.queueLength ?? 100_000,
      bytes: this.#options.queueBytes ?? 64 << 20,
      read,
      accept: (events) => this.#accept(events),
      onClosed: () => void connection.model.close().catch(() => undefined),
    });
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
    const asks = this.#mode === "firehose" && this.#management !== undefined;
    const told = asks ? await this.#destinations.told(events) : events;
    this.#events += told.length;
    for (const event of told) {
      if (event.kind !== "message") continue;
      this.#messages++;
      this.#bytes += event.envelope.bodySize;
    }
    await this.#sink?.accept(told);
  }

  async #bindNarrowly(queue: TapQueue): Promise<readonly string[]> {
    const management = this.#management;
    if (management === undefined) return [];
    const [exchanges, queues] = await Promise.all([
      management.exchanges(this.#vhost),
      management.queueNames(this.#vhost),
    ]);
    const { bindings, leftOut } = narrowFirehose(
      exchanges.map(({ name }) => name),
      queues.filter((name) => !name.startsWith(ownPrefix)),
    );
    await queue.bind(bindings);
    return leftOut;
  }

  /** Whether there is a way to know what to bind to; that nobody has bound anything yet is no hindrance. */
  async #mirrorBindings(queue: TapQueue): Promise<boolean> {
    const watched = await queue.mirror(this.#management, this.#vhost, this.#options.exchanges);
    this.#watched = watched ?? 0;
    return watched !== undefined;
  }
}
