/**
 * Whether a text is worth a look at all: nearly none is, and each byte of each message comes by here.
 *
 * Every word that the gate looks for has four letters in a row that few other texts have, its anchor. Of four letters in
 * a row three begin at an even place, so only every other place is looked at, and by a table alone: no step waits for the
 * one before it, as those of the gate's automaton do. It may say yes too often, never no where a detector would find
 * something.
 */
import { alphabet, columnOf, columns } from "./letters.ts";

/** `$` stands for the end of a word, that is anything but a letter or digit; `?` for anything. */
const anchors = [
  ...["riza", "okie", "assw", "ssph", "pwd$", "pin$", "secr", "toke", "key$", "ssn$", "iban", "card"],
  ...["cvv$", "cvc$", "cred", "\\u00", "eyj?", "te k", "akia", "asia", "aiza", "xoxa", "xoxb", "xoxp", "xoxr", "xoxs"],
  ...["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "_liv", "arer", "asic", "://?"],
];

/** What three letters in a row may be: bits. */
const ofAnchor = 1;
const beforeCard = 2;

/** A card number has at least so many digits. */
export const leastDigits = 13;

/** A text with more such rows was made of them: the gate is quicker with it than a look at each of them. */
const mostRows = 100;

interface Glance {
  /** By the columns of three letters in a row. */
  readonly rows: Uint8Array;
  /** The columns of four letters in a row that are an anchor. */
  readonly anchors: ReadonlySet<number>;
}

let made: Glance | undefined;

/** Whether `bytes` may hold anything that the gate tells of. */
export function isWorthALook(bytes: Uint8Array): boolean {
  const first = nextRow((made ??= build()).rows, columns, bytes, 0);
  return (first >= 0 && holdsAny(made, bytes, first)) || isCard(bytes, 0);
}

/** Whether any of the rows from there on is part of an anchor or stands before a card number. */
function holdsAny({ rows, anchors }: Glance, bytes: Uint8Array, from: number): boolean {
  let count = 0;
  for (let i = from; i >= 0; i = nextRow(rows, columns, bytes, i + 2)) {
    if (++count > mostRows) return true;
    const row = rows[rowAt(bytes, i)] as number;
    if ((row & ofAnchor) !== 0 && (anchors.has(fourAt(bytes, i)) || anchors.has(fourAt(bytes, i - 1)))) return true;
    if ((row & beforeCard) !== 0 && (isCard(bytes, i + 1) || isCard(bytes, i + 2))) return true;
  }
  return false;
}

/**
 * Where the next three letters stand that are part of something, two rows at a time; -1 where none do. Nothing is called
 * in here and all is handed in: it is quicker so.
 */
function nextRow(rows: Uint8Array, columns: Uint8Array, bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  if (from + 2 >= length) return -1;
  let i = from;
  let a = columns[bytes[i] as number] as number;
  for (; i + 4 < length; i += 4) {
    const b = columns[bytes[i + 1] as number] as number;
    const c = columns[bytes[i + 2] as number] as number;
    const d = columns[bytes[i + 3] as number] as number;
    const e = columns[bytes[i + 4] as number] as number;
    const one = rows[(a << 12) | (b << 6) | c] as number;
    const other = rows[(c << 12) | (d << 6) | e] as number;
    if ((one | other) !== 0) return one === 0 ? i + 2 : i;
    a = e;
  }
  // Three or four bytes are left, of which one row is made, or two and fewer, of which none is.
  return i + 2 < length && rows[rowAt(bytes, i)] !== 0 ? i : -1;
}

function rowAt(bytes: Uint8Array, at: number): number {
  let row = 0;
  for (let i = at; i < at + 3; i++) row = (row << 6) | (columns[bytes[i] as number] as number);
  return row;
}

function fourAt(bytes: Uint8Array, at: number): number {
  let four = 0;
  for (let i = at; i < at + 4; i++) four = (four << 6) | (columns[bytes[i] ?? 0] as number);
  return four;
}

/** Whether digits enough begin there, with single gaps between them: as issuers have them, and not within a name or number. */
function isCard(bytes: Uint8Array, at: number): boolean {
  if (columns[bytes[at] ?? 0] !== cardDigit || (at > 0 && ofNames.has(columns[bytes[at - 1] ?? 0] as number)))
    return false;
  let count = 0;
  let isGap = false;
  for (let i = at; i < bytes.length; i++) {
    const column = columns[bytes[i] as number] as number;
    if (digits.has(column)) {
      if (++count === leastDigits) return true;
      isGap = false;
    } else if (!isGap && gaps.has(column)) isGap = true;
    else return false;
  }
  return false;
}

function build(): Glance {
  const rows = new Uint8Array(1 << 18);
  const mark = (row: number, bit: number) => (rows[row] = (rows[row] as number) | bit);
  const anyLetter = columnsOf(/[^]/);
  for (const before of columnsOf(/[^a-z0-9.-]/)) {
    for (const other of anyLetter) {
      mark((before << 12) | (cardDigit << 6) | other, beforeCard);
      mark((other << 12) | (before << 6) | cardDigit, beforeCard);
    }
  }
  const found = new Set<number>();
  for (const anchor of anchors) {
    let fours = [0];
    for (const letter of anchor) {
      const possible = letter === "$" ? columnsOf(/[^a-z0-9]/) : letter === "?" ? anyLetter : [columnOf(letter)];
      fours = fours.flatMap((four) => [...possible].map((column) => (four << 6) | column));
    }
    for (const four of fours) {
      found.add(four);
      mark(four >> 6, ofAnchor);
      mark(four & 0x3ffff, ofAnchor);
    }
  }
  return { rows, anchors: found };
}

const cardDigit = columnOf("2");
const digits = columnsOf(/[0-9]/);
const gaps = columnsOf(/[ -]/);
const ofNames = columnsOf(/[a-z0-9.-]/);

function columnsOf(letters: RegExp): ReadonlySet<number> {
  return new Set(alphabet.filter((letter) => letters.test(letter)).map(columnOf));
}
