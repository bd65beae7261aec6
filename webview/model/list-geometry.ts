/** Where the rows of the conversation list are: a group of pinned rows, then all others in rows of one height. */
import { scrollArea, type RowRange, type ScrollArea } from "./virtual-rows.ts";

export const rowHeight = 22;
export const groupHeight = 22;
/** A pinned row in the narrow layout has a second line. */
const tallRowHeight = 42;

export interface ListShape {
  /** Pinned rows that show, and whether their group has a head at all. */
  readonly pinned: number;
  readonly hasPinned: boolean;
  readonly total: number;
  readonly narrow: boolean;
  /** The visible height. */
  readonly view: number;
}

/** Where the rows begin that are not pinned. */
export function listTop(shape: ListShape): number {
  return (shape.hasPinned ? groupHeight + shape.pinned * pinnedHeight(shape) : 0) + groupHeight;
}

export function areaOf(shape: ListShape): ScrollArea {
  return scrollArea(listTop(shape) + shape.total * rowHeight, shape.view);
}

/** The rows on the screen, counted without the pinned ones. */
export function visibleRows(shape: ListShape, position: number): RowRange {
  const top = listTop(shape);
  const first = Math.max(0, Math.floor((position - top) / rowHeight));
  const last = Math.min(shape.total, Math.ceil((position + shape.view - top) / rowHeight));
  return { first, count: Math.max(0, last - first) };
}

/** The top of row `index` of all rows, pinned ones first. */
export function topOf(shape: ListShape, index: number): { readonly top: number; readonly height: number } {
  const height = pinnedHeight(shape);
  if (index < shape.pinned) return { top: groupHeight + index * height, height };
  return { top: listTop(shape) + (index - shape.pinned) * rowHeight, height: rowHeight };
}

function pinnedHeight({ narrow }: ListShape): number {
  return narrow ? tallRowHeight : rowHeight;
}
