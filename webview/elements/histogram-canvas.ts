/** Draws the histogram. Colours are read from the theme each time, so a changed theme needs only a new drawing. */
import type { Histogram } from "../../daemon/serve/protocol.ts";
import { axisTime, count, threeDigits } from "../model/format.ts";
import { axisTicks, peakRate, spanOf, type Span } from "../model/histogram-geometry.ts";

const plotHeight = 44;
const fullHeight = 62;

export interface HistogramDrawing {
  readonly histogram: Histogram;
  readonly marked: Span | undefined;
  /** `now`, or the time at which the view stands. */
  readonly lastLabel: string;
  readonly narrow: boolean;
  readonly zoneOffsetMs: number;
}

export function drawHistogram(canvas: HTMLCanvasElement, host: Element, drawing: HistogramDrawing): void {
  const width = canvas.clientWidth;
  const context = canvas.getContext("2d");
  if (!context || width === 0) return;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(fullHeight * ratio)) canvas.height = Math.round(fullHeight * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, fullHeight);
  const style = getComputedStyle(host);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const paint = { context, width, drawing, colour, font: `11px ${colour("--vscode-font-family")}` };
  drawBrush(paint);
  drawBars(paint);
  drawAxis(paint);
  drawEdges(paint);
}

interface Paint {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly drawing: HistogramDrawing;
  readonly colour: (name: string) => string;
  readonly font: string;
}

function drawBrush({ context, width, drawing: { histogram, marked }, colour }: Paint): void {
  if (!marked) return;
  const [left, right] = edges(marked, spanOf(histogram), width);
  context.globalAlpha = 0.22;
  context.fillStyle = colour("--vscode-editor-selectionBackground");
  context.fillRect(left, 1, right - left, plotHeight - 1);
  context.globalAlpha = 1;
}

function drawBars({ context, width, drawing: { histogram, marked }, colour }: Paint): void {
  const bars = histogram.buckets.length;
  if (bars === 0) return;
  const pitch = width / bars;
  const gap = pitch > 3 ? 1 : 0;
  const most = histogram.buckets.reduce((peak, bucket) => Math.max(peak, bucket.messages), 1);
  const [left, right] = marked ? edges(marked, spanOf(histogram), width) : [0, width];
  const [foreground, bad, warn] = [colour("--vscode-charts-foreground"), colour("--bad"), colour("--warn")];
  for (const [index, bucket] of histogram.buckets.entries()) {
    if (bucket.messages === 0 && !bucket.shed) continue;
    const x = index * pitch;
    const height = Math.max(bucket.messages > 0 ? 1.5 : 0, (bucket.messages / most) * (plotHeight - 12));
    const inside = x + pitch / 2 >= left && x + pitch / 2 <= right;
    context.globalAlpha = inside ? 0.42 : 0.2;
    context.fillStyle = foreground;
    context.fillRect(x, plotHeight - height, pitch - gap, height);
    context.globalAlpha = 1;
    const problem = bucket.errors > 0 ? 9 : bucket.warnings > 0 ? 4 : 0;
    if (problem > 0) {
      context.fillStyle = bucket.errors > 0 ? bad : warn;
      context.fillRect(x, plotHeight - problem, pitch - gap, problem);
    }
    if (bucket.shed) {
      context.strokeStyle = warn;
      context.lineWidth = 2;
      context.setLineDash([2, 1]);
      line(context, x, plotHeight - height - 3, x + pitch - gap, plotHeight - height - 3);
      context.setLineDash([]);
    }
  }
}

function drawAxis({ context, width, drawing, colour, font }: Paint): void {
  const { histogram, lastLabel, narrow, zoneOffsetMs } = drawing;
  const span = spanOf(histogram);
  context.strokeStyle = colour("--vscode-charts-lines");
  context.lineWidth = 1;
  context.globalAlpha = 0.6;
  line(context, 0, plotHeight + 0.5, width, plotHeight + 0.5);
  context.globalAlpha = 0.35;
  context.setLineDash([1, 3]);
  line(context, 0, 10.5, width, 10.5);
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.font = font;
  context.fillStyle = colour("--dim");
  const lastWidth = context.measureText(lastLabel).width;
  if (histogram.buckets.length > 0) {
    const ticks = axisTicks(span, width, narrow ? 110 : 150, zoneOffsetMs);
    for (const at of ticks.at) {
      const x = ((at - span.from) / (span.to - span.from)) * width;
      const text = axisTime(at, ticks.step);
      if (x + context.measureText(text).width < width - lastWidth - 12) context.fillText(text, x, 59);
    }
    context.textAlign = "right";
    context.fillText(lastLabel, width, 59);
    context.textAlign = "left";
  }
  const rate = peakRate(histogram);
  const peak = rate >= 100 ? count(rate) : threeDigits(rate);
  const label = `${narrow ? "" : "messages a second, "}peak ${peak}`;
  context.fillStyle = colour("--vscode-editor-background");
  context.fillRect(0, 2, context.measureText(label).width + 6, 14);
  context.fillStyle = colour("--dim");
  context.fillText(label, 0, 13);
}

function drawEdges({ context, width, drawing: { histogram, marked }, colour }: Paint): void {
  if (!marked) return;
  const [left, right] = edges(marked, spanOf(histogram), width);
  context.strokeStyle = colour("--vscode-focusBorder");
  context.fillStyle = colour("--vscode-focusBorder");
  context.lineWidth = 1;
  line(context, left + 0.5, 0, left + 0.5, plotHeight);
  line(context, right - 0.5, 0, right - 0.5, plotHeight);
  context.fillRect(left - 1.5, plotHeight / 2 - 7, 4, 14);
}

function edges(marked: Span, span: Span, width: number): [number, number] {
  const length = Math.max(1, span.to - span.from);
  const x = (at: number): number => Math.min(width, Math.max(0, ((at - span.from) / length) * width));
  return [x(marked.from), x(marked.to)];
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
