/**
 * Which bindings a tap makes on its own queue. Pure.
 *
 * A copy by binding must not change what happens to the original. An exchange routes a message to us by the very keys
 * by which it routes it to others, so whether it counts as routed (alternate exchange, mandatory, confirms) stays the
 * same. Exchanges that share messages out (consistent hash, random) are left alone: there, one more queue takes
 * messages away from others.
 */
import type { Binding, Exchange } from "../guardian/index.ts";

export interface WantedBinding {
  readonly exchange: string;
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export const traceExchange = "amq.rabbitmq.trace";

/** A trace message's key may have 255 bytes, `publish.` and `deliver.` take 8 of them. */
const longestName = 247;

const copyingTypes: ReadonlySet<string> = new Set(["direct", "fanout", "topic", "headers"]);

/** Copies of what goes through exchanges that others have bound to. `only`: the names that were asked for. */
export function mirroredBindings(
  exchanges: readonly Exchange[],
  bindings: readonly Binding[],
  own: (queue: string) => boolean,
  only?: readonly string[],
): readonly WantedBinding[] {
  const types = new Map(exchanges.map(({ name, type }) => [name, type]));
  const wanted = new Map<string, WantedBinding>();
  for (const { source, destination, destinationType, routingKey, arguments: args } of bindings) {
    if (source === "" || source.startsWith("amq.rabbitmq.") || (destinationType === "queue" && own(destination)))
      continue;
    if (only !== undefined && !only.includes(source)) continue;
    if (!copyingTypes.has(types.get(source) ?? "")) continue;
    const binding = { exchange: source, routingKey, arguments: args };
    wanted.set(bindingKey(binding), binding);
  }
  return [...wanted.values()];
}

/** Everything, as long as every name is short enough to be told. */
export const wholeFirehose: readonly WantedBinding[] = [
  { exchange: traceExchange, routingKey: "publish.#", arguments: {} },
  { exchange: traceExchange, routingKey: "deliver.#", arguments: {} },
];

/**
 * The firehose name by name, without names over 247 bytes: a trace event about one of those ends the connection that
 * it is sent to, so it must not match any binding.
 */
export function narrowFirehose(
  exchanges: readonly string[],
  queues: readonly string[],
): { readonly bindings: readonly WantedBinding[]; readonly leftOut: readonly string[] } {
  const fits = (name: string): boolean => Buffer.byteLength(name) <= longestName;
  const to = (routingKey: string): WantedBinding => ({ exchange: traceExchange, routingKey, arguments: {} });
  return {
    bindings: [
      ...new Set(["", ...exchanges.filter(fits)].map((name) => `publish.${name}`)),
      ...new Set(queues.filter(fits).map((name) => `deliver.${name}`)),
    ].map(to),
    leftOut: [...exchanges, ...queues].filter((name) => !fits(name)),
  };
}

export function bindingKey({ exchange, routingKey, arguments: args }: WantedBinding): string {
  return JSON.stringify([exchange, routingKey, Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
