/**
 * The tap's own queue at RabbitMQ: exclusive (gone with the connection), bounded, dropping its oldest at the bound.
 * Takes in bindings; hands events on in order and acknowledges what was taken, so that a slow sink fills the queue at
 * the broker up to its bound, and no memory here beyond the prefetch.
 */
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import type { Management } from "../guardian/index.ts";
import type { TapEvent } from "./envelope.ts";
import { preciseNow } from "./clock.ts";
import { bindingKey, mirroredBindings, traceExchange, type WantedBinding } from "./rabbitmq-bindings.ts";
import { DropCounter, type Dropped } from "./rabbitmq-dropped.ts";
import { ownPrefix } from "./rabbitmq-messages.ts";

export interface TapQueueOptions {
  readonly name: string;
  readonly length: number;
  readonly bytes: number;
  readonly read: (message: ConsumeMessage) => TapEvent | undefined;
  readonly accept: (events: readonly TapEvent[]) => Promise<void>;
  /** The queue or its channel is gone although the connection may still be there. */
  readonly onClosed: () => void;
}

const prefetch = 4_000;
/** What was taken is acknowledged so often, or when it is half of what may be under way: each time is a write for both. */
const ackEveryMs = 20;
/** So many bindings are asked for before the broker has answered the first. */
const boundAtOnce = 200;
/** While nobody takes what came, so often it is looked at how full the queue is. */
const watchStallMs = 250;

export class TapQueue {
  readonly #model: ChannelModel;
  readonly #options: TapQueueOptions;
  readonly #name: string;
  readonly #bound = new Map<string, WantedBinding>();
  #channel: Channel;
  #events: TapEvent[] = [];
  #lastTag: number | undefined;
  #flushing = false;
  /** The last message that was taken in, and the last one that the broker knows to be. */
  #taken = 0;
  #acknowledged = 0;
  #ackTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #received = 0;
  /** The most messages that were found waiting since the last count. */
  #fullest = 0;
  readonly #drops = new DropCounter();
  /** What a policy of the broker lays down for this queue too and is less than its own bound: `message-ttl 50`. */
  policy: readonly string[] = [];

  private constructor(model: ChannelModel, options: TapQueueOptions, channel: Channel, name: string) {
    this.#model = model;
    this.#options = options;
    this.#channel = channel;
    this.#name = name;
  }

  /** The queue, consuming already; or a sentence why the broker does not permit one. */
  static async open(model: ChannelModel, options: TapQueueOptions): Promise<TapQueue | string> {
    // A name of our own lets other taps leave this queue out; a user may be permitted server-made names only.
    for (const [name, nowhere] of [
      [options.name, `${options.name}-nowhere`],
      ["", `amq.gen-${options.name}-nowhere`],
    ] as const) {
      const channel = await openChannel(model);
      try {
        const { queue } = await channel.assertQueue(name, {
          exclusive: true,
          autoDelete: true,
          durable: false,
          arguments: {
            "x-queue-type": "classic",
            "x-max-length": options.length,
            "x-max-length-bytes": options.bytes,
            "x-overflow": "drop-head",
            // A policy for all queues may send what they drop to a dead-letter exchange. What this one drops must not
            // end up among the users' dead letters, so it names an exchange that is not there, which goes before a policy.
            "x-dead-letter-exchange": nowhere,
          },
        });
        const opened = new TapQueue(model, options, channel, queue);
        await opened.#consume();
        return opened;
      } catch (error) {
        const { code, message } = error as { code?: number; message?: string };
        if (code === 406 && /queue limit/.test(message ?? "")) {
          return "RabbitMQ permits no further queue in this virtual host (its limit of queues is reached), and the tap needs one of its own.";
        }
        if (code !== 403) throw error;
      }
    }
    return "RabbitMQ does not permit the user a queue of its own either; grant configure, write and read on ^(contrail-tap|amq\\.gen).*.";
  }

  /** Binds what is not bound yet; or says which of them the broker did not permit. */
  async bind(wanted: readonly WantedBinding[]): Promise<string | undefined> {
    const missing = wanted.filter((binding) => !this.#bound.has(bindingKey(binding)));
    let refused: string | undefined;
    for (let at = 0; at < missing.length; at += boundAtOnce) {
      const some = missing.slice(at, at + boundAtOnce);
      // Thousands of names, one after the other, would take seconds. A refusal ends the channel for all of them, so
      // which of them it is shows when each has a channel of its own.
      if (some.length > 1 && (await this.#bindOnOneChannel(some)) === undefined) continue;
      for (const binding of some) {
        if ((await this.#bindOnOneChannel([binding])) !== undefined) refused ??= binding.exchange;
      }
    }
    return refused;
  }

  async #bindOnOneChannel(bindings: readonly WantedBinding[]): Promise<string | undefined> {
    const failure = await this.#change((channel) =>
      Promise.all(
        bindings.map(({ exchange, routingKey, arguments: args }) =>
          channel.bindQueue(this.#name, exchange, routingKey, args),
        ),
      ),
    );
    if (failure === undefined) for (const binding of bindings) this.#bound.set(bindingKey(binding), binding);
    return failure;
  }

  /**
   * Makes its bindings those that others have, as far as it may; returns how many exchanges that are, or `undefined`
   * when it can neither list them nor was given any.
   */
  async mirror(
    management: Management | undefined,
    vhost: string,
    only: readonly string[] | undefined,
  ): Promise<number | undefined> {
    const wanted = await this.#wantedMirror(management, vhost, only);
    if (wanted === undefined) return undefined;
    await this.bind(wanted);
    const keys = new Set(wanted.map(bindingKey));
    for (const [key, binding] of this.#bound) {
      if (keys.has(key)) continue;
      this.#bound.delete(key);
      await this.#change((channel) =>
        channel.unbindQueue(this.#name, binding.exchange, binding.routingKey, binding.arguments),
      );
    }
    return new Set([...this.#bound.values()].map(({ exchange }) => exchange)).size;
  }

  async #wantedMirror(
    management: Management | undefined,
    vhost: string,
    only: readonly string[] | undefined,
  ): Promise<readonly WantedBinding[] | undefined> {
    try {
      if (management !== undefined) {
        const [exchanges, bindings] = await Promise.all([management.exchanges(vhost), management.bindings(vhost)]);
        const own = (queue: string): boolean => queue === this.#name || queue.startsWith(ownPrefix);
        return mirroredBindings(exchanges, bindings, own, only);
      }
    } catch {
      // The user may not list them: then only what it named itself.
    }
    return only?.map((exchange) => ({ exchange, routingKey: "#", arguments: {} }));
  }

  /** How many events the broker dropped at the queue's bound; see rabbitmq-dropped.ts. */
  async dropped(management: Management | undefined, vhost: string, whole: boolean): Promise<Dropped> {
    const counts = await management?.queueCounts(vhost, this.#name);
    const bound = boundBy(counts?.policy ?? {}, this.#options);
    this.policy = bound.policy;
    if (management !== undefined && counts?.entered !== undefined) {
      const entered = { count: counts.entered, ready: counts.ready };
      return this.#drops.look({ now: preciseNow(), received: this.#received, ready: 0, entered, full: "no" });
    }
    const told = whole && management !== undefined ? await this.#told(management, vhost) : undefined;
    const ready = await this.#measure();
    const received = this.#received;
    const fullest = this.#fullest;
    this.#fullest = ready;
    const { length, bytes } = bound;
    const heavy = (counts?.readyBytes ?? 0) >= bytes * 0.95;
    // What was handed over since may have made room in a queue that was full, and what grew too old is not there.
    const near = fullest >= length - Math.min(prefetch, length / 2) || bound.ages;
    const full = fullest >= length || heavy ? "yes" : near ? "maybe" : "no";
    return this.#drops.look({ now: preciseNow(), received, ready, full, ...(told === undefined ? {} : { told }) });
  }

  /** How many trace events there were to tell: every publish and every delivery, but those of trace events themselves. */
  async #told(management: Management, vhost: string): Promise<number> {
    const { traffic } = await management.vhost(vhost);
    const queues = await management.queuesBoundTo(vhost, traceExchange);
    const counts = await Promise.all(queues.map((queue) => management.queueCounts(vhost, queue)));
    return traffic.published + traffic.delivered - counts.reduce((sum, { delivered }) => sum + delivered, 0);
  }

  async #measure(): Promise<number> {
    const { messageCount } = await this.#channel.checkQueue(this.#name);
    this.#fullest = Math.max(this.#fullest, messageCount);
    return messageCount;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#ackTimer);
  }

  /** A refusal closes the channel that asked, so changes are made on a channel of their own. */
  async #change(action: (channel: Channel) => Promise<unknown>): Promise<string | undefined> {
    const channel = await openChannel(this.#model);
    try {
      await action(channel);
      await channel.close();
      return undefined;
    } catch (error) {
      const { code, message } = error as { code?: number; message: string };
      if (code === 403 || code === 404) return message;
      throw error;
    }
  }

  async #consume(): Promise<void> {
    await this.#channel.prefetch(prefetch);
    this.#channel.on("close", () => {
      if (!this.#closed) this.#options.onClosed();
    });
    await this.#channel.consume(this.#name, (message) => {
      if (message === null) {
        if (!this.#closed) this.#options.onClosed();
        return;
      }
      this.#received++;
      this.#lastTag = message.fields.deliveryTag;
      const event = this.#read(message);
      if (event !== undefined) this.#events.push(event);
      if (!this.#flushing) {
        this.#flushing = true;
        setImmediate(() => void this.#flush());
      }
    });
  }

  /** One message that cannot be read must not end the tap. */
  #read(message: ConsumeMessage): TapEvent | undefined {
    try {
      return this.#options.read(message);
    } catch {
      return undefined;
    }
  }

  async #flush(): Promise<void> {
    while (this.#lastTag !== undefined && !this.#closed) {
      const events = this.#events;
      const tag = this.#lastTag;
      this.#events = [];
      this.#lastTag = undefined;
      const stall = setInterval(() => void this.#measure().catch(() => undefined), watchStallMs);
      try {
        if (events.length > 0) await this.#options.accept(events);
      } catch {
        // What the sink cannot take is the sink's to tell.
      }
      clearInterval(stall);
      this.#taken = tag;
      if (tag - this.#acknowledged >= prefetch / 2) this.#acknowledge();
      else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ackEveryMs);
    }
    this.#flushing = false;
  }

  #acknowledge(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#acknowledged = this.#taken;
    try {
      if (!this.#closed) this.#channel.ack({ fields: { deliveryTag: this.#taken } } as ConsumeMessage, true);
    } catch {
      // The channel closed meanwhile; the queue is gone with it.
    }
  }
}

/** The queue's bound under a policy of the broker, of which the lesser counts; what else it drops by, drops by age. */
function boundBy(
  policy: Readonly<Record<string, unknown>>,
  { length, bytes }: Pick<TapQueueOptions, "length" | "bytes">,
): { readonly length: number; readonly bytes: number; readonly ages: boolean; readonly policy: readonly string[] } {
  const less = (name: string, than: number): number => {
    const value = policy[name];
    return typeof value === "number" && value < than ? value : than;
  };
  const bound = { length: less("max-length", length), bytes: less("max-length-bytes", bytes) };
  const ages = typeof policy["message-ttl"] === "number";
  const named = [
    ...(ages ? ["message-ttl"] : []),
    ...(bound.length < length ? ["max-length"] : []),
    ...(bound.bytes < bytes ? ["max-length-bytes"] : []),
  ];
  return { ...bound, ages, policy: named.map((name) => `${name} ${String(policy[name])}`) };
}

async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel();
  // Without a listener an error of a channel would end the process; it is told by what the channel was asked for.
  channel.on("error", () => undefined);
  return channel;
}
