/**
 * The lanes of a conversation as numbers: where each lane stands, which stretches are drawn thick, which brackets tie
 * a compensation to its step. Rows draw their own slice from it; nothing here knows of SVG.
 */
import type { ConversationDetail, LaneRow } from "../../daemon/serve/protocol.ts";

export interface LanePlan {
  /** Room for the brackets left of the lanes. */
  readonly bracketWidth: number;
  readonly laneGap: number;
  readonly timeWidth: number;
  readonly width: number;
  readonly narrow: boolean;
  readonly stretches: readonly Stretch[];
  readonly brackets: readonly Bracket[];
}

/** The thick part of a lane: from where a cause arrives to where its effect leaves. */
export interface Stretch {
  readonly fromRow: number;
  readonly toRow: number;
  readonly lane: number;
  readonly inferred: boolean;
}

export interface Bracket {
  /** The row that is undone, and the row that undoes it. */
  readonly step: number;
  readonly compensation: number;
  /** 0 is next to the lanes; brackets that hold others stand further out. */
  readonly level: number;
}

export const narrowLaneGap = 17;

/** What a stretch or arrow looks like in one row. */
export interface RowSlice {
  readonly stretches: ReadonlyArray<Stretch & { readonly starts: boolean; readonly ends: boolean }>;
  readonly brackets: ReadonlyArray<Bracket & { readonly starts: boolean; readonly ends: boolean }>;
}

export function planLanes(
  detail: Pick<ConversationDetail, "lanes" | "rows">,
  width: number,
  narrow: boolean,
): LanePlan {
  const brackets = bracketsOf(detail.rows);
  const levels = brackets.reduce((most, bracket) => Math.max(most, bracket.level + 1), 0);
  const bracketWidth = levels === 0 ? (narrow ? 2 : 8) : narrow ? 6 + levels * 6 : 10 + levels * 9;
  const timeWidth = narrow ? 64 : 80;
  const lanes = Math.max(1, detail.lanes.length);
  const room = (width - timeWidth - bracketWidth - 320) / lanes;
  const laneGap = narrow
    ? narrowGap(width, timeWidth + bracketWidth, lanes)
    : Math.round(Math.min(110, Math.max(40, room)));
  return {
    bracketWidth,
    laneGap,
    timeWidth,
    width: bracketWidth + laneGap * lanes,
    narrow,
    stretches: stretchesOf(detail.rows),
    brackets,
  };
}

/** The plan with only what touches these rows, so that drawing them does not look at all others. */
export function planOf(plan: LanePlan, rows: ReadonlySet<number>): LanePlan {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    first = Math.min(first, row);
    last = Math.max(last, row);
  }
  return {
    ...plan,
    stretches: plan.stretches.filter((stretch) => stretch.fromRow <= last && stretch.toRow >= first),
    brackets: plan.brackets.filter(
      ({ step, compensation }) => Math.min(step, compensation) <= last && Math.max(step, compensation) >= first,
    ),
  };
}

/** With very many participants lanes stand closer, so that the names of messages keep half of the width. */
function narrowGap(width: number, before: number, lanes: number): number {
  return Math.max(7, Math.min(narrowLaneGap, Math.floor((width / 2 - before + 40) / lanes)));
}

export function laneX(plan: LanePlan, lane: number): number {
  return plan.bracketWidth + plan.laneGap * (lane + 0.5);
}

export function bracketX(plan: LanePlan, bracket: Bracket): number {
  return plan.bracketWidth - 6 - bracket.level * (plan.narrow ? 6 : 9);
}

export function sliceOf(plan: LanePlan, row: number): RowSlice {
  return {
    stretches: plan.stretches
      .filter((stretch) => row >= stretch.fromRow && row <= stretch.toRow)
      .map((stretch) => ({ ...stretch, starts: row === stretch.fromRow, ends: row === stretch.toRow })),
    brackets: plan.brackets
      .filter((bracket) => row >= Math.min(bracket.step, bracket.compensation))
      .filter((bracket) => row <= Math.max(bracket.step, bracket.compensation))
      .map((bracket) => ({ ...bracket, starts: row === bracket.step, ends: row === bracket.compensation })),
  };
}

function stretchesOf(rows: readonly LaneRow[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [index, row] of rows.entries()) {
    if (row.cause === undefined || row.from === undefined || row.cause.row >= index) continue;
    if (row.kind === "missing" || row.kind === "gap" || row.kind === "timeout") continue;
    stretches.push({
      fromRow: row.cause.row,
      toRow: index,
      lane: row.from,
      inferred: row.cause.evidence.length > 0 && row.cause.evidence.every((line) => !proves(line)),
    });
  }
  return stretches;
}

function proves(line: { readonly role: string; readonly strength: string }): boolean {
  const speaksFor = line.role === "decides" || line.role === "agrees";
  return speaksFor && (line.strength === "certain" || line.strength === "declared");
}

/** Shorter brackets stand inside; one that overlaps another without holding it still gets a level of its own. */
function bracketsOf(rows: readonly LaneRow[]): Bracket[] {
  const spans = rows.flatMap((row, index) =>
    row.compensates !== undefined && row.compensates !== index ? [{ step: row.compensates, compensation: index }] : [],
  );
  const sorted = spans.sort((a, b) => Math.abs(a.compensation - a.step) - Math.abs(b.compensation - b.step));
  const placed: Bracket[] = [];
  for (const span of sorted) {
    const taken = new Set(placed.filter((other) => overlap(span, other)).map((other) => other.level));
    let level = 0;
    while (taken.has(level)) level++;
    placed.push({ ...span, level });
  }
  return placed;
}

function overlap(a: { step: number; compensation: number }, b: { step: number; compensation: number }): boolean {
  const low = (span: typeof a): number => Math.min(span.step, span.compensation);
  const high = (span: typeof a): number => Math.max(span.step, span.compensation);
  return low(a) <= high(b) && low(b) <= high(a);
}

/** The rows that led to `row` and those that came of it, itself included; what a selection draws at full strength. */
export function causalPath(rows: readonly LaneRow[], row: number): ReadonlySet<number> {
  const path = new Set<number>([row]);
  let cause = rows[row]?.cause?.row;
  while (cause !== undefined && !path.has(cause)) {
    path.add(cause);
    cause = rows[cause]?.cause?.row;
  }
  const effects = new Set<number>([row]);
  for (let index = row + 1; index < rows.length; index++) {
    const because = rows[index]?.cause?.row;
    if (because !== undefined && effects.has(because)) {
      effects.add(index);
      path.add(index);
    }
  }
  return path;
}

/** The row a cause-key goes to, and the one an effect-key goes to. */
export function causeOf(rows: readonly LaneRow[], row: number): number | undefined {
  return rows[row]?.cause?.row;
}

export function effectOf(rows: readonly LaneRow[], row: number): number | undefined {
  const index = rows.findIndex((other, at) => at > row && other.cause?.row === row);
  return index < 0 ? undefined : index;
}

export function rowHeight(row: LaneRow): number {
  return row.kind === "gap" ? 20 : 24;
}
