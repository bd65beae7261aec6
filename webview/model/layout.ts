/** What stands on the screen at which width; the numbers are those of the look. */
import type { Place } from "../store/place.ts";

export type Column = "list" | "conversation" | "message";

export interface Layout {
  /** What is shown, from the left: one column, or one with a pane beside it. */
  readonly columns: readonly [Column] | readonly [Column, Exclude<Column, "list">];
  readonly list: "beside" | "whole" | "narrow";
  /** Under 720 px: everything in its narrow form. */
  readonly narrow: boolean;
  /** Under 1000 px the status line is short. */
  readonly tight: boolean;
  /** Whether a pane fits beside the main column. */
  readonly beside: boolean;
  /** The message has the larger part and shows two columns. */
  readonly wideMessage: boolean;
  readonly narrowConversation: boolean;
}

export function layoutFor(width: number, place: Place): Layout {
  const narrow = width < 720;
  const beside = width >= 1080;
  const columns = columnsFor(place, beside);
  const paned = columns.length === 2;
  const wideMessage = beside && place.level === "message" && place.seq !== undefined;
  return {
    columns,
    list: narrow ? "narrow" : paned || width < 960 ? "beside" : "whole",
    narrow,
    tight: width < 1000,
    beside,
    wideMessage,
    narrowConversation: wideMessage,
  };
}

function columnsFor({ level, conversation, seq }: Place, beside: boolean): Layout["columns"] {
  if (conversation === undefined) return ["list"];
  if (level === "list") return beside ? ["list", "conversation"] : ["list"];
  if (seq === undefined) return ["conversation"];
  if (beside) return ["conversation", "message"];
  return [level === "message" ? "message" : "conversation"];
}
