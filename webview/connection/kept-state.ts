/**
 * What a reloaded page needs to go on where it was: small, and never data of messages. VS Code keeps it for a webview,
 * the browser's session for a plain page. What was kept may be of an older version or damaged, so it is read with care.
 */
import type { ConversationFilter, ConversationState } from "../../daemon/serve/protocol.ts";
import { conversationStates } from "../model/words.ts";
import type { Brush, Place } from "../store/place.ts";

export interface KeptState {
  readonly captureId: string;
  readonly revision: number;
  readonly text: string;
  readonly states: readonly ConversationState[];
  readonly needsLook: boolean;
  readonly brush?: Brush;
  readonly place: Place;
  readonly folded: readonly string[];
}

/** Where kept state lives. */
export interface Keeper {
  load(): KeptState | undefined;
  save(state: KeptState): void;
}

const storageKey = "contrail.live";

/** Keeps in VS Code's webview state. */
export function hostKeeper(api: { getState(): unknown; setState(state: unknown): void }): Keeper {
  return { load: () => readKept(api.getState()), save: (state) => api.setState(state) };
}

/** Keeps in the browser's session, where there is one; a private window without storage simply forgets. */
export function sessionKeeper(): Keeper {
  return {
    load: () => {
      try {
        return readKept(JSON.parse(sessionStorage.getItem(storageKey) ?? "null"));
      } catch {
        return undefined;
      }
    },
    save: (state) => {
      try {
        sessionStorage.setItem(storageKey, JSON.stringify(state));
      } catch {
        // Storage may be full or forbidden; the view then starts afresh after a reload, which is all that is lost.
      }
    },
  };
}

/** Exported for its test. */
export function readKept(value: unknown): KeptState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const kept = value as Record<string, unknown>;
  const brush = readBrush(kept["brush"]);
  return {
    captureId: typeof kept["captureId"] === "string" ? kept["captureId"] : "",
    revision: typeof kept["revision"] === "number" ? kept["revision"] : 0,
    text: typeof kept["text"] === "string" ? kept["text"] : "",
    states: stringsOf(kept["states"]).filter((state): state is ConversationFilter["states"][number] =>
      (conversationStates as readonly string[]).includes(state),
    ),
    needsLook: kept["needsLook"] === true,
    ...(brush ? { brush } : {}),
    place: readPlace(kept["place"]),
    folded: stringsOf(kept["folded"]),
  };
}

function readBrush(value: unknown): Brush | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { from, to, width } = value as Record<string, unknown>;
  if (typeof width === "number" && width > 0) return { width };
  return typeof from === "number" && typeof to === "number" && from < to ? { from, to } : undefined;
}

function readPlace(value: unknown): Place {
  const place = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const level = place["level"] === "conversation" || place["level"] === "message" ? place["level"] : "list";
  const conversation = typeof place["conversation"] === "string" ? place["conversation"] : undefined;
  const seq = typeof place["seq"] === "number" ? place["seq"] : undefined;
  return {
    level: conversation === undefined ? "list" : level,
    ...(conversation === undefined ? {} : { conversation }),
    ...(seq === undefined || conversation === undefined ? {} : { seq }),
  };
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
