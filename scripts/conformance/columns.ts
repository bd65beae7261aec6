import { LineIndex } from "../../contracts/source/index.ts";

/** A place as compilers of .proto files print it. */
export interface LineAndColumn {
  readonly line: number;
  readonly column: number;
}

/**
 * The line and column of an offset, both from 1, columns as buf counts them: by what a terminal shows, with a tab stop
 * every four columns.
 */
export function lineAndColumn(text: string, offset: number): LineAndColumn {
  const index = new LineIndex(text);
  const { line } = index.positionAt(offset);
  const before = text.slice(index.offsetAt({ line, character: 0 }), offset);
  let column = 0;
  for (const char of before) column += char === "\t" ? 4 - (column % 4) : width(char);
  return { line: line + 1, column: column + 1 };
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

function width(char: string): number {
  if (char < "\u0300") return char < " " ? 0 : 1;
  if (/\p{M}|\u200b|\u200d/u.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}
