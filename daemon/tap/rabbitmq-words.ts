/** What the status line says of a RabbitMQ tap that is live: what it cannot see, what it lost, and what would help. Pure. */
import { isTooLong } from "./rabbitmq-bindings.ts";
import type { Dropped } from "./rabbitmq-dropped.ts";
import { ownPrefix } from "./rabbitmq-messages.ts";

export interface LiveFacts {
  readonly mode: "firehose" | "bindings";
  /** Why it is not the firehose. */
  readonly reason: string;
  /** How many exchanges are watched by bindings, and whether the bindings of others could be listed. */
  readonly watched: number;
  readonly listed: boolean;
  /** The firehose is bound name by name, and these names are left out. */
  readonly narrow: boolean;
  readonly leftOut: readonly string[];
  /** How soon a new name is noticed. */
  readonly noticedAfterMs: number;
  readonly shed: number;
  readonly shedKnown: Dropped["known"];
  /** What a policy of the broker lays down for the tap's queue: `message-ttl 50`. */
  readonly policy: readonly string[];
  /** When somebody switched tracing off last. */
  readonly offAt: number | undefined;
}

/** `undefined` where there is nothing to say. */
export function liveDetail(facts: LiveFacts): string | undefined {
  const details = [
    ...bindingsWords(facts),
    ...narrowWords(facts),
    ...offWords(facts),
    ...policyWords(facts),
    ...shedWords(facts),
  ];
  return details.length === 0 ? undefined : details.join(" ");
}

/** A time of day on this machine: `13:20:11`. */
export function timeOfDay(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

function bindingsWords({ mode, reason, watched, listed }: LiveFacts): readonly string[] {
  if (mode !== "bindings") return [];
  const exchanges = watched === 1 ? "1 exchange is" : `${watched} exchanges are`;
  return [
    reason,
    `So ${exchanges} watched by bindings: publishes that somebody receives are seen; deliveries, the default exchange and direct replies are not.`,
    ...(listed
      ? []
      : [
          "The bindings of others cannot be listed, so topic and fanout exchanges are watched as a whole: what nobody else receives counts as received meanwhile.",
        ]),
  ];
}

function narrowWords({ mode, narrow, leftOut, noticedAfterMs }: LiveFacts): readonly string[] {
  if (mode !== "firehose" || !narrow) return [];
  const long = leftOut.filter(isTooLong);
  const patterns = leftOut.filter((name) => !isTooLong(name));
  const [first] = long;
  const which = long.length === 1 ? "1 queue or exchange has" : `${long.length} queues or exchanges have`;
  return [
    first === undefined
      ? "A name over 247 bytes interrupted tracing."
      : `${which} a name over 247 bytes, which RabbitMQ cannot trace (${first.slice(0, 40)}…).`,
    ...(patterns.length === 0
      ? []
      : [
          `Nor is what has a name that RabbitMQ takes for a pattern of such a one (${patterns.join(", ").slice(0, 80)}).`,
        ]),
    `Everything else is traced by its name, and what is new is seen after up to ${noticedAfterMs / 1_000} s.`,
  ];
}

function offWords({ mode, offAt, noticedAfterMs }: LiveFacts): readonly string[] {
  if (mode !== "firehose" || offAt === undefined) return [];
  return [
    `Somebody switched tracing off shortly before ${timeOfDay(offAt)}. It is on again; up to ${noticedAfterMs / 1_000} s of traffic were not seen.`,
  ];
}

function policyWords({ policy }: LiveFacts): readonly string[] {
  if (policy.length === 0) return [];
  return [
    `A policy of the broker holds for the tap's queue too (${policy.join(", ")}), so it loses events sooner than it would. Leave out of the policy what begins with ${ownPrefix}.`,
  ];
}

function shedWords({ shed, shedKnown }: LiveFacts): readonly string[] {
  if (shed === 0) return [];
  const count = { exactly: String(shed), about: `About ${shed}`, "at least": "Some" }[shedKnown];
  return [`${count} events were dropped at the bound of the tap's queue, since the tap could not keep up.`];
}
