/**
 * Whether a message to the default exchange reaches a queue. RabbitMQ's trace event only repeats the routing key there,
 * whether there is such a queue or not, so the tap asks. Takes in a way to ask; hands out `true`, `false`, or nothing
 * when it cannot be known soon enough: nobody waits long for it, and a busy broker is not asked more than a little.
 */
import type { RabbitmqOrigin, TapEvent } from "./envelope.ts";

const believedMs = { there: 10_000, missing: 1_000 } as const;
const askedAtMostPerSecond = 50;
const patienceMs = 60;
const keptAtMost = 10_000;

/** Names that the broker makes up for one client are gone with it, perhaps between the message and the question. */
const passing = /^amq\.(?:gen-|rabbitmq\.reply-to)/;

export class Destinations {
  readonly #ask: (queue: string) => Promise<boolean>;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly there: boolean; readonly at: number }>();
  readonly #asking = new Map<string, Promise<boolean | undefined>>();
  #second = 0;
  #asked = 0;

  constructor(ask: (queue: string) => Promise<boolean>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  /** A delivery from it was seen. */
  delivered(queue: string): void {
    this.#learn(queue, true);
  }

  /** The events, with what is known of the queue in each message to the default exchange. */
  async told(events: readonly TapEvent[]): Promise<readonly TapEvent[]> {
    const asked = new Set(events.map(namedQueue).filter((queue) => queue !== undefined));
    if (asked.size === 0) return events;
    const there = await this.there(asked);
    return events.map((event) => {
      const queue = namedQueue(event);
      const known = queue === undefined ? undefined : there.get(queue);
      if (queue === undefined || known === undefined || event.kind !== "message") return event;
      const origin = { ...event.envelope.origin, routedQueues: known ? [queue] : [] } as RabbitmqOrigin;
      return { kind: "message", envelope: { ...event.envelope, origin } };
    });
  }

  /** Resolves for each queue to whether it is there; what is not known in time is left out. */
  async there(queues: Iterable<string>): Promise<ReadonlyMap<string, boolean>> {
    const found = new Map<string, boolean>();
    const open: Promise<unknown>[] = [];
    for (const queue of queues) {
      if (passing.test(queue)) continue;
      const known = this.#believed(queue);
      if (known !== undefined) found.set(queue, known);
      else open.push(this.#question(queue));
    }
    if (open.length === 0) return found;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)));
    await Promise.race([Promise.all(open), late]);
    clearTimeout(timer);
    for (const queue of queues) {
      const known = this.#believed(queue);
      if (known !== undefined && !passing.test(queue)) found.set(queue, known);
    }
    return found;
  }

  #believed(queue: string): boolean | undefined {
    const known = this.#known.get(queue);
    if (known === undefined) return undefined;
    return this.#now() - known.at < (known.there ? believedMs.there : believedMs.missing) ? known.there : undefined;
  }

  #question(queue: string): Promise<boolean | undefined> {
    const under = this.#asking.get(queue);
    if (under !== undefined) return under;
    const second = Math.floor(this.#now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#asked = 0;
    }
    if (++this.#asked > askedAtMostPerSecond) return Promise.resolve(undefined);
    const begun = this.#now();
    const answer = this.#ask(queue).then(
      (there) => {
        // A delivery that was seen while it was asked is the better answer: the queue went right after.
        if (there || (this.#known.get(queue)?.at ?? Number.NEGATIVE_INFINITY) < begun) this.#learn(queue, there);
        return this.#believed(queue);
      },
      () => undefined,
    );
    this.#asking.set(queue, answer);
    void answer.then(() => this.#asking.delete(queue));
    return answer;
  }

  #learn(queue: string, there: boolean): void {
    if (this.#known.size >= keptAtMost) this.#known.clear();
    this.#known.set(queue, { there, at: this.#now() });
  }
}

/** The one queue that a message to the default exchange names; with several (CC, BCC), each may or may not be there. */
function namedQueue(event: TapEvent): string | undefined {
  if (event.kind !== "message" || event.envelope.origin.broker !== "rabbitmq") return undefined;
  const { exchange, routingKeys } = event.envelope.origin;
  return exchange === "" && routingKeys.length === 1 ? routingKeys[0] : undefined;
}
