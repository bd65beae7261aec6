/** What the rules on ranges of numbers share. */
import type { RangeNode } from "../../../proto/index.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Each old range that is no longer covered whole, with what is missing of it. */
export function* lostRanges(
  before: readonly RangeNode[],
  after: readonly RangeNode[],
): Generator<{ range: Range; missing: Range[] }> {
  const kept = joined(after);
  for (const range of before) {
    const missing = uncovered(range, kept);
    if (missing.length > 0) yield { range, missing };
  }
}

/** The ranges in order, neighbours and overlapping ones made one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && range.from <= last.to + 1)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else result.push({ from: range.from, to: range.to });
  }
  return result;
}

function uncovered(range: Range, kept: readonly Range[]): Range[] {
  const missing: Range[] = [];
  let from = range.from;
  for (const other of kept) {
    if (other.to < from) continue;
    if (other.from > range.to) break;
    if (other.from > from) missing.push({ from, to: other.from - 1 });
    from = other.to + 1;
  }
  if (from <= range.to) missing.push({ from, to: range.to });
  return missing;
}

/** `5`, `5 to 9`, `5 to max`. */
export function rangeWords(range: Range, max: number): string {
  if (range.from === range.to) return String(range.from);
  return `${range.from} to ${range.to >= max ? "max" : range.to}`;
}
