/**
 * The part of the lanes that one row draws: a small SVG as high as the row. Square or round tail: which broker, and a diamond for a span; head:
 * command filled, event hollow, reply open; line: solid declared, dashed inferred, dotted should have happened.
 */
import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { Lane, LaneRow } from "../../daemon/serve/protocol.ts";
import { bracketX, laneX, sliceOf, type LanePlan } from "../model/lane-geometry.ts";

const foreground = "var(--vscode-charts-foreground)";
const lines = "var(--vscode-charts-lines)";
const ground = "var(--vscode-editor-background)";

export interface SliceView {
  readonly plan: LanePlan;
  readonly lanes: readonly Lane[];
  readonly row: LaneRow;
  readonly index: number;
  /** Rows on the causal path of the selection; all others are drawn at 40 %. */
  readonly path: ReadonlySet<number> | undefined;
  /** The row whose cause is being shown: its stretch is drawn in the colour of the focus. */
  readonly hot: number | undefined;
}

export function laneSlice(view: SliceView): TemplateResult {
  const { plan, row } = view;
  const height = row.kind === "gap" ? 20 : 24;
  return html`<svg class="slice" width=${plan.width} height=${height} aria-hidden="true">
    ${laneLines(view, height)} ${stretches(view, height)} ${brackets(view, height)} ${markOf(view, height / 2)}
  </svg>`;
}

function laneLines({ plan, lanes, row }: SliceView, height: number): SVGTemplateResult[] {
  return lanes.map((lane, index) => {
    const channel = lane.kind === "channel";
    const dash = channel ? "1 3" : row.kind === "gap" ? "2 3" : "none";
    return svg`<path d=${`M${laneX(plan, index)} 0V${height}`} stroke=${lines} opacity=${channel ? 0.9 : 0.55} stroke-dasharray=${dash}></path>`;
  });
}

function stretches({ plan, row, index, path, hot }: SliceView, height: number): SVGTemplateResult[] {
  const middle = height / 2;
  return sliceOf(plan, index).stretches.map((stretch) => {
    const top = stretch.starts ? middle : 0;
    const bottom = stretch.ends ? middle : height;
    const isHot = stretch.toRow === hot;
    const onPath = path === undefined || (path.has(stretch.fromRow) && path.has(stretch.toRow));
    const x = laneX(plan, stretch.lane);
    const dash = stretch.inferred ? "3 2" : "none";
    const cut = row.kind === "delivery" && stretch.ends;
    return svg`<path d=${`M${x} ${top}V${bottom}`} stroke=${isHot ? "var(--vscode-focusBorder)" : foreground} stroke-width="3"
      stroke-opacity=${isHot ? 1 : onPath ? 0.5 : 0.2} stroke-dasharray=${dash}></path>${
        cut ? svg`<path d=${cross(x, middle)} stroke="var(--warn)" stroke-width="1.75"></path>` : ""
      }`;
  });
}

function cross(x: number, y: number): string {
  return `M${x - 3.5} ${y - 3.5}l7 7m0-7l-7 7`;
}

function brackets({ plan, index }: SliceView, height: number): SVGTemplateResult[] {
  const middle = height / 2;
  return sliceOf(plan, index).brackets.map((bracket) => {
    const x = bracketX(plan, bracket);
    const first = index === Math.min(bracket.step, bracket.compensation);
    const last = index === Math.max(bracket.step, bracket.compensation);
    const arm = first || last ? `M${x} ${middle}H${plan.bracketWidth + (plan.narrow ? 0 : 2)}` : "";
    const head = bracket.starts ? `M${x - 3} ${middle + 5}l3-4 3 4` : "";
    return svg`<path d=${`M${x} ${first ? middle : 0}V${last ? middle : height}${arm}${head}`} fill="none"
      stroke="var(--undo)" stroke-width="1.5"></path>`;
  });
}

function markOf(view: SliceView, middle: number): SVGTemplateResult {
  const { row, path, index } = view;
  const faded = path !== undefined && row.kind !== "gap" && !path.has(index);
  return svg`<g opacity=${faded ? 0.4 : 1}>${mark(view, row, middle)}</g>`;
}

function mark(view: SliceView, row: LaneRow, middle: number): SVGTemplateResult {
  switch (row.kind) {
    case "gap":
      return torn(view.plan, middle);
    case "timeout":
      return timeOut(view.plan, row, middle);
    case "delivery":
      return loop(view.plan, row, middle);
    default:
      return arrow(view, row, middle);
  }
}

/** Time that is cut out: the lanes are torn. */
function torn(plan: LanePlan, middle: number): SVGTemplateResult {
  const teeth = Math.floor((plan.width - plan.bracketWidth) / 6);
  let zigzag = `M${plan.bracketWidth} ${middle}`;
  for (let tooth = 0; tooth < teeth; tooth++) zigzag += tooth % 2 === 0 ? "l3 3l3 -3" : "l3 -3l3 3";
  return svg`<path d=${`M${plan.bracketWidth} ${middle}H${plan.width}`} stroke=${ground} stroke-width="7"></path>
    <path d=${zigzag} fill="none" stroke=${lines} opacity=".8"></path>`;
}

function timeOut(plan: LanePlan, row: LaneRow, middle: number): SVGTemplateResult {
  const x = laneX(plan, row.from ?? row.to[0] ?? 0);
  return svg`<path d=${`M${x} ${middle}H${plan.width}`} stroke="var(--warn)" stroke-width="1.25" stroke-dasharray="6 3" opacity=".8"></path>
    <path d=${`M${x} ${middle - 6}v12`} stroke="var(--warn)" stroke-width="3"></path>`;
}

/** Handed out again: a loop at the reader. */
function loop(plan: LanePlan, row: LaneRow, middle: number): SVGTemplateResult {
  const x = laneX(plan, row.to[0] ?? row.from ?? 0);
  const reach = plan.narrow ? 9 : 22;
  return svg`<path d=${`M${x - 2} ${middle - 6}H${x - reach + 4}a5 5 0 0 0 0 11H${x - 8}`} fill="none" stroke="var(--warn)" stroke-width="1.25"></path>
    <path d=${`M${x - 8} ${middle + 1.5}L${x - 2} ${middle + 5}L${x - 8} ${middle + 8.5}Z`} fill="var(--warn)"></path>`;
}

function arrow({ plan, lanes }: SliceView, row: LaneRow, middle: number): SVGTemplateResult {
  const colour = arrowColour(row);
  const missing = row.kind === "missing" || row.line === "missing";
  const dash = missing ? "1 3" : row.line === "inferred" ? "4 3" : "none";
  const tailX = laneX(plan, row.from ?? row.to[0] ?? 0);
  const heads = row.to.map((lane) => ({ lane, x: laneX(plan, lane) }));
  const low = Math.min(tailX, ...heads.map((head) => head.x));
  const high = Math.max(tailX, ...heads.map((head) => head.x));
  return svg`<path d=${`M${low} ${middle}H${high}`} stroke=${colour} stroke-width=${missing ? 1.75 : 1.25}
      stroke-dasharray=${dash} stroke-linecap=${missing ? "round" : "butt"}></path>
    ${heads.map(({ lane, x }) => arrowHead(plan, row, { x, tailX, middle, colour, missing, stops: lanes[lane]?.kind === "channel" }))}
    ${row.from === undefined ? "" : tail(row, tailX, middle, colour, missing)}`;
}

interface Head {
  readonly x: number;
  readonly tailX: number;
  readonly middle: number;
  readonly colour: string;
  readonly missing: boolean;
  readonly stops: boolean;
}

function arrowHead(plan: LanePlan, row: LaneRow, head: Head): SVGTemplateResult {
  const { x, tailX, middle, colour, missing } = head;
  // A message that stops in a channel, such as a dead letter, ends in a box.
  if (head.stops) {
    const stroke = row.state === "stuck" || row.kind === "dead letter" ? "var(--warn)" : colour;
    return svg`<rect x=${x - 4} y=${middle - 4} width="8" height="8" fill=${ground} stroke=${stroke} stroke-width="1.5"></rect>`;
  }
  if (x === tailX) return svg``;
  const away = x > tailX ? -1 : 1;
  const long = plan.narrow ? 5 : 7;
  const half = plan.narrow ? 3 : 3.75;
  const filled = `M${x + away} ${middle}l${away * long} ${-half}v${2 * half}Z`;
  if (row.arrow === "command") return svg`<path d=${filled} fill=${missing ? ground : colour} stroke=${colour}></path>`;
  if (row.arrow === "event") return svg`<path d=${filled} fill=${ground} stroke=${colour} stroke-width="1.25"></path>`;
  const open = `M${x + away * long} ${middle - half}L${x + away} ${middle}L${x + away * long} ${middle + half}`;
  return svg`<path d=${open} fill="none" stroke=${colour} stroke-width="1.5"></path>`;
}

function tail(row: LaneRow, x: number, middle: number, colour: string, missing: boolean): SVGTemplateResult {
  if (missing) return svg`<circle cx=${x} cy=${middle} r="3.25" fill=${ground} stroke=${colour}></circle>`;
  if (row.broker === "kafka")
    return svg`<rect x=${x - 3.5} y=${middle - 3.5} width="7" height="7" fill=${colour}></rect>`;
  if (row.broker === "otlp")
    return svg`<path d=${`M${x} ${middle - 4.5}l4.5 4.5l-4.5 4.5l-4.5 -4.5Z`} fill=${colour}></path>`;
  return svg`<circle cx=${x} cy=${middle} r="3.75" fill=${colour}></circle>`;
}

function arrowColour(row: LaneRow): string {
  if (row.state === "failed") return "var(--bad)";
  if (row.kind === "missing" || row.kind === "dead letter") return "var(--warn)";
  if (row.state === "late" || row.state === "stuck") return "var(--warn)";
  return row.state === "compensation" || row.compensates !== undefined ? "var(--undo)" : foreground;
}
