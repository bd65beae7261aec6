/** The histogram as numbers: bars, axis, and what a brush on it means. */
import type { Histogram } from "../../daemon/serve/protocol.ts";
import type { Brush } from "../store/place.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spanOf(histogram: Histogram): Span {
  return { from: histogram.from, to: histogram.from + histogram.bucketMs * histogram.buckets.length };
}

export function brushSpan(brush: Brush | undefined, span: Span): Span | undefined {
  if (!brush) return undefined;
  return "width" in brush ? { from: span.to - brush.width, to: span.to } : { from: brush.from, to: brush.to };
}

/**
 * The brush for a marked span. One that ends at now (within one bar) moves with it; one over everything is none; one
 * thinner than a bar is none.
 */
export function brushFor(marked: Span, whole: Span, bucketMs: number): Brush | undefined {
  const from = Math.max(whole.from, Math.min(marked.from, marked.to));
  const to = Math.min(whole.to, Math.max(marked.from, marked.to));
  if (to - from < bucketMs) return undefined;
  const endsNow = to > whole.to - bucketMs;
  if (endsNow && from < whole.from + bucketMs) return undefined;
  return endsNow ? { width: whole.to - from } : { from, to };
}

const niceSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map(
  (s) => s * 1000,
);

/** Times for the axis, at most one every `room` pixels, on round numbers of the reader's clock. */
export function axisTicks(
  span: Span,
  width: number,
  room: number,
  zoneOffsetMs: number,
): { step: number; at: number[] } {
  const length = span.to - span.from;
  const most = Math.max(1, Math.floor(width / room));
  const step = niceSteps.find((candidate) => length / candidate <= most) ?? 86_400_000;
  const at: number[] = [];
  if (length <= 0) return { step, at };
  const first = Math.ceil((span.from - zoneOffsetMs) / step) * step + zoneOffsetMs;
  for (let time = first; time < span.to; time += step) at.push(time);
  return { step, at };
}

/** The busiest bar, in messages a second. */
export function peakRate(histogram: Histogram): number {
  const most = histogram.buckets.reduce((peak, bucket) => Math.max(peak, bucket.messages), 0);
  return (most * 1000) / histogram.bucketMs;
}
