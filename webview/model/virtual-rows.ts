/**
 * Which rows stand on the screen, for a list that may have millions. A browser cannot make one element 22 million
 * pixels tall, so the scroll area is capped; small movements move the rows pixel by pixel from an anchor, and a jump
 * with the scrollbar goes to the same fraction of the list.
 */

/** Taller than this, engines round or stop; Firefox gives up first, near 17.9 million. */
export const tallestArea = 8_000_000;

/** Where a list stands: `position` is in real pixels from its top, `scrollTop` is what the browser believes. */
export interface ScrollState {
  readonly position: number;
  readonly scrollTop: number;
}

/** The height of the whole list, the height the browser is told, and the visible part. */
export interface ScrollArea {
  readonly content: number;
  readonly area: number;
  readonly view: number;
}

export function scrollArea(content: number, view: number): ScrollArea {
  return { content, area: Math.min(content, tallestArea), view };
}

/** The list after the browser has moved to `scrollTop`. */
export function scrolled(before: ScrollState, scrollTop: number, area: ScrollArea): ScrollState {
  const most = Math.max(0, area.content - area.view);
  if (area.content === area.area) return { position: clamp(scrollTop, 0, most), scrollTop };
  const mostTop = Math.max(1, area.area - area.view);
  if (scrollTop <= 0) return { position: 0, scrollTop: 0 };
  if (scrollTop >= mostTop - 1) return { position: most, scrollTop };
  const moved = scrollTop - before.scrollTop;
  // One pixel of the scrollbar is more than this in any window, and a turn of the wheel is less.
  const small = Math.abs(moved) <= area.view * 4;
  const position = small ? before.position + moved : (scrollTop / mostTop) * most;
  return { position: clamp(position, 0, most), scrollTop };
}

/** What the browser's scroll position should be for `position`: set when the list rests, so that the ends stay reachable. */
export function settledScrollTop(position: number, area: ScrollArea): number {
  const most = Math.max(0, area.content - area.view);
  if (area.content === area.area || most === 0) return clamp(position, 0, most);
  return Math.round((clamp(position, 0, most) / most) * (area.area - area.view));
}

/** Moves the list as little as possible so that the span is visible. */
export function positionToShow(position: number, view: number, top: number, height: number): number {
  if (top < position) return top;
  if (top + height > position + view) return top + height - view;
  return position;
}

export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** The rows to ask for: those visible and one page around them. */
export function windowAround(visible: RowRange, total: number): RowRange {
  const page = Math.max(visible.count, 20);
  const first = Math.max(0, visible.first - page);
  const last = Math.min(total, visible.first + visible.count + page);
  return { first, count: Math.max(0, last - first) };
}

/** Whether `have` still covers what is visible with half a page to spare, so that nothing needs to be asked. */
export function covers(have: RowRange, visible: RowRange, total: number): boolean {
  const spare = Math.ceil(visible.count / 2);
  const first = Math.max(0, visible.first - spare);
  const last = Math.min(total, visible.first + visible.count + spare);
  return have.first <= first && have.first + have.count >= last;
}

/**
 * How far rows moved down because newer ones came on top: found by a row that both windows hold, else by how much the
 * list grew. Negative when rows left.
 */
export function rowsShifted(
  before: { readonly first: number; readonly ids: readonly string[]; readonly total: number },
  after: { readonly first: number; readonly ids: readonly string[]; readonly total: number },
): number {
  const places = new Map(after.ids.map((id, index) => [id, after.first + index]));
  for (const [index, id] of before.ids.entries()) {
    const now = places.get(id);
    if (now !== undefined) return now - (before.first + index);
  }
  return before.ids.length === 0 || after.ids.length === 0 ? 0 : after.total - before.total;
}

/** Tops of rows of different heights; the last entry is the height of all. */
export function tops(heights: readonly number[]): Float64Array {
  const result = new Float64Array(heights.length + 1);
  let sum = 0;
  for (const [index, height] of heights.entries()) {
    result[index] = sum;
    sum += height;
  }
  result[heights.length] = sum;
  return result;
}

/** The rows of `tops` that touch the span. */
export function rowsBetween(rowTops: Float64Array, from: number, to: number): RowRange {
  const rows = rowTops.length - 1;
  if (rows <= 0) return { first: 0, count: 0 };
  const first = rowAt(rowTops, from);
  let last = first;
  while (last < rows && (rowTops[last] ?? 0) < to) last++;
  return { first, count: last - first };
}

function rowAt(rowTops: Float64Array, y: number): number {
  let low = 0;
  let high = rowTops.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rowTops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
