/** Where in the page the user is, as values that can be kept over a reload. */

/** What is on the screen: the list, one conversation, or one message of it; in wide windows with a side pane. */
export interface Place {
  readonly level: "list" | "conversation" | "message";
  readonly conversation?: string;
  readonly seq?: number;
}

/** A span of time: fixed, or the last `width` milliseconds, moving with now. */
export type Brush = { readonly from: number; readonly to: number } | { readonly width: number };

/** A conversation beside the list, or over it with `wide`. A message of the same conversation stays open. */
export function placeOfConversation({ level, conversation, seq }: Place, id: string, wide: boolean): Place {
  const next = wide || level !== "list" ? "conversation" : "list";
  return { level: next, conversation: id, ...(conversation === id && seq !== undefined ? { seq } : {}) };
}

/** A message beside its conversation; `wide`, and from the list always, with the larger part of the window. */
export function placeOfMessage(place: Place, seq: number, wide: boolean): Place {
  return { ...place, level: wide || place.level === "list" ? "message" : place.level, seq };
}

/** One step back: from a message to its conversation, from there to the list. */
export function placeBefore({ level, conversation }: Place): Place {
  if (conversation === undefined) return { level: "list" };
  return { level: level === "message" ? "conversation" : "list", conversation };
}

/** Without its innermost pane; `undefined` when there is none. */
export function placeWithoutPane(place: Place): Place | undefined {
  const { level, conversation, seq } = place;
  if (conversation === undefined) return undefined;
  if (level === "list") return { level };
  return seq === undefined ? placeBefore(place) : { level: "conversation", conversation };
}
