/**
 * By which means the messages of one connection are watched: by the firehose where the user may trace, else by bindings
 * beside those of others, else not at all. Each step down says why, and what would help. Takes in a connection; hands
 * on what its queue receives, read.
 */
import type { ConsumeMessage } from "amqplib";
import type { Management } from "../guardian/index.ts";
import { grantAll } from "../rabbitmqctl.ts";
import type { RabbitmqAddress } from "./address.ts";
import { preciseNow } from "./clock.ts";
import type { TapEvent } from "./envelope.ts";
import { narrowFirehose, wholeFirehose } from "./rabbitmq-bindings.ts";
import type { AmqpConnection } from "./rabbitmq-connect.ts";
import type { Dropped } from "./rabbitmq-dropped.ts";
import { mayTrace } from "./rabbitmq-management.ts";
import { ownPrefix } from "./rabbitmq-messages.ts";
import { TapQueue } from "./rabbitmq-queue.ts";
import type { Tracing } from "./rabbitmq-tracing.ts";
import type { LiveFacts } from "./rabbitmq-words.ts";

/** What the tap can see: everything, copies of some publishes, or nothing but that the broker is there. */
export type RabbitmqMode = "firehose" | "bindings" | "topology";

export interface WatchOptions {
  readonly connection: AmqpConnection;
  readonly address: RabbitmqAddress;
  /** The management API, or that it refused the user. */
  readonly management: Management | "refused" | undefined;
  readonly tracing: Tracing;
  readonly queue: { readonly name: string; readonly length: number; readonly bytes: number };
  /** Where tracing is not permitted: the exchanges to watch. Without it, all that can be listed. */
  readonly exchanges: readonly string[] | undefined;
  /** Tracing is not to be switched on, even where the user may. */
  readonly noFirehose: boolean;
  /** Names over 247 bytes exist, so the firehose is bound name by name. */
  readonly narrow: boolean;
  /** Whether the tap is asked to end. */
  readonly stopped: () => boolean;
  /** Hears what was made at the broker. */
  readonly touched: (sentence: string) => void;
  readonly traced: (message: ConsumeMessage) => TapEvent | undefined;
  readonly copied: (message: ConsumeMessage) => TapEvent | undefined;
  readonly accept: (events: readonly TapEvent[]) => Promise<void>;
}

export class RabbitmqWatch {
  readonly #options: WatchOptions;
  readonly #management: Management | undefined;
  readonly #vhost: string;
  #queue: TapQueue | undefined;
  #mode: RabbitmqMode | undefined;
  #reason = "";
  #leftOut: readonly string[] = [];
  #watched = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#management = options.management === "refused" ? undefined : options.management;
    this.#vhost = options.address.vhost;
  }

  /** `undefined` before it stands, and where the tap was asked to end before that. */
  get mode(): RabbitmqMode | undefined {
    return this.#mode;
  }

  /** Why it is no better: for the topology alone, all that there is to say. */
  get reason(): string {
    return this.#reason;
  }

  /** What there is to say of it, as far as it is known here. */
  get facts(): Pick<LiveFacts, "reason" | "watched" | "listed" | "narrow" | "leftOut" | "policy"> {
    return {
      reason: this.#reason,
      watched: this.#watched,
      listed: this.#management !== undefined,
      narrow: this.#options.narrow,
      leftOut: this.#leftOut,
      policy: this.#queue?.policy ?? [],
    };
  }

  /** Firehose, else bindings, else nothing but words. */
  async open(): Promise<void> {
    const { tracing, noFirehose, management, address, stopped } = this.#options;
    let reason = "Tracing was switched off in the settings.";
    if (tracing.refused) {
      reason =
        "Somebody switched tracing off three times within a minute, so it is left off. Try again when it may be on.";
    } else if (!noFirehose) {
      const permitted = await mayTrace(management, address);
      const refused = permitted === true ? await this.#openFirehose() : permitted;
      if (refused === undefined) return;
      reason = refused;
    }
    if (!stopped()) await this.#openBindings(reason);
  }

  /** Tracing still on, bindings up to date. Resolves to whether another way of watching is to be taken. */
  async lookAfter(onOff: () => void): Promise<boolean> {
    const { tracing, narrow } = this.#options;
    if (this.#mode === "firehose") {
      // While tracing was off, nothing could be seen: that is an interruption.
      if (this.#management !== undefined && (await tracing.keepOn(this.#management, preciseNow(), onOff)) === "refused")
        return true;
      if (narrow && this.#queue !== undefined) await this.#bindNarrowly(this.#queue);
    } else if (this.#queue !== undefined) {
      await this.#mirrorBindings(this.#queue);
    }
    return false;
  }

  /** How many events the broker dropped at the bound of this connection's queue. */
  async dropped(): Promise<Dropped | undefined> {
    const whole = this.#mode === "firehose" && !this.#options.narrow;
    return this.#queue?.dropped(this.#management, this.#vhost, whole);
  }

  close(): void {
    this.#queue?.close();
    this.#queue = undefined;
  }

  async #openFirehose(): Promise<string | undefined> {
    const { narrow, tracing, address, touched, stopped } = this.#options;
    const queue = await this.#openQueue(this.#options.traced);
    if (typeof queue === "string") return queue;
    if (narrow) await this.#bindNarrowly(queue);
    const refused = narrow ? undefined : await queue.bind(wholeFirehose);
    if (refused !== undefined) {
      queue.close();
      return `RabbitMQ does not permit the user "${address.username}" to read amq.rabbitmq.trace; grant it: ${grantAll(this.#vhost, address.username)}.`;
    }
    this.#queue = queue;
    touched("A queue of the tap's own, exclusive and gone with its connection, received trace events.");
    this.#mode = "firehose";
    // What the broker's statistics say before the first event is what later ones are measured by.
    await this.dropped().catch(() => undefined);
    if (this.#management !== undefined && !stopped()) await tracing.keepOn(this.#management, preciseNow());
    return undefined;
  }

  async #openBindings(reason: string): Promise<void> {
    const queue = await this.#openQueue(this.#options.copied);
    if (typeof queue === "string") return this.#seeNothing(reason, queue);
    if (!(await this.#mirrorBindings(queue))) {
      queue.close();
      return this.#seeNothing(
        reason,
        "Exchanges to watch by bindings instead can neither be listed, nor are any named in the settings.",
      );
    }
    this.#queue = queue;
    this.#mode = "bindings";
    this.#reason = reason;
    this.#options.touched(
      "A queue of the tap's own, exclusive and gone with its connection, was bound beside those of others.",
    );
  }

  #seeNothing(reason: string, why: string): void {
    this.#mode = "topology";
    this.#reason = `${reason === why ? "" : `${reason} `}${why} No message can be seen.`;
  }

  async #openQueue(read: (message: ConsumeMessage) => TapEvent | undefined): Promise<TapQueue | string> {
    const { connection, queue, accept } = this.#options;
    const onClosed = (): void => void connection.model.close().catch(() => undefined);
    return TapQueue.open(connection.model, { ...queue, read, accept, onClosed });
  }

  async #bindNarrowly(queue: TapQueue): Promise<void> {
    const management = this.#management;
    if (management === undefined) return;
    const [exchanges, queues] = await Promise.all([
      management.exchanges(this.#vhost),
      management.queueNames(this.#vhost),
    ]);
    const { bindings, leftOut } = narrowFirehose(
      exchanges.map(({ name }) => name),
      queues.filter((name) => !name.startsWith(ownPrefix)),
    );
    await queue.bind(bindings);
    this.#leftOut = leftOut;
  }

  /** Whether there is a way to know what to bind to; that nobody has bound anything yet is no hindrance. */
  async #mirrorBindings(queue: TapQueue): Promise<boolean> {
    const watched = await queue.mirror(this.#management, this.#vhost, this.#options.exchanges);
    this.#watched = watched ?? 0;
    return watched !== undefined;
  }
}
