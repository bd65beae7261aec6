/**
 * A released version as it lies around: tar, tar.gz, tar.zst and zip. Nothing is unpacked to disk, paths are only names;
 * what an archive says of itself is not believed, and every amount has a bound.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isSkipped, type FileSource } from "./file-sources.ts";
import * as notes from "./notes.ts";
import type { Note, Unreadable } from "./notes.ts";
import { archiveLimits, ArchiveTooLarge, type ArchiveLimits, type OpenArchive } from "./open-archive.ts";
import { nameOf } from "./paths.ts";
import { readTar } from "./tar.ts";
import { openZip } from "./zip.ts";

/** The files of the archive `file`, which stands for `root`; `label` is how the user named it. */
export function archiveSource(
  file: string,
  label: string,
  root: string,
  limits: ArchiveLimits = archiveLimits,
): FileSource {
  let opened: OpenArchive | undefined;
  /** By the path below the root, the path in the archive. */
  const known = new Map<string, string>();
  return {
    async list(wanted) {
      const found: Note[] = [];
      const unreadable: Unreadable[] = [];
      const keep = (name: string): boolean => {
        const path = cleanPath(name);
        if (path === undefined || isOfTools(path)) return false;
        const inTop = path.slice(path.indexOf("/") + 1);
        return wanted(path) || wanted(inTop);
      };
      try {
        opened = /\.zip$/i.test(file) ? await openZip(file, limits) : await readTar(file, keep, limits);
      } catch (error) {
        return { paths: [], unreadable, notes: [noteOf(error, label, limits)] };
      }
      if (opened.failure !== undefined) found.push(noteOf(opened.failure, label, limits));
      const clean = new Map<string, string>();
      for (const name of opened.sizes.keys()) {
        const path = cleanPath(name);
        if (path === undefined) {
          if (!found.some(({ code }) => code === "archive-leads-out")) found.push(notes.archiveLeadsOut(label, name));
        } else if (path !== "") clean.set(path, name);
      }
      const top = topFolder([...clean.keys()], root);
      const sizes = new Map<string, number>();
      for (const [path, name] of clean) {
        const below = top === undefined ? path : path.slice(top.length + 1);
        if (isOfTools(below) || !wanted(below)) continue;
        known.set(below, name);
        sizes.set(below, opened.sizes.get(name) ?? 0);
      }
      const paths = [...known.keys()].sort().slice(0, limits.files);
      if (paths.length < known.size) found.push(notes.tooManyFiles(limits.files));
      return { paths, sizes, unreadable, notes: found };
    },

    async read(paths) {
      const contents = new Map<string, Buffer>();
      const unreadable: Unreadable[] = [];
      for (const path of paths) {
        const name = known.get(path);
        if (name === undefined || opened === undefined) continue;
        const size = opened.sizes.get(name) ?? 0;
        if (size > limits.fileBytes) {
          unreadable.push(notes.fileTooLarge(path, size, limits.fileBytes));
          continue;
        }
        const content = await opened.read(name).catch((error: unknown) => notes.reasonOf(error));
        if (typeof content === "string") unreadable.push(notes.cannotRead(`${nameOf(label)}/${path}`, content));
        else contents.set(path, content);
      }
      return { contents, unreadable };
    },
  };
}

function isOfTools(path: string): boolean {
  return path.split("/").slice(0, -1).some(isSkipped);
}

/** `undefined` for what leads out of the archive or names another disk. */
function cleanPath(name: string): string | undefined {
  const path = name.replace(/^(\.\/+)+/, "").replace(/\/+/g, "/");
  if (path.startsWith("/") || /^[a-z]:/i.test(path) || path.includes("\\") || path.includes("\0")) return undefined;
  return path.split("/").includes("..") ? undefined : path;
}

/** Services pack a repository into one folder, `shop-1.2.0/`. That is no part of the paths, unless the root has it, too. */
function topFolder(paths: readonly string[], root: string): string | undefined {
  const slash = paths[0]?.indexOf("/") ?? -1;
  const top = slash > 0 ? paths[0]?.slice(0, slash) : undefined;
  if (top === undefined || !paths.every((path) => path.startsWith(`${top}/`))) return undefined;
  return existsSync(join(root, top)) ? undefined : top;
}

function noteOf(error: unknown, label: string, limits: ArchiveLimits): Note {
  if (error instanceof ArchiveTooLarge) return notes.archiveTooLarge(label, limits.unpackedBytes);
  return notes.damagedArchive(label, notes.reasonOf(error));
}
