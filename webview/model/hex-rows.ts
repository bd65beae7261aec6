/** Bytes as rows of a hex view: offset, pairs, and the characters where they are printable. */
export interface HexRow {
  readonly offset: string;
  readonly cells: ReadonlyArray<{ readonly pair: string; readonly character: string; readonly marked: boolean }>;
}

export function hexRows(hex: string, width: number, marked?: readonly [offset: number, length: number]): HexRow[] {
  const rows: HexRow[] = [];
  const total = Math.floor(hex.length / 2);
  const [from, to] = marked ? [marked[0], marked[0] + marked[1]] : [0, 0];
  for (let start = 0; start < total; start += width) {
    const cells = [];
    for (let at = start; at < Math.min(start + width, total); at++) {
      const pair = hex.slice(at * 2, at * 2 + 2);
      const code = Number.parseInt(pair, 16);
      const character = code > 31 && code < 127 ? String.fromCharCode(code) : "·";
      cells.push({ pair, character, marked: at >= from && at < to });
    }
    rows.push({ offset: start.toString(16).padStart(4, "0"), cells });
  }
  return rows;
}
