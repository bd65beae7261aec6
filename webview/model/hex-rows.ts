/** Bytes as rows of a hex view: offset, pairs, and the characters where they are printable, in runs that look alike. */
export interface HexRow {
  /** The first byte of the row. */
  readonly start: number;
  readonly offset: string;
  readonly count: number;
  readonly runs: ReadonlyArray<{ readonly pairs: string; readonly characters: string; readonly marked: boolean }>;
}

export function hexRows(hex: string, width: number, marked?: readonly [offset: number, length: number]): HexRow[] {
  const rows: HexRow[] = [];
  const total = Math.floor(hex.length / 2);
  const [from, to] = marked ? [marked[0], marked[0] + marked[1]] : [0, 0];
  for (let start = 0; start < total; start += width) {
    const end = Math.min(start + width, total);
    const cuts = [start, ...[from, to].filter((at) => at > start && at < end), end];
    const runs = cuts.slice(1).map((cut, index) => {
      const begin = cuts[index] ?? start;
      return { ...textOf(hex, begin, cut), marked: begin >= from && begin < to };
    });
    rows.push({ start, offset: start.toString(16).padStart(4, "0"), count: end - start, runs });
  }
  return rows;
}

function textOf(hex: string, from: number, to: number): { readonly pairs: string; readonly characters: string } {
  let pairs = "";
  let characters = "";
  for (let at = from; at < to; at++) {
    const pair = hex.slice(at * 2, at * 2 + 2);
    const code = Number.parseInt(pair, 16);
    pairs += `${pair} `;
    characters += code > 31 && code < 127 ? String.fromCharCode(code) : "·";
  }
  return { pairs, characters };
}
