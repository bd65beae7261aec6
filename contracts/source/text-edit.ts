import type { Place } from "./span.ts";

/** Replace the text of a place by `newText`. */
export interface TextEdit extends Place {
  readonly newText: string;
}

/** `text` with all of `edits` applied; they belong to this text and do not overlap. Their order does not matter. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const edit of [...edits].sort((a, b) => b.span.start - a.span.start)) {
    result = result.slice(0, edit.span.start) + edit.newText + result.slice(edit.span.end);
  }
  return result;
}
