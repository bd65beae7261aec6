/**
 * tar, read from its beginning to its end: blocks of 512 bytes, for each entry a header and its content.
 *
 *   header   0 name[100]  124 size[12]  148 checksum[8]  156 type  257 "ustar"  345 prefix[155]
 *   type     "0" or NUL a file, "x" attributes of the next entry (`LENGTH KEY=VALUE\n`), "L" the next entry's long name
 *
 * Links, folders and devices are passed by.
 */
import { createReadStream } from "node:fs";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { ArchiveTooLarge, DamagedArchive, type ArchiveLimits, type OpenArchive } from "./open-archive.ts";

const block = 512;
/** Names and attributes longer than this are nobody's. */
const maxAttributes = 1_000_000;

/** Keeps the contents of the files that `keep` names. What was read before a fault stays, with the fault beside it. */
export async function readTar(
  file: string,
  keep: (name: string) => boolean,
  limits: ArchiveLimits,
): Promise<OpenArchive> {
  const reader = new TarReader(keep, limits);
  let failure: unknown;
  const source = createReadStream(file, { highWaterMark: 1 << 18 });
  const unpacked = unpackedBy(file);
  source.on("error", (error) => unpacked?.destroy(error));
  try {
    for await (const chunk of unpacked === undefined ? source : source.pipe(unpacked)) reader.push(chunk as Buffer);
    reader.end();
  } catch (error) {
    failure = error;
  } finally {
    source.destroy();
    unpacked?.destroy();
  }
  const { contents, sizes } = reader;
  const read = (name: string) => Promise.resolve(contents.get(name) ?? "its content is missing");
  return failure === undefined ? { sizes, read } : { sizes, read, failure };
}

function unpackedBy(file: string) {
  if (/\.(tgz|gz)$/i.test(file)) return createGunzip();
  return /\.zst$/i.test(file) ? createZstdDecompress() : undefined;
}

class TarReader {
  readonly contents = new Map<string, Buffer>();
  readonly sizes = new Map<string, number>();
  private readonly keep: (name: string) => boolean;
  private readonly limits: ArchiveLimits;
  private readonly header = Buffer.alloc(block);
  private headerFilled = 0;
  /** What is left of the current entry, its padding included. */
  private left = 0;
  private padding = 0;
  /** Where the current content goes, where it is kept. */
  private content: { readonly bytes: Buffer; filled: number; readonly done: (bytes: Buffer) => void } | undefined;
  private longName: string | undefined;
  private longSize: number | undefined;
  private seen = 0;
  private entries = 0;
  private kept = 0;
  private ended = false;

  constructor(keep: (name: string) => boolean, limits: ArchiveLimits) {
    this.keep = keep;
    this.limits = limits;
  }

  push(chunk: Buffer): void {
    this.seen += chunk.length;
    if (this.seen > this.limits.unpackedBytes) throw new ArchiveTooLarge();
    let at = 0;
    while (at < chunk.length && !this.ended) {
      if (this.left > 0) {
        const taken = Math.min(this.left, chunk.length - at);
        if (this.content !== undefined) this.fill(chunk.subarray(at, at + taken));
        this.left -= taken;
        at += taken;
      } else {
        const copied = chunk.copy(this.header, this.headerFilled, at);
        this.headerFilled += copied;
        at += copied;
        if (this.headerFilled < block) return;
        this.headerFilled = 0;
        this.open();
      }
    }
  }

  end(): void {
    if (this.left > this.padding || this.headerFilled > 0) throw new DamagedArchive("it ends in the middle of a file");
    if (this.entries === 0 && !this.ended) throw new DamagedArchive("it is empty");
  }

  private open(): void {
    const { header } = this;
    if (header.every((byte) => byte === 0)) {
      this.ended = true;
      return;
    }
    if (!hasRightChecksum(header)) throw new DamagedArchive("it is not a tar file, or is damaged");
    if (++this.entries > this.limits.entries) throw new ArchiveTooLarge();
    const size = this.longSize ?? numberAt(header, 124, 12);
    if (!Number.isSafeInteger(size) || size < 0) throw new DamagedArchive("it gives a file an impossible size");
    this.padding = (block - (size % block)) % block;
    this.left = size + this.padding;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === "x" || type === "L") {
      if (size > maxAttributes) throw new DamagedArchive("it gives a file an impossible name");
      this.take(size, (bytes) => (type === "x" ? this.readAttributes(bytes) : (this.longName = textOf(bytes))));
      return;
    }
    const name = this.longName ?? nameIn(header);
    this.longName = undefined;
    this.longSize = undefined;
    if (type !== "0" && type !== "\0" && type !== "7") return;
    if (!this.keep(name) || size > this.limits.fileBytes) {
      this.sizes.set(name, size);
      return;
    }
    this.kept += size;
    if (this.kept > this.limits.totalBytes) throw new ArchiveTooLarge();
    this.take(size, (bytes) => {
      this.sizes.set(name, size);
      this.contents.set(name, bytes);
    });
  }

  private take(size: number, done: (bytes: Buffer) => void): void {
    if (size === 0) done(Buffer.alloc(0));
    else this.content = { bytes: Buffer.allocUnsafe(size), filled: 0, done };
  }

  private fill(part: Buffer): void {
    const { content } = this;
    if (content === undefined) return;
    content.filled += part.copy(content.bytes, content.filled);
    if (content.filled < content.bytes.length) return;
    this.content = undefined;
    content.done(content.bytes);
  }

  private readAttributes(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const space = bytes.indexOf(32, at);
      const length = space < 0 ? NaN : Number(bytes.toString("latin1", at, space));
      if (!(length > space - at) || at + length > bytes.length)
        throw new DamagedArchive("the attributes of a file cannot be read");
      const [, key, value] = /^([^=]*)=([^]*)\n$/.exec(bytes.toString("utf8", space + 1, at + length)) ?? [];
      if (key === "path") this.longName = value;
      if (key === "size") this.longSize = Number(value);
      at += length;
    }
  }
}

function nameIn(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const prefix = header.toString("latin1", 257, 262) === "ustar" ? textOf(header.subarray(345, 500)) : "";
  // GNU's own form keeps times where others keep the prefix.
  return prefix === "" || header[262] !== 0 ? name : `${prefix}/${name}`;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or, with the highest bit set, a big-endian number. */
function numberAt(header: Buffer, at: number, length: number): number {
  if (((header[at] ?? 0) & 0x80) !== 0) {
    let value = (header[at] ?? 0) & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + (header[i] ?? 0);
    return value;
  }
  const digits = header.toString("latin1", at, at + length).replace(/[\0 ]+/g, "");
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : NaN;
}

function hasRightChecksum(header: Buffer): boolean {
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  return sum === numberAt(header, 148, 8);
}
