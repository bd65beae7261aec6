/** One row of the conversation list, in its three layouts: beside a pane, over the whole width, and narrow. */
import { html, nothing, type TemplateResult } from "lit";
import type { ConversationRow } from "../../daemon/serve/protocol.ts";
import { age, counted, duration, shortId } from "../model/format.ts";
import { spokenRow } from "../model/speech.ts";
import { icon, stateIcon } from "./icons.ts";
import { placed } from "./placed.ts";
import { stepStrip } from "./step-glyphs.ts";

export type ListLayout = "beside" | "whole" | "narrow";

export interface RowView {
  readonly row: ConversationRow;
  readonly layout: ListLayout;
  /** Pinned rows are tall in the narrow layout: their problem has a line of its own. */
  readonly pinned: boolean;
  readonly top: number;
  readonly index: number;
  readonly cursor: boolean;
  readonly tabStop: boolean;
  readonly selected: boolean;
  readonly now: number;
  /** Room for name and key, in pixels. */
  readonly nameWidth: number;
}

export function conversationRow(view: RowView): TemplateResult {
  const { row, layout, pinned } = view;
  const narrow = layout === "narrow";
  return html`<div
    class="row ${layout} ${narrow && pinned ? "two" : ""} ${view.selected ? "selected" : ""}"
    role="row"
    data-id=${row.id}
    data-group=${pinned ? "look" : "new"}
    ?data-cursor=${view.cursor}
    aria-rowindex=${view.index}
    aria-selected=${view.selected ? "true" : "false"}
    aria-label=${spokenRow(row, view.now)}
    tabindex=${view.tabStop ? 0 : -1}
    ${placed({ transform: `translateY(${view.top}px)` })}
  >
    <span role="gridcell" class="state-cell">${stateIcon(row.state, row.kind)}</span>
    <span role="gridcell" class="name cut" title=${`${row.name} ${row.key}`.trim()}
      >${row.name} <span class="dim mono">${shortId(row.key, keyRoom(row.name, view.nameWidth))}</span></span
    >
    <span role="gridcell" class="steps">${stepStrip(row.steps, 60)}</span>
    ${narrow ? narrowCells(view) : wideCells(view)}
  </div>`;
}

/** How many characters of a key fit beside the name: the key loses its middle, so that neither is cut at its end. */
function keyRoom(name: string, width: number): number {
  return Math.max(9, Math.floor((width - 8 - name.length * 7.3) / 7.4));
}

function wideCells({ row, layout, now, pinned }: RowView): TemplateResult {
  return html`
    <span role="gridcell" class="cut ${pinned || row.needsLook ? "" : "dim"}" title=${row.latest.text}
      >${latest(row)}</span
    >
    ${
      layout === "whole"
        ? html`<span role="gridcell" class="cut dim" title=${row.participants.join(", ")}>${participants(row)}</span>`
        : nothing
    }
    <span role="gridcell" class="problems">${problems(row)}</span>
    <span role="gridcell" class="num">${row.tookMs === undefined ? "" : duration(row.tookMs)}</span>
    <span role="gridcell" class="num dim">${age(now - row.startedAt)}</span>
  `;
}

function narrowCells({ row, now, pinned }: RowView): TemplateResult {
  return html`
    <span role="gridcell" class="num dim">${age(now - row.startedAt)}</span>
    ${pinned ? html`<span role="gridcell" class="second cut" title=${row.latest.text}>${latest(row)}</span>` : nothing}
  `;
}

/** The squiggle runs under the start of the text that the daemon names. */
function latest({ latest: { text, squiggle } }: ConversationRow): TemplateResult | string {
  if (squiggle <= 0) return text;
  return html`<span class="squiggle">${text.slice(0, squiggle)}</span>${text.slice(squiggle)}`;
}

/** The first two by name, the rest as a number. */
function participants(row: ConversationRow): string {
  const [first, second, ...rest] = row.participants;
  const named = [first, second].filter((name) => name !== undefined).join(", ");
  return rest.length === 0 ? named : `${named} +${rest.length}`;
}

function problems(row: ConversationRow): TemplateResult | typeof nothing {
  const total = row.errors + row.warnings;
  if (total === 0) return nothing;
  const words = [
    row.errors > 0 ? counted(row.errors, "error") : "",
    row.warnings > 0 ? counted(row.warnings, "warning") : "",
  ];
  const title = words.filter((word) => word !== "").join(", ");
  return html`<span class="problem" title=${title}
    >${row.errors > 0 ? icon("error", "bad", true) : icon("warning", "warn", true)}<span class="num"
      >${total}</span
    ></span
  >`;
}
