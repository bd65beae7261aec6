import { sizeOf } from "./envelope-size.ts";
import { Fifo } from "./fifo.ts";
import type { TapEvent } from "./tap/envelope.ts";

/** How much may wait to be processed. */
export interface QueueLimits {
  readonly events: number;
  readonly bytes: number;
}

export const defaultQueueLimits: QueueLimits = { events: 50_000, bytes: 64 * 1024 * 1024 };

/** What was given up because the daemon could not keep up. */
export interface Shed {
  /** Bodies dropped first: the message is still seen, with its headers. */
  bodies: number;
  /** Then whole messages and deliveries. */
  messages: number;
}

/**
 * Events on their way from taps into the pipeline. Bounded in count and bytes: Kafka waits for `room`; RabbitMQ, which
 * must not be made to wait, loses bodies from half of the bound on and messages at the bound, and both are counted.
 */
export class PipelineQueue {
  readonly shed: Shed = { bodies: 0, messages: 0 };
  private readonly limits: QueueLimits;
  private readonly events = new Fifo<TapEvent>();
  private bytes = 0;
  private waiters: Array<() => void> = [];

  constructor(limits: QueueLimits = defaultQueueLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.events.length;
  }

  push(events: readonly TapEvent[]): void {
    for (const event of events) {
      const fitting = this.fit(event);
      if (fitting === undefined) continue;
      this.events.push(fitting);
      this.bytes += bytesOf(fitting);
    }
  }

  /** Takes out up to `count` events, oldest first. */
  take(count: number): readonly TapEvent[] {
    const taken: TapEvent[] = [];
    while (taken.length < count) {
      const event = this.events.shift();
      if (event === undefined) break;
      taken.push(event);
      this.bytes -= bytesOf(event);
    }
    if (!this.crowded()) {
      const released = this.waiters;
      this.waiters = [];
      for (const release of released) release();
    }
    return taken;
  }

  /** Resolves when at most a sixteenth of the bound waits: what waits at the broker costs nothing here. */
  room(): void | Promise<void> {
    return this.crowded() ? new Promise((resolve) => this.waiters.push(resolve)) : undefined;
  }

  private crowded(): boolean {
    return this.size > this.limits.events / 16 || this.bytes > this.limits.bytes / 4;
  }

  private fit(event: TapEvent): TapEvent | undefined {
    const full = Math.max(this.size / this.limits.events, this.bytes / this.limits.bytes);
    if (full < 0.5 || (event.kind !== "message" && event.kind !== "delivery")) return event;
    const fromKafka = event.kind === "message" && event.envelope.origin.broker === "kafka";
    // A Kafka tap that respects `room` never comes here; one that does not must not fill the memory either.
    if (full >= (fromKafka ? 2 : 1)) {
      this.shed.messages++;
      return undefined;
    }
    if (fromKafka) return event;
    this.shed.bodies++;
    if (event.kind === "message") return { kind: "message", envelope: { ...event.envelope, body: new Uint8Array() } };
    const { delivery } = event;
    return { kind: "delivery", delivery: { ...delivery, message: { ...delivery.message, body: new Uint8Array() } } };
  }
}

/** What an event weighs while it waits: its bytes, and a guess for everything around them. */
function bytesOf(event: TapEvent): number {
  if (event.kind === "message") return 512 + sizeOf(event.envelope);
  if (event.kind === "delivery") return 512 + sizeOf(event.delivery.message);
  return 128;
}
