/**
 * Deflate (RFC 1951) backwards, for the blocks of Avro files: this folder has no libraries of a runtime.
 *
 *     block   = last? (1 bit), kind (2 bits): 0 stored, 1 the fixed codes, 2 codes of its own
 *     symbol  = below 256 a byte, 256 the end, above a length, followed by a distance back into what came out
 *
 * Bytes are hostile: what comes out is bounded, and broken codes are an error.
 */

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const distanceBits = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
/** The order in which the lengths of the codes for lengths stand. */
const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const longestCode = 15;

/** A canonical code: how many symbols have each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** What `bytes` were before they were deflated; throws where they are no such thing, or more than `limit` comes out. */
export function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  return new Inflater(bytes, limit).all();
}

class Inflater {
  private readonly bytes: Uint8Array;
  private readonly limit: number;
  private out: Uint8Array;
  private size = 0;
  private at = 0;
  private held = 0;
  private heldBits = 0;

  constructor(bytes: Uint8Array, limit: number) {
    this.bytes = bytes;
    this.limit = limit;
    this.out = new Uint8Array(Math.min(limit, Math.max(1024, bytes.length * 4)));
  }

  all(): Uint8Array {
    for (let isLast = false; !isLast;) {
      isLast = this.bits(1) === 1;
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.block(codeOf(fixedLengths), codeOf(new Uint8Array(30).fill(5)));
      else if (kind === 2) this.ownCodes();
      else throw new Error("a block is of no known kind");
    }
    return this.out.subarray(0, this.size);
  }

  private bits(count: number): number {
    while (this.heldBits < count) {
      if (this.at >= this.bytes.length) throw new Error("it ends in the middle");
      this.held |= (this.bytes[this.at++] ?? 0) << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  private stored(): void {
    this.held = 0;
    this.heldBits = 0;
    const length = (this.bytes[this.at] ?? 0) | ((this.bytes[this.at + 1] ?? 0) << 8);
    const start = this.at + 4;
    if (start + length > this.bytes.length) throw new Error("it ends in the middle");
    this.room(length);
    this.out.set(this.bytes.subarray(start, start + length), this.size);
    this.size += length;
    this.at = start + length;
  }

  private ownCodes(): void {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const codes = this.bits(4) + 4;
    const lengths = new Uint8Array(320);
    for (let i = 0; i < codes; i++) lengths[order[i] ?? 0] = this.bits(3);
    const lengthCode = codeOf(lengths.subarray(0, 19));
    const all = new Uint8Array(320);
    for (let i = 0; i < literals + distances;) {
      const symbol = this.symbol(lengthCode);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new Error("its codes are broken");
      const value = symbol === 16 ? (all[i - 1] ?? 0) : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (i + times > literals + distances) throw new Error("its codes are broken");
      all.fill(value, i, i + times);
      i += times;
    }
    this.block(codeOf(all.subarray(0, literals)), codeOf(all.subarray(literals, literals + distances)));
  }

  private block(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.room(1);
        this.out[this.size++] = symbol;
        continue;
      }
      const length = (lengthBase[symbol - 257] ?? 0) + this.bits(lengthBits[symbol - 257] ?? 0);
      const far = this.symbol(distances);
      const distance = (distanceBase[far] ?? 0) + this.bits(distanceBits[far] ?? 0);
      if (distance === 0 || distance > this.size || length < 3) throw new Error("it refers to what never came");
      this.room(length);
      for (let i = 0; i < length; i++, this.size++) this.out[this.size] = this.out[this.size - distance] ?? 0;
    }
  }

  private symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= longestCode; length++) {
      code |= this.bits(1);
      const count = counts[length] ?? 0;
      if (code - count < first) return symbols[index + (code - first)] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Error("its codes are broken");
  }

  private room(more: number): void {
    const needed = this.size + more;
    if (needed > this.limit) throw new Error(`more than ${this.limit} bytes come out of it`);
    if (needed <= this.out.length) return;
    const larger = new Uint8Array(Math.min(this.limit, Math.max(needed, this.out.length * 2)));
    larger.set(this.out.subarray(0, this.size));
    this.out = larger;
  }
}

const fixedLengths = Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));

function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(longestCode + 1);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  const offsets = new Uint16Array(longestCode + 2);
  for (let length = 1; length <= longestCode; length++)
    offsets[length + 1] = (offsets[length] ?? 0) + (counts[length] ?? 0);
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const at = offsets[length] ?? 0;
    symbols[at] = symbol;
    offsets[length] = at + 1;
  }
  return { counts, symbols };
}
