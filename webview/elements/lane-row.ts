/** One row of the lanes: time, slice, name and what there is to say of it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Lane, LaneRow } from "../../daemon/serve/protocol.ts";
import { count, duration, offset } from "../model/format.ts";
import { spokenLaneRow } from "../model/speech.ts";
import { brokerMark, icon } from "./icons.ts";
import { laneSlice, type SliceView } from "./lane-slice.ts";
import { placed } from "./placed.ts";

export interface LaneRowView extends SliceView {
  readonly top: number;
  readonly selected: boolean;
  readonly tabStop: boolean;
  /** Without latencies and notes: beside a message that has the larger part of the window. */
  readonly bare: boolean;
  /** The name of what caused it. */
  readonly cause: string | undefined;
}

export function laneRow(view: LaneRowView): TemplateResult {
  const { row, plan, index } = view;
  const classes = ["row", kindClass(row), plan.narrow ? "narrow" : "", view.selected ? "selected" : ""].join(" ");
  return html`<div
    class=${classes}
    role="row"
    data-index=${index}
    aria-rowindex=${index + 1}
    aria-selected=${view.selected ? "true" : "false"}
    aria-label=${spokenLaneRow(row, view.lanes, view.cause)}
    tabindex=${view.tabStop ? 0 : -1}
    ${placed({
      transform: `translateY(${view.top}px)`,
      "grid-template-columns": `${plan.timeWidth}px ${plan.width}px minmax(0,1fr)`,
    })}
  >
    <span class="time" role="gridcell">${timeOf(row, plan.narrow)}</span>
    <span role="gridcell" data-slice>${laneSlice(view)}</span>
    <span class="text" role="gridcell">${row.kind === "gap" ? gapText(row) : textOf(view)}</span>
  </div>`;
}

function kindClass(row: LaneRow): string {
  return row.kind === "dead letter" ? "dead-letter" : row.kind;
}

function timeOf(row: LaneRow, narrow: boolean): string {
  if (row.kind === "gap") return narrow ? "" : "⋯";
  return row.offsetMs === undefined || row.kind === "missing" ? "" : offset(row.offsetMs);
}

function gapText(row: LaneRow): string {
  return [row.name, row.note].filter((part) => part !== undefined && part !== "").join(" ");
}

function textOf({ row, plan, lanes, bare }: LaneRowView): TemplateResult {
  const after = row.kind === "delivery" || row.kind === "dead letter";
  const channel = plan.narrow || row.kind === "missing" || row.kind === "timeout" ? undefined : row.channel;
  return html`${rowIcon(row)}
    <span class="what cut ${row.violation ? "squiggle" : ""} ${after ? "dim" : ""}" title=${row.name}>${row.name}</span>
    ${row.count > 1 ? html`<span class="tag" title=${`seen ${count(row.count)} times`}>×${count(row.count)}</span>` : nothing}
    ${row.note !== undefined && !bare ? html`<span class="note dim cut" title=${row.note}>${row.note}</span>` : nothing}
    ${
      channel !== undefined && !bare
        ? html`<span class="channel dim cut" title=${`${channel}${readers(row, lanes)}`}>${channel}</span>`
        : nothing
    }
    ${row.latencyMs !== undefined && !bare ? html`<span class="latency">${duration(row.latencyMs)}</span>` : nothing}`;
}

function readers(row: LaneRow, lanes: readonly Lane[]): string {
  const names = row.to.flatMap((lane) => lanes[lane]?.name ?? []);
  return names.length === 0 ? "" : `, to ${names.join(", ")}`;
}

function rowIcon(row: LaneRow): TemplateResult {
  if (row.violation || row.state === "failed") return icon("error", "bad", true);
  if (row.kind === "missing") return icon("circle-slash", "warn", true);
  if (row.kind === "dead letter") return icon("inbox", "warn", true);
  if (row.kind === "delivery") return icon("debug-restart", "warn", true);
  if (row.kind === "timeout" || row.state === "late") return icon("clockface", "warn", true);
  if (row.state === "stuck") return icon("issues", "warn", true);
  if (row.state === "compensation" || row.compensates !== undefined) return icon("discard", "undo", true);
  return html`<span class="mark dim">${row.broker ? brokerMark(row.broker) : nothing}</span>`;
}
