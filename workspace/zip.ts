/**
 * zip, by its directory at the end; of the files, only those asked for are unpacked.
 *
 *   end        PK\5\6  10 entries[2]  12 size of the directory[4]  16 where it begins[4]
 *   directory  PK\1\2  8 flags[2]  10 method[2]  20 packed[4]  24 size[4]  28 name[2]  30 extra[2]  32 comment[2]  42 where[4]
 *   file       PK\3\4  26 name[2]  28 extra[2]  30 name, extra, content
 */
import { open, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { ArchiveTooLarge, DamagedArchive, type ArchiveLimits, type OpenArchive } from "./open-archive.ts";

const endLength = 22;
const longestComment = 65_535;
const maxDirectory = 256_000_000;
const inflate = promisify(inflateRaw);

interface Entry {
  readonly at: number;
  readonly packed: number;
  readonly size: number;
  readonly method: number;
  readonly encrypted: boolean;
}

export async function openZip(file: string, limits: ArchiveLimits): Promise<OpenArchive> {
  const entries = await withFile(file, (handle, length) => readDirectory(handle, length, limits));
  const sizes = new Map([...entries].map(([name, { size }]) => [name, size]));
  let unpacked = 0;
  return {
    sizes,
    async read(name) {
      const entry = entries.get(name);
      if (entry === undefined) return "it is missing";
      if (entry.encrypted) return "it is encrypted";
      if (entry.method !== 0 && entry.method !== 8) return "it is packed in a way that Contrail does not know";
      if (entry.packed > limits.fileBytes) return "it is too large";
      unpacked += entry.size;
      if (unpacked > limits.unpackedBytes) return "the archive unpacks to too much";
      return withFile(file, (handle, length) => readEntry(handle, length, entry));
    },
  };
}

async function withFile<T>(file: string, use: (handle: FileHandle, length: number) => Promise<T>): Promise<T> {
  const handle = await open(file);
  try {
    return await use(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

async function readDirectory(
  handle: FileHandle,
  length: number,
  limits: ArchiveLimits,
): Promise<ReadonlyMap<string, Entry>> {
  const tail = await bytesAt(handle, Math.max(0, length - endLength - longestComment), length);
  const end = tail.lastIndexOf("PK\u0005\u0006", tail.length - endLength, "latin1");
  if (end < 0) throw new DamagedArchive("it is not a zip file, or its end is missing");
  const count = tail.readUInt16LE(end + 10);
  const size = tail.readUInt32LE(end + 12);
  const start = tail.readUInt32LE(end + 16);
  if (count === 0xffff || start === 0xffffffff)
    throw new DamagedArchive("it is in the zip form for more than 65,535 files or 4 GB; use tar.gz");
  if (size > maxDirectory || count > limits.entries) throw new ArchiveTooLarge();
  if (start + size > length) throw new DamagedArchive("its directory lies outside of it");
  const directory = await bytesAt(handle, start, start + size);
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50)
      throw new DamagedArchive("its directory is damaged");
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
    const mode = directory.readUInt32LE(at + 38) >>> 16;
    // A symbolic link is a file whose content is a path.
    if (!name.endsWith("/") && (mode & 0o170000) !== 0o120000) {
      entries.set(name, {
        at: directory.readUInt32LE(at + 42),
        packed: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        method: directory.readUInt16LE(at + 10),
        encrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
      });
    }
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** The sizes come from the directory; a file that unpacks to another size is not believed. */
async function readEntry(handle: FileHandle, length: number, entry: Entry): Promise<Buffer | string> {
  if (entry.at + 30 > length) return "it lies outside of the archive";
  const head = await bytesAt(handle, entry.at, entry.at + 30);
  if (head.readUInt32LE(0) !== 0x04034b50) return "it is damaged";
  const start = entry.at + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  if (start + entry.packed > length) return "it lies outside of the archive";
  const packed = await bytesAt(handle, start, start + entry.packed);
  try {
    const content = entry.method === 0 ? packed : await inflate(packed, { maxOutputLength: Math.max(1, entry.size) });
    return content.length === entry.size ? content : "it has another size than the archive says";
  } catch {
    return "it is damaged, or unpacks to more than the archive says";
  }
}

async function bytesAt(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
  return buffer.subarray(0, bytesRead);
}
