/**
 * Rows on their way to the disk. A batch of them is numbers, bytes and one text, whatever their number: nothing of a
 * row by itself is left for the garbage collector to follow until the row is written. Numbers and bytes lie in memory
 * that both threads see, so that handing over copies neither.
 */
import { columns, type Row, type Table, type Value } from "./writing.ts";

/** What goes to another thread. */
export interface PackedRows {
  readonly count: number;
  /**
   * For each row the place of its table in `tables`, then a number for each column: its value, or for bytes and texts
   * their length, which for a text that is among the bytes is below zero; for words their place in `words`; NaN for null.
   */
  readonly numbers: Float64Array;
  /** The bytes of all rows behind each other, and their long texts in UTF-8. */
  readonly bytes: Uint8Array;
  /** The other texts of all rows behind each other. */
  readonly text: string;
  /** Texts that come again from row to row. */
  readonly words: readonly string[];
}

const tables: readonly Table[] = ["message", "happened", "decoded"];

/** A longer text goes among the bytes: another thread then has one of these in its own memory at a time, and not all. */
const longText = 16 * 1024;

const firstNumbers = 4_096;
const firstBytes = 64 * 1024;

/** Rows that are being collected, in memory that is used again for others when these are written. */
export class RowBatch {
  count = 0;
  private numbers = new Float64Array(new SharedArrayBuffer(8 * firstNumbers));
  private numbersUsed = 0;
  private bytes = new Uint8Array(new SharedArrayBuffer(firstBytes));
  private bytesUsed = 0;
  private texts: string[] = [];
  private textLength = 0;
  private readonly words = new Map<string, number>();
  private packed: PackedRows | undefined;

  /** About how much memory its rows take; a character takes one byte or two. */
  get size(): number {
    return 8 * this.numbersUsed + this.bytesUsed + 2 * this.textLength;
  }

  /** How much memory it holds, used or not. */
  get capacity(): number {
    return this.numbers.byteLength + this.bytes.byteLength;
  }

  /** Adds a row, its values in the order of the table's columns. The bytes are copied. */
  add(table: Table, values: readonly Value[]): void {
    const kinds = columns[table];
    this.numbers = withRoom(this.numbers, this.numbersUsed, kinds.length + 1);
    const { numbers, words } = this;
    let at = this.numbersUsed;
    numbers[at++] = tables.indexOf(table);
    for (let i = 0; i < kinds.length; i++) {
      const value = values[i] ?? null;
      if (typeof value === "number") numbers[at++] = value;
      else if (value === null) numbers[at++] = Number.NaN;
      else if (typeof value !== "string") {
        this.addBytes(value);
        numbers[at++] = value.length;
      } else if (kinds[i] === "word") {
        let place = words.get(value);
        if (place === undefined) words.set(value, (place = words.size));
        numbers[at++] = place;
      } else if (value.length > longText) {
        const utf8 = Buffer.from(value);
        this.addBytes(utf8);
        numbers[at++] = -utf8.length;
      } else {
        this.texts.push(value);
        this.textLength += value.length;
        numbers[at++] = value.length;
      }
    }
    this.numbersUsed = at;
    this.count++;
    this.packed = undefined;
  }

  private addBytes(value: Uint8Array): void {
    this.bytes = withRoom(this.bytes, this.bytesUsed, value.length);
    this.bytes.set(value, this.bytesUsed);
    this.bytesUsed += value.length;
  }

  /** The rows for another thread; they stay as they are until the batch is cleared. */
  pack(): PackedRows {
    if (this.packed === undefined) {
      const text = this.texts.join("");
      this.texts = [text];
      const { count, numbers, bytes, words } = this;
      this.packed = { count, numbers, bytes, text, words: [...words.keys()] };
    }
    return this.packed;
  }

  clear(): void {
    this.count = 0;
    this.numbersUsed = 0;
    this.bytesUsed = 0;
    this.texts = [];
    this.textLength = 0;
    this.words.clear();
    this.packed = undefined;
  }
}

/** The rows again; their bytes are views on the packed ones. */
export function* unpackRows({ count, numbers, bytes, text, words }: PackedRows): Generator<Row> {
  let at = 0;
  let byteAt = 0;
  let textAt = 0;
  for (let row = 0; row < count; row++) {
    const table = tables[numbers[at++] ?? 0] ?? "message";
    const kinds = columns[table];
    const values: Value[] = [];
    for (const kind of kinds) {
      const number = numbers[at++] ?? Number.NaN;
      if (Number.isNaN(number)) values.push(null);
      else if (kind === "number") values.push(number);
      else if (kind === "word") values.push(words[number] ?? "");
      else if (kind === "text" && number < 0) {
        values.push(Buffer.from(bytes.buffer, bytes.byteOffset + byteAt, -number).toString());
        byteAt -= number;
      } else if (kind === "text") values.push(text.slice(textAt, (textAt += number)));
      else values.push(bytes.subarray(byteAt, (byteAt += number)));
    }
    yield { table, values };
  }
}

/** The same memory where it has room for `more`, else twice as much with what was `used` of it. */
function withRoom<T extends Float64Array | Uint8Array>(array: T, used: number, more: number): T {
  if (used + more <= array.length) return array;
  const length = Math.max(2 * array.length, used + more);
  const larger = new SharedArrayBuffer(length * array.BYTES_PER_ELEMENT);
  const grown = (array instanceof Float64Array ? new Float64Array(larger) : new Uint8Array(larger)) as T;
  grown.set(array.subarray(0, used));
  return grown;
}
