/** What a tap sees, in words: its mode, and how far the groups of a broker are behind. */
import type { GroupLag, TapView } from "../../daemon/serve/protocol.ts";

interface ModeLook {
  /** For the status line, where it says that less is seen than could be; empty for the best mode. */
  readonly short: string;
  readonly words: string;
}

const modes: Readonly<Record<string, ModeLook>> = {
  firehose: { short: "", words: "sees every publish and delivery by the firehose" },
  bindings: { short: "by bindings", words: "sees publishes only, by bindings beside those of others" },
  topology: { short: "topology only", words: "sees no message, only what exchanges and queues there are" },
};

/** What a tap's mode lets it see; a mode that is not known here keeps its own word. */
export function modeOf({ mode }: Pick<TapView, "mode">): ModeLook | undefined {
  return mode === undefined ? undefined : (modes[mode] ?? { short: "", words: `by ${mode}` });
}

/** All groups' lag together; `undefined` where no group is known. */
export function totalLag({ groups = [] }: Pick<TapView, "groups">): number | undefined {
  return groups.length === 0 ? undefined : groups.reduce((sum, { lag }) => sum + lag, 0);
}

/** The groups with the most to read first; the same lag by name. */
export function byLag(groups: readonly GroupLag[]): readonly GroupLag[] {
  return groups.toSorted((a, b) => b.lag - a.lag || a.group.localeCompare(b.group) || a.topic.localeCompare(b.topic));
}
