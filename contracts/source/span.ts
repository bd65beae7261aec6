/** A piece of a text: `start` inclusive, `end` exclusive, both UTF-16 code unit offsets from 0. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A span in a file. `path` is relative to the root of what is checked, with `/` on every system. */
export interface Place {
  readonly path: string;
  readonly span: Span;
}

/** The span from the start of `first` to the end of `last`. */
export function spanOf(first: Span, last: Span): Span {
  return { start: first.start, end: last.end };
}

/** The empty span at `offset`: a place between two characters. */
export function emptySpan(offset: number): Span {
  return { start: offset, end: offset };
}

/** Whether `offset` lies in `span`; its end counts, as a cursor behind the last character is still on it. */
export function spanContains(span: Span, offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}
