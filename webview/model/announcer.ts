/**
 * What a screen reader hears of a live list: only what newly needs a look, at most every five seconds, nothing while
 * paused. The clock is an argument.
 */
import type { ConversationRow } from "../../daemon/serve/protocol.ts";
import { counted } from "./format.ts";
import { stateWord } from "./words.ts";

export const announceEveryMs = 5_000;

export interface AnnouncerState {
  readonly known: ReadonlySet<string>;
  readonly lastAt: number;
}

export const silentAnnouncer: AnnouncerState = { known: new Set(), lastAt: Number.NEGATIVE_INFINITY };

/** The sentence to speak now, if any, and what is known afterwards. The first list that is seen is not news. */
export function announce(
  state: AnnouncerState,
  needsLook: readonly ConversationRow[],
  now: number,
  paused: boolean,
): { readonly state: AnnouncerState; readonly say?: string } {
  const ids = new Set(needsLook.map((row) => `${row.id} ${row.state}`));
  if (state.lastAt === Number.NEGATIVE_INFINITY) return { state: { known: ids, lastAt: now - announceEveryMs } };
  const fresh = needsLook.filter((row) => !state.known.has(`${row.id} ${row.state}`));
  if (fresh.length === 0) return { state: { known: ids, lastAt: state.lastAt } };
  if (paused || now - state.lastAt < announceEveryMs) return { state };
  const [only] = fresh;
  const say =
    fresh.length === 1 && only
      ? `Needs a look: ${only.name} ${only.key}, ${stateWord(only.state, only.kind)}: ${only.latest.text}`
      : counted(fresh.length, "conversation needs a look", "conversations need a look");
  return { state: { known: ids, lastAt: now }, say };
}
