/** A line and a column, both counted from 0, the column in UTF-16 code units as the Language Server Protocol does. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Turns offsets of one text into lines and columns and back. Lines end with `\n`, `\r\n` or a lone `\r`. */
export class LineIndex {
  private readonly lineStarts: number[] = [0];
  private readonly length: number;

  constructor(text: string) {
    this.length = text.length;
    // Searching is several times faster than looking at each character, and hardly any text has a `\r`.
    if (!text.includes("\r")) {
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.lineStarts.push(at + 1);
      return;
    }
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) this.lineStarts.push(i + 1);
    }
  }

  get lineCount(): number {
    return this.lineStarts.length;
  }

  /** The position of `offset`; an offset outside of the text is moved to its nearer end. */
  positionAt(offset: number): Position {
    const clamped = Math.max(0, Math.min(offset, this.length));
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= clamped) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: clamped - (this.lineStarts[low] ?? 0) };
  }

  /** The offset of `position`; a line or column that does not exist is moved to the nearest that does. */
  offsetAt(position: Position): number {
    if (position.line < 0) return 0;
    const start = this.lineStarts[position.line];
    if (start === undefined) return this.length;
    const next = this.lineStarts[position.line + 1] ?? this.length + 1;
    return Math.max(start, Math.min(start + position.character, next - 1));
  }
}
