/** Where one version of all contracts is read from: a folder on disk, or a commit. */
import { lstat, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import { noteFor } from "./baseline.ts";
import { listTree, readObjects } from "./git.ts";
import * as notes from "./notes.ts";
import type { Note, Unreadable } from "./notes.ts";
import { nameOf } from "./paths.ts";

export interface Listing {
  readonly paths: readonly string[];
  /** How large each file is, where that is known beforehand. */
  readonly sizes?: ReadonlyMap<string, number>;
  readonly unreadable: readonly Unreadable[];
  readonly notes: readonly Note[];
}

export interface FileSource {
  /** The files that `wanted` names, relative to the root. */
  list(wanted: (path: string) => boolean): Promise<Listing>;
  /**
   * The contents of files; what cannot be read is missing, and said in `unreadable`. Of a large file on disk only the
   * beginning is read first, and the rest only if `wanted` says so. The contents hold until the next read.
   */
  read(
    paths: readonly string[],
    wanted?: (path: string, beginning: Buffer) => boolean,
  ): Promise<{ contents: ReadonlyMap<string, Buffer>; unreadable: readonly Unreadable[] }>;
}

export interface Limits {
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}

/** Bounds of one version: what is beyond is not read, and that is said. */
export const defaultLimits: Limits = { files: 50_000, fileBytes: 64_000_000, totalBytes: 600_000_000 };

const skippedFolders = new Set(["node_modules", "dist"]);
/** Folders of tools and of what they made. */
export const isSkipped = (name: string) => skippedFolders.has(name) || name.startsWith(".");
const maxDepth = 64;
/** Somebody opened their whole disk: what was found so far is checked, and that is said. */
const maxEntries = 1_000_000;
const largeFile = 4_000_000;
const beginningOfFile = 65_536;

/** A folder on disk, without what git ignores. */
export function folderSource(root: string, limits: Limits = defaultLimits): FileSource {
  const room = new Room();
  return {
    async list(wanted) {
      const paths: string[] = [];
      const unreadable: Unreadable[] = [];
      const found: Note[] = [];
      let entriesSeen = 0;
      const full = () => paths.length >= limits.files || entriesSeen > maxEntries;
      const walk = async (folder: string, ignores: readonly Rules[], depth: number): Promise<void> => {
        let entries;
        try {
          entries = await readdir(join(root, folder), { withFileTypes: true });
        } catch (error) {
          unreadable.push(notes.cannotRead(folder, notes.reasonOf(error)));
          return;
        }
        const own = entries.some((entry) => entry.name === ".gitignore" && entry.isFile())
          ? await rulesOf(root, folder)
          : undefined;
        const rules = own === undefined ? ignores : [...ignores, own];
        for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
          if (full()) return;
          entriesSeen++;
          const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
          if (entry.isDirectory()) {
            if (isSkipped(entry.name) || depth >= maxDepth || isIgnored(rules, `${path}/`)) continue;
            await walk(path, rules, depth + 1);
          } else if (entry.isFile() && wanted(path) && !isIgnored(rules, path)) {
            paths.push(path);
          }
        }
      };
      await walk("", [], 0);
      if (full()) found.push(notes.tooManyFiles(limits.files));
      return { paths, unreadable, notes: found };
    },

    async read(paths, wanted) {
      const contents = new Map<string, Buffer>();
      const unreadable: Unreadable[] = [];
      const queue = [...paths];
      room.clear();
      const worker = async () => {
        for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
          try {
            const { size } = await lstat(join(root, path));
            if (size > largeFile && wanted !== undefined && !wanted(path, await beginningOf(join(root, path))))
              continue;
            if (size > limits.fileBytes) unreadable.push(notes.fileTooLarge(path, size, limits.fileBytes));
            else contents.set(path, await room.read(join(root, path), size));
          } catch (error) {
            if ((error as { code?: unknown }).code !== "ENOENT")
              unreadable.push(notes.cannotRead(path, notes.reasonOf(error)));
          }
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      return { contents, unreadable };
    },
  };
}

/** The files below `root` as they were in `commit`. */
export function commitSource(root: string, commit: string, limits: Limits = defaultLimits): FileSource {
  let objects = new Map<string, { object: string; size: number }>();
  return {
    async list(wanted) {
      const tree = await listTree(root, commit);
      if ("failure" in tree || !Array.isArray(tree)) {
        return { paths: [], unreadable: [], notes: [noteFor(tree, root, `list the files of ${commit.slice(0, 7)}`)] };
      }
      const inside = tree.filter(({ path }) => !path.split("/").slice(0, -1).some(isSkipped));
      objects = new Map(inside.map(({ path, object, size }) => [path, { object, size }]));
      const paths = inside.map(({ path }) => path).filter(wanted);
      const sizes = new Map(inside.map(({ path, size }) => [path, size]));
      if (paths.length <= limits.files) return { paths, sizes, unreadable: [], notes: [] };
      return { paths: paths.slice(0, limits.files), sizes, unreadable: [], notes: [notes.tooManyFiles(limits.files)] };
    },

    async read(paths) {
      const unreadable: Unreadable[] = [];
      const wanted: Array<{ path: string; object: string }> = [];
      for (const path of paths) {
        const known = objects.get(path);
        if (known === undefined) continue;
        if (known.size > limits.fileBytes) unreadable.push(notes.fileTooLarge(path, known.size, limits.fileBytes));
        else wanted.push({ path, object: known.object });
      }
      const read = await readObjects(root, [...new Set(wanted.map(({ object }) => object))]);
      const contents = new Map<string, Buffer>();
      for (const { path, object } of wanted) {
        const content = read instanceof Map ? read.get(object) : undefined;
        if (content === undefined) unreadable.push(notes.cannotRead(path, "git does not have its content here"));
        else contents.set(path, content);
      }
      return { contents, unreadable };
    },
  };
}

/** One file that stands for the contract at `path`. */
export function singleFileSource(file: string, path: string): FileSource {
  return {
    list: (wanted) => Promise.resolve({ paths: wanted(path) ? [path] : [], unreadable: [], notes: [] }),
    async read(paths) {
      if (!paths.includes(path)) return { contents: new Map(), unreadable: [] };
      try {
        return { contents: new Map([[path, await readFile(file)]]), unreadable: [] };
      } catch (error) {
        return { contents: new Map(), unreadable: [notes.cannotRead(nameOf(file), notes.reasonOf(error))] };
      }
    },
  };
}

/**
 * The memory that files are read into, used again for each portion: with a buffer for each of many thousand files, much
 * would lie about until somebody collects it.
 */
class Room {
  private slab = Buffer.alloc(0);
  private used = 0;

  /** Gives up all contents that were read. */
  clear(): void {
    this.used = 0;
  }

  /** The content of a file that is about `size` bytes long. */
  async read(path: string, size: number): Promise<Buffer> {
    const handle = await open(path);
    try {
      // One byte more tells whether the file grew, or is a link.
      const part = this.take(size + 1);
      let filled = 0;
      for (;;) {
        const { bytesRead } = await handle.read(part, filled, part.length - filled, filled);
        filled += bytesRead;
        if (filled > size) return await readFile(path);
        if (bytesRead === 0 || filled === size) return part.subarray(0, filled);
      }
    } finally {
      await handle.close();
    }
  }

  private take(size: number): Buffer {
    if (this.used + size > this.slab.length) {
      // What was read before keeps the old one as long as it needs it.
      this.slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, size));
      this.used = 0;
    }
    this.used += size;
    return this.slab.subarray(this.used - size, this.used);
  }
}

const slabBytes = 16_000_000;

async function beginningOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(beginningOfFile), 0, beginningOfFile, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The rules of one `.gitignore`; paths given to it are relative to its folder. */
interface Rules {
  readonly folder: string;
  readonly rules: Ignore;
}

async function rulesOf(root: string, folder: string): Promise<Rules | undefined> {
  try {
    const text = await readFile(join(root, folder, ".gitignore"), "utf8");
    return { folder, rules: (ignore as unknown as () => Ignore)().add(text) };
  } catch {
    return undefined;
  }
}

/** The `.gitignore` nearest to the path decides, as in git. */
function isIgnored(all: readonly Rules[], path: string): boolean {
  for (let i = all.length - 1; i >= 0; i--) {
    const { folder, rules } = all[i] as Rules;
    const result = rules.test(folder === "" ? path : path.slice(folder.length + 1));
    if (result.ignored) return true;
    if (result.unignored) return false;
  }
  return false;
}
