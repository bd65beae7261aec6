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
 * it is sent to, so it must not match any binding. The trace exchange takes a name with `*` or `#` in it for a pattern,
 * so such a name is left out as well where it would stand for a long one.
 */
export function narrowFirehose(
  exchanges: readonly string[],
  queues: readonly string[],
): { readonly bindings: readonly WantedBinding[]; readonly leftOut: readonly string[] } {
  const to = (routingKey: string): WantedBinding => ({ exchange: traceExchange, routingKey, arguments: {} });
  const watched = { exchanges: traceable(exchanges), queues: traceable(queues) };
  return {
    bindings: [
      ...new Set(["", ...watched.exchanges.fits].map((name) => `publish.${name}`)),
      ...new Set(watched.queues.fits.map((name) => `deliver.${name}`)),
    ].map(to),
    leftOut: [...watched.exchanges.leftOut, ...watched.queues.leftOut],
  };
}

/** Whether a trace event can be told about something of this name. */
export function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > longestName;
}

function traceable(names: readonly string[]): {
  readonly fits: readonly string[];
  readonly leftOut: readonly string[];
} {
  const long = names.filter(isTooLong);
  const isFine = (name: string): boolean => !isTooLong(name) && !long.some((other) => standsFor(name, other));
  return {
    fits: names.filter(isFine),
    leftOut: [...long, ...names.filter((name) => !isTooLong(name) && !isFine(name))],
  };
}

/** Whether a topic exchange takes a name for a pattern that another one matches: `*` is one word, `#` any number of them. */
function standsFor(pattern: string, name: string): boolean {
  if (!/(?:^|\.)[*#](?:\.|$)/.test(pattern)) return false;
  // How many words of the name can be behind the words of the pattern so far.
  const words = name.split(".");
  let reached = new Set([0]);
  for (const part of pattern.split(".")) {
    const next = new Set<number>();
    for (const at of reached) {
      if (part === "#") for (let to = at; to <= words.length; to++) next.add(to);
      else if (at < words.length && (part === "*" || part === words[at])) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(words.length);
}

export function bindingKey({ exchange, routingKey, arguments: args }: WantedBinding): string {
  return JSON.stringify([exchange, routingKey, Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
