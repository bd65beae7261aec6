/**
 * Kafka's compression codecs, without anything native: gzip and zstd from Node, snappy from snappyjs (with the Xerial
 * framing of the Java clients or bare), lz4 by our own reader of its frame format.
 *
 * Compressed bytes are hostile: every path takes the most bytes that may come out, and throws when there would be more.
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
// @ts-expect-error snappyjs comes without types; what is used of it is typed below.
import * as snappyModule from "snappyjs";

const snappy = snappyModule as { uncompress(bytes: Uint8Array, maxLength: number): Uint8Array };

/** The names of the codec numbers in a batch's attributes. */
export const codecNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Decompresses the records of a batch. Throws an error with a short reason when that cannot be done within `limit`. */
export function decompress(codec: number, bytes: Buffer, limit: number): Buffer {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes, { maxOutputLength: limit });
    case 2:
      return readSnappy(bytes, limit);
    case 3:
      return readLz4(bytes, limit);
    case 4:
      if (typeof zstdDecompressSync !== "function") {
        throw new Error(`this runtime (Node ${process.versions.node}) has no zstd; it came with Node 22.15`);
      }
      return zstdDecompressSync(bytes, { maxOutputLength: limit });
    default:
      throw new Error(`compression codec ${codec} is not known`);
  }
}

/** Xerial's stream header: `\x82SNAPPY\0`, two versions, then blocks of a length and a bare snappy block. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

function readSnappy(bytes: Buffer, limit: number): Buffer {
  if (bytes.length < 16 || !bytes.subarray(0, 8).equals(xerialMagic)) return asBuffer(snappy.uncompress(bytes, limit));
  const blocks: Buffer[] = [];
  let total = 0;
  let at = 16;
  while (at < bytes.length) {
    // Blocks may be followed by another whole stream, when a producer appended one to the other.
    if (bytes.length - at >= 16 && bytes.subarray(at, at + 8).equals(xerialMagic)) {
      at += 16;
      continue;
    }
    const size = bytes.readInt32BE(at);
    at += 4;
    if (size < 0 || at + size > bytes.length) throw new Error("a snappy block is cut short");
    const block = asBuffer(snappy.uncompress(bytes.subarray(at, at + size), limit - total));
    total += block.length;
    blocks.push(block);
    at += size;
  }
  return Buffer.concat(blocks, total);
}

const lz4Magic = 0x184d2204;
const lz4SkippableMagic = 0x184d2a50;

/** The LZ4 frame format: magic, descriptor, blocks that may refer back into earlier ones, an end mark of zero. */
function readLz4(bytes: Buffer, limit: number): Buffer {
  let at = 0;
  let out: Buffer = Buffer.allocUnsafe(Math.min(limit, Math.max(bytes.length * 4, 1 << 16)));
  let length = 0;
  while (at + 4 <= bytes.length) {
    const magic = bytes.readUInt32LE(at);
    at += 4;
    if ((magic & 0xfffffff0) >>> 0 === lz4SkippableMagic) {
      at += 4 + bytes.readUInt32LE(at);
      continue;
    }
    if (magic !== lz4Magic) throw new Error("these are not lz4 frames");
    const flags = bytes.readUInt8(at);
    if (flags >> 6 !== 1) throw new Error("this version of the lz4 frame format is not known");
    const blockMax = 1 << (8 + 2 * ((bytes.readUInt8(at + 1) >> 4) & 7));
    const frameStart = length;
    // Descriptor bytes, the optional content size and dictionary id, and the header's checksum.
    at += 2 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0) + 1;
    for (;;) {
      const word = bytes.readUInt32LE(at);
      at += 4;
      if (word === 0) break;
      const size = word & 0x7fffffff;
      if (at + size > bytes.length) throw new Error("an lz4 block is cut short");
      const room = Math.min(length + Math.max(blockMax, size), limit);
      if (out.length < room) out = grown(out, length, Math.min(limit, Math.max(room, out.length * 2)));
      const end = Math.min(out.length, room);
      if (word & 0x80000000) {
        if (length + size > end) throw new Error(`it decompresses to more than ${limit} bytes`);
        bytes.copy(out, length, at, at + size);
        length += size;
      } else {
        length = readLz4Block(bytes, at, at + size, out, length, end, frameStart);
      }
      at += size + (flags & 16 ? 4 : 0);
    }
    if (flags & 4) at += 4;
  }
  return out.subarray(0, length);
}

/** Sequences of a token, literals, and a match that copies from what was written already. Returns the new end. */
function readLz4Block(
  bytes: Buffer,
  start: number,
  stop: number,
  out: Buffer,
  outStart: number,
  outStop: number,
  floor: number,
): number {
  let at = start;
  let to = outStart;
  while (at < stop) {
    const token = bytes[at++] ?? 0;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= stop) throw new Error("an lz4 block is cut short");
        more = bytes[at++] ?? 0;
        literals += more;
      } while (more === 255);
    }
    if (at + literals > stop) throw new Error("an lz4 block is cut short");
    if (to + literals > outStop) throw new Error("an lz4 block is larger than it may be");
    bytes.copy(out, to, at, at + literals);
    at += literals;
    to += literals;
    if (at >= stop) break;
    if (at + 2 > stop) throw new Error("an lz4 block is cut short");
    const distance = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    at += 2;
    let match = (token & 15) + 4;
    if (match === 19) {
      let more: number;
      do {
        if (at >= stop) throw new Error("an lz4 block is cut short");
        more = bytes[at++] ?? 0;
        match += more;
      } while (more === 255);
    }
    const from = to - distance;
    if (distance === 0 || from < floor) throw new Error("an lz4 block points outside of itself");
    if (to + match > outStop) throw new Error("an lz4 block is larger than it may be");
    if (distance >= match) out.copy(out, to, from, from + match);
    else for (let i = 0; i < match; i++) out[to + i] = out[from + i] ?? 0;
    to += match;
  }
  return to;
}

function grown(bytes: Buffer, used: number, size: number): Buffer {
  const larger = Buffer.allocUnsafe(size);
  bytes.copy(larger, 0, 0, used);
  return larger;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
